# /// script
# dependencies = ["mpmath"]
# [tool.slim]
# event = {digits = 30, functions = ["zeta", "gamma", "erf", "lambertw", "besselj", "ellipk", "polylog", "siegelz", "meijerg"], arguments = {besselj = [1, 2], polylog = [2, 0.5], siegelz = [14], meijerg = [[[], []], [[0], []], 0.5]}}
# ///
"""Functions are methods that modules add to contexts, found by name."""

import pickle

import mpmath


def lambda_handler(event, context):
    mpmath.mp.dps = event["digits"]
    arguments = {name: event["arguments"].get(name, [0.5]) for name in event["functions"]}
    called = {name: mpmath.nstr(getattr(mpmath, name)(*given), 20) for name, given in arguments.items()}
    matrix = mpmath.matrix([[2, 1], [1, 3]])
    return {
        "called": called,
        "pi": str(mpmath.pi()),
        "quad": mpmath.nstr(mpmath.quad(mpmath.sin, [0, mpmath.pi]), 15),
        "zero": mpmath.nstr(mpmath.zetazero(1), 12),
        "root": mpmath.nstr(mpmath.findroot(lambda x: x**3 - 2, 1), 15),
        "sum": mpmath.nstr(mpmath.nsum(lambda n: 1 / n**2, [1, mpmath.inf]), 15),
        "ode": mpmath.nstr(mpmath.odefun(lambda x, y: y, 0, 1)(1), 10),
        "eigen": [mpmath.nstr(one, 10) for one in mpmath.eigsy(matrix)[0]],
        "relation": mpmath.pslq([mpmath.pi, mpmath.mpf(2) * mpmath.pi]),
        "identified": mpmath.identify(mpmath.sqrt(2)),
        "fast": mpmath.fp.gamma(4.5),
        "interval": str(mpmath.iv.mpf([1, 2]) * 3),
        "pickled": str(pickle.loads(pickle.dumps(mpmath.mpf(1) / 3))),
    }
