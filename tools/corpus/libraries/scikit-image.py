# /// script
# dependencies = ["scikit-image"]
# [tool.slim]
# event = {filter = "sobel"}
# ///
"""Sub-modules are attached from .pyi stubs (lazy_loader)."""

import numpy
import skimage
from skimage import filters, morphology


def lambda_handler(event, context):
    image = numpy.outer(numpy.arange(32.0), numpy.arange(32.0)) / 961
    edges = getattr(skimage.filters, event["filter"])(image)
    labels = skimage.measure.label(image > filters.threshold_otsu(image))
    points = skimage.feature.corner_peaks(skimage.feature.corner_harris(image), min_distance=1)
    small = skimage.transform.resize(image, (8, 8))
    return {
        "edges": round(float(edges.sum()), 4),
        "labels": int(labels.max()),
        "points": len(points),
        "small": small.shape,
        "opened": int(morphology.opening(image > 0.5).sum()),
        "deconv": skimage.restoration.denoise_tv_chambolle(image).shape,
    }
