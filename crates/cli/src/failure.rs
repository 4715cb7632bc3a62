//! Why a command ended without success, and the exit code that says so.

use coldpress::executor::ErrorKind;
pub(crate) use coldpress::failure::full_message as chain;

/// Exit codes; scripts depend on them.
pub(crate) mod code {
    /// Done.
    pub(crate) const DONE: u8 = 0;
    /// Failed.
    pub(crate) const FAILED: u8 = 1;
    /// Wrong usage, or a wrong recipe.
    pub(crate) const USAGE: u8 = 2;
    /// Done, but a part of the input is not in the output.
    pub(crate) const PARTLY: u8 = 3;
    /// Refused: the job runs elsewhere, the input changed, the export is not ours.
    pub(crate) const REFUSED: u8 = 4;
    /// There is no such job.
    pub(crate) const NO_SUCH_JOB: u8 = 5;
    /// Every code and its meaning, for the manual.
    pub(crate) const MEANINGS: [(&str, &str); 7] = [
        ("0", "Done."),
        ("1", "Failed. What a job has finished stays good."),
        ("2", "Wrong usage, or a wrong recipe. Nothing was begun."),
        (
            "3",
            "Done in part: a part of the input is not in the output, and the report names it.",
        ),
        (
            "4",
            "Refused: the job runs elsewhere, its input changed, or the export path holds something that Coldpress did not make.",
        ),
        ("5", "There is no such job."),
        ("128+n", "Stopped by signal n."),
    ];
    /// Stopped by this signal.
    pub(crate) fn signal(number: i32) -> u8 {
        128_u8.saturating_add(u8::try_from(number).unwrap_or(0))
    }
}

/// Why a command ended: what to tell, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// One line; nothing is told where it is empty.
    pub(crate) message: String,
    /// Lines that follow it: a snippet of the recipe, or what to do.
    pub(crate) details: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: String::new(),
        }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(code::FAILED, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(code::USAGE, message)
    }

    /// Nobody reads the output any more, which is no failure.
    pub(crate) fn closed() -> Self {
        Self::new(code::DONE, "")
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.code == code::DONE
    }

    /// The failure of a command that does no work: it says nothing of what is finished.
    pub(crate) fn of_no_work(mut self) -> Self {
        self.message = self.message.replace("; what is finished stays", "");
        self
    }

    pub(crate) fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }
}

impl From<coldpress::executor::Error> for Failure {
    fn from(error: coldpress::executor::Error) -> Self {
        Self::new(code_of(error.kind()), error.full_message())
    }
}

fn code_of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Recipe => code::USAGE,
        ErrorKind::Refused => code::REFUSED,
        ErrorKind::NoSuchJob => code::NO_SUCH_JOB,
        _ => code::FAILED,
    }
}

impl From<coldpress::job::Error> for Failure {
    fn from(error: coldpress::job::Error) -> Self {
        use coldpress::job::Error as Job;
        let code = match &error {
            Job::UnknownJob { .. } => code::NO_SUCH_JOB,
            error if error.is_driven_elsewhere() => code::REFUSED,
            Job::UnreadableHeartbeat { .. } | Job::Linked { .. } => code::REFUSED,
            _ => code::FAILED,
        };
        Self::new(code, chain(&error))
    }
}

impl From<coldpress::assets::Error> for Failure {
    fn from(error: coldpress::assets::Error) -> Self {
        Self::failed(chain(&error))
    }
}

impl From<coldpress::events::Error> for Failure {
    fn from(error: coldpress::events::Error) -> Self {
        Self::failed(chain(&error))
    }
}

impl From<coldpress::report::Error> for Failure {
    fn from(error: coldpress::report::Error) -> Self {
        match error {
            coldpress::report::Error::Job(error) => error.into(),
            coldpress::report::Error::Executor(error) => error.into(),
            error => Self::failed(chain(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_without_work_say_nothing_of_what_is_finished() {
        let failure = Failure::failed("full: run the same command again; what is finished stays");
        assert_eq!(
            failure.of_no_work().message,
            "full: run the same command again"
        );
    }
}
