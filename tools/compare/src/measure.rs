//! What one run of a command costs.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use wait4::Wait4;

#[cfg(test)]
mod tests;

/// The cost of one run, its children included.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Seconds by the clock.
    pub wall_s: f64,
    /// User seconds of the whole process tree.
    pub user_s: f64,
    /// Its system seconds.
    pub system_s: f64,
    /// The largest resident set of any one process, in bytes.
    pub peak_bytes: u64,
}

impl Cost {
    /// User and system seconds.
    pub fn cpu_s(&self) -> f64 {
        self.user_s + self.system_s
    }
}

/// A command was ended because it took longer than it may.
#[derive(Debug)]
pub struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("it took too long")
    }
}

impl Error for TooSlow {}

/// What `timeout` exits with when the time is over.
const OUT_OF_TIME: i32 = 124;

/// The same command, which may take so many seconds by the clock: [`run`] fails with [`TooSlow`] when it takes longer.
pub fn bounded(command: &Command, seconds: u32) -> Command {
    let mut bounded = Command::new("timeout");
    bounded.arg(seconds.to_string()).arg(command.get_program()).args(command.get_args());
    bounded.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bounded
}

/// Runs `command` to its end. A failure is an error with its last words.
pub fn run(command: &mut Command) -> Result<Cost> {
    run_to(command, &[0])
}

/// The same, where more exit codes than 0 may be no failure.
pub fn run_to(command: &mut Command, good: &[i32]) -> Result<Cost> {
    // A file cannot fill up and block the child, as a pipe that nobody reads would.
    let mut words = tempfile::tempfile().context("failed to make a temporary file")?;
    let program = command.get_program().display().to_string();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(words.try_clone()?);
    let start = Instant::now();
    let done = command
        .spawn()
        .and_then(Wait4::wait4)
        .with_context(|| format!("failed to run `{program}`"))?;
    let wall_s = start.elapsed().as_secs_f64();
    if done.status.code() == Some(OUT_OF_TIME) && program == "timeout" {
        return Err(TooSlow.into());
    }
    if !done.status.code().is_some_and(|code| good.contains(&code)) {
        bail!("{}: {}", done.status, last_line(&mut words)?);
    }
    Ok(Cost {
        wall_s,
        user_s: done.rusage.utime.as_secs_f64(),
        system_s: done.rusage.stime.as_secs_f64(),
        peak_bytes: done.rusage.maxrss,
    })
}

fn last_line(words: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    words.rewind()?;
    words.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_end().lines().last().unwrap_or("no message").to_owned())
}

/// The middle of some numbers, or the mean of the two middle ones; 0 for none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}
