//! Lines that stand for text that a converter could not read.
//!
//! A converter makes JSON lines of another text format. Text that it cannot convert must not vanish. It becomes a line in a special
//! form that isn't JSON, travels with the others, and is rejected where lines become records.

use crate::json::escape_into;

/// The first byte of such a line: the control character SUBSTITUTE, with which no JSON begins.
const MARK: u8 = 0x1A;

/// Appends the line, without a line end, that stands for `bytes`, which aren't a record for this reason.
pub fn rejected_line(reason: &str, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(MARK);
    escape_into(reason, out);
    match std::str::from_utf8(bytes) {
        Ok(text) => escape_into(text, out),
        Err(_) => {
            for byte in bytes {
                out.extend_from_slice(format!("{byte:02x}").as_bytes());
            }
        }
    }
}

/// Appends the line, without a line end, that stands for a part of the input that is lost for this reason and that may have been
/// any number of records.
pub fn lost_line(reason: &str, out: &mut Vec<u8>) {
    out.push(MARK);
    rejected_line(reason, b"", out);
}

/// Returns whether [`lost_line`] made this line.
pub(crate) fn is_lost(line: &[u8]) -> bool {
    line.starts_with(&[MARK, MARK])
}

/// Returns the reason and the bytes of a line that [`rejected_line`] or [`lost_line`] made; `None` for other lines.
pub(crate) fn read_rejected(line: &str) -> Option<(String, Vec<u8>)> {
    let rest = line.strip_prefix(char::from(MARK))?;
    let rest = rest.strip_prefix(char::from(MARK)).unwrap_or(rest);
    let mut parts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
    let reason = parts.next()?.ok()?;
    let rest = &rest[parts.byte_offset()..];
    let bytes = match serde_json::from_str::<String>(rest) {
        Ok(text) => text.into_bytes(),
        Err(_) => from_hex(rest)?,
    };
    Some((reason, bytes))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let byte = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    odd.is_empty()
        .then(|| pairs.iter().map(byte).collect())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reason: &str, bytes: &[u8]) {
        let mut line = Vec::new();
        rejected_line(reason, bytes, &mut line);
        assert!(!line.contains(&b'\n'));
        let line = String::from_utf8(line).unwrap();
        assert_eq!(
            read_rejected(&line),
            Some((reason.to_owned(), bytes.to_vec()))
        );
    }

    #[test]
    fn reason_and_bytes_come_back() {
        check("row \"3\" has 5 fields", b"a,b\n\"c\"");
        check("not valid UTF-8", b"\xff\x00\n\x1a");
        check("", b"");
        check("é", "é\u{1a}".as_bytes());
    }

    #[test]
    fn a_lost_part_is_told_from_a_rejected_line() {
        let mut line = Vec::new();
        lost_line("why", &mut line);
        let line = String::from_utf8(line).unwrap();
        assert!(is_lost(line.as_bytes()));
        assert_eq!(read_rejected(&line), Some(("why".to_owned(), Vec::new())));
        assert!(!is_lost("\u{1a}\"why\"\"\"".as_bytes()));
    }

    #[test]
    fn other_lines_are_not_taken_for_one() {
        for line in [
            "",
            "{}",
            "\u{1a}",
            "\u{1a}x",
            "\u{1a}\"a\"zz",
            "\u{1a}\"a\"abc",
        ] {
            assert_eq!(read_rejected(line), None, "{line:?}");
        }
    }
}
