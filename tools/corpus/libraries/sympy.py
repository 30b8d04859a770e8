# /// script
# dependencies = ["sympy", "numpy", "scipy"]
# [tool.slim]
# event = {expression = "x**2*sin(x)", modules = ["math", "mpmath", "numpy", "scipy", "sympy"], special = ["erf(x)", "GoldenRatio*x", "besselj(1, x)", "fresnels(x)", "Integral(sin(x), (x, 0, 1))", "zeta(2)*x", "airyai(x)", "betainc(x, 2, 0, 1)"], samplers = ["scipy", "numpy"], languages = ["C", "F95", "Octave"]}
# ///
"""Printers, parsers and solvers are imported in functions; docstrings are part of the plumbing."""

import contextlib
import io

import sympy
from sympy.parsing.mathematica import parse_mathematica
from sympy.parsing.sympy_parser import parse_expr
from sympy.physics import units
from sympy.plotting import plot, textplot
from sympy.stats import E, Normal, sample
from sympy.utilities.codegen import codegen
from sympy.utilities.autowrap import autowrap
from sympy.utilities.lambdify import lambdify


def lambda_handler(event, context):
    x = sympy.Symbol("x")
    expression = parse_expr(event["expression"])
    called = lambdify(x, expression, "math")
    values = {name: float(lambdify(x, expression, name)(1.5)) for name in event["modules"]}
    special = {text: float(lambdify(x, parse_expr(text), "scipy")(0.5)) for text in event["special"]}
    sparse = lambdify(x, sympy.SparseMatrix(2, 2, {(0, 1): x}), "scipy")(3.0)
    with contextlib.redirect_stdout(io.StringIO()) as drawn:
        textplot(expression, 0, 3)
    line = plot(expression, (x, 0, 1), show=False, adaptive=True)[0]
    samples = {name: len(sample(Normal("n", 0, 1), size=3, library=name, seed=1)) for name in event["samplers"]}
    groebner = sympy.groebner([x**2 - 1, x * sympy.Symbol("y") - 2], order="lex")
    return {
        "wrapped": autowrap(expression, backend="dummy", args=[x])(),
        "values": {name: round(value, 6) for name, value in values.items()},
        "special": {text: round(value, 6) for text, value in special.items()},
        "sparse": sparse.toarray().tolist(),
        "drawn": len(drawn.getvalue()),
        "line": len(line.get_points()[0]) > 5,
        "samples": samples,
        "groebner": str(groebner.exprs),
        "written": [codegen(("f", expression), language)[0][0] for language in event["languages"]],
        "source": str(sympy.Poly((x + 1) ** 5).monoms()),
        "integral": str(sympy.integrate(expression, x)),
        "value": round(called(1.5), 6),
        "roots": str(sympy.solve(x**3 - x, x)),
        "latex": sympy.latex(expression),
        "code": sympy.ccode(expression),
        "ode": str(sympy.dsolve(sympy.Function("f")(x).diff(x) - x)),
        "mean": str(E(Normal("n", 3, 1))),
        "unit": str(units.convert_to(units.hour, units.second)),
        "parsed": str(parse_mathematica("Sin[x]^2")),
    }
