//! Finds IP addresses.
//!
//! An IPv4 address is four numbers from 0 to 255 without leading zeros, with dots between them; an IPv6 address is eight
//! groups of one to four hexadecimal digits with colons between them. Shortened IPv6 addresses (`::1`) are not found.

use std::ops::Range;

use super::block_scan::for_each_hit;
use super::chars::is_digit;

/// The places where an address may begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// Not within a longer number: there is no address in `256.1.1.1`, `1.1.1.300` and `1.2.3.4.5`, or in an IPv6 address with a
    /// ninth group.
    Whole,
    /// Anywhere, as in Data-Juicer's default pattern.
    Anywhere,
}

/// Reports the addresses in `text`, in order and without overlap.
pub fn find_addresses(text: &str, bounds: Bounds, mut found: impl FnMut(Range<usize>)) {
    let mut from = 0;
    for_each_hit(text.as_bytes(), may_be_separator, |place| {
        let separator = place + 1;
        if separator < from {
            return;
        }
        let address = match text.as_bytes()[separator] {
            b'.' => v4_around(text.as_bytes(), separator, from, bounds),
            _ => v6_around(text, separator, from, bounds),
        };
        if let Some(address) = address {
            from = address.end;
            found(address);
        }
    });
}

/// Returns the second to last group of an IPv6 address with its colon, which Data-Juicer's default pattern captures.
pub fn captured_group(address: &str) -> Option<&str> {
    let end = address.rfind(':')?;
    let start = address[..end].rfind(':').map_or(0, |colon| colon + 1);
    Some(&address[start..=end])
}

/// Returns whether the second byte may be a dot or a colon inside an address.
#[inline(always)]
fn may_be_separator(a: u8, b: u8, c: u8) -> bool {
    let digit = |byte: u8| byte.wrapping_sub(b'0') < 10;
    let hex = |byte: u8| digit(byte) | ((byte | 0x20).wrapping_sub(b'a') < 6) | (byte >= 0x80);
    ((b == b'.') & digit(a) & digit(c)) | ((b == b':') & hex(a) & hex(c))
}

/// Returns the leftmost IPv4 address whose first dot is at `dot`.
fn v4_around(bytes: &[u8], dot: usize, from: usize, bounds: Bounds) -> Option<Range<usize>> {
    let before = bytes[from..dot].iter().rev();
    let digits = before.take_while(|byte| byte.is_ascii_digit()).take(4);
    let digits = digits.count();
    let starts = match bounds {
        Bounds::Anywhere => dot - digits.min(3)..dot,
        Bounds::Whole if digits > 3 || is_part(bytes[..dot - digits].iter().rev(), b'.') => {
            return None;
        }
        Bounds::Whole => dot - digits..dot - digits + 1,
    };
    let end = v4_end(bytes, dot, bounds)?;
    let mut starts = starts;
    starts
        .find(|start| is_octet(&bytes[*start..dot]))
        .map(|start| start..end)
}

/// Returns the end of an IPv4 address whose first dot is at `dot`.
fn v4_end(bytes: &[u8], dot: usize, bounds: Bounds) -> Option<usize> {
    let mut start = dot + 1;
    for _ in 0..2 {
        let digits = leading_digits(&bytes[start..]);
        let is_whole = bytes.get(start + digits) == Some(&b'.');
        if !is_whole || !is_octet(&bytes[start..start + digits]) {
            return None;
        }
        start += digits + 1;
    }
    let digits = leading_digits(&bytes[start..]);
    // Tries the most digits first, for the longest number that isn't too large.
    let mut lengths = (1..=digits.min(3)).rev();
    let length = lengths.find(|length| is_octet(&bytes[start..start + length]))?;
    let end = start + length;
    let ends = match bounds {
        Bounds::Anywhere => true,
        Bounds::Whole => length == digits && !is_part(bytes[end..].iter(), b'.'),
    };
    ends.then_some(end)
}

/// Returns whether a number continues, seen from its end: with a separator that has a digit after it.
fn is_part<'b>(mut rest: impl Iterator<Item = &'b u8>, separator: u8) -> bool {
    rest.next() == Some(&separator) && rest.next().is_some_and(u8::is_ascii_digit)
}

/// Counts the digits at the start, up to four.
fn leading_digits(bytes: &[u8]) -> usize {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    digits.take(4).count()
}

