//! Text and bytes as JSON.

use arrow::datatypes::Field;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coldpress_record::escape_into;
use serde_json::value::RawValue;

use crate::json_text::is_json_text;

/// Appends text as a JSON string, or unchanged if the field holds JSON text.
pub(super) fn write(text: &str, field: &Field, out: &mut Vec<u8>) {
    if is_json_text(field) {
        write_json(text, out);
    } else {
        escape_into(text, out);
    }
}

fn write_json(text: &str, out: &mut Vec<u8>) {
    let Ok(json) = serde_json::from_str::<&RawValue>(text) else {
        return escape_into(text, out);
    };
    // JSON strings contain no line ends, so all line ends here are between tokens.
    let lines = json
        .get()
        .as_bytes()
        .split(|byte| matches!(byte, b'\n' | b'\r'));
    for line in lines {
        out.extend_from_slice(line);
    }
}

/// Appends bytes as a JSON string in base64 with padding.
pub(super) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    // This cannot fail, because there is room for every group of three bytes.
    let _ = STANDARD.encode_slice(bytes, &mut out[start..]);
    out.push(b'"');
}
