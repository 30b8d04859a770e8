# /// script
# dependencies = ["transformers"]
# [tool.slim]
# event = {models = ["bert", "llama", "whisper"], lazy = ["BertTokenizer", "GenerationConfig", "T5Config"]}
# ///
"""Models and configurations are modules found by name; versions of all dependencies are checked."""

import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoConfig, PreTrainedTokenizerFast


def lambda_handler(event, context):
    told = {name: type(AutoConfig.for_model(name)).__name__ for name in event["models"]}
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="?")
    lazily = [getattr(transformers, name).__name__ for name in event["lazy"]]
    return {
        "told": told,
        "ids": fast("a b c")["input_ids"],
        "lazy": lazily,
        "torch": transformers.is_torch_available(),
        "version": transformers.__version__,
    }
