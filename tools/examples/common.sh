# shellcheck shell=bash
# What the scripts of the examples share. run.sh starts each in a fresh copy of its example, with $here (tools/examples),
# $tools, $python (a CPython 3.12), $CLIENTS (where clients are installed) and an open file 3 for the answer, which is one of
#   proven CLIENT VERSION TEXT   what the table says
#   skip REASON                  the client is not here
# Whatever else ends a script is a failure.
set -euo pipefail
: "${here:?}" "${tools:?}" "${python:?}" "${CLIENTS:?}"

proven() { printf '%s\n' "$@" >&3; }

skip() {
  echo "$*" >&3
  exit 77
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

say() { printf "\n== %s (%s s)\n" "$*" "$SECONDS"; }

# equal WHAT FOUND EXPECTED
equal() {
  [ -n "$3" ] || fail "$1: nothing to compare with"
  [ "$2" = "$3" ] || fail "$1: found \`$2\`, expected \`$3\`"
}

# differ WHAT FOUND BEFORE
differ() {
  [ -n "$2" ] || fail "$1: nothing to compare"
  [ "$2" != "$3" ] || fail "$1: still \`$2\`"
}

# The paths of a folder with their modes, and the hashes of its files. Dates are no part of it.
tree() {
  (
    cd "$1"
    find . -mindepth 1 -printf '%m %y %P\n' | LC_ALL=C sort
    find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2
  )
}

# same_trees WHAT FOUND EXPECTED
same_trees() {
  [ -n "$(ls -A "$3")" ] || fail "$1: $3 is empty"
  diff <(tree "$3") <(tree "$2") || fail "$1: $2 differs from $3"
}

# sha DIST/FILE.zip : sha256_base64 of a zip, as the report beside it tells, and as its bytes have it.
sha() {
  "$python" - "$1" <<'PYTHON'
import base64, hashlib, json, pathlib, sys
path = pathlib.Path(sys.argv[1])
told = {z["file"]: z["sha256_base64"] for z in json.loads((path.parent / "report.json").read_text())["zips"]}[path.name]
found = base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
sys.exit(f"{path}: report.json tells {told}, its bytes have {found}") if told != found else print(told)
PYTHON
}

# proof REPORT EVENTS : the example's own proof was made, with that many events.
proof() { equal "proof in $1" "$(jq -r '"\(.proof.status) with \(.proof.events)"' "$1")" "proven with $2"; }

# New dates for what a build reads, and old ones for the zips: no byte differs.
touch_all() {
  find . \( -name node_modules -o -name build -o -name dist -o -name '.?*' \) -prune -o -type f -exec touch {} +
  [ ! -d dist ] || find dist -name '*.zip' -exec touch -d 2001-01-01 {} +
}

# A change of the code that its author would deploy.
edit() { printf '\n# A remark.\n' >>app.py; }

# venv NAME REQUIREMENT : a client from PyPI, installed into $CLIENTS once, on PATH.
venv() {
  local place=$CLIENTS/$1
  if [ "$(cat "$place/installed" 2>/dev/null)" != "$2 $python" ]; then
    say "pip install $2"
    rm -rf "$place"
    "$python" -m venv "$place"
    "$place/bin/pip" install --quiet "$2" || skip "pip could not install $2"
    echo "$2 $python" >"$place/installed"
  fi
  ln -s "$place/bin/$1" ../bin/
}

# node_modules PACKAGE : what package.json pins, installed into $CLIENTS once, and linked to from here.
node_modules() {
  local place=$CLIENTS/node-$1
  command -v npm >/dev/null || skip "npm is not here"
  if ! cmp --silent package.json "$place/package.json"; then
    say "npm install"
    rm -rf "$place" "$place.new"
    mkdir -p "$place.new"
    cp package.json "$place.new"
    # No scripts: neither telemetry nor a download of anything else.
    npm install --prefix "$place.new" --no-audit --no-fund --ignore-scripts --loglevel=error || skip "npm could not install $1"
    mv "$place.new" "$place"
  fi
  ln -s "$place/node_modules" node_modules
  equal "version of $1" "$(node_version "$1")" "$(jq -r --arg name "$1" '.devDependencies[$name]' package.json)"
}

node_version() { jq -r .version "node_modules/$1/package.json"; }

# moto's server on a free port of this machine, where AWS's clients find it. What they ask is in ../moto.log.
start_moto() {
  local server port
  server=$("$tools/moto") || skip "moto could not be installed"
  port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  MOTO_IAM_LOAD_MANAGED_POLICIES=true "$server" --host 127.0.0.1 --port "$port" >../moto.log 2>&1 3>&- &
  moto=$!
  trap 'kill "$moto" 2>/dev/null || true' EXIT
  export AWS_ENDPOINT_URL=http://127.0.0.1:$port
  for _ in {1..600}; do
    if (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
    kill -0 "$moto" || fail "moto ended: $(cat ../moto.log)"
    sleep 0.1
  done
  fail "moto does not listen"
}

# tools/moto asks for any of this series.
moto_version() { "$(dirname "$("$tools/moto")")/pip" show moto | sed -n 's/^Version: \([0-9]*\).*/\1/p'; }

# How many requests moto has had that change something.
writes() { grep -c -E '"(POST|PUT|DELETE|PATCH) ' ../moto.log || true; }

# The examples call pip by its name; a machine may have none, or that of a Python which is managed otherwise.
if [ ! -x "$CLIENTS/pip/bin/pip" ]; then "$python" -m venv "$CLIENTS/pip"; fi
ln -s "$CLIENTS/pip/bin/pip" ../bin/

# An example installs its wheels several times: they are downloaded once.
keep_wheels() {
  export PIP_FIND_LINKS="${PIP_FIND_LINKS:-} $CLIENTS/wheels"
  pip download --quiet --dest "$CLIENTS/wheels" --only-binary=:all: --python-version 3.12 \
    --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 -r requirements.txt
}
