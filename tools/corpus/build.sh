#!/usr/bin/env bash
# build.sh [APP...] : installs the apps (default: all, about 2 GB) into $CORPUS/APP; data-arm64 is data for arm64.
# An app whose pins are installed already is only given its handler again.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
corpus=${CORPUS:-/tmp/slim-corpus}
mkdir -p "$corpus"
[ $# -gt 0 ] || set -- $(ls "$here/apps") data-arm64

failed=0
for app in "$@"; do
  source=$here/apps/${app%-arm64} arch=x86_64
  case $app in *-arm64) arch=arm64 ;; esac
  if "$here/../lambda-install" "$corpus/$app" "$source/requirements.lock" "$arch"; then
    cmp --silent "$source/app.py" "$corpus/$app/app.py" || cp "$source/app.py" "$corpus/$app/app.py"
  else
    echo "error: failed to install \`$app\`" >&2
    failed=1
  fi
done
exit $failed
