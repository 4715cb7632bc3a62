//! What a recipe key is.

use std::fmt;

/// Everything there is to know about one recipe key.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct KeySpec {
    /// The canonical name, sections separated by dots.
    pub name: &'static str,
    /// Other spellings; where several are given, an earlier one wins, and the canonical name before all.
    pub aliases: &'static [&'static str],
    /// What values it takes.
    pub kind: Kind,
    /// What holds where the recipe says nothing.
    pub default: DefaultValue,
    /// What a changed value changes.
    pub class: Class,
    /// A sentence or two about it.
    pub doc: &'static str,
    /// How much of it this release honours.
    pub availability: Availability,
}

/// What a changed value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Which records come out: part of a result's identity.
    Result,
    /// How the dataset is cut: the plan of a job that already has one wins.
    Plan,
    /// How the work is done: may differ between a run and its resume.
    Run,
}

/// How much of a key this release honours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// All of it.
    Now,
    /// Part of it; the sentence says which.
    Partly(&'static str),
    /// Only the default: any other value is an error, since it would change the result. The sentence says
    /// what there is instead.
    DefaultOnly(&'static str),
    /// None: another value than the default is accepted with a warning. The sentence says what happens
    /// instead.
    NoEffect(&'static str),
}

/// What holds where the recipe says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// The recipe must say something.
    Required,
    /// A value, as it would be written.
    Value(&'static str),
    /// A value that depends on something else, described.
    Derived(&'static str),
}

/// What values a key takes. Its `Display` completes "must be …".
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// True or false.
    Flag,
    /// `true`, `false`, `auto`, `manual`.
    AutoOrManual,
    /// A whole number within bounds, both included.
    Whole {
        /// The least.
        min: u64,
        /// The greatest; the type's own bound means none.
        max: u64,
    },
    /// A number within bounds, both included.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// A size in MB of 1,048,576 bytes, fractions allowed.
    Megabytes {
        /// Whether 0 is allowed.
        zero: bool,
    },
    /// Text.
    Text,
    /// A path, in which `{work_dir}`, `{job_id}` and `{project_name}` are substituted.
    Path,
    /// A path as [`Kind::Path`], or a URL.
    Location,
    /// A job id.
    JobId,
    /// One of several words, in any case.
    Choice(&'static [&'static str]),
    /// A list of texts; one text stands for a list of one.
    Texts,
    /// A list of shares from 0 to 1; a single share counts as a list of one.
    Ratios,
    /// `true`, `false`, or a list of texts.
    FlagOrTexts,
    /// A path or URL, or a list of them, or of maps with `type`, `path` and `weight`.
    Sources,
    /// A list of operators.
    Operators,
    /// A list of rules.
    Alerts,
    /// A list of validators.
    Validators,
    /// Options of what lies behind URLs.
    Options,
    /// An address on the web.
    Address,
}

impl KeySpec {
    /// The canonical name, then the other spellings in their order.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// The key of that name among `keys`, for use at compile time, where a wrong name fails the build.
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
