# /// script
# dependencies = ["fonttools", "matplotlib"]
# [tool.slim]
# event = {font = "DejaVu Sans", text = "Slim fi ff", formats = ["woff"], tables = ["GDEF", "fvar", "COLR", "TSIV", "meta"], custom = {tag = "SLIM", module = "app", class = "Custom"}}
# ///
"""Tables are modules found by their tags; others are registered by module and class."""

import io
import os

os.environ["MPLCONFIGDIR"] = "/tmp"
from fontTools import subset
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable, registerCustomTableClass
from fontTools.ttLib.tables.DefaultTable import DefaultTable
from fontTools.varLib import instancer
from matplotlib import font_manager


class Custom(DefaultTable):
    def compile(self, font):
        return b"slim"


def lambda_handler(event, context):
    font = TTFont(font_manager.findfont(event["font"]))
    known = sorted(font.keys())
    chosen = subset.Subsetter(subset.Options(layout_features=["*"], notdef_outline=True))
    chosen.populate(text=event["text"])
    chosen.subset(font)
    custom = event["custom"]
    registerCustomTableClass(custom["tag"], custom["module"], custom["class"])
    font[custom["tag"]] = newTable(custom["tag"])
    saved = {}
    for name in event["formats"]:
        font.flavor = name
        font.save(out := io.BytesIO())
        saved[name] = [len(out.getvalue()), sorted(TTFont(io.BytesIO(out.getvalue())).keys())]
    font.saveXML(told := io.StringIO())
    return {
        "known": known,
        "glyphs": font.getGlyphOrder(),
        "saved": saved,
        "xml": told.getvalue().count("\n"),
        "tables": [type(newTable(tag)).__module__ for tag in event["tables"]],
        "built": built(),
        "instancer": instancer.instantiateVariableFont.__name__,
    }


def built():
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((250, 700))
    pen.closePath()
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "A", "B"])
    builder.setupCharacterMap({65: "A", 66: "B"})
    builder.setupGlyf(dict.fromkeys([".notdef", "A", "B"], pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", "A", "B"], (600, 0)))
    builder.setupHorizontalHeader()
    addOpenTypeFeaturesFromString(builder.font, "feature kern { pos A B -20; } kern;")
    return sorted(builder.font.keys())
