//! Signals that end the program, once what is half made is removed.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Whether a signal is ending the program.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Where a signal is ending the program, its code counts, not what comes of the work that it cut short.
pub(crate) fn give_way() {
    while ENDING.load(Ordering::SeqCst) {
        thread::park();
    }
}

/// On Ctrl-C, SIGTERM or a hangup removes what is half made and ends with the code that shells expect.
///
/// # Errors
/// When there is no thread to be had that waits for them.
pub(crate) fn heed() -> io::Result<()> {
    // Without a handler the process ends just as well, and leaves a staging folder behind.
    let Ok(mut signals) = Signals::new(heeded()) else { return Ok(()) };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            ENDING.store(true, Ordering::SeqCst);
            lambda_slim::abandon();
            std::process::exit(128 + signal);
        }
    };
    thread::Builder::new().spawn(wait).map(drop)
}

/// A hangup is left alone where whoever started slim ignores it, as nohup does.
fn heeded() -> Vec<i32> {
    let hangup = Some(SIGHUP).filter(|signal| !may_be_ignored(*signal));
    [SIGINT, SIGTERM].into_iter().chain(hangup).collect()
}

/// Whether a signal is ignored, as Linux tells it; elsewhere nobody does.
fn may_be_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (signal - 1) & 1 == 1)
}
