//! Normalises punctuation: 34 characters are replaced with ASCII.
//!
//! The map is the one of py-data-juicer 1.6.1, with its quirk that the full-width digit one becomes a quotation mark.

use std::ops::Range;

use super::block_scan::for_each_hit;

/// Reports the edits that give the punctuation of `text` its ASCII spelling, in order.
pub fn normalize_punctuation(text: &str, mut edit: impl FnMut(Range<usize>, &'static str)) {
    let bytes = text.as_bytes();
    for_each_hit(bytes, may_be_mapped, |start| {
        let len = if bytes[start] == 0xC2 { 2 } else { 3 };
        if let Some(with) = bytes.get(start..start + len).and_then(spelling) {
            edit(start..start + len, with);
        }
    });
}

/// Returns true for every character of the map, and for few others.
#[inline(always)]
fn may_be_mapped(a: u8, b: u8, c: u8) -> bool {
    ((a == 0xC2) & ((b == 0xAB) | (b == 0xB4) | (b == 0xBB)))
        | ((a == 0xE2)
            & (((b == 0x80) & (c.wrapping_sub(0x93) <= 0x13))
                | (b == 0x88)
                | (b == 0x94)
                | (b == 0x96)))
        | ((a == 0xE3) & (b == 0x80) & (c.wrapping_sub(0x81) <= 0x10))
        | ((a == 0xEF) & ((b == 0xBC) | (b == 0xBD)))
}

/// Returns the ASCII spelling of one encoded character.
#[inline]
fn spelling(encoded: &[u8]) -> Option<&'static str> {
    Some(match encoded {
        b"\xC2\xAB" | b"\xC2\xBB" => "\"",
        b"\xC2\xB4" => "'",
        b"\xE2\x80\x93" => "-",
        b"\xE2\x80\x94" => " - ",
        b"\xE2\x80\x99" => "'",
        b"\xE2\x80\x9C" | b"\xE2\x80\x9D" | b"\xE2\x80\x9E" => "\"",
        b"\xE2\x80\xA6" => "...",
        b"\xE2\x88\xB6" => ":",
        b"\xE2\x94\x81" | b"\xE2\x96\xBA" => "-",
        b"\xE3\x80\x81" => ",",
        b"\xE3\x80\x82" => ".",
        b"\xE3\x80\x88" => "<",
        b"\xE3\x80\x89" => ">",
        b"\xE3\x80\x8A" | b"\xE3\x80\x8B" | b"\xE3\x80\x8C" | b"\xE3\x80\x8D" => "\"",
        b"\xE3\x80\x90" => "[",
        b"\xE3\x80\x91" => "]",
        b"\xEF\xBC\x81" => "!",
        b"\xEF\xBC\x85" => "%",
        b"\xEF\xBC\x88" => "(",
        b"\xEF\xBC\x89" => ")",
        b"\xEF\xBC\x8C" => ",",
        b"\xEF\xBC\x8E" => ". ",
        b"\xEF\xBC\x91" => "\"",
        b"\xEF\xBC\x9A" => ":",
        b"\xEF\xBC\x9B" => ";",
        b"\xEF\xBC\x9F" => "?",
        b"\xEF\xBD\x9E" => "~",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The map, written in characters.
    const MAP: [(char, &str); 34] = [
        ('，', ","),
        ('。', "."),
        ('、', ","),
        ('„', "\""),
        ('”', "\""),
        ('“', "\""),
        ('«', "\""),
        ('»', "\""),
        ('１', "\""),
        ('」', "\""),
        ('「', "\""),
        ('《', "\""),
        ('》', "\""),
        ('´', "'"),
        ('∶', ":"),
        ('：', ":"),
        ('？', "?"),
        ('！', "!"),
        ('（', "("),
        ('）', ")"),
        ('；', ";"),
        ('–', "-"),
        ('—', " - "),
        ('．', ". "),
        ('～', "~"),
        ('’', "'"),
        ('…', "..."),
        ('━', "-"),
        ('〈', "<"),
        ('〉', ">"),
        ('【', "["),
        ('】', "]"),
        ('％', "%"),
        ('►', "-"),
    ];

    fn apply(text: &str) -> String {
        let mut out = String::new();
        let mut done = 0;
        normalize_punctuation(text, |range, with| {
            out.push_str(&text[done..range.start]);
            out.push_str(with);
            done = range.end;
        });
        out + &text[done..]
    }

    #[test]
    fn every_character_is_treated_as_the_map_says() {
        for ch in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let own = ch.to_string();
            let with = MAP
                .iter()
                .find(|(from, _)| *from == ch)
                .map_or(own.as_str(), |(_, to)| to);
            assert_eq!(
                apply(&format!("{ch}a{ch}")),
                format!("{with}a{with}"),
                "{ch:?}"
            );
        }
    }
}
