//! Labels: fields by which people recognise a record. They accompany its signature.

/// The size of a label in bytes, at most. An id is far shorter, and other fields must not make signatures as large as records.
const MOST_BYTES: usize = 1000;

/// Appends the label of a field, which is its JSON text, or for a long text the JSON of its beginning.
pub(super) fn write(json: &str, out: &mut Vec<u8>) {
    if json.len() <= MOST_BYTES {
        out.extend(json.as_bytes());
        return;
    }
    let text = serde_json::from_str::<String>(json);
    let text = text.as_deref().unwrap_or(json);
    let end = text.floor_char_boundary(MOST_BYTES);
    let cut = match end < text.len() {
        true => format!("{}…", &text[..end]),
        false => text.to_owned(),
    };
    out.extend(serde_json::Value::from(cut).to_string().into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(json: &str) -> String {
        let mut out = Vec::new();
        write(json, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn long_fields_are_cut_and_stay_json() {
        for json in [
            "",
            "null",
            "17",
            "1e400",
            "\"a\"",
            "[1, {}]",
            "{\"a\": \"b\"}",
        ] {
            assert_eq!(label(json), json);
        }
        let text = |json: &str| serde_json::from_str::<String>(&label(json)).unwrap();
        let long = serde_json::Value::from("ä".repeat(5000)).to_string();
        assert_eq!(text(&long), format!("{}…", "ä".repeat(500)));
        let list = format!("[{}1]", "1, ".repeat(5000));
        assert_eq!(text(&list), format!("{}…", &list[..1000]));
        // The label is long because of its escapes, not its text.
        let escaped = format!("\"{}\"", "\\u0001".repeat(400));
        assert_eq!(text(&escaped), "\u{1}".repeat(400));
    }
}
