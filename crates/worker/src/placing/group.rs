//! One record of the members of a group: each of its fields is the list of theirs.

use std::collections::HashMap;

use coldpress_operator::value::members;
use coldpress_record::unescape_into;

/// A group that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The members' lines, one after the other, and where each ends.
    lines: String,
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

    /// Adds the next member, a record in JSON.
    pub(super) fn push(&mut self, line: &str) {
        self.lines.push_str(line);
        self.ends.push(self.lines.len());
    }

    /// Appends the record of the group: fields in the order in which they come first, names and values as they are written,
    /// and null for a member that lacks a field. Of a field that a member has twice, the last value counts.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut fields: Vec<Field<'_>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut start = 0;
        for (member, end) in self.ends.iter().enumerate() {
            for (name, value) in members(&self.lines[start..*end]) {
                let place = places.entry(unescaped(name)).or_insert_with(|| {
                    fields.push(Field {
                        name,
                        values: Vec::new(),
                    });
                    fields.len() - 1
                });
                fields[*place].set(member, value);
            }
            start = *end;
        }
        out.push(b'{');
        for (nth, field) in fields.iter().enumerate() {
            if nth > 0 {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b": ");
            field.write(self.ends.len(), out);
        }
        out.push(b'}');
    }
}

/// The values of a field, each with the member that has it, rising.
struct Field<'l> {
    /// The name as the first member writes it, in quotes.
    name: &'l str,
    values: Vec<(usize, &'l str)>,
}

impl<'l> Field<'l> {
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

/// A name without its quotes and escapes; as it is written where it is no text, with half of a surrogate pair.
fn unescaped(name: &str) -> String {
    let inner = name.trim_matches('"');
    let mut text = String::new();
    match inner.contains('\\') && unescape_into(inner, &mut text).is_ok() {
        true => text,
        false => inner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(members: &[&str], expected: &str) {
        let mut group = Group::default();
        members.iter().for_each(|member| group.push(member));
        let mut out = Vec::new();
        group.write(&mut out);
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
        // Half of a surrogate pair is no text, and stays what it is.
        let half = r#"{"\ud800": "\udc00", "\ud801":""}"#;
        check(&[half], r#"{"\ud800": ["\udc00"], "\ud801": [""]}"#);
    }

    #[test]
    fn whatever_a_value_holds_it_ends_where_it_ends() {
        let value = r#"{"}": "]\\", "a": [ "{\"", {"b": [[]] } ]}"#;
        let line = format!(" {{ \"x\" : {value} ,\"y\":true}}\t");
        check(&[&line], &format!(r#"{{"x": [{value}], "y": [true]}}"#));
    }
}
