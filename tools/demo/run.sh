#!/usr/bin/env bash
# The demo: a real pandas + boto3 + requests function is installed from PyPI, slimmed, unpacked as Lambda unpacks it,
# and run. Everything lies in target/demo; a second run installs and builds nothing again.
# SLIM=/path/to/slim takes a ready binary.
set -euo pipefail

demo=$(cd "$(dirname "$0")" && pwd)
tools=$(dirname "$demo")
cd "$tools/.."
place=target/demo

step() { printf '\n==> %s\n' "$*"; }

step "Python 3.12: $("$tools/python312")"

step "pip install --target $place/package -r tools/demo/requirements.txt"
"$tools/lambda-install" "$place/package" "$demo/requirements.txt"
cmp --silent "$demo/app.py" "$place/package/app.py" || cp "$demo/app.py" "$place/package/app.py"

if [ -z "${SLIM:-}" ]; then
  step "cargo build --release"
  cargo build --release --quiet --bin slim
  SLIM=${CARGO_TARGET_DIR:-target}/release/slim
fi

step "slim build $place/package -o $place/dist --python 3.12 --arch x86_64"
"$SLIM" build "$place/package" -o "$place/dist" --python 3.12 --arch x86_64

step "function.zip as /var/task, layer.zip as /opt, handler app.lambda_handler"
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
mkdir "$run/task" "$run/opt"
unpack() { [ ! -f "$1" ] || "$("$tools/python312")" -m zipfile -e "$1" "$2"; }
unpack "$place/dist/function.zip" "$run/task"
unpack "$place/dist/layer.zip" "$run/opt"
"$tools/lambda-run" "$run/task" "$run/opt" "$demo/invoke.py"

step "It lives. Ready to deploy:"
ls -l "$place/dist"
