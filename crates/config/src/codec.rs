//! Reads the values of keys from nodes, and writes them back.

mod contract;

mod choice;
mod flags;
mod numbers;
mod optional;
mod texts;
mod url_options;

pub(crate) use choice::{Choice, OneOf, choice};
pub(crate) use contract::{Codec, Mismatch, Why};
pub(crate) use flags::{AutoOrManual, Flag};
pub(crate) use numbers::{AtLeast, Megabytes, Ratio, Ratios, Seconds};
pub(crate) use optional::{Optional, OrAuto};
pub(crate) use texts::{Address, Fields, JobId, LocalPath, Path, PathOrUrl, Suffixes, Text, Texts};
pub(crate) use url_options::SecretOptions;
pub use url_options::UrlOptions;
