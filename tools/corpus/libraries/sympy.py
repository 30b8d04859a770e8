# /// script
# dependencies = ["sympy"]
# [tool.slim]
# event = {expression = "x**2*sin(x)"}
# ///
"""Printers, parsers and solvers are imported in functions; docstrings are part of the plumbing."""

import sympy
from sympy.parsing.mathematica import parse_mathematica
from sympy.parsing.sympy_parser import parse_expr
from sympy.physics import units
from sympy.stats import E, Normal
from sympy.utilities.lambdify import lambdify


def lambda_handler(event, context):
    x = sympy.Symbol("x")
    expression = parse_expr(event["expression"])
    called = lambdify(x, expression, "math")
    return {
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
