# /// script
# dependencies = ["python-docx", "openpyxl", "lxml"]
# [tool.slim]
# event = {text = "Hello"}
# ///
"""Enumerations of Word, and sheets whose values are checked."""

import io

import docx
import openpyxl
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from openpyxl.styles import Font


def lambda_handler(event, context):
    document = docx.Document()
    paragraph = document.add_paragraph(event["text"])
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.runs[0].font.size = Pt(12)
    document.add_table(1, 2).cell(0, 0).text = "cell"
    word = io.BytesIO()
    document.save(word)
    again = docx.Document(io.BytesIO(word.getvalue()))
    book = openpyxl.Workbook()
    book.active["A1"] = event["text"]
    book.active["A1"].font = Font(bold=True)
    sheet = io.BytesIO()
    book.save(sheet)
    try:
        Font(sz="large")
        wrong = "taken"
    except (TypeError, ValueError) as error:
        wrong = type(error).__name__
    return {
        "text": again.paragraphs[0].text,
        "alignment": str(again.paragraphs[0].alignment),
        "doc": WD_ALIGN_PARAGRAPH.CENTER.__doc__,
        "sheet": openpyxl.load_workbook(io.BytesIO(sheet.getvalue())).active["A1"].font.b,
        "wrong": wrong,
    }
