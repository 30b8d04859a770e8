# /// script
# dependencies = ["nltk"]
# [tool.slim]
# event = {text = "I can't do that. Can you?", languages = ["english", "german", "russian"]}
# ///
"""Corpus readers are lazy; stemmers and tokenizers need no data."""

import nltk
from nltk import CFG, ChartParser, FreqDist, Tree
from nltk.corpus.reader import PlaintextCorpusReader
from nltk.metrics import edit_distance
from nltk.stem import PorterStemmer, SnowballStemmer
from nltk.tokenize import TreebankWordTokenizer, regexp_tokenize


def lambda_handler(event, context):
    words = TreebankWordTokenizer().tokenize(event["text"])
    stems = {name: SnowballStemmer(name).stem("running") for name in event["languages"]}
    parser = ChartParser(CFG.fromstring("S -> N V\nN -> 'dogs'\nV -> 'bark'"))
    tree = str(next(parser.parse(["dogs", "bark"])))
    score = nltk.translate.bleu_score.sentence_bleu([["a", "b", "c", "d"]], ["a", "b", "c", "d"])
    return {
        "words": words,
        "stems": stems,
        "porter": PorterStemmer().stem("flies"),
        "tree": tree,
        "common": FreqDist(words).most_common(1),
        "distance": edit_distance("ab", "cb"),
        "regexp": regexp_tokenize("a b", r"\w"),
        "score": score,
        "leaves": Tree.fromstring("(S (N a))").leaves(),
        "version": nltk.__version__,
    }
