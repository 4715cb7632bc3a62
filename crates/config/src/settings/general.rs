//! Keys at the top level of a [`Recipe`](crate::Recipe).

use crate::codec::{AtLeast, Choice, OneOf, Optional, Text, Texts, choice};
use crate::keys::{Availability, Class, DefaultValue, KeySpec, Kind};
use crate::section::section;

section! {
    /// The fields that a recipe has at its top level.
    pub(crate) struct GeneralKeys {
        /// A name for reports. Job ids are made from the recipe file's stem instead.
        project_name: Option<String> as Optional<Text> {
            "project_name", Derived("the recipe file's stem"), Run, Now
        }
        /// The seed of every random choice.
        seed: u64 as AtLeast<0> { "seed", Value("42"), Result, Now }
        /// The number of records to process, from the first on. A limited run has its own identity and never touches the
        /// checkpoints of full runs.
        limit: Option<u64> as Optional<AtLeast<0>> { "limit", Value("null"), Result, Now }
        /// `data_juicer` keeps the known quirks of Data-Juicer, for all operators that have some, or as a parameter of one of
        /// them; `docs/compatibility.md` lists them. `python` also runs the operators in its Python package, those that the
        /// package has.
        compat: Option<Compat> as Optional<OneOf> {
            "compat", Value("null"), Result, Now
        }
        /// The Python interpreter for operators in Python: a path, or the name of a program. If not given, it is that of the
        /// variable `COLDPRESS_PYTHON`, that of the active virtual environment, or `python3`. See `docs/python.md`.
        python: Option<String> as Optional<Text> { "python", Derived("from the environment"), Run, Now }
        /// Python files, and folders that are Python packages, that register operators of Data-Juicer. They run in its package.
        custom_operators: Vec<String> as Texts { "custom_operator_paths", Value("[]"), Run, Now }
    }
}

choice! {
    /// A system whose quirks can be kept.
    pub(crate) enum Compat {
        /// Data-Juicer.
        DataJuicer = "data_juicer",
        /// Data-Juicer, by its own code.
        Python = "python",
    }
}

/// The key of the list of operators, which [`OperatorCall`](crate::OperatorCall) reads, and not a codec.
pub(crate) const PROCESS_KEYS: &[KeySpec] = &[KeySpec {
    name: "process",
    aliases: &[],
    kind: Kind::Operators,
    default: DefaultValue::Required,
    class: Class::Result,
    doc: "The operators in their order, each `- name`, `- name:` or `- name: {parameter: value}`. One operator may stand there many times; the list may be empty.",
    availability: Availability::Now,
}];

/// Returns the text of a compat setting.
pub(crate) fn compat_text(compat: Compat) -> String {
    compat.word().to_string()
}

/// Returns the compat setting of a text.
pub(crate) fn compat_of(text: &str) -> Option<Compat> {
    Compat::from_word(text)
}
