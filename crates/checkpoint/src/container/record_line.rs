//! Records in JSON lines, in a form in which people and tools see each record itself.
//!
//! A row is the record's own line, with everything else that is stored about it in one additional field at the end: `{"text":
//! "...", "__coldpress__": {"source": 0, "position": 12}}`. The record comes back byte for byte, whatever it holds: JSON strings
//! contain no unescaped quotes, so the last occurrence of the field's name is the field.

/// The column whose texts are records.
pub(super) const RECORD: &str = "record";

const FIELD: &str = "\"__coldpress__\": ";
const COMMA: &str = ", ";

/// Writes a record and its other columns, a JSON object, as one line. Returns false, and writes nothing, if the text isn't an
/// object on one line.
pub(super) fn join(record: &str, others: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(end) = record.rfind('}') else {
        return false;
    };
    let (before, after) = record.split_at(end);
    let is_object = before.trim_start().starts_with('{') && after[1..].trim_end().is_empty();
    if !is_object || record.contains(['\n', '\r']) {
        return false;
    }
    let is_empty = before.trim() == "{";
    out.extend_from_slice(before.as_bytes());
    if !is_empty {
        out.extend_from_slice(COMMA.as_bytes());
    }
    out.extend_from_slice(FIELD.as_bytes());
    out.extend_from_slice(others);
    out.extend_from_slice(after.as_bytes());
    true
}

/// Splits a line into the record and its other columns. Returns none for a line of another form.
pub(super) fn split(line: &str) -> Option<(String, &str)> {
    let at = line.rfind(FIELD)?;
    let end = line.rfind('}')?;
    let (before, after) = (&line[..at], line.get(end..)?);
    let others = line.get(at + FIELD.len()..end)?;
    let is_empty = before.trim() == "{";
    let before = match is_empty {
        true => before,
        false => before.strip_suffix(COMMA)?,
    };
    Some((format!("{before}{after}"), others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(record: &str, line: &str) {
        let mut out = Vec::new();
        assert!(join(
            record,
            br#"{"source": 1, "s": "\"__coldpress__\": }"}"#,
            &mut out
        ));
        let written = String::from_utf8(out).unwrap();
        let others = r#"{"source": 1, "s": "\"__coldpress__\": }"}"#;
        assert_eq!(written, line.replace("OTHERS", others));
        assert_eq!(split(&written), Some((record.to_owned(), others)));
    }

    #[test]
    fn records_come_back_byte_for_byte() {
        check(r#"{"a": 1.50}"#, r#"{"a": 1.50, "__coldpress__": OTHERS}"#);
        check(" { }\t", " { \"__coldpress__\": OTHERS}\t");
        check("{}", "{\"__coldpress__\": OTHERS}");
        check("{\"a\":{} } ", "{\"a\":{} , \"__coldpress__\": OTHERS} ");
        check(
            r#"{"__coldpress__": {"source": 9}, "t": "\"__coldpress__\": "}"#,
            r#"{"__coldpress__": {"source": 9}, "t": "\"__coldpress__\": ", "__coldpress__": OTHERS}"#,
        );
    }

    #[test]
    fn other_texts_are_not_joined() {
        for text in ["", "[]", "{", "}", "a}", "{\"a\": 1}x", "{\n}"] {
            let mut out = Vec::new();
            assert!(!join(text, b"{}", &mut out), "{text}");
            assert_eq!(out, b"");
        }
        assert_eq!(
            split(r#"{"record": "{\"__coldpress__\": {}}", "source": 0}"#),
            None
        );
    }
}
