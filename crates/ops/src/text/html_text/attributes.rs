//! Finds tags with very many attributes, because the parser compares each attribute with all others.

use std::ops::Range;

/// The number of attributes above which a tag is not given to the parser.
pub(super) const MOST_ATTRIBUTES: usize = 10_000;

/// Returns the tags with too many attributes, from the `<` to the `>`, or to the end of the document if they are never closed. Most
/// often, such a "tag" is text with a `<` in it. Scripts are read like everything else, so text in them that looks like a tag
/// counts too.
pub(super) fn large_tags(html: &str) -> Vec<Range<usize>> {
    let bytes = html.as_bytes();
    let mut found = Vec::new();
    // An attribute takes at least two bytes.
    if bytes.len() < 2 * MOST_ATTRIBUTES {
        return found;
    }
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + open;
        at = start + 1;
        if bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
            let (attributes, end) = tag(bytes, at);
            at = end.unwrap_or(bytes.len());
            if attributes > MOST_ATTRIBUTES {
                found.push(start..at);
            }
        }
    }
    found
}

/// Returns the number of attributes of the tag that begins before `at`, and its end, if it has one.
fn tag(bytes: &[u8], mut at: usize) -> (usize, Option<usize>) {
    let (mut attributes, mut last) = (0, b'a');
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return (attributes, Some(at)),
            b'"' | b'\'' if last == b'=' => {
                let Some(close) = memchr::memchr(byte, &bytes[at + 1..]) else {
                    return (attributes, None);
                };
                at += 1 + close;
                // Another attribute may follow without a blank.
                last = b' ';
            }
            b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' => {
                // A blank next to an equals sign does not end the attribute.
                last = if last == b'=' { last } else { b' ' };
            }
            b'=' => last = byte,
            _ => {
                attributes += usize::from(matches!(last, b' ' | b'/'));
                last = byte;
            }
        }
        at += 1;
    }
    (attributes, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_counted() {
        let open = |attribute: &str, count: usize| format!("x<a{}", attribute.repeat(count));
        for (attribute, each) in [
            (" b", 1),
            ("/b", 1),
            (" b = 'c d'", 1),
            (" b=\"c\"d=e", 2),
            (" b=c", 1),
        ] {
            let few = open(attribute, MOST_ATTRIBUTES / each);
            let many = open(attribute, MOST_ATTRIBUTES / each + 1);
            assert!(large_tags(&few).is_empty(), "{attribute}");
            assert!(large_tags(&format!("{few}>y")).is_empty(), "{attribute}");
            let whole = 1..many.len();
            assert_eq!(large_tags(&many), vec![whole.clone()], "{attribute}");
            assert_eq!(large_tags(&format!("{many}>y")), vec![whole], "{attribute}");
        }
        assert!(large_tags(&"a < b <c d> ".repeat(MOST_ATTRIBUTES)).is_empty());
    }
}
