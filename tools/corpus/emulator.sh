#!/usr/bin/env bash
# Fetches AWS's Runtime Interface Emulator (in the wheel of aws-sam-cli) and its runtime client awslambdaric for CPython
# 3.12 into $CORPUS/emulator, and prints the arguments of slim that use them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${CORPUS:-/tmp/slim-corpus}/emulator
arch=$(uname -m | sed 's/aarch64/arm64/')
python=$("$here/../python312")

if [ ! -e "$folder/done" ]; then
  rm -rf "$folder"
  mkdir -p "$folder/wheel"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder/wheel" aws-sam-cli==1.170.0 >&2
  (cd "$folder" && "$python" -m zipfile -e wheel/aws_sam_cli-*.whl wheel/out)
  install -m 755 "$folder/wheel/out/samcli/local/rapid/aws-lambda-rie-$arch" "$folder/aws-lambda-rie"
  rm -r "$folder/wheel"
  "$python" -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$folder/runtime" \
    awslambdaric==4.2.2 >&2
  touch "$folder/done"
fi
echo "--rie $folder/aws-lambda-rie --runtime-packages $folder/runtime"
