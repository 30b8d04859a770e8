#!/usr/bin/env bash
# The HTML report in a real Chromium: of a corpus app with over 5,000 files, of a package of 10,000 made up ones, and
# of two packages that share a layer. Needs Chromium and npm; says what is missing and is skipped without them.
# run.sh [APP]: another app of the corpus. Screenshots stay in $PAGES (default /tmp/slim-page).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
slim=${SLIM:-$here/../../target/release/slim}
pages=${PAGES:-/tmp/slim-page}
corpus=${CORPUS:-/tmp/slim-corpus}
app=${1:-ai}

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ] || ! command -v npm >/dev/null; then
  echo "SKIPPED: the page needs chromium and npm to be looked at (apt-get install chromium nodejs npm)"
  exit 0
fi
mkdir -p "$pages"
[ -d "$pages/node_modules/playwright-core" ] ||
  npm install --silent --no-audit --no-fund --prefix "$pages" playwright-core@1.64.1 >&2

"$here/../corpus/build.sh" "$app" >&2
"$(command -v python3)" "$here/many.py" "$pages/many"
export CHROMIUM=$chromium MODULES=$pages
check() { # NAME PACKAGE…
  local name=$1
  shift
  "$slim" build --no-config --quiet --out-dir "$pages/$name-out" --report "html=$pages/$name.html" "$@"
  node "$here/check.mjs" "$pages/$name.html" "$pages/$name-out/report.json" "$slim" "$@"
}
check "$app" "$corpus/$app"
check many "$pages/many/shop"
check two "$pages/many/one" "$pages/many/two"
