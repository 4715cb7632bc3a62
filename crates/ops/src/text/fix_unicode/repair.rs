//! Repairs bytes that should be UTF-8 but lost something on their way through a single-byte encoding.

/// Puts back the bytes A0 that a program mistook for a space and replaced with a blank; `None` if there are none.
///
/// It does so where a blank is in an otherwise likely UTF-8 sequence. After byte C3 the blank stays and A0 is added ("Ã la" is "à
/// la"), except for the Portuguese words "às", "àquele", "àquela" and "àquilo".
pub(super) fn restore_a0(bytes: &[u8]) -> Option<Vec<u8>> {
    (0..bytes.len()).find(|&at| altered_length(&bytes[at..]).is_some())?;
    let bytes = restore_a_grave(bytes);
    let mut restored = Vec::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let Some(&first) = rest.first() {
        let Some(length) = altered_length(rest) else {
            restored.push(first);
            rest = &rest[1..];
            continue;
        };
        let a0 = |&b: &u8| if b == b' ' { 0xa0 } else { b };
        restored.extend(rest[..length].iter().map(a0));
        rest = &rest[length..];
    }
    Some(restored)
}

/// Replaces each UTF-8 sequence that lost a byte, seen as 1A or "?", with U+FFFD. A 1A on its own becomes U+FFFD, too.
pub(super) fn replace_lossy(bytes: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        match lossy_length(rest) {
            Some(length) => {
                replaced.extend("\u{fffd}".as_bytes());
                rest = &rest[length..];
            }
            None => {
                replaced.push(first);
                rest = &rest[1..];
            }
        }
    }
    replaced
}

fn restore_a_grave(bytes: &[u8]) -> Vec<u8> {
    let mut restored = Vec::with_capacity(bytes.len() + 8);
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        restored.push(first);
        rest = &rest[1..];
        if first == 0xc3 && rest.first() == Some(&b' ') {
            let word = &rest[1..];
            let is_exception = [&b" "[..], b"quele", b"quela", b"quilo", b"s "]
                .iter()
                .any(|exception| word.starts_with(exception));
            if !is_exception {
                restored.push(0xa0);
            }
            // The blank has been checked; nothing that is searched for here can begin with it.
            restored.push(b' ');
            rest = word;
        }
    }
    restored
}

/// Returns the length of the sequence at the start that would be likely UTF-8 if its blank were A0.
///
/// A blank counts only where A0 makes a common character: not after E0 or E1 (Samaritan, Mongolian), and not after E4 and above,
/// which are mostly CJK.
fn altered_length(rest: &[u8]) -> Option<usize> {
    match rest {
        [0xc2 | 0xc3 | 0xc5 | 0xce | 0xd0 | 0xd9, b' ', ..] => Some(2),
        [0xe2 | 0xe3, b' ', last, ..] if is_common_continuation(*last) => Some(3),
        [0xe0..=0xe3, middle, b' ', ..] if is_common_continuation(*middle) => Some(3),
        [0xf0, b' ', 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf0, 0x80..=0xbf, b' ', 0x80..=0xbf, ..]
        | [0xf0, 0x80..=0xbf, 0x80..=0xbf, b' ', ..] => Some(4),
        _ => None,
    }
}

/// Returns whether a continuation byte isn't one that is often changed itself (85 looks like a line break, A0 like a space).
fn is_common_continuation(byte: u8) -> bool {
    matches!(byte, 0x80..=0x84 | 0x86..=0x9f | 0xa1..=0xbf)
}

/// Returns the length of the UTF-8 or CESU-8 sequence at the start that certainly lost one byte. The earlier arm wins.
fn lossy_length(rest: &[u8]) -> Option<usize> {
    const LOST: u8 = 0x1a;
    match rest {
        [0xc2..=0xdf, LOST, ..] | [0xc2..=0xc3, b'?', ..] => Some(2),
        [
            0xed,
            0xa0..=0xaf,
            LOST | b'?',
            0xed,
            0xb0..=0xbf,
            LOST | b'?' | 0x80..=0xbf,
            ..,
        ]
        | [
            0xed,
            0xa0..=0xaf,
            0x80..=0xbf,
            0xed,
            0xb0..=0xbf,
            LOST | b'?',
            ..,
        ] => Some(6),
        [0xe0..=0xef, LOST | b'?', LOST | 0x80..=0xbf, ..]
        | [0xe0..=0xef, LOST | 0x80..=0xbf, LOST | b'?', ..] => Some(3),
        [
            0xf0..=0xf4,
            LOST | b'?',
            LOST | 0x80..=0xbf,
            LOST | 0x80..=0xbf,
            ..,
        ]
        | [
            0xf0..=0xf4,
            LOST | 0x80..=0xbf,
            LOST | b'?',
            LOST | 0x80..=0xbf,
            ..,
        ]
        | [
            0xf0..=0xf4,
            LOST | 0x80..=0xbf,
            LOST | 0x80..=0xbf,
            LOST | b'?',
            ..,
        ] => Some(4),
        [LOST, ..] => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected values are those of `ftfy.fixes.restore_byte_a0`, ftfy 6.3.1.
    #[test]
    fn blanks_that_were_a0_are_put_back() {
        let check = |bytes: &[u8], expected: Option<&[u8]>| {
            assert_eq!(restore_a0(bytes).as_deref(), expected, "{bytes:x?}");
        };
        check(b"voil\xc3 le", Some(b"voil\xc3\xa0 le"));
        check(b"\xc3 s \xc3 quele", Some(b"\xc3\xa0s \xc3\xa0quele"));
        check(b"\xc3  x", Some(b"\xc3\xa0 x"));
        check(b"\xe2 \x99 \xe0 \x99", Some(b"\xe2\xa0\x99 \xe0 \x99"));
        check(b"\xf0\x9f \x99", Some(b"\xf0\x9f\xa0\x99"));
        check(b"plain \xe1 text", None);
    }

    // The expected values are those of `ftfy.fixes.replace_lossy_sequences`, ftfy 6.3.1.
    #[test]
    fn sequences_that_lost_a_byte_become_one_replacement_character() {
        let check = |bytes: &[u8], expected: &[u8]| {
            assert_eq!(replace_lossy(bytes), expected, "{bytes:x?}");
        };
        check(b"\xe2\x80\x1a", b"\xef\xbf\xbd");
        check(b"\xc3?\xc4?", b"\xef\xbf\xbd\xc4?");
        check(b"\xed\xa0\x1a\xed\xb0\x80", b"\xef\xbf\xbd");
        check(b"\xe2??", b"\xe2??");
        check(b"a\x1ab", b"a\xef\xbf\xbdb");
    }
}
