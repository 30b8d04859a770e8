#!/usr/bin/env bash
# Every way to install slim that this machine has the means for, tried; what cannot be is said.
# The tools come from PyPI into target/install; nothing else outlives the run.
# ONLY="by_uv newcomer" tries some ways only.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD here=$PWD/tools/install kept=$PWD/target/install
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# Whatever is set for builds of this user's own says nothing here.
for name in "${!SLIM_@}" "${!AWS_@}"; do unset "$name"; done
export SLIM_NO_CACHE=1

passed=0 skipped=0 moto=
scratch=$(mktemp -d)
trap '[ -z "$moto" ] || kill "$moto" 2>/dev/null || true; rm -rf "$scratch"' EXIT

say() { printf '\n[installs +%ss] %s\n' "$SECONDS" "$*"; }
die() { echo "error: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; skipped=$((skipped + 1)); }

# What reaches the index of packages from here, if anything of it is set.
network=()
for name in HTTPS_PROXY https_proxy NO_PROXY no_proxy SSL_CERT_FILE REQUESTS_CA_BUNDLE PIP_CERT PIP_INDEX_URL; do
  [ -z "${!name:-}" ] || network+=("$name=${!name}")
done

# What a user has: a Python of their own, pip, and no Rust. `fresh NAME` makes one, `as NAME COMMAND…` runs there.
fresh() { "$python" -m venv "$scratch/$1"; }
as() {
  local name=$1
  shift
  mkdir -p "$scratch/home"
  env -i HOME="$scratch/home" PATH="$scratch/$name/bin:/usr/bin:/bin" LANG=C.UTF-8 SLIM_NO_CACHE=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 "${network[@]}" "$@"
}

small_package() {
  mkdir -p "$1"
  printf 'def handler(event, context):\n    return 1\n' >"$1/app.py"
}

# The wheel is installed by its name, as a user types it, and from nowhere else.
by_wheel() {
  fresh wheel
  as wheel pip install --quiet --no-index --find-links "$(dirname "$wheel")" lambda-slim
  local version share=$scratch/wheel/share
  version=$(as wheel slim --version)
  [ "$version" = "slim $(awk -F '"' '/^version = /{print $2; exit}' Cargo.toml)" ] || die "slim --version: $version"
  [ "$(as wheel lambda-slim --version)" = "$version" ] || die "lambda-slim --version"
  ln -s "$scratch/wheel/bin/lambda-slim" "$scratch/link"
  [ "$(as wheel "$scratch/link" --version)" = "$version" ] || die "lambda-slim by a link"
  cmp "$share/man/man1/slim.1" <(as wheel slim man)
  cmp "$share/bash-completion/completions/slim" <(as wheel slim completions bash)
  cmp "$share/zsh/site-functions/_slim" <(as wheel slim completions zsh)
  cmp "$share/fish/vendor_completions.d/slim.fish" <(as wheel slim completions fish)
  as wheel pip uninstall --quiet --yes lambda-slim
  [ -z "$(find "$scratch/wheel" -name '*slim*')" ] || die "pip uninstall leaves files"
  echo "$version, $(stat --format=%s "$wheel") bytes: $(basename "$wheel")"
}

by_uv() {
  [ -x "$kept/bin/uv" ] || { skip "pip could not get uv"; return 0; }
  local only=(--no-index --find-links "$(dirname "$wheel")")
  local settings=(UV_PYTHON_DOWNLOADS=never UV_PYTHON="$python" UV_CACHE_DIR="$scratch/uv"
    UV_TOOL_DIR="$scratch/tools" UV_TOOL_BIN_DIR="$scratch/bin" SLIM_NO_CACHE=1)
  local uv=(env -i HOME="$scratch/home" PATH="$kept/bin:/usr/bin:/bin" "${settings[@]}")
  "${uv[@]}" uvx --from "$wheel" lambda-slim --version
  small_package "$scratch/uvx/pkg"
  (cd "$scratch/uvx" && "${uv[@]}" uvx "${only[@]}" lambda-slim build ./pkg --quiet)
  [ -s "$scratch/uvx/dist/function.zip" ] || die "uvx lambda-slim build made nothing"
  "${uv[@]}" uv tool install --quiet "${only[@]}" lambda-slim
  "$scratch/bin/lambda-slim" --version
  "$scratch/bin/slim" --version
}

by_cargo() {
  command -v cargo >/dev/null || { skip "cargo is not here"; return 0; }
  cargo install --quiet --path . --locked --root "$scratch/cargo" --no-track
  "$scratch/cargo/bin/slim" --version
  "$scratch/cargo/bin/lambda-slim" --version
}

by_action() {
  [ -d "$kept/lib" ] || { skip "pip could not get PyYAML"; return 0; }
  # pip builds `version: source` with maturin, and takes all else from the wheel alone.
  env PATH="$(dirname "$python"):$PATH" PIP_FIND_LINKS="$(dirname "$wheel")" "$kept/bin/python" "$here/action.py" "$root"
}

# The hook, as the configuration on stdin has it: it passes within a budget, and fails over it.
hook() {
  local repo=$scratch/repo-$1 run=("$kept/bin/pre-commit" run --all-files --verbose) said
  small_package "$repo/pkg"
  cat >"$repo/.pre-commit-config.yaml"
  printf 'max-unzipped = "1MB"\n[[function]]\nname = "small"\npath = "pkg"\n' >"$repo/slim.toml"
  cd "$repo"
  git init --quiet
  git add --all
  said=$("${run[@]}" 2>&1) || die "the hook fails: $said"
  grep -q 'slim check.*Passed' <<<"$said" || die "the hook did not run: $said"
  grep -q 'ok: small' <<<"$said" || die "the hook checked nothing: $said"
  sed -i 's/1MB/10/' slim.toml
  if said=$("${run[@]}" 2>&1); then die "the hook passes over the budget: $said"; fi
  grep -q 'over: small.*over 10 bytes' <<<"$said" || die "the hook fails without a reason: $said"
  cd "$root"
}

by_pre_commit() {
  [ -x "$kept/bin/pre-commit" ] || { skip "pip could not get pre-commit"; return 0; }
  local name rev
  for name in "${!GIT_@}"; do [ "$name" = GIT_SSL_CAINFO ] || unset "$name"; done
  export PRE_COMMIT_HOME=$scratch/pre-commit
  echo "lambda-slim @ file://$wheel" >"$scratch/constraint"
  # The one of docs/installing.md that takes the wheel.
  awk '/^```$/ {here = 0} here {print} /^```yaml$/ {here = 1; n++} n < 3 {here = 0}' docs/installing.md |
    PIP_CONSTRAINT=$scratch/constraint hook wheel
  command -v cargo >/dev/null || { skip "cargo is not here, and pre-commit builds slim"; return 0; }
  rev=$(git rev-parse HEAD)
  git cat-file -e "$rev:.pre-commit-hooks.yaml" 2>/dev/null || { skip "the hook is not committed"; return 0; }
  hook source <<YAML
repos:
  - repo: file://$root
    rev: $rev
    hooks:
      - id: slim-check
YAML
}

# The commands of README.md below the word newcomer, as they stand, in an empty folder.
newcomer_commands() { awk '/^<!-- newcomer/ {here = 1} here && /^```$/ {exit} here && code {print} here && /^```sh$/ {code = 1}' README.md; }

start_moto() {
  local server port log=$scratch/moto.log
  server=$(tools/moto) || return 1
  port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "$server" --host 127.0.0.1 --port "$port" >"$log" 2>&1 &
  moto=$!
  endpoint=http://127.0.0.1:$port
  for _ in $(seq 240); do
    if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
    kill -0 "$moto" 2>/dev/null || break
    sleep 0.25
  done
  cat "$log" >&2
  return 1
}

newcomer() {
  local commands count aws role
  commands=$(newcomer_commands)
  count=$(awk 'NF && !continues {n++} {continues = /\\$/} END {print n + 0}' <<<"$commands")
  if [ "$count" -lt 1 ] || [ "$count" -gt 5 ]; then die "README.md: $count commands for a newcomer"; fi
  [ -x "$kept/bin/aws" ] || { skip "pip could not get awscli"; return 0; }
  start_moto || { skip "moto does not start"; return 0; }
  fresh newcomer
  echo "lambda-slim @ file://$wheel" >"$scratch/constraint"
  aws=(AWS_ENDPOINT_URL="$endpoint" AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1)
  # The account has a role for functions.
  role=$(as newcomer env "${aws[@]}" "$kept/bin/aws" iam create-role --role-name hello --query Role.Arn --output text \
    --assume-role-policy-document '{"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}}]}')
  mkdir "$scratch/empty"
  (cd "$scratch/empty" && as newcomer env "${aws[@]}" ROLE="$role" PIP_CONSTRAINT="$scratch/constraint" \
    bash -exc "$commands")
  (cd "$scratch/empty" && as newcomer env "${aws[@]}" python "$here/published.py")
  kill "$moto" && moto=
}

python=$(tools/python312)
say "tools from PyPI, into target/install"
[ -x "$kept/bin/pip" ] || "$python" -m venv "$kept"
while read -r tool; do
  "$kept/bin/pip" install --quiet "$tool" || echo "pip could not get $tool"
done < <(grep -v '^#' "$here/requirements.txt"; sed -n 's/^requires = \["\(.*\)"\]$/\1/p' pyproject.toml)

say "the wheel"
wheel=$("$here/wheel" "$kept/bin/maturin")
for way in ${ONLY:-by_wheel by_uv by_cargo by_action by_pre_commit newcomer}; do
  say "$way"
  before=$skipped
  "$way"
  [ "$skipped" -gt "$before" ] || passed=$((passed + 1))
done
say "done"
echo "$passed passed, 0 failed, $skipped skipped"
