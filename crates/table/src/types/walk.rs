//! From the JSON of a record to the types of its fields.

use std::borrow::Cow;

use coldpress_record::{Origin, unescape_into};

use super::cursor::{Cursor, Quoted, Value};
use super::held::{Fields, Held};
use super::kind::Kind;

/// A member of an object that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    key: Quoted,
    value: Value,
    /// The place of its field.
    place: usize,
}

/// A pass over one record.
pub(super) struct Walk<'a> {
    pub(super) record: &'a str,
    pub(super) origin: &'a Origin,
    /// The members of the enclosing objects, the outermost first.
    pub(super) members: &'a mut Vec<Member>,
    /// The most fields that records may have.
    pub(super) most: usize,
}

/// The place of a member whose field exceeds the limit.
const NOWHERE: usize = usize::MAX;

impl Walk<'_> {
    /// Records the members of the record, if it is an object. Returns whether all of them have a field.
    pub(super) fn record(&mut self, fields: &mut Fields) -> bool {
        let Some(Value::Object(start)) = Cursor::new(self.record).value() else {
            return true;
        };
        self.gather(start);
        for member in 0..self.members.len() {
            self.place(member, 0, fields, self.most);
        }
        self.values(0, fields, 1);
        self.members.iter().all(|member| member.place != NOWHERE)
    }

    /// Records a value, which is inside `depth - 1` others in its top-level field.
    fn value(&mut self, value: Value, held: &mut Held, depth: usize) {
        match value {
            Value::Null => {}
            Value::Scalar(kind) => held.see(kind, self.origin),
            Value::List(_) | Value::Object(_) if depth > Held::MAX_DEPTH => {
                held.see(Kind::Deep, self.origin);
            }
            Value::List(start) => self.list(start, held, depth),
            Value::Object(start) => {
                let base = self.members.len();
                self.gather(start);
                self.object(base, held, depth);
                self.members.truncate(base);
            }
        }
    }

    fn list(&mut self, start: usize, held: &mut Held, depth: usize) {
        held.see(Kind::List, self.origin);
        let mut elements = Cursor::inside(self.record, start);
        while let Some(element) = elements.element() {
            let Some(held) = held.element_mut() else {
                return;
            };
            self.value(element, held, depth + 1);
        }
    }

    /// Records the object whose members are those from `base`.
    fn object(&mut self, base: usize, held: &mut Held, depth: usize) {
        let members = &self.members[base..];
        let kind = if members.is_empty() {
            Kind::EmptyObject
        } else if members.iter().any(|member| member.key.lone_surrogate) {
            Kind::UnnamedKey
        } else {
            Kind::Object
        };
        held.see(kind, self.origin);
        let Some(fields) = held.children_mut() else {
            return;
        };
        for member in base..self.members.len() {
            self.place(member, base, fields, usize::MAX);
            if fields.len() > Held::MAX_KEYS {
                return held.set_wide();
            }
        }
        self.values(base, fields, depth + 1);
    }

    /// Pushes the members of the object that begins at `start`.
    fn gather(&mut self, start: usize) {
        let mut cursor = Cursor::inside(self.record, start);
        while let Some((key, value)) = cursor.member() {
            self.members.push(Member {
                key,
                value,
                place: 0,
            });
        }
    }

    /// Finds the field of a member of the object whose members are those from `base`.
    fn place(&mut self, member: usize, base: usize, fields: &mut Fields, most: usize) {
        let expected = match member.checked_sub(base + 1) {
            Some(before) => self.members[base + before].place.saturating_add(1),
            None => 0,
        };
        let name = name_of(self.record, self.members[member].key);
        let place = fields.place(expected, &name, most);
        self.members[member].place = place.unwrap_or(NOWHERE);
        if let Some(place) = place {
            // The last value of a repeated key counts.
            fields.field_mut(place).member = member;
        }
    }

    /// Records the values of the members from `base`, whose fields were found.
    fn values(&mut self, base: usize, fields: &mut Fields, depth: usize) {
        for at in base..self.members.len() {
            let member = self.members[at];
            if member.place == NOWHERE {
                continue;
            }
            let field = fields.field_mut(member.place);
            if field.member == at {
                self.value(member.value, &mut field.held, depth);
            }
        }
    }
}

/// Returns the text of a key. A key that isn't valid text keeps its escapes and quotes.
fn name_of(json: &str, key: Quoted) -> Cow<'_, str> {
    let inner = json.get(key.start..key.end).unwrap_or_default();
    if !key.escapes {
        return inner.into();
    }
    let mut name = String::new();
    match unescape_into(inner, &mut name) {
        Ok(()) => name.into(),
        Err(_) => format!("\"{inner}\"").into(),
    }
}
