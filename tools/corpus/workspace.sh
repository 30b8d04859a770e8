#!/usr/bin/env bash
# workspace.sh : makes the workspace of twelve functions, and `audit` as the thirteenth, in $CORPUS/workspace, with a
# slim.toml of the twelve and slim-13.toml of all. Each has the libraries of two apps and the handler of the first.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
corpus=${CORPUS:-/tmp/slim-corpus}
space=$corpus/workspace
mkdir -p "$space/locks"

# pins APP...: the pins of all of them; where two pin one library, the first one's.
pins() {
  local app
  for app in "$@"; do
    sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$here/apps/$app/requirements.lock"
  done | awk -F== '{ name = tolower($1); gsub(/[-_.]+/, "-", name) } !seen[name]++'
}

# make NAME ARCH APP...: one function, and its table.
make() {
  local name=$1 arch=$2
  shift 2
  pins "$@" | sed -E "${pin:-}" > "$space/locks/$name.txt"
  "$here/../lambda-install" "$space/$name" "$space/locks/$name.txt" "$arch"
  cmp --silent "$here/apps/$1/app.py" "$space/$name/app.py" || cp "$here/apps/$1/app.py" "$space/$name/app.py"
  table+=$'\n[[function]]\n'"name = \"$name\""$'\n'"path = \"$name\""$'\n''handler = "app.lambda_handler"'$'\n'
}

table=''
make orders-api x86_64 api boto
pin='s/^pydantic==.*/pydantic==2.13.4/; s/^pydantic_core==.*/pydantic_core==2.46.4/' make users-api x86_64 api db
make auth x86_64 api crypto
make etl x86_64 data
make etl-arm arm64 data
make report x86_64 plot boto
make model x86_64 sci
make ingest x86_64 google boto
make letters x86_64 docs boto
make site x86_64 web db
make agent x86_64 ai boto
make notify x86_64 otel api
echo "$table" > "$space/slim.toml"
make audit x86_64 boto crypto
echo "$table" > "$space/slim-13.toml"
