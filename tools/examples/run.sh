#!/usr/bin/env bash
# run.sh [--table] [NAME...] : runs the examples (all of them), each in a copy with its real client, and prints a line for
# each: what was proven, or why it was skipped. Ends with 1 where one fails, all are skipped, or docs/clients.md says
# something else. --table prints the rows of that page. SLIM=/path/to/slim takes a ready binary; clients are installed
# into $CLIENTS (/tmp/slim-examples) once. NAME.sh beside this file runs examples/NAME.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tools=$(dirname "$here")
root=$(dirname "$tools")
guide=$root/docs/clients.md

table=
if [ "${1:-}" = --table ]; then
  table=yes
  shift
fi
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(makefile sam cdk terraform serverless uv container)

python=$("$tools/python312")
slim=$(realpath "${SLIM:-${CARGO_TARGET_DIR:-$root/target}/release/slim}")
for program in jq make "$slim"; do
  if ! command -v "$program" >/dev/null; then
    echo "error: $program is not here" >&2
    exit 3
  fi
done
export here tools python CLIENTS=${CLIENTS:-/tmp/slim-examples}

# No client may find an account, a setting of this user, a proxy before this machine itself, or its maker's telemetry.
for name in "${!AWS_@}" "${!SLIM_@}" "${!CDK_@}" "${!SAM_@}" "${!SLS_@}"; do unset "$name"; done
export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1 \
  AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' \
  NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost \
  SLIM_PYTHON_BIN="$python" PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1

scratch=$(mktemp -d)
child=
# A run that is broken off takes its example along, and that its server.
trap '[ -z "$child" ] || kill "$child" 2>/dev/null || true; wait; rm -rf "$scratch"' EXIT

# run_example NAME : in a copy, with slim and what NAME.sh adds on PATH.
run_example() {
  local work=$scratch/$1 status=0
  mkdir -p "$work/bin"
  cp -r "$root/examples/$1" "$work/copy"
  ln -s "$slim" "$work/bin/slim"
  touch "$work/answer"
  (
    cd "$work/copy"
    PATH=$work/bin:$PATH SLIM_CACHE_DIR=$work/cache exec bash "$here/$1.sh" 3>"$work/answer" >"$work/log" 2>&1
  ) &
  child=$!
  wait "$child" || status=$?
  child=
  return "$status"
}

# What all programs of this machine have received from the network, in bytes.
received() {
  local sum=0 device
  for device in /sys/class/net/*/; do
    [ "$(basename "$device")" = lo ] || sum=$((sum + $(cat "$device/statistics/rx_bytes")))
  done
  echo "$sum"
}

# in_guide NAME CLIENT VERSION TEXT : whether the table has this row; VERSION may be a pattern.
in_guide() {
  local line start="| [$1](../examples/$1) | $2 | " end=" | $4 |"
  while read -r line; do
    # shellcheck disable=SC2027 # unquoted, as a pattern
    if [[ $line == "$start"$3"$end" ]]; then return; fi
  done <"$guide"
  return 1
}

ran=0 failed=0 before=$(received)
for name in "${names[@]}"; do
  since=$SECONDS status=0
  run_example "$name" || status=$?
  mapfile -t answer <"$scratch/$name/answer"
  if [ "$status" = 77 ]; then
    tail -n 3 "$scratch/$name/log" | sed 's/^/    /' >&2
    echo "$name: SKIPPED: ${answer[0]}" >&2
    continue
  fi
  ran=$((ran + 1))
  if [ "$status" != 0 ] || [ ${#answer[@]} -lt 3 ]; then
    failed=$((failed + 1))
    sed 's/^/    /' "$scratch/$name/log" >&2
    echo "$name: FAILED" >&2
    continue
  fi
  if [ -n "$table" ]; then
    echo "| [$name](../examples/$name) | ${answer[0]} | ${answer[1]} | ${answer[2]} |"
  else
    echo "$name: ${answer[0]} ${answer[1]}: ${answer[2]} ($((SECONDS - since)) s)"
  fi
  # Of a client that is the machine's own, the page may tell another version.
  [ "${answer[3]:-}" != "of this machine" ] || answer[1]='*'
  if ! in_guide "$name" "${answer[@]}"; then
    failed=$((failed + 1))
    echo "$name: FAILED: docs/clients.md has no such row (tools/examples/run.sh --table $name prints it)" >&2
  fi
done
echo "$((ran - failed)) of ${#names[@]} examples hold, $((${#names[@]} - ran)) skipped; $SECONDS s, $((($(received) - before) / 1000000)) MB received" >&2
[ "$ran" -gt 0 ] && [ "$failed" = 0 ]
