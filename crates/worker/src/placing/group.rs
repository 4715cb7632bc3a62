//! One record of the members of a group: each of its fields is the list of theirs.

use std::collections::HashMap;
use std::fmt;

use coldpress_record::escape_into;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A group that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The members' lines, one after the other, and where each ends.
    lines: Vec<u8>,
    ends: Vec<usize>,
}

impl Group {
    /// Makes the group empty and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.ends.clear();
    }

    /// The bytes of its members.
    pub(super) fn bytes(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Adds the next member.
    pub(super) fn push(&mut self, line: &[u8]) {
        self.lines.extend_from_slice(line);
        self.ends.push(self.lines.len());
    }

    /// Appends the record of the group: fields in the order in which they come first, values as they are written, and null
    /// for a member that lacks a field. Of a field that a member has twice, the last value counts.
    ///
    /// # Errors
    /// For a member that is no JSON object.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let mut fields: Vec<Field<'_>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut start = 0;
        for (member, end) in self.ends.iter().enumerate() {
            let Members(values) = serde_json::from_slice(&self.lines[start..*end])?;
            start = *end;
            for (name, value) in values {
                let place = *places.entry(name).or_insert_with_key(|name| {
                    fields.push(Field::new(name));
                    fields.len() - 1
                });
                fields[place].set(member, value.get());
            }
        }
        out.push(b'{');
        for (nth, field) in fields.iter().enumerate() {
            if nth > 0 {
                out.extend_from_slice(b", ");
            }
            escape_into(&field.name, out);
            out.extend_from_slice(b": ");
            field.write(self.ends.len(), out);
        }
        out.push(b'}');
        Ok(())
    }
}

/// The values of a field, each with the member that has it, rising.
struct Field<'l> {
    name: String,
    values: Vec<(usize, &'l str)>,
}

impl<'l> Field<'l> {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            values: Vec::new(),
        }
    }

    fn set(&mut self, member: usize, value: &'l str) {
        match self.values.last_mut() {
            Some((last, known)) if *last == member => *known = value,
            _ => self.values.push((member, value)),
        }
    }

    fn write(&self, members: usize, out: &mut Vec<u8>) {
        let mut values = self.values.iter().peekable();
        out.push(b'[');
        for member in 0..members {
            if member > 0 {
                out.extend_from_slice(b", ");
            }
            let value = values.next_if(|(of, _)| *of == member);
            out.extend_from_slice(value.map_or("null", |(_, value)| value).as_bytes());
        }
        out.push(b']');
    }
}

/// The fields of a record in order, with their values as they are written.
struct Members<'l>(Vec<(String, &'l RawValue)>);

impl<'l> Deserialize<'l> for Members<'l> {
    fn deserialize<D: Deserializer<'l>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'l> Visitor<'l> for InOrder {
            type Value = Members<'l>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(members: &[&str], expected: &str) {
        let mut group = Group::default();
        members
            .iter()
            .for_each(|member| group.push(member.as_bytes()));
        let mut out = Vec::new();
        group.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn each_field_becomes_the_list_of_its_values() {
        check(
            &[r#"{"a": 1.50, "b": "x"}"#, r#"{"a":2, "b": null}"#],
            r#"{"a": [1.50, 2], "b": ["x", null]}"#,
        );
    }

    #[test]
    fn a_field_that_a_member_lacks_is_null() {
        check(
            &[r#"{"a": 1}"#, r#"{"b": [ ]}"#, r#"{"a": 3}"#],
            r#"{"a": [1, null, 3], "b": [null, [ ], null]}"#,
        );
        check(&[r#"{"a": 1}"#, "{}"], r#"{"a": [1, null]}"#);
        check(&["{}", "{}"], "{}");
    }

    #[test]
    fn values_stay_as_they_are_written_and_the_last_of_a_repeated_field_counts() {
        check(
            &[
                r#"{"a": 1, "\u0061": {"x" : 1e3}}"#,
                r#"{"a": 12345678901234567890123}"#,
            ],
            r#"{"a": [{"x" : 1e3}, 12345678901234567890123]}"#,
        );
        check(&[r#"{"q\"": 1}"#], r#"{"q\"": [1]}"#);
    }
}
