# /// script
# dependencies = ["zstandard"]
# [tool.slim]
# event = {level = 19, names = ["FLUSH_FRAME", "STRATEGY_BTULTRA2", "backend_features", "train_dictionary"]}
# ///
"""Which backend is imported depends on the interpreter and on a variable of the environment."""

import io

import zstandard


def lambda_handler(event, context):
    samples = [f"record {n} of some {n * 7}".encode() * 4 for n in range(400)]
    dictionary = zstandard.train_dictionary(2048, samples)
    packed = zstandard.ZstdCompressor(level=event["level"], dict_data=dictionary).compress(samples[0])
    again = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed)
    out = io.BytesIO()
    with zstandard.open(out, "wb", closefd=False) as file:
        file.write(b"streamed" * 99)
    with zstandard.open(io.BytesIO(out.getvalue()), "rt") as file:
        text = file.read()
    try:
        zstandard.decompress(b"nothing of the kind")
    except zstandard.ZstdError as error:
        wrong = str(error)
    return {
        "backend": zstandard.backend,
        "features": sorted(zstandard.backend_features),
        "again": again == samples[0],
        "text": len(text),
        "frame": zstandard.get_frame_parameters(packed).dict_id == dictionary.dict_id(),
        "many": len(zstandard.ZstdCompressor().multi_compress_to_buffer(samples[:3])),
        "names": [type(getattr(zstandard, name)).__name__ for name in event["names"]],
        "wrong": wrong,
    }
