use std::process::Command;

use super::{TooSlow, bounded, median, run, run_to};

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn the_cpu_time_of_grandchildren_counts() {
    let idle = run(&mut sh("sleep 0.2; true")).expect("sleeps");
    let busy = run(&mut sh("sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; true"))
        .expect("counts");
    assert!(idle.wall_s >= 0.2, "{idle:?}");
    assert!(busy.cpu_s() > 0.05 && busy.cpu_s() > 2.0 * idle.cpu_s(), "{idle:?} {busy:?}");
}

#[test]
fn peak_memory_is_that_of_the_largest_process() {
    // dd holds one block of 64 MiB while sh stays small.
    let cost = run(&mut sh("dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null; true"))
        .expect("copies");
    assert!((64 << 20..128 << 20).contains(&cost.peak_bytes), "{cost:?}");
}

#[test]
fn a_failure_tells_the_last_words() {
    let error = run(&mut sh("echo first >&2; echo last >&2; exit 3")).expect_err("fails");
    assert_eq!(error.to_string(), "exit status: 3: last");
    run_to(&mut sh("exit 3"), &[0, 3]).expect("3 is good here");
    run_to(&mut sh("exit 3"), &[0, 1]).expect_err("3 is not good here");
}

#[test]
fn a_command_that_takes_too_long_is_told_from_one_that_fails() {
    let slow = run(&mut bounded(&sh("sleep 30"), 1)).expect_err("is too slow");
    assert!(slow.is::<TooSlow>(), "{slow}");
    let failed = run(&mut bounded(&sh("exit 3"), 10)).expect_err("fails");
    assert!(!failed.is::<TooSlow>(), "{failed}");
    let mut given = sh("test \"$WORD\" = said");
    run(&mut bounded(given.env("WORD", "said"), 10)).expect("hears its environment");
}

#[test]
fn medians() {
    assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
    assert_eq!(median([]), 0.0);
}
