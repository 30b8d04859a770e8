"""Makes a small picture of a large one."""

import base64
import io

from PIL import Image, ImageOps

LONGEST = 64


def handler(event, context):
    picture = Image.open(io.BytesIO(base64.b64decode(event["body"])))
    picture = ImageOps.exif_transpose(picture).convert("RGB")
    before = picture.size
    picture.thumbnail((LONGEST, LONGEST))
    small = io.BytesIO()
    picture.save(small, "JPEG", quality=80)
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "image/jpeg", "X-Before": "%dx%d" % before, "X-After": "%dx%d" % picture.size},
        "isBase64Encoded": True,
        "body": base64.b64encode(small.getvalue()).decode(),
    }
