# /// script
# dependencies = ["statsmodels"]
# [tool.slim]
# event = {formula = "TOTEMP ~ GNP + POP", family = "Poisson"}
# ///
"""Imports its own test tools; data sets and formulas are found by name."""

import numpy
import statsmodels.api as sm
import statsmodels.formula.api as smf


def lambda_handler(event, context):
    data = sm.datasets.longley.load_pandas().data
    model = smf.ols(event["formula"], data).fit()
    generator = numpy.random.default_rng(0)
    series = generator.standard_normal(80).cumsum()
    arima = sm.tsa.ARIMA(series, order=(1, 1, 0)).fit()
    family = getattr(sm.families, event["family"])()
    glm = sm.GLM(numpy.arange(1, 9), sm.add_constant(numpy.arange(8)), family=family).fit()
    return {
        "r2": round(model.rsquared, 5),
        "arima": len(arima.params),
        "glm": round(float(glm.params[1]), 5),
        "summary": "OLS Regression" in model.summary().as_text(),
        "adf": len(sm.tsa.stattools.adfuller(series)),
    }
