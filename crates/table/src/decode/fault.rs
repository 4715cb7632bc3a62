//! Errors in a value of a record.

use arrow::datatypes::{DataType, Field};

use super::kind_of;
use crate::error::Error;
use crate::json_text::is_json_text;

/// The longest number that is shown in messages.
const SHOWN_BYTES: usize = 40;

/// The reason why a column does not accept a value.
pub(super) enum Trouble {
    /// The value does not fit the column's type.
    Misfit,
    /// Like `Misfit`, with a description of the value.
    Is(String),
    /// The column has no room for another value.
    Full,
    /// A column within the column does not accept a part of the value.
    Within(Box<Fault>),
}

/// A value that its field does not accept.
pub(super) struct Fault {
    /// The names of the fields from the inside to the top.
    path: Vec<String>,
    reason: Reason,
}

enum Reason {
    Unknown,
    Full,
    Misfit { found: String, expected: String },
}

impl Fault {
    /// Returns the error for a key that the schema does not have.
    pub(super) fn unknown(key: &str) -> Box<Self> {
        Self::new(Reason::Unknown).within(key)
    }

    /// Returns the error for something that the field has no place for.
    pub(super) fn misfit(field: &Field, found: impl Into<String>) -> Box<Self> {
        Self::new(Reason::Misfit {
            found: found.into(),
            expected: describe(field),
        })
    }

    /// Returns the error for a field that does not accept the value `json`.
    pub(super) fn of(trouble: Trouble, field: &Field, json: &str) -> Box<Self> {
        match trouble {
            Trouble::Misfit => Self::misfit(field, shown(json)),
            Trouble::Is(found) => Self::misfit(field, found),
            Trouble::Full => Self::new(Reason::Full),
            Trouble::Within(fault) => fault,
        }
    }

    /// Returns whether the value would fit if there were fewer values.
    pub(super) fn is_full(&self) -> bool {
        matches!(self.reason, Reason::Full)
    }

    fn new(reason: Reason) -> Box<Self> {
        let path = Vec::new();
        Box::new(Self { path, reason })
    }

    /// Returns the same fault, seen from the container that has it in its field `name`.
    pub(super) fn within(mut self: Box<Self>, name: &str) -> Box<Self> {
        self.path.push(name.to_owned());
        self
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let names = fault.path.into_iter().rev().collect::<Vec<_>>();
        let field = names.join(".");
        match fault.reason {
            Reason::Unknown => Self::UnknownField { field },
            Reason::Full => Self::Full { field },
            Reason::Misfit { found, expected } => Self::Value {
                field,
                found,
                expected,
            },
        }
    }
}

fn shown(json: &str) -> String {
    let kind = kind_of(json);
    match json.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') if json.len() <= SHOWN_BYTES => format!("the number {json}"),
        _ => kind.to_string(),
    }
}

fn describe(field: &Field) -> String {
    let name = match field.data_type() {
        _ if is_json_text(field) => "JSON".to_owned(),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => "a list".to_owned(),
        DataType::FixedSizeList(_, size) => format!("a list of {size}"),
        DataType::Struct(_) | DataType::Map(..) | DataType::Union(..) => "an object".to_owned(),
        other => other.to_string(),
    };
    if field.is_nullable() {
        name
    } else {
        format!("{name} and no null")
    }
}
