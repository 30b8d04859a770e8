# /// script
# dependencies = ["scikit-learn", "pandas"]
# [tool.slim]
# event = {law = "t", frames = ["pandas"], scorers = ["accuracy", "neg_log_loss", "f1_macro"]}
# ///
"""Compiled modules import others by names that only stand in compressed tables."""

import os

os.environ["SCIPY_ARRAY_API"] = "1"
import numpy
import sklearn
from scipy import optimize, signal, stats
from scipy.sparse import csgraph, csr_matrix
from sklearn import metrics
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
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
    framed = {}
    for name in event["frames"]:
        made = StandardScaler().set_output(transform=name).fit_transform(x)
        framed[name] = [type(made).__module__.split(".")[0], list(made.shape)]
    with sklearn.config_context(array_api_dispatch=True):
        dispatched = LinearDiscriminantAnalysis().fit(x, y).score(x, y)
    model = LogisticRegression(max_iter=500)
    sklearn.show_versions()
    return {
        "framed": framed,
        "dispatched": dispatched,
        "scored": {name: cross_val_score(model, x, y, scoring=name).shape for name in event["scorers"]},
        "scorers": len(metrics.get_scorer_names()),
        "scores": scores,
        "graph": graph.tolist(),
        "ppf": round(float(law.ppf(0.975, 10)), 4),
        "root": round(optimize.brentq(lambda t: t * t - 2, 0, 2), 6),
        "ttest": round(float(stats.ttest_ind(x[:, 0], x[:, 1]).pvalue), 6),
        "peaks": signal.find_peaks([0, 1, 0, 2, 0])[0].tolist(),
    }
