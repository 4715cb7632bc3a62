//! JSON values of fields, and the comparisons that operators on the whole dataset need.

mod canonical;
mod kind;
mod members;

use std::borrow::Cow;

pub use canonical::{canonical, key_digest};
pub use kind::Kind;
pub use members::{Members, members};

/// The error for a text that isn't a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no JSON value")]
pub struct NotJson;

type Result<T> = std::result::Result<T, NotJson>;

/// A JSON value. The contents of lists and objects are not parsed yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'j> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Cow<'j, str>),
    /// A list.
    List,
    /// An object.
    Object,
}

/// A number as it was written. With a point or an exponent, it is a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer of at most 128 bits.
    Integer(i128),
    /// Any other number.
    Float(f64),
}

impl<'j> Value<'j> {
    /// Parses a value. The contents of a list or an object may be invalid JSON.
    ///
    /// # Errors
    /// [`NotJson`] if it is invalid.
    pub fn parse(json: &'j [u8]) -> Result<Self> {
        let json = json.trim_ascii();
        let value = match (json.first(), json) {
            (_, b"null") => Some(Self::Null),
            (_, b"true") => Some(Self::Boolean(true)),
            (_, b"false") => Some(Self::Boolean(false)),
            (Some(b'"'), _) => text(json).map(Self::Text),
            (Some(b'['), _) => Some(Self::List),
            (Some(b'{'), _) => Some(Self::Object),
            (Some(b'-' | b'0'..=b'9'), _) => Number::parse(json).map(Self::Number),
            _ => None,
        };
        value.ok_or(NotJson)
    }

    /// Returns the kind of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Boolean(_) | Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::List => Kind::List,
            Self::Object => Kind::Object,
        }
    }
}

/// Borrows a text that has no escapes.
fn text(json: &[u8]) -> Option<Cow<'_, str>> {
    match serde_json::from_slice::<&str>(json) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) => serde_json::from_slice(json).ok().map(Cow::Owned),
    }
}

impl Number {
    fn parse(json: &[u8]) -> Option<Self> {
        // Rust would also read infinity and not-a-number.
        let is_digits = json.iter().all(|byte| b"0123456789+-.eE".contains(byte));
        let text = str::from_utf8(json).ok().filter(|_| is_digits)?;
        let is_float = text.contains(['.', 'e', 'E']);
        let integer = text.parse().ok().filter(|_| !is_float);
        match integer {
            Some(integer) => Some(Self::Integer(integer)),
            None => text.parse().ok().map(Self::Float),
        }
    }

    /// Returns the number as a float, rounded if necessary.
    pub fn float(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }
}
