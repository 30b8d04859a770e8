"""zipfile9.py TREE ZIP : packs a folder with Python's own zipfile at its highest level."""

import os
import sys
import zipfile

tree, target = sys.argv[1:]
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9, strict_timestamps=False) as archive:
    for folder, _, files in os.walk(tree):
        for name in files:
            path = os.path.join(folder, name)
            archive.write(path, os.path.relpath(path, tree))
