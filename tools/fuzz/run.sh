#!/usr/bin/env bash
# Fuzzes the engines: run.sh [SECONDS] [TARGET...], two targets at a time, with all targets by default. Prints what each
# came to; exits with 1 where an oracle was broken, and says where the input lies. Corpora and counts grow in $FUZZ
# (/tmp/slim-fuzz). The same $SEED takes the same way through the same corpora; without one each run takes another.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
shift || true
work=${FUZZ:-/tmp/slim-fuzz}
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

skip() { echo "SKIPPED: fuzzing: $*"; exit 0; }

# What is longer finds nothing else and takes longer; shared objects for 64 KiB pages need the room.
longest() {
  case $1 in
    elf | kernels) echo 100000 ;;
    outline | package | prose | zip_read | inflated) echo 16384 ;;
    *) echo 8192 ;;
  esac
}

fuzz_one() {
  local target=$1 log=$work/logs/$1 TIMEFORMAT='cpu %U %S' status=0
  mkdir -p "$work/corpus/$target"
  { time nice -n 10 "$bin/$target" "$work/corpus/$target" "$work/seeds/$target" "regressions/$target" \
    -seed="${SEED:-0}" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len="$(longest "$target")" \
    -print_final_stats=1 -artifact_prefix="$work/artifacts/$target-" >"$log" 2>&1; } 2>"$log.cpu" || status=$?
  local runs cpu last
  runs=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$log")
  cpu=$(awk '/^cpu/ { print $2 + $3 }' "$log.cpu")
  last=$(grep -aoE 'cov: [0-9]+ ft: [0-9]+ corp: [0-9]+' "$log" | tail -n 1)
  echo "$target ${runs:-0} $cpu" >>"$work/counts"
  printf '%-9s %9s runs, %5.1f CPU s, %s, %s; in all %s\n' "$target" "${runs:-?}" "$cpu" "${last:-no coverage}" \
    "$([ $status -eq 0 ] && echo 'no crash' || echo "CRASH: $log")" \
    "$(awk -v it="$target" '$1 == it { runs += $2; cpu += $3 } END { printf "%d runs, %.1f CPU min", runs, cpu / 60 }' "$work/counts")"
  if [ $status -ne 0 ]; then
    grep -aE "panicked at|ERROR: libFuzzer|Test unit written" -A 2 "$log" | head -n 12 || true
    touch "$work/crashed"
  fi
}

command -v g++ >/dev/null || skip "libFuzzer needs g++"
if ! cargo fuzz --version >/dev/null 2>&1; then
  cargo install --quiet cargo-fuzz --locked || skip "cargo-fuzz is not here and cannot be installed"
fi
python=$(../python312)

mkdir -p "$work/logs" "$work/artifacts"
rm -f "$work/crashed"
[ -w /dev/shm ] && export TMPDIR=/dev/shm
"$python" seeds.py "$work/seeds" "${targets[@]}"
# No sanitizer: they need a nightly toolchain, and the engines have no unsafe code.
cargo fuzz build --fuzz-dir . --sanitizer none --target-dir "$PWD/target"
bin=target/$(rustc -vV | sed -n 's/^host: //p')/release

for target in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  fuzz_one "$target" &
done
wait
[ ! -e "$work/crashed" ] || { echo "error: an oracle was broken; the inputs lie in $work/artifacts" >&2; exit 1; }
