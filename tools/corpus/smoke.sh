#!/usr/bin/env bash
# smoke.sh APP TASK [OPT] : runs the app's smoke test on a raw tree (TASK alone) or on unpacked zips:
# function.zip in TASK, layer.zip in OPT. Prints OK.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
nothing=$(mktemp -d)
trap 'rmdir "$nothing"' EXIT
"$here/../lambda-run" "$2" "${3:-$nothing}" "$here/apps/$1/smoke.py"
