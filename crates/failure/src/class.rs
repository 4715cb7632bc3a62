//! The classes of failure.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorClass {
    /// A remote side did not answer, or the way to it broke.
    Network,
    /// Too little memory, or killed for it.
    Memory,
    /// An operator or a worker failed while it processed records.
    Processing,
    /// The operating system refused: a full disk, too many open files, a device error.
    System,
    /// The input is not what it has to be: damaged, changed, of a wrong form.
    Input,
    /// The recipe, or what it names, is wrong.
    Config,
}

impl ErrorClass {
    /// All classes.
    pub const ALL: [Self; 6] = [
        Self::Network,
        Self::Memory,
        Self::Processing,
        Self::System,
        Self::Input,
        Self::Config,
    ];

    /// Returns whether the failure may pass, so that trying again makes sense.
    #[must_use]
    pub fn may_pass(self) -> bool {
        match self {
            Self::Network | Self::Memory | Self::Processing | Self::System => true,
            Self::Input | Self::Config => false,
        }
    }

    /// Returns what may help, in one sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Network => {
                "see whether the other side can be reached, and run the same command again"
            }
            Self::Memory => {
                "set `np` lower or `partition.size` smaller, or give the job more memory, and run the same command again"
            }
            Self::Processing => {
                "the event log names operator and record: mend the operator or leave it out, or let `executor_type: process` \
                 find the record"
            }
            Self::System => {
                "fix what the error names (a disk, a limit, permissions), and run the same command again"
            }
            Self::Input => {
                "mend or replace the file that the error names, and run with `--fresh` where its content changed"
            }
            Self::Config => "mend the recipe at the place that the error names",
        }
    }

    /// The name as it stands in files and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Memory => "memory",
            Self::Processing => "processing",
            Self::System => "system",
            Self::Input => "input",
            Self::Config => "config",
        }
    }

    /// Returns the class of an answer of the operating system. Whoever meets one asks here, so that the same answer is
    /// tried again, or not, wherever it was met.
    ///
    /// Bytes of a wrong form are [`Input`](Self::Input); a path that is missing or forbidden is
    /// [`Config`](Self::Config), because only a person can mend it.
    #[must_use]
    pub fn of_io(kind: io::ErrorKind) -> Self {
        use io::ErrorKind as Kind;
        match kind {
            Kind::OutOfMemory => Self::Memory,
            Kind::InvalidData | Kind::UnexpectedEof => Self::Input,
            Kind::NotFound
            | Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem
            | Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::InvalidFilename
            | Kind::Unsupported => Self::Config,
            Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::NotConnected
            | Kind::AddrInUse
            | Kind::AddrNotAvailable
            | Kind::BrokenPipe
            | Kind::StaleNetworkFileHandle
            | Kind::TimedOut => Self::Network,
            _ => Self::System,
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ErrorClass {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| UnknownClass(text.to_owned()))
    }
}

/// A text that names no [`ErrorClass`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownClass(String);

impl fmt::Display for UnknownClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` is not an error class: expected network, memory, processing, system, input or config"
        )
    }
}

impl std::error::Error for UnknownClass {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_json_and_display_agree() {
        for class in ErrorClass::ALL {
            assert_eq!(class.to_string().parse(), Ok(class));
            let json = serde_json::to_string(&class).unwrap();
            assert_eq!(json, format!("\"{class}\""));
            assert_eq!(serde_json::from_str::<ErrorClass>(&json).unwrap(), class);
        }
        assert!("Network".parse::<ErrorClass>().is_err());
    }

    #[test]
    fn what_only_a_person_can_mend_does_not_pass() {
        let passing = ErrorClass::ALL.map(ErrorClass::may_pass);
        assert_eq!(passing, [true, true, true, true, false, false]);
    }

    #[test]
    fn errors_of_the_system_have_a_class() {
        use io::ErrorKind as Kind;
        for (kind, class) in [
            (Kind::StorageFull, ErrorClass::System),
            (Kind::PermissionDenied, ErrorClass::Config),
            (Kind::InvalidData, ErrorClass::Input),
            (Kind::OutOfMemory, ErrorClass::Memory),
            (Kind::ConnectionReset, ErrorClass::Network),
            (Kind::Other, ErrorClass::System),
        ] {
            assert_eq!(ErrorClass::of_io(kind), class, "{kind}");
        }
    }
}
