# /// script
# dependencies = ["scipy"]
# [tool.slim]
# event = {roots = ["broyden1", "broyden2", "anderson", "newton_krylov", "diagbroyden", "excitingmixing", "linearmixing"], options = [["minimize", "trust-constr"], ["root", "broyden1"], ["linprog", "highs"], ["quadratic_assignment", "faq"]], laws = ["norm", "gamma", "beta", "levy_stable", "genpareto", "vonmises"], counts = ["poisson", "hypergeom", "nhypergeom"], special = ["jv", "erf", "gamma", "ellipk", "zeta", "expit", "hyp1f1", "logsumexp", "lambertw", "sph_harm_y", "multigammaln", "softmax"], arguments = {jv = [1, 2], zeta = [2], hyp1f1 = [1, 2, 3], sph_harm_y = [1, 1, 0.5, 0.5], multigammaln = [3, 2]}}
# ///
"""Deprecated namespaces import private modules; distributions, solvers and result classes are made from templates."""

import inspect
import os
import pickle

os.environ["SCIPY_ARRAY_API"] = "1"
import numpy
import scipy
from scipy import constants, fft, integrate, interpolate, io, linalg, ndimage, odr, optimize, signal, sparse, spatial
from scipy import special, stats
from scipy._lib._array_api import array_namespace, is_numpy
from scipy._lib._array_api_docs_tables import make_flat_capabilities_table


class Backend:
    __ua_domain__ = "numpy.scipy.fft"

    @staticmethod
    def __ua_function__(method, args, kwargs):
        return NotImplemented


PARTS = [constants, fft, integrate, interpolate, io, linalg, ndimage, odr, optimize, signal, sparse, spatial]
PARTS += [special, stats, stats.mstats, io.matlab, io.arff, sparse.linalg, sparse.csgraph]


def lambda_handler(event, context):
    data = numpy.linspace(0.5, 2, 20)
    results = [stats.linregress(data, data**2), stats.theilslopes(data, data), stats.kstest(data, stats.norm.cdf)]
    called = {name: getattr(special, name)(*event["arguments"].get(name, [0.5])) for name in event["special"]}
    with fft.set_backend(Backend):
        transform = pickle.loads(pickle.dumps(fft.fft))
    namespace = array_namespace(data)
    return {
        "roots": {n: getattr(optimize, n)(lambda x: x * x - 2, [1.0], f_tol=1e-3)[0].round(2) for n in event["roots"]},
        "options": [len(optimize.show_options(*one, disp=False)) for one in event["options"]],
        "laws": {name: law(name, data) for name in event["laws"]},
        "counts": {name: stats.__dict__[name].__doc__.count("\n") for name in event["counts"]},
        "pickled": [type(pickle.loads(pickle.dumps(one))).__name__ for one in results],
        "special": {name: complex(value).real for name, value in called.items()},
        "fft": abs(transform([1, 2, 3])).round(3).tolist(),
        "numpy": [is_numpy(namespace), namespace.__name__],
        "table": len(make_flat_capabilities_table(["scipy.ndimage", "scipy.cluster.vq"], "cpu")),
        "old": {f"{part.__name__}.{name}": old(module) for part in PARTS for name, module in modules(part)},
        "lazily": [name for name in dir(scipy) if inspect.ismodule(getattr(scipy, name))],
        "tester": scipy.stats.test.module_name,
        "quad": integrate.quad(special.erf, 0, 1)[0],
    }


def law(name, data):
    one = getattr(stats, name)
    shapes = [1.5, 0.5][: one.numargs]
    frozen = pickle.loads(pickle.dumps(one(*shapes)))
    return [float(frozen.pdf(1.1).round(4)), bool(one.fit(data[:8], *shapes)[0] > 0) if one.numargs < 2 else None]


def modules(part):
    public = inspect.getmembers(part, inspect.ismodule)
    return [(name, one) for name, one in public if "_sub_module_deprecation" in vars(one)]


def old(module):
    """What a deprecated module still hands out."""
    return [name for name in module.__all__ if hasattr(module, name)]
