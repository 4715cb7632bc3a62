//! The page at the end of a run.

use std::time::Duration;

use coldpress::executor::Executor;
use coldpress::report::quantity::plain;
use coldpress::report::{LastPage, write_last_page};

use crate::failure::chain;
use crate::output;

/// Writes the page of the job, unless its recipe says otherwise, and returns the line about it.
///
/// A page that cannot be written is only a warning: the job has ended all the same.
pub(crate) fn write(executor: &Executor, worked: Duration) -> String {
    if !executor.prepared().recipe.events.page_at_end {
        return String::new();
    }
    let registry = coldpress::ops::builtin();
    let said = match write_last_page(executor.layout(), &registry, executor.schemes(), worked) {
        Ok(LastPage::Written(path)) => path.display().to_string(),
        Ok(LastPage::NeverStarted) => return String::new(),
        Ok(LastPage::LeftOut(reason)) => format!("left out, because {reason}"),
        Err(error) => {
            let error = plain(&chain(&error));
            output::tell(&format!(
                "warning: the page of the job was not written: {error}"
            ));
            return String::new();
        }
    };
    line(&said)
}

/// The line about the page: where it is, or why it is not there.
pub(crate) fn line(said: &str) -> String {
    format!("Page        {}\n", plain(said))
}
