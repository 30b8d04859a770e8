# /// script
# dependencies = ["plotly"]
# [tool.slim]
# event = {trace = "Violin", template = "plotly_dark"}
# ///
"""Classes are looked up by name in lazily imported modules; renderers by a table."""

import json

import plotly
import plotly.graph_objects as go
import plotly.io as pio


def lambda_handler(event, context):
    figure = go.Figure(data=[go.Bar(x=[1, 2], y=[3, 4]), getattr(go, event["trace"])(y=[1, 2])])
    figure.update_layout(template=event["template"], title="t")
    told = json.loads(figure.to_json())
    html = pio.to_html(figure, include_plotlyjs="cdn", full_html=False, div_id="x")
    try:
        go.Bar(nothing=1)
    except ValueError as error:
        hint = "Invalid property" in str(error)
    return {
        "types": [one["type"] for one in told["data"]],
        "template": sorted(told["layout"]["template"]["layout"])[:3],
        "html": len(html) > 1000,
        "hint": hint,
        "js": len(plotly.offline.get_plotlyjs()) > 10**6,
        "version": plotly.__version__,
    }
