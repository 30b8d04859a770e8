# /// script
# dependencies = ["rapidfuzz"]
# [tool.slim]
# event = {word = "Apple!", choices = ["apple", "maple", "x"], scorer = "WRatio", distances = ["Levenshtein", "JaroWinkler", "OSA", "LCSseq"]}
# ///
"""Which compiled module is imported depends on the processor."""

from rapidfuzz import distance, fuzz, process, utils


def lambda_handler(event, context):
    best = process.extract(
        event["word"], event["choices"], scorer=getattr(fuzz, event["scorer"]), processor=utils.default_process, limit=2
    )
    told = {name: getattr(distance, name).distance("kitten", "sitting") for name in event["distances"]}
    return {"best": best, "told": told, "edits": len(distance.Levenshtein.editops("ab", "cb"))}
