# /// script
# dependencies = ["spacy"]
# [tool.slim]
# event = {text = "I can't do that. Can you?", languages = ["en", "de", "fr"], pipe = "entity_ruler"}
# ///
"""Languages, components and architectures are registered and found by name."""

import spacy
from spacy.matcher import Matcher


def lambda_handler(event, context):
    told = {}
    for name in event["languages"]:
        nlp = spacy.blank(name)
        nlp.add_pipe("sentencizer")
        document = nlp(event["text"])
        told[name] = [[token.text for token in document], len(list(document.sents))]
    nlp.add_pipe(event["pipe"]).add_patterns([{"label": "ORG", "pattern": "Can"}])
    nlp.initialize()
    found = [one.label_ for one in nlp(event["text"]).ents]
    matcher = Matcher(nlp.vocab)
    matcher.add("x", [[{"LOWER": "you"}, {"IS_PUNCT": True}]])
    again = spacy.blank(name).from_config(nlp.config)
    return {"told": told, "found": found, "matches": len(matcher(nlp(event["text"]))), "again": again.lang}
