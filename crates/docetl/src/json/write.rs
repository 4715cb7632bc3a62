//! Writing values as JSON.

use super::number::write_float;
use crate::value::{Record, Value};

/// The spelling of JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// The separator between two values or fields.
    comma: &'static [u8],
    /// The separator between a key and its value.
    colon: &'static [u8],
    /// Every character beyond ASCII is escaped.
    is_ascii: bool,
}

impl Style {
    /// The default spelling of Python's `json.dump`, byte for byte.
    pub(crate) const PYTHON: Self = Self {
        comma: b", ",
        colon: b": ",
        is_ascii: true,
    };
    /// The shortest spelling.
    pub(crate) const COMPACT: Self = Self {
        comma: b",",
        colon: b":",
        is_ascii: false,
    };
}

/// Appends a value.
pub(crate) fn write_value(value: &Value, style: Style, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => write_int(*number, out),
        Value::BigInt(digits) => out.extend_from_slice(digits.as_bytes()),
        Value::Float(number) => write_float(*number, out),
        Value::Text(text) => write_text(text, style, out),
        Value::Utf16(units) => write_utf16(units, style, out),
        Value::List(values) => {
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(style.comma);
                }
                write_value(value, style, out);
            }
            out.push(b']');
        }
        Value::Object(record) => write_record(record, style, out),
    }
}

/// Appends an object.
pub(crate) fn write_record(record: &Record, style: Style, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (key, value)) in record.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(style.comma);
        }
        write_text(key, style, out);
        out.extend_from_slice(style.colon);
        write_value(value, style, out);
    }
    out.push(b'}');
}

fn write_int(number: i64, out: &mut Vec<u8>) {
    // Nineteen digits and a sign.
    let mut buffer = [0; 20];
    let mut at = buffer.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    out.extend_from_slice(&buffer[at..]);
}

fn write_text(text: &str, style: Style, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if !ESCAPED[*byte as usize] {
            continue;
        }
        if *byte < 0x7f {
            out.extend_from_slice(&bytes[start..at]);
            write_escape(u16::from(*byte), out);
            start = at + 1;
        } else if style.is_ascii && at >= start {
            out.extend_from_slice(&bytes[start..at]);
            // A character begins here, because the one before was skipped completely.
            let char = text[at..].chars().next().unwrap_or_default();
            let mut units = [0; 2];
            char.encode_utf16(&mut units)
                .iter()
                .for_each(|unit| write_escape(*unit, out));
            start = at + char.len_utf8();
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

fn write_utf16(units: &[u16], style: Style, out: &mut Vec<u8>) {
    out.push(b'"');
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(char) => {
                let mut quoted = Vec::new();
                write_text(char.encode_utf8(&mut [0; 4]), style, &mut quoted);
                out.extend_from_slice(&quoted[1..quoted.len() - 1]);
            }
            Err(half) => write_escape(half.unpaired_surrogate(), out),
        }
    }
    out.push(b'"');
}

fn write_escape(unit: u16, out: &mut Vec<u8>) {
    let short = match unit {
        0x22 => b'"',
        0x5c => b'\\',
        8 => b'b',
        9 => b't',
        10 => b'n',
        12 => b'f',
        13 => b'r',
        _ => {
            out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// The bytes that are escaped in some style, or begin a character that is.
///
/// If Python escapes characters beyond ASCII, it escapes DEL too.
const ESCAPED: [bool; 256] = {
    let mut escaped = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        escaped[byte] = byte < 0x20 || byte == 0x22 || byte == 0x5c || byte >= 0x7f;
        byte += 1;
    }
    escaped
};
