# /// script
# dependencies = ["black"]
# [tool.slim]
# event = {source = "x = {  'a':1,\n'b':[1,2,3,4,5,6,7,8,9,10,11,12,13,14]}\nmatch x:\n  case {}: pass\n", target = "PY312"}
# ///
"""Compiled with mypyc into one shared module; a grammar is a data file."""

import black


def lambda_handler(event, context):
    mode = black.Mode(line_length=40, target_versions={getattr(black.TargetVersion, event["target"])})
    return {"text": black.format_str(event["source"], mode=mode), "version": black.__version__}
