//! Runs one child process within bounds, and leaves none of its group behind.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// What a child may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds of the clock.
    pub seconds: f64,
    /// Bytes of its standard output.
    pub answer: usize,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// By us: its time was over.
    TimedOut,
    /// By us: it said too much.
    Flooded,
}

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(out, "it ended with code {code}"),
            Self::Signal(5) => out.write_str("it met a trap (SIGTRAP)"),
            Self::Signal(11) => out.write_str("it crashed (SIGSEGV)"),
            Self::Signal(6) => out.write_str("it aborted (SIGABRT)"),
            Self::Signal(9) => out.write_str("it was killed (SIGKILL: out of memory?)"),
            Self::Signal(number) => write!(out, "it was ended by signal {number}"),
            Self::TimedOut => out.write_str("it took too long"),
            Self::Flooded => out.write_str("it wrote without end"),
        }
    }
}

/// What came of a child.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub ended: Ended,
    /// Its standard output.
    pub answer: Vec<u8>,
    /// The beginning and the end of its standard error.
    pub talk: String,
}

/// Bytes of standard error that are kept: so many of the beginning, and as many of the end.
const KEPT_TALK: usize = 32 << 10;

/// Longest time to wait for the rest of what it said, once a child has ended.
const REST: Duration = Duration::from_secs(2);

/// The groups of the children that run, for the moment of an interrupt.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Ends every child. The process must end right after.
pub fn abandon() {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.drain(..).for_each(end);
    // Nobody starts another one any more.
    std::mem::forget(running);
}

/// Nobody is left who could be told that it was gone already.
fn end(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
}

/// Runs `command` with `input`, in a process group of its own that is ended with it.
///
/// # Errors
/// When it cannot be started.
pub fn run(command: &mut Command, input: &[u8], limits: Limits) -> io::Result<Finished> {
    command.process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Locked before it is started: an interrupt must not come between.
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut child = command.spawn()?;
    let group = Pid::from_child(&child);
    running.push(group);
    drop(running);
    let finished = attend(&mut child, group, input, limits);
    end(group);
    // Known already, but where it could not be attended to.
    let _ = child.wait();
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|running| *running != group);
    finished
}

fn attend(child: &mut Child, group: Pid, input: &[u8], limits: Limits) -> io::Result<Finished> {
    let deadline = Instant::now() + Duration::from_secs_f64(limits.seconds);
    let mut stdin = child.stdin.take();
    let input = input.to_owned();
    // A child that does not read its input is no reason to wait; one that is gone no error.
    on_a_thread(move || {
        if let Some(stdin) = stdin.as_mut() {
            let _ = stdin.write_all(&input);
        }
    })?;
    let answer = Ears::on(child.stdout.take(), Keep::First(limits.answer))?;
    let talk = Ears::on(child.stderr.take(), Keep::Ends(KEPT_TALK))?;
    let mut pause = Duration::from_millis(1);
    let ended = loop {
        if let Some(status) = child.try_wait()? {
            break status
                .code()
                .map_or_else(|| Ended::Signal(status.signal().unwrap_or_default()), Ended::Exit);
        }
        let verdict = match (answer.is_full(), Instant::now() >= deadline) {
            (true, _) => Some(Ended::Flooded),
            (_, true) => Some(Ended::TimedOut),
            _ => None,
        };
        if let Some(verdict) = verdict {
            end(group);
            child.wait()?;
            break verdict;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    // What it left running would hold the pipes open.
    end(group);
    let (answer, is_full) = answer.rest();
    let (talk, _) = talk.rest();
    let ended = if is_full { Ended::Flooded } else { ended };
    Ok(Finished { ended, answer, talk: String::from_utf8_lossy(&talk).into_owned() })
}

/// Leaves some work to a thread of its own; there may be none to be had.
fn on_a_thread(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().spawn(work).map(drop)
}

/// Which bytes of a stream are kept.
#[derive(Clone, Copy)]
enum Keep {
    First(usize),
    Ends(usize),
}

#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    last: Vec<u8>,
    full: bool,
    closed: bool,
}

/// Reads a stream to its end on a thread of its own, whatever comes.
struct Ears(Arc<(Mutex<Heard>, Condvar)>);

impl Ears {
    fn on(stream: Option<impl Read + Send + 'static>, keep: Keep) -> io::Result<Self> {
        let shared: Arc<(Mutex<Heard>, Condvar)> = Arc::default();
        let own = Arc::clone(&shared);
        on_a_thread(move || {
            let mut buffer = [0; 16 << 10];
            if let Some(mut stream) = stream {
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    let mut heard = own.0.lock().unwrap_or_else(PoisonError::into_inner);
                    heard.add(&buffer[..length], keep);
                }
            }
            own.0.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
            own.1.notify_all();
        })?;
        Ok(Self(shared))
    }

    fn is_full(&self) -> bool {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).full
    }

    /// What was heard, and whether that was too much. A process that left the group may hold the
    /// stream open: then only what came until now.
    fn rest(self) -> (Vec<u8>, bool) {
        let heard = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(heard, REST, |heard| !heard.closed);
        let (mut heard, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let mut bytes = std::mem::take(&mut heard.bytes);
        if !heard.last.is_empty() {
            bytes.extend_from_slice(b"\n[...]\n");
            bytes.append(&mut heard.last);
        }
        (bytes, heard.full)
    }
}

impl Heard {
    fn add(&mut self, bytes: &[u8], keep: Keep) {
        let (Keep::First(room) | Keep::Ends(room)) = keep;
        let fits = bytes.len().min(room.saturating_sub(self.bytes.len()));
        let (first, rest) = bytes.split_at(fits);
        self.bytes.extend_from_slice(first);
        match keep {
            Keep::First(_) => self.full |= !rest.is_empty(),
            Keep::Ends(_) => {
                self.last.extend_from_slice(rest);
                let over = self.last.len().saturating_sub(room);
                if over > room {
                    self.last.drain(..over);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, seconds: f64) -> Finished {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(&mut command, b"in\n", Limits { seconds, answer: 1000 }).expect("there is a shell")
    }

    #[test]
    fn what_it_says_and_how_it_ends() {
        let told = shell("cat; echo talk >&2; exit 3", 10.0);
        assert_eq!((told.ended, &told.answer[..]), (Ended::Exit(3), &b"in\n"[..]));
        assert_eq!(told.talk, "talk\n");
        assert_eq!(shell("kill -SEGV $$", 10.0).ended, Ended::Signal(11));
    }

    #[test]
    fn it_is_ended_in_time_with_all_it_started() {
        let start = Instant::now();
        let told = shell("sleep 77 & sleep 78", 0.2);
        assert_eq!(told.ended, Ended::TimedOut);
        let told = shell("sleep 79 & echo done", 10.0);
        assert_eq!((told.ended, &told.answer[..]), (Ended::Exit(0), &b"done\n"[..]));
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn output_is_bounded() {
        assert_eq!(shell("yes", 30.0).ended, Ended::Flooded);
        let told = shell("yes talk | head -c 1000000 >&2; echo last >&2", 30.0);
        assert_eq!(told.ended, Ended::Exit(0));
        assert!(told.talk.len() < 5 * KEPT_TALK && told.talk.ends_with("last\n"));
    }
}
