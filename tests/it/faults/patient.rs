//! Commands that must end in time, and what a refusal must look like.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::Run;

/// The longest time that any command may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a command to its end; one that hangs or panics fails the test.
#[track_caller]
pub fn ended(command: &mut Command) -> Run {
    ended_within(command, PATIENCE)
}

/// The same in a longer time, with its seconds and its peak of memory in MB.
#[track_caller]
pub fn measured(command: &mut Command, patience: Duration) -> (Run, f64, u64) {
    let begun = Instant::now();
    let mut peak = 0;
    let run = watched(command, patience, |id| peak = most_memory(id).max(peak));
    (run, begun.elapsed().as_secs_f64(), peak)
}

/// VmHWM of a process that runs, in MB.
fn most_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_000
}

#[track_caller]
pub fn ended_within(command: &mut Command, patience: Duration) -> Run {
    watched(command, patience, |_| {})
}

#[track_caller]
fn watched(command: &mut Command, patience: Duration, mut look: impl FnMut(u32)) -> Run {
    let said = || tempfile::tempfile().unwrap();
    let (mut out, mut err) = (said(), said());
    command.stdin(Stdio::null());
    command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let mut child = command.spawn().unwrap();
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap_or(-1);
        }
        look(child.id());
        if begun.elapsed() > patience {
            child.kill().unwrap();
            panic!("it hangs: {command:?}\n{}", text(&mut err));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let run = Run { code, out: text(&mut out), err: text(&mut err) };
    assert!(run.code != 101 && !run.err.contains("panicked"), "a panic: {command:?}\n{}", run.err);
    run
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a tool does its work here.
pub fn works(probe: &mut Command) -> bool {
    probe.output().is_ok_and(|output| output.status.success())
}

impl Run {
    /// The run, which must have been refused: this code, one line that holds all of `words`, and at most one
    /// hint.
    #[track_caller]
    pub fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{words:?}: {}{}", self.out, self.err);
        let (errors, others): (Vec<_>, Vec<_>) =
            self.err.lines().partition(|line| line.starts_with("error: failed to "));
        assert_eq!(errors.len(), 1, "one error, one line: {}", self.err);
        assert!(words.iter().all(|word| errors[0].contains(word)), "{words:?} in {}", self.err);
        assert!(
            others.len() < 2 && others.iter().all(|line| line.starts_with("hint: ")),
            "{others:?}"
        );
    }

    /// The same with a hint that holds `word`.
    #[track_caller]
    pub fn hinted(&self, word: &str) {
        let hint = self.err.lines().find(|line| line.starts_with("hint: "));
        assert!(hint.is_some_and(|hint| hint.contains(word)), "{word} as the hint of {}", self.err);
    }
}
