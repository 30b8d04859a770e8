# /// script
# dependencies = ["shapely", "pyproj"]
# [tool.slim]
# event = {wkt = "POLYGON ((0 0, 3 0, 3 3, 0 0))", from = "EPSG:4326", to = "EPSG:3857"}
# ///
"""The library of C++ lies beside it; pyproj opens its data base by path."""

import pyproj
import shapely
from shapely import geometry, ops, wkt


def lambda_handler(event, context):
    shape = geometry.Point(0, 0).buffer(1).union(wkt.loads(event["wkt"]))
    change = pyproj.Transformer.from_crs(event["from"], event["to"], always_xy=True)
    x, y = change.transform(13.4, 52.5)
    moved = ops.transform(change.transform, geometry.Point(13.4, 52.5))
    return {
        "area": round(shape.area, 6),
        "kind": shape.geom_type,
        "x": round(x, 3),
        "moved": round(moved.y, 3),
        "name": pyproj.CRS(event["to"]).name,
        "geod": round(pyproj.Geod(ellps="WGS84").inv(0, 0, 1, 1)[2], 3),
        "tree": shapely.STRtree([shape]).query(geometry.Point(0, 0)).tolist(),
    }