/// Returns whether the digits are a number from 0 to 255 without leading zeros.
fn is_octet(digits: &[u8]) -> bool {
    match digits {
        [_] => true,
        [first, _] => *first != b'0',
        [b'1', _, _] => true,
        [b'2', tens, ones] => *tens < b'5' || (*tens == b'5' && *ones <= b'5'),
        _ => false,
    }
}

/// Returns the leftmost IPv6 address whose first colon is at `colon`.
fn v6_around(text: &str, colon: usize, from: usize, bounds: Bounds) -> Option<Range<usize>> {
    let hex = |ch: &char| ch.is_ascii_hexdigit() || is_digit(*ch);
    let before = text[from..colon].chars().rev();
    let group: usize = before.take_while(hex).take(4).map(char::len_utf8).sum();
    let start = colon - group;
    let mut end = colon;
    for _ in 0..7 {
        let rest = text[end..].strip_prefix(':')?;
        let group: usize = rest
            .chars()
            .take_while(hex)
            .take(4)
            .map(char::len_utf8)
            .sum();
        if group == 0 {
            return None;
        }
        end += 1 + group;
    }
    let goes_on = |ch: char| ch.is_ascii_alphanumeric() || ch == ':' || hex(&ch);
    let is_whole = || {
        let before = text[..start].chars().next_back();
        let behind = text[end..].chars().next();
        !before.is_some_and(goes_on) && !behind.is_some_and(goes_on)
    };
    let fits = group > 0 && (bounds == Bounds::Anywhere || is_whole());
    fits.then_some(start..end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    const PLAIN: &str = r"(?:(?:1[0-9][0-9]\.)|(?:2[0-4][0-9]\.)|(?:25[0-5]\.)|(?:[1-9][0-9]\.)|(?:[0-9]\.)){3}(?:(?:1[0-9][0-9])|(?:2[0-4][0-9])|(?:25[0-5])|(?:[1-9][0-9])|(?:[0-9]))|([\da-fA-F]{1,4}:){7}[\da-fA-F]{1,4}";

    fn found(text: &str, bounds: Bounds) -> Vec<&str> {
        let mut all = Vec::new();
        find_addresses(text, bounds, |range| all.push(&text[range]));
        all
    }

    proptest! {
        #[test]
        fn addresses_anywhere_are_those_of_the_pattern(
            text in "([0-9]{0,4}\\.|[0-9]|25[0-9]|[a-f0-9١é]{1,5}:|:|1\\.2\\.3\\.|(1:){6}|\\PC){0,14}",
        ) {
            let plain = Regex::new(PLAIN).unwrap();
            let expected: Vec<&str> = plain.find_iter(&text).map(|found| found.as_str()).collect();
            prop_assert_eq!(found(&text, Bounds::Anywhere), expected);
            for captures in plain.captures_iter(&text) {
                let group = captures.get(1).map(|group| group.as_str());
                prop_assert_eq!(captured_group(&captures[0]), group);
            }
        }

        #[test]
        fn whole_addresses_are_addresses(text in "([0-9]{0,4}\\.|[0-9]|25[0-9]|[a-f0-9]{1,5}:|g){0,14}") {
            let plain = Regex::new(&format!("^(?:{PLAIN})$")).unwrap();
            for address in found(&text, Bounds::Whole) {
                prop_assert!(plain.is_match(address), "{address}");
            }
        }
    }

    #[test]
    fn whole_addresses_are_not_parts_of_longer_numbers() {
        for (text, expected) in [
            ("a 10.0.0.1, 10.0.0.255:80", vec!["10.0.0.1", "10.0.0.255"]),
            ("at 10.0.0.1.", vec!["10.0.0.1"]),
            ("中127.0.0.1中x1.1.1.1y", vec!["127.0.0.1", "1.1.1.1"]),
            ("1.2.3.4.5 256.1.1.1 1.1.1.300 1.2.3.4567 01.2.3.4", vec![]),
            ("0:1:2:3:4:5:6:7", vec!["0:1:2:3:4:5:6:7"]),
            ("中0:1:2:3:4:5:6:789a中", vec!["0:1:2:3:4:5:6:789a"]),
            (
                "0:1:2:3:4:5:6:7:8 12345:1:2:3:4:5:6:7 x0:1:2:3:4:5:6:7",
                vec![],
            ),
        ] {
            assert_eq!(found(text, Bounds::Whole), expected, "{text}");
        }
    }
}
