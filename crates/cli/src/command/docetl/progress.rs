//! Progress of a command over the checkpoints of a directory.

use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// A bar on standard error; nothing if that isn't a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(checkpoints: u64) -> Self {
        let bar = ProgressBar::new(checkpoints);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {pos}/{len} checkpoints  {wide_msg}")
        {
            bar.set_style(style);
        }
        // A large checkpoint takes a while, and the bar must be there before it is done.
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self(bar)
    }

    /// One more is done.
    pub(super) fn next(&self, name: &str) {
        self.0.set_message(coldpress::report::quantity::plain(name));
        self.0.inc(1);
    }

    /// Writes a line above the bar.
    pub(super) fn tell(&self, line: &str) {
        if self.0.is_hidden() {
            output::tell(line);
        } else {
            self.0.suspend(|| output::tell(line));
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
