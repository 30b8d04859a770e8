# /// script
# dependencies = ["reportlab"]
# [tool.slim]
# event = {code = "QR", font = "Courier"}
# ///
"""Settings, fonts and barcodes are imported by computed names."""

import io

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode import createBarcodeDrawing
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table


def lambda_handler(event, context):
    style = getSampleStyleSheet()
    drawing = Drawing(200, 100)
    drawing.add(VerticalBarChart())
    code = createBarcodeDrawing(event["code"], value="12345", width=200, height=100)
    parts = [
        Paragraph(f'<font name="{event["font"]}">Hello <b>world</b></font>', style["Title"]),
        Table([["a", "b"]]),
        drawing,
        code,
    ]
    out = io.BytesIO()
    SimpleDocTemplate(out, invariant=1).build(parts)
    return {
        "start": out.getvalue()[:8].decode(),
        "bytes": len(out.getvalue()),
        "chart": len(renderPDF.drawToString(drawing)) > 500,
    }
