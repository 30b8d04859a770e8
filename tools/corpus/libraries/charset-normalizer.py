# /// script
# dependencies = ["charset-normalizer"]
# [tool.slim]
# ci = true
# event = {texts = {cp932 = "これは日本語の文章です。文字コードを調べます。", big5 = "這是一段中文文字，用來檢查編碼。今天天氣很好。", gb18030 = "这是一段中文文字，用来检查编码。今天天气很好。", cp949 = "이것은 한국어 문장입니다. 인코딩을 확인합니다.", utf_16 = "plain words with a mark", cp1251 = "Это предложение написано по-русски, чтобы проверить кодировку.", iso8859_7 = "Αυτή είναι μια πρόταση στα ελληνικά για τον έλεγχο της κωδικοποίησης."}}
# ///
"""Codecs of the standard library are imported by name; the detectors are compiled."""

import charset_normalizer
from charset_normalizer.utils import is_multi_byte_encoding


def lambda_handler(event, context):
    found = {}
    for name, text in event["texts"].items():
        best = charset_normalizer.from_bytes(text.encode(name) * 3).best()
        found[name] = [best.encoding, best.language, str(best), charset_normalizer.detect(text.encode(name))]
    return {
        "found": found,
        "wide": {name: is_multi_byte_encoding(name) for name in event["texts"]},
        "binary": charset_normalizer.is_binary(bytes(range(256))),
        "version": charset_normalizer.__version__,
    }
