# /// script
# dependencies = ["pillow"]
# [tool.slim]
# event = {formats = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "ICO", "PPM", "TGA", "PCX", "JPEG2000", "SGI", "DDS", "QOI", "PDF", "ICNS", "EPS"], features = ["pil", "webp", "avif", "jpg", "zlib", "libtiff", "jpg_2000", "freetype2", "raqm", "tkinter"], filters = ["GaussianBlur", "UnsharpMask", "FIND_EDGES"]}
# ///
"""Formats are plugins that two lists name; features are compiled modules found by name."""

import io

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps, ImageSequence, features


def lambda_handler(event, context):
    image = Image.new("RGB", (64, 64), "navy")
    draw = ImageDraw.Draw(image)
    draw.ellipse((5, 5, 50, 50), fill="gold")
    draw.text((10, 20), "slim", font=ImageFont.load_default(12))
    saved = {}
    for name in event["formats"]:
        image.convert("P" if name == "GIF" else "RGB").save(out := io.BytesIO(), format=name)
        saved[name] = len(out.getvalue()) > 50
        if name not in ("PDF", "EPS"):
            again = Image.open(io.BytesIO(out.getvalue()))
            saved[name] = [again.format, again.convert("RGB").getpixel((32, 12)) != (0, 0, 0)]
    image.save(out := io.BytesIO(), format="GIF", save_all=True, append_images=[ImageOps.invert(image)])
    features.pilinfo(told := io.StringIO(), supported_formats=False)
    return {
        "saved": saved,
        "frames": len(list(ImageSequence.Iterator(Image.open(io.BytesIO(out.getvalue()))))),
        "features": {name: features.check(name) for name in event["features"]},
        "supported": "freetype2" in features.get_supported(),
        "version": features.version("webp") is not None,
        "told": "JPEG support ok" in told.getvalue(),
        "extensions": len(Image.registered_extensions()),
        "filters": [filtered(image, name) for name in event["filters"]],
        "small": ImageOps.fit(image, (8, 8)).size,
    }


def filtered(image, name):
    one = getattr(ImageFilter, name)
    return image.filter(one() if name[1].islower() else one).getpixel((0, 0))
