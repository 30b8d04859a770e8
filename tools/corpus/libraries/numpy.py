# /// script
# dependencies = ["numpy"]
# [tool.slim]
# event = {topic = "sin", place = "numpy.ma.mrecords", name = "fromarrays", ufuncs = ["numpy._core._multiarray_umath sin", "numpy.linalg._umath_linalg det"], bits = ["MT19937", "PCG64DXSM", "Philox", "SFC64"], parts = ["ctypeslib", "typing", "rec", "char", "strings", "testing", "polynomial", "dtypes", "core"], hidden = ["tests", "conftest", "matlib"]}
# ///
"""Ufuncs, documentation and sub-packages are looked up by name; compiled modules import Python ones."""

import io
import pickle

import numpy
from numpy import ma, testing
from numpy.lib import add_newdoc
from numpy.polynomial import Chebyshev


def lambda_handler(event, context):
    told = io.StringIO()
    numpy.info(event["topic"], output=told)
    numpy.info(numpy.linalg, output=told)
    ufuncs = [reconstructed(one) for one in event["ufuncs"]]
    random = {}
    for name in event["bits"]:
        generator = numpy.random.Generator(getattr(numpy.random, name)(1))
        random[name] = pickle.loads(pickle.dumps(generator)).integers(0, 99, 3).tolist()
    testing.assert_allclose(numpy.fft.ifft(numpy.fft.fft([1.0, 2, 3])), [1, 2, 3])
    space = {}
    testing.runstring("import numpy; n = numpy.arange(3)", space)
    with testing.assert_raises(AssertionError):
        testing.assert_array_equal([1], [2])
    add_newdoc(event["place"], event["name"], "A text.")
    out = io.BytesIO()
    numpy.savez(out, a=numpy.eye(2), b=numpy.array([{"x": 1}], dtype=object))
    held = numpy.load(io.BytesIO(out.getvalue()), allow_pickle=True)
    return {
        "info": len(told.getvalue()),
        "ufuncs": ufuncs,
        "random": random,
        "state": numpy.random.RandomState(3).permutation(4).tolist(),
        "run": space["n"].tolist(),
        "measured": testing.measure("1 + 1") < 1,
        "held": [held["a"].sum(), held["b"][0]],
        "parts": [getattr(numpy, name).__name__ for name in event["parts"]],
        "hidden": [name in dir(numpy) for name in event["hidden"]],
        "include": numpy.get_include().partition("numpy/")[2],
        "masked": ma.masked_less([1, 2, 3], 2).filled(0).tolist(),
        "fitted": Chebyshev.fit([0, 1, 2], [0, 1, 4], 2)(3).round(6),
        "solved": numpy.linalg.solve([[2.0, 0], [0, 4]], [2, 4]).tolist(),
        "einsum": int(numpy.einsum("ij,jk->", numpy.ones((2, 2)), numpy.ones((2, 2)))),
        "days": int(numpy.busday_count("2024-01-01", "2024-02-01")),
        "text": numpy.array2string(numpy.array([1.5, 2]), precision=1),
        "tester": numpy.test.module_name,
    }


def reconstructed(ufunc):
    """As pickles of numpy before 1.20 name it."""
    module, name = ufunc.split()
    return pickle.loads(f"cnumpy.core\n_ufunc_reconstruct\n(V{module}\nV{name}\ntR.".encode()).__name__
