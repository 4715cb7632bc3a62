//! Finding out which form of JSON a text has.

use coldpress_record::trim_record;
use memchr::memchr;
use serde::de::IgnoredAny;

use crate::format::Format;

/// The evidence that is needed to call a text JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Its first characters, because nothing else is expected.
    Begins,
    /// A whole first record, because the file is named as something else.
    FirstRecord,
    /// Nothing but JSONL records, because other JSON could be a text of its own.
    OnlyLines,
}

/// Returns the form of JSON that `head` begins with; `None` if it isn't JSON. `is_whole` says that `head` is all of the text.
pub(super) fn json_format(head: &[u8], is_whole: bool, proof: Proof) -> Option<Format> {
    let text = &head[trim_record(head)];
    let shape = Shape::of(text);
    let format = match text.first()? {
        b'[' => shape.array_format(proof),
        b'{' => shape.object_format()?,
        _ => return None,
    };
    match proof {
        Proof::Begins => Some(format),
        Proof::FirstRecord if format == Format::Lines => {
            is_object(shape.first_line).then_some(format)
        }
        Proof::FirstRecord => Some(format).filter(|_| shape.first_is_valid()),
        Proof::OnlyLines => {
            Some(format).filter(|format| *format == Format::Lines && is_jsonl(text, is_whole))
        }
    }
}

/// The shape of the first value of a text.
struct Shape<'a> {
    text: &'a [u8],
    first_line: &'a [u8],
    /// The end of the first value, if it ends.
    end: Option<usize>,
}

impl<'a> Shape<'a> {
    fn of(text: &'a [u8]) -> Self {
        let line_end = memchr(b'\n', text).unwrap_or(text.len());
        Self {
            text,
            first_line: &text[..line_end],
            end: end_of_value(text),
        }
    }

    /// Returns the first value, if it ends on the first line.
    fn ends_on_first_line(&self) -> Option<usize> {
        self.end.filter(|end| *end <= self.first_line.len())
    }

    fn first_is_valid(&self) -> bool {
        self.end
            .is_some_and(|end| serde_json::from_slice::<IgnoredAny>(&self.text[..end]).is_ok())
    }

    fn array_format(&self, proof: Proof) -> Format {
        let is_only_line = self.text[self.first_line.len()..].trim_ascii().is_empty();
        let goes_on = self
            .end
            .is_some_and(|end| !self.text[end..].trim_ascii().is_empty());
        if is_only_line && (proof == Proof::Begins || !goes_on) {
            // As JSON Lines this would be a single invalid record, and everything in it would be lost.
            return Format::Array;
        }
        if self.ends_on_first_line().is_some() {
            // An array on its own line is one bad line of many.
            return Format::Lines;
        }
        let inside = self.text[1..].trim_ascii_start();
        let of_records = matches!(inside.first(), None | Some(b'{' | b']'));
        let first_line = self.first_line.trim_ascii();
        match of_records || first_line.len() == 1 || first_line.ends_with(b",") {
            true => Format::Array,
            false => Format::Lines,
        }
    }

    fn object_format(&self) -> Option<Format> {
        if let Some(end) = self.ends_on_first_line() {
            // Another record follows, without any line break, so the file was written without them. Anything else makes it a bad
            // line of JSONL.
            let is_only_line = self.text[self.first_line.len()..].trim_ascii().is_empty();
            let is_glued = self.text[end..].trim_ascii_start().starts_with(b"{");
            return Some(match is_only_line && is_glued && self.first_is_valid() {
                true => Format::Values,
                false => Format::Lines,
            });
        }
        let after = self.text[self.first_line.len()..].trim_ascii_start();
        // A line that breaks off before the next record is one bad line of JSONL.
        let goes_on = matches!(after.first(), Some(b'"' | b'}'));
        let is_values = if self.end.is_some() {
            self.first_is_valid() || goes_on
        } else {
            goes_on
        };
        Some(if is_values {
            Format::Values
        } else {
            Format::Lines
        })
    }
}

/// Returns the field of the object in `head` that holds a list of objects, if the object itself cannot be a record: it has none of
/// the text fields and is all of the file.
pub(super) fn field_of_records(
    head: &[u8],
    is_whole: bool,
    text_keys: &[String],
) -> Option<String> {
    let text = &head[trim_record(head)];
    let is_all = match end_of_value(text) {
        Some(end) => text[end..].trim_ascii().is_empty(),
        None => true,
    };
    if !text.starts_with(b"{") || !is_all {
        return None;
    }
    let mut found = None;
    let mut keys = Keys::new(text);
    for (key, value) in &mut keys {
        let is_text = text_keys
            .iter()
            .any(|known| known.split('.').next() == Some(key.as_str()));
        if is_text {
            return None;
        }
        let items = value.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
        if found.is_none() && items.is_some_and(|items| items.starts_with(b"{")) {
            found = Some(key);
        }
    }
    // There may be a text field after the head, but a record has no long list beside its text.
    found.filter(|_| is_whole || keys.is_cut)
}

/// The top-level keys of an object, each with what follows its colon.
struct Keys<'a> {
    text: &'a [u8],
    at: usize,
    /// True if the text ended in a value.
    is_cut: bool,
}

impl<'a> Keys<'a> {
    fn new(text: &'a [u8]) -> Self {
        let (at, is_cut) = (1, false);
        Self { text, at, is_cut }
    }
}

