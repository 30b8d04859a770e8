//! The progress bar; on a terminal only.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lambda_slim::progress::Progress;

/// How often it moves while nothing else moves it.
const TICK: Duration = Duration::from_millis(200);

/// One line on stderr that comes and goes.
pub(crate) struct Bar {
    line: ProgressBar,
    /// Whether it is there now.
    shown: Arc<AtomicBool>,
}

impl Bar {
    /// A bar that shows nothing unless stderr is a terminal.
    pub(crate) fn new() -> Self {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let bar = Self { line, shown: Arc::default() };
        if std::io::stderr().is_terminal() {
            bar.line.set_draw_target(ProgressDrawTarget::stderr());
            bar.tick();
        }
        bar
    }

    /// Moves it from a thread that ends with the program. Indicatif's own would panic where there is none
    /// to be had; the bar then stands still where nothing advances.
    fn tick(&self) {
        let (line, shown) = (self.line.clone(), Arc::clone(&self.shown));
        let tick = move || {
            loop {
                thread::sleep(TICK);
                if shown.load(Ordering::Relaxed) {
                    line.tick();
                }
            }
        };
        let _ = thread::Builder::new().spawn(tick);
    }
}

impl Progress for Bar {
    fn begin(&self, step: &'static str, total: u64) {
        let template =
            if total > 0 { "{msg} {bar:30} {bytes}/{total_bytes}" } else { "{msg} {spinner}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.line.set_style(style);
        }
        self.line.reset();
        self.line.set_message(step);
        self.line.set_length(total);
        self.line.tick();
        self.shown.store(true, Ordering::Relaxed);
    }

    fn advance(&self, bytes: u64) {
        self.line.inc(bytes);
    }

    fn end(&self) {
        self.shown.store(false, Ordering::Relaxed);
        self.line.finish_and_clear();
    }
}

/// Also where an error ends the step.
impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}
