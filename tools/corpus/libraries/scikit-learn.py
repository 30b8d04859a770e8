# /// script
# dependencies = ["scikit-learn"]
# [tool.slim]
# event = {law = "t"}
# ///
"""Compiled modules import others by names that only stand in compressed tables."""

import numpy
from scipy import optimize, signal, stats
from scipy.sparse import csgraph, csr_matrix
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def lambda_handler(event, context):
    x, y = load_iris(return_X_y=True)
    scores = {}
    for model in (
        LogisticRegression(),
        RandomForestClassifier(20, random_state=0),
        HistGradientBoostingClassifier(max_iter=5),
    ):
        scores[type(model).__name__] = round(make_pipeline(StandardScaler(), model).fit(x, y).score(x, y), 2) > 0.9
    graph = csgraph.shortest_path(csr_matrix(numpy.array([[0, 1, 2], [0, 0, 3], [0, 0, 0]])), indices=0)
    law = getattr(stats, event["law"])
    return {
        "scores": scores,
        "graph": graph.tolist(),
        "ppf": round(float(law.ppf(0.975, 10)), 4),
        "root": round(optimize.brentq(lambda t: t * t - 2, 0, 2), 6),
        "ttest": round(float(stats.ttest_ind(x[:, 0], x[:, 1]).pvalue), 6),
        "peaks": signal.find_peaks([0, 1, 0, 2, 0])[0].tolist(),
    }