impl<'a> Iterator for Keys<'a> {
    type Item = (String, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..)?;
        let key_start = rest.trim_ascii_start();
        let mut parts = serde_json::Deserializer::from_slice(key_start).into_iter::<String>();
        let key = parts.next()?.ok()?;
        let after_key = key_start.get(parts.byte_offset()..)?.trim_ascii_start();
        let value = after_key.strip_prefix(b":")?.trim_ascii_start();
        let start = self.text.len() - value.len();
        match end_of_item(value) {
            Some(end) => self.at = start + end + 1,
            None => {
                self.is_cut = true;
                self.at = self.text.len();
            }
        }
        Some((key, value))
    }
}

/// Returns where the comma or bracket after the value at the start of `text` is; `None` if there is none.
fn end_of_item(text: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0u64, false, false);
    for (at, byte) in text.iter().enumerate() {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Returns where the value at the start of `text` ends; `None` if it does not.
fn end_of_value(text: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0u64, false, false);
    for (at, byte) in text.iter().enumerate() {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns whether the first two lines, or the only one, are records.
fn is_jsonl(text: &[u8], is_whole: bool) -> bool {
    let lines = text.split(|byte| *byte == b'\n');
    let mut lines = lines
        .map(|line| line.trim_ascii())
        .filter(|line| !line.is_empty());
    let first = lines.next().is_some_and(is_object);
    match lines.next() {
        Some(second) => first && (is_object(second) || !is_whole && lines.next().is_none()),
        None => first && is_whole,
    }
}

fn is_object(line: &[u8]) -> bool {
    line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, proof: Proof, expected: Option<Format>) {
        assert_eq!(
            json_format(text.as_bytes(), true, proof),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn the_first_bytes_tell_the_form() {
        use Format::{Array, Lines, Values};
        for (text, expected) in [
            ("[{\"a\": 1},\n{\"a\": 2}]", Some(Array)),
            ("[\n{\"a\": 1}]", Some(Array)),
            ("\u{FEFF}\n [ \n\n  {\"a\": 1}", Some(Array)),
            ("[]", Some(Array)),
            ("[]\n", Some(Array)),
            ("[\n1,\n2]", Some(Array)),
            ("[{\"a\": 1}]", Some(Array)),
            ("[{\"a\": 1}]\n{\"b\": 1}", Some(Lines)),
            ("[1]\n{}\n", Some(Lines)),
            ("[1]", Some(Array)),
            ("[1,\n{}]", Some(Array)),
            ("[null,{}}]", Some(Array)),
            ("{\n  \"a\": 1\n}", Some(Values)),
            ("{\"a\": 1,\n \"b\": 2}\n{\"c\": 1}", Some(Values)),
            ("{\"a\": [\n1]}\n", Some(Values)),
            ("{\n  \"a\": {", Some(Values)),
            ("{\n}\n{\n}", Some(Values)),
            ("{\"a\": 1}{\"b\": 2} {}", Some(Values)),
            ("{\"a\": 1} and more\n", Some(Lines)),
            ("{\"a\": 1},{\"b\": 2}\n", Some(Lines)),
            ("{\"a\": 1}\n{\"b\": 2}", Some(Lines)),
            ("{\"a\": 1}{\"b\": 2}\n", Some(Values)),
            ("{\"a\": 1}{\"b\": 2}\n{}", Some(Lines)),
            ("{\"a\": 1,\n{\"b\": 2}\n{\"c\": 1}", Some(Lines)),
            ("{\n{\"b\": 2}\n", Some(Lines)),
            ("{\"a\": \"x\n{\"b\": 2}\n", Some(Lines)),
            ("{", Some(Lines)),
            ("id,text\n", None),
            ("", None),
        ] {
            check(text, Proof::Begins, expected);
        }
    }

    #[test]
    fn the_field_that_holds_the_records_is_found() {
        let keys = ["text".to_owned()];
        for (text, is_whole, field) in [
            ("{\"v\": \"1\", \"data\": [{\"a\": 1}]}", true, Some("data")),
            (
                "{\n\"v\": {\"x\": [1, 2]}, \"data\": [\n{\"a\": 1},",
                false,
                Some("data"),
            ),
            ("{\"text\": \"a\", \"turns\": [{\"a\": 1}]}", true, None),
            ("{\"turns\": [{\"a\": 1}], \"text\": \"a\"}", true, None),
            ("{\"turns\": [{\"a\": 1}], \"b\": 1", true, Some("turns")),
            ("{\"data\": [1, 2]}", true, None),
            ("{\"data\": [{\"a\": 1}]}\n{\"data\": []}", true, None),
            ("[{\"data\": [{}]}]", true, None),
        ] {
            let found = field_of_records(text.as_bytes(), is_whole, &keys);
            assert_eq!(found.as_deref(), field, "{text}");
        }
    }

    #[test]
    fn other_names_ask_for_more() {
        for (text, first_record, only_lines) in [
            (
                "{\"a\": 1}\n{\"b\": 2}\n",
                Some(Format::Lines),
                Some(Format::Lines),
            ),
            ("{\"a\": 1}\n", Some(Format::Lines), Some(Format::Lines)),
            ("{\"a\": 1}\nand more\n", Some(Format::Lines), None),
            ("{a},b\n1,2\n", None, None),
            ("[a],[b]\n", None, None),
            ("[{\"a\": 1}]", Some(Format::Array), None),
            ("{\n\"a\": 1\n}\n", Some(Format::Values), None),
            ("[ ] a task\n", None, None),
        ] {
            check(text, Proof::FirstRecord, first_record);
            check(text, Proof::OnlyLines, only_lines);
        }
    }
}
