#!/usr/bin/env bash
# uv: trees of wheels for both processors, whose files are links to uv's cache.
. "${here:?run.sh starts this}/common.sh"
[ "$(uname -m)" = x86_64 ] || skip "its event runs on x86_64 only"
venv uv uv==0.13.9
# The cache beside the copy, on the same file system: uv makes links only there.
export UV_CACHE_DIR=$PWD/../uv-cache UV_PYTHON=$python UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1 UV_LINK_MODE=hardlink
version=$(uv --version | cut -d ' ' -f 2)

# Every file of uv's cache, with all that a writer would change.
cache() {
  find "$UV_CACHE_DIR" -type f -printf '%m %s %T@ %p\n' | LC_ALL=C sort
  find "$UV_CACHE_DIR" -type f -exec sha256sum {} + | LC_ALL=C sort -k 2
}

# machine ZIP : the processors of the shared objects in a zip, by e_machine of their headers.
machine() {
  "$python" - "$1" <<'PYTHON'
import sys, zipfile
names = {62: "x86_64", 183: "arm64"}
with zipfile.ZipFile(sys.argv[1]) as layer:
    heads = (layer.read(name)[:20] for name in layer.namelist())
    print(*sorted({names[int.from_bytes(head[18:20], "little")] for head in heads if head[:4] == b"\x7fELF"}))
PYTHON
}

say "uv pip install for both, slim build of both"
make build/x86_64 build/arm64
cache >../cache-before
equal "shared objects" "$(find build -name '*.so' | wc -l)" 4
equal "shared objects that are links to the cache" "$(find build -name '*.so' -links +1 | wc -l)" 4
[ -f build/arm64/.lock ] || fail "uv leaves no .lock any more: nothing is shown by its absence"
make
proof dist/x86_64/report.json 1
equal "proof of arm64" "$(jq -r .proof.status dist/arm64/report.json)" not-run
equal "processor of x86_64's layer" "$(machine dist/x86_64/layer.zip)" x86_64
equal "processor of arm64's layer" "$(machine dist/arm64/layer.zip)" arm64
for zip in dist/*/*.zip; do
  if "$python" -m zipfile -l "$zip" | grep -F .lock; then fail "a .lock ships in $zip"; fi
done

say "uv's cache"
cache >../cache-after
cmp ../cache-before ../cache-after || fail "uv's cache was written"

say "requirements.txt holds what pyproject.toml asks for"
cp requirements.txt ../lock
uv pip compile --quiet --python-version 3.12 --no-header --no-annotate pyproject.toml -o ../lock
cmp requirements.txt ../lock

say "a second build from nothing, of the cache and offline"
shas() { for zip in dist/*/*.zip; do sha "$zip"; done; }
first=$(shas)
rm -rf build dist ../cache
UV_OFFLINE=1 make
equal "hashes of the zips" "$(shas)" "$first"

proven uv "$version" \
  "\`uv pip install --target --python-platform\` for x86_64 and arm64: each layer has libraries of its processor alone, no \`.lock\` ships, uv's cache keeps its bytes and dates, and a second build gives the same zips"
