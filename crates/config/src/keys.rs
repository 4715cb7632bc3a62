//! The specification of recipe keys.

use std::fmt;

/// The specification of one recipe key.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct KeySpec {
    /// The canonical name, with sections separated by dots.
    pub name: &'static str,
    /// Other spellings. If several are given, the canonical name wins, and then the earliest spelling.
    pub aliases: &'static [&'static str],
    /// The kind of values that it takes.
    pub kind: Kind,
    /// The value if the recipe has none.
    pub default: DefaultValue,
    /// The effect of a changed value.
    pub class: Class,
    /// A sentence or two of documentation.
    pub doc: &'static str,
    /// The support for the key in this release.
    pub availability: Availability,
}

/// The effect of a changed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It changes which records come out, and is part of a result's identity.
    Result,
    /// It changes how the dataset is cut. The plan of a job that already has one wins.
    Plan,
    /// It changes how the work is done, and may differ between a run and its resume.
    Run,
}

/// The support for a key in this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// All of it is supported.
    Now,
    /// Part of it is supported; the sentence says which.
    Partly(&'static str),
    /// Only the default is supported. Any other value is an error, because it would change the result. The sentence names the
    /// alternative.
    DefaultOnly(&'static str),
    /// It has no effect. Any value other than the default is accepted with a warning. The sentence says what happens instead.
    NoEffect(&'static str),
}

/// The value of a key if the recipe has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// The recipe must have a value.
    Required,
    /// A value, as it would be written.
    Value(&'static str),
    /// A value that depends on something else; the text describes it.
    Derived(&'static str),
}

/// The kind of values that a key takes. Its `Display` completes "must be …".
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// True or false.
    Flag,
    /// `true`, `false`, `auto`, `manual`.
    AutoOrManual,
    /// A whole number within inclusive bounds.
    Whole {
        /// The least value.
        min: u64,
        /// The greatest value; the maximum of the type means no bound.
        max: u64,
    },
    /// A number within inclusive bounds.
    Number {
        /// The least value.
        min: f64,
        /// The greatest value.
        max: f64,
    },
    /// A size in MB of 1,048,576 bytes, with fractions allowed.
    Megabytes {
        /// True if 0 is allowed.
        zero: bool,
    },
    /// Text.
    Text,
    /// A path, in which `{work_dir}`, `{job_id}` and `{project_name}` are substituted.
    Path,
    /// A path like [`Kind::Path`], or a URL.
    Location,
    /// A job id.
    JobId,
    /// One of several words, in upper or lower case.
    Choice(&'static [&'static str]),
    /// A list of texts; a single text counts as a list of one.
    Texts,
    /// A list of shares from 0 to 1; a single share counts as a list of one.
    Ratios,
    /// `true`, `false`, or a list of texts.
    FlagOrTexts,
    /// A path or URL, or a list of them, or of maps with `type`, `path` and `weight`.
    Sources,
    /// A list of operators.
    Operators,
    /// A list of alert rules.
    Alerts,
    /// A list of validators.
    Validators,
    /// Options of stores behind URLs.
    Options,
    /// An address on the web.
    Address,
}

impl KeySpec {
    /// Returns the canonical name, and then the other spellings in their order.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Returns the key with that name among `keys`. It is for use at compile time, where a wrong name fails the build.
pub(crate) const fn find(keys: &'static [KeySpec], name: &str) -> &'static KeySpec {
    let mut index = 0;
    while index < keys.len() {
        if same(keys[index].name.as_bytes(), name.as_bytes()) {
            return &keys[index];
        }
        index += 1;
    }
    panic!("no such key in the section");
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Flag => formatter.write_str("true or false"),
            Self::AutoOrManual => formatter.write_str("true, false, `auto` or `manual`"),
            Self::Whole { min, max } if max == u64::MAX => {
                write!(formatter, "a whole number of at least {min}")
            }
            Self::Whole { min, max } => write!(formatter, "a whole number from {min} to {max}"),
            Self::Number { min, max } => write!(formatter, "a number from {min} to {max}"),
            Self::Megabytes { zero: true } => formatter.write_str("a size in MB, 0 or more"),
            Self::Megabytes { zero: false } => formatter.write_str("a size in MB above 0"),
            Self::Text => formatter.write_str("text"),
            Self::Path => formatter.write_str("a path"),
            Self::Location => formatter.write_str("a path or a URL"),
            Self::Options => formatter.write_str(
                "a map of options such as `{region: eu-central-1}`, or of beginnings of URLs with such maps",
            ),
            Self::JobId => formatter.write_str(
                "a job id (a letter or digit, then at most 127 letters, digits, `.`, `_` or `-`)",
            ),
            Self::Choice(words) => write!(formatter, "one of `{}`", words.join("`, `")),
            Self::Texts => formatter.write_str("text or a list of texts"),
            Self::Ratios => formatter.write_str("a number from 0 to 1 or a list of them"),
            Self::FlagOrTexts => formatter.write_str("true, false or a list of texts"),
            Self::Sources => formatter.write_str(
                "a path, a URL or a list of them (`{path: …, weight: 0.5}` gives one a weight of 0 or more)",
            ),
            Self::Operators => formatter.write_str("a list of operators"),
            Self::Address => formatter.write_str("an address such as `http://host:5000/path`"),
            Self::Validators => formatter.write_str(
                "a list of validators such as `{type: required_fields, required_fields: [text]}`: `type` is \
                 `required_fields`, `swift_messages` or `dj_conversation`; `field_types` are `str`, `int`, `float`, `bool`, \
                 `list` or `dict`",
            ),
            Self::Alerts => formatter.write_str(
                "a list of rules such as `{when: error_ratio, above: 0.01, post: http://…}`: `when` is `error_ratio`, \
                 `stalled` or `source_loss` with `above`, `throughput` or `disk_free_mb` with `below`, `failed`, \
                 `stopped` or `completed`; a limit may have `for_seconds`, and every rule `name`, `run` and `post`",
            ),
        }
    }
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => formatter.write_str("required"),
            Self::Value(text) | Self::Derived(text) => formatter.write_str(text),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Result => "result",
            Self::Plan => "plan",
            Self::Run => "run",
        })
    }
}
