//! JSON as Python's `json.dumps(value, ensure_ascii=False)` writes it.

use serde_json::Value;

use super::python_value;

/// Writes a JSON text as Python would: with a blank after commas and colons and nowhere else, floats by Python's rules, and escapes
/// only where they are required. Keys keep their order.
///
/// `json` must be valid.
pub fn dumps(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(ch) = rest.chars().next() {
        let length = match ch {
            '"' => string_length(rest),
            '-' | '0'..='9' => {
                let end = rest.find(|ch| !matches!(ch, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
                end.unwrap_or(rest.len())
            }
            _ => ch.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        match ch {
            '"' => push_string(token, &mut out),
            '-' | '0'..='9' => push_number(token, &mut out),
            ',' => out.push_str(", "),
            ':' => out.push_str(": "),
            ' ' | '\t' | '\n' | '\r' => {}
            _ => out.push_str(token),
        }
        rest = after;
    }
    out
}

/// Returns the size in bytes of the string that `json` starts with, including its quotes.
fn string_length(json: &str) -> usize {
    let mut escaped = false;
    let close = json.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    close.map_or(json.len(), |at| at + 2)
}

fn push_string(token: &str, out: &mut String) {
    if !token.contains('\\') {
        return out.push_str(token);
    }
    match serde_json::from_str::<String>(token) {
        Ok(text) => out.push_str(&Value::String(text).to_string()),
        // Half of a surrogate pair can only be written as an escape.
        Err(_) => out.push_str(token),
    }
}

fn push_number(token: &str, out: &mut String) {
    match token.parse() {
        Ok(number) if token.contains(['.', 'e', 'E']) => {
            out.push_str(&python_value::float(number));
        }
        _ => out.push_str(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_spelled_as_in_python() {
        let json =
            r#"{"b" :1.50,"a":[ 1e2,-7,null ,true, "x,: \u00e9\/\n\\\"" ],"c":{},"k\ud800":1E-7}"#;
        assert_eq!(
            dumps(json),
            r#"{"b": 1.5, "a": [100.0, -7, null, true, "x,: é/\n\\\""], "c": {}, "k\ud800": 1e-07}"#
        );
    }
}
