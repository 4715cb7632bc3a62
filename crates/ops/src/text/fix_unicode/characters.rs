//! Single characters that have a plainer form: ligatures, full and half widths, curly quotes, line breaks, controls.

use std::sync::LazyLock;

use regex::Regex;

/// Returns the plainer form of `c`, if it has one: "" for a control character that is dropped.
///
/// C1 control characters and carriage returns are not handled here, because their form depends on more than the character.
pub(super) fn plainer(c: char) -> Option<&'static str> {
    straight(c).or_else(|| is_dropped(c).then_some(""))
}

/// Returns `text` without ligatures, odd widths, curly quotes and line breaks other than line feeds.
pub(super) fn straighten(text: &str) -> Option<String> {
    replace(text, |c, rest| match c {
        // Only the line feed of a pair stays.
        '\r' if rest.starts_with('\n') => Some(""),
        '\r' | '\u{85}' => Some("\n"),
        _ => straight(c),
    })
}

/// Returns `text` without the escape sequences that colour a terminal.
pub(super) fn remove_terminal_escapes(text: &str) -> Option<String> {
    memchr::memchr(0x1b, text.as_bytes())?;
    let removed = TERMINAL_ESCAPE.replace_all(text, "");
    (removed.len() < text.len()).then(|| removed.into_owned())
}

/// Returns `text` without invisible control characters.
///
/// Whitespace, joiners, direction marks and the marks of musical notation stay.
pub(super) fn remove_controls(text: &str) -> Option<String> {
    replace(text, |c, _| is_dropped(c).then_some(""))
}

// Digits may be those of any script, as in Python.
static TERMINAL_ESCAPE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\x1b\[[\d;]*[a-zA-Z]").expect("a constant pattern"));

/// Returns `text` with `plain(c, rest)` in place of each character `c` for which it is not `None`. `rest` is the text after `c`.
fn replace(text: &str, plain: impl Fn(char, &str) -> Option<&'static str>) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if let Some(plain) = plain(c, &text[end..]) {
            out.push_str(&text[copied..at]);
            out.push_str(plain);
            copied = end;
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}

fn straight(c: char) -> Option<&'static str> {
    match c {
        // These are by far the most frequent ones.
        '\u{ff01}'..='\u{ff5e}' => {
            let at = c as usize - 0xff01;
            ASCII.get(at..=at)
        }
        '\u{2018}'..='\u{201b}' | '\u{2bc}' => Some("'"),
        '\u{201c}'..='\u{201f}' => Some("\""),
        '\u{3000}' => Some(" "),
        '\u{2028}' | '\u{2029}' => Some("\n"),
        '\u{ff5f}'..='\u{ffdc}' => {
            let at = (c as usize - 0xff5f) * 3;
            HALF_WIDTHS
                .get(at..at + 3)
                .filter(|&plain| plain != "\u{fffd}")
        }
        '\u{ffe0}'..='\u{ffee}' | '\u{132}'..='\u{1f3}' | '\u{fb00}'..='\u{fb06}' => OTHERS
            .iter()
            .find(|(other, _)| *other == c)
            .map(|(_, plain)| *plain),
        _ => None,
    }
}

fn is_dropped(c: char) -> bool {
    matches!(c,
        '\0'..='\x08' | '\x0b' | '\x0e'..='\x1f' | '\x7f'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
}

/// The characters that U+FF01 to U+FF5E are wide forms of.
const ASCII: &str = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ\
    [\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// The characters that U+FF5F to U+FFDC are odd widths of, from the Unicode Character Database. Each is three bytes long. U+FFFD
/// marks code points that are not assigned.
const HALF_WIDTHS: &str = "\
    ⦅⦆。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセ\
    ソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\
    \u{309a}\u{1160}\u{1100}\u{1101}\u{11aa}\u{1102}\u{11ac}\u{11ad}\u{1103}\u{1104}\u{1105}\
    \u{11b0}\u{11b1}\u{11b2}\u{11b3}\u{11b4}\u{11b5}\u{111a}\u{1106}\u{1107}\u{1108}\u{1121}\
    \u{1109}\u{110a}\u{110b}\u{110c}\u{110d}\u{110e}\u{110f}\u{1110}\u{1111}\u{1112}\
    \u{fffd}\u{fffd}\u{fffd}\u{1161}\u{1162}\u{1163}\u{1164}\u{1165}\u{1166}\
    \u{fffd}\u{fffd}\u{1167}\u{1168}\u{1169}\u{116a}\u{116b}\u{116c}\
    \u{fffd}\u{fffd}\u{116d}\u{116e}\u{116f}\u{1170}\u{1171}\u{1172}\
    \u{fffd}\u{fffd}\u{1173}\u{1174}\u{1175}";

/// Other odd widths, from the same source, and the Latin ligatures and digraphs that ftfy splits. "æ" and "œ" are letters and not
/// among them.
const OTHERS: [(char, &str); 36] = [
    ('\u{ffe0}', "¢"),
    ('\u{ffe1}', "£"),
    ('\u{ffe2}', "¬"),
    ('\u{ffe3}', " \u{304}"),
    ('\u{ffe4}', "¦"),
    ('\u{ffe5}', "¥"),
    ('\u{ffe6}', "₩"),
    ('\u{ffe8}', "│"),
    ('\u{ffe9}', "←"),
    ('\u{ffea}', "↑"),
    ('\u{ffeb}', "→"),
    ('\u{ffec}', "↓"),
    ('\u{ffed}', "■"),
    ('\u{ffee}', "○"),
    ('Ĳ', "IJ"),
    ('ĳ', "ij"),
    // When split, it begins with a modifier letter, which is itself a curly quote.
    ('ŉ', "'n"),
    ('Ǳ', "DZ"),
    ('ǲ', "Dz"),
    ('ǳ', "dz"),
    ('Ǆ', "DŽ"),
    ('ǅ', "Dž"),
    ('ǆ', "dž"),
    ('Ǉ', "LJ"),
    ('ǈ', "Lj"),
    ('ǉ', "lj"),
    ('Ǌ', "NJ"),
    ('ǋ', "Nj"),
    ('ǌ', "nj"),
    ('ﬀ', "ff"),
    ('ﬁ', "fi"),
    ('ﬂ', "fl"),
    ('ﬃ', "ffi"),
    ('ﬄ', "ffl"),
    ('ﬅ', "ſt"),
    ('ﬆ', "st"),
];

#[cfg(test)]
mod tests {
    use super::*;

    // The expected values are those of the fixers of ftfy 6.3.1.
    #[test]
    fn characters_have_their_plainer_form() {
        let check = |text: &str, expected: &str| {
            let straight = straighten(text).unwrap_or_else(|| text.to_owned());
            assert_eq!(straight, expected, "{text}");
        };
        check("ﬂuﬃeﬆ Ĳ ŉ Ǆ æœ", "fluffiest IJ 'n DŽ æœ");
        check("ＬＯＵＤ　ＮＯＩＳＥＳ～", "LOUD NOISES~");
        check(
            "Ｕﾀｰﾝ ﾊﾞ ￦ ￣ ￜ ﾡ ﾾ ﾿",
            "Uターン ハ\u{3099} ₩  \u{304} \u{1175} \u{1100} \u{1112} ﾿",
        );
        check("“a” ‘b’ „c‟ ‛d ʼ", "\"a\" 'b' \"c\" 'd '");
        check("a\r\nb\rc\u{2028}d\u{2029}e\r\r\n", "a\nb\nc\nd\ne\n\n");
        assert_eq!(straighten("plain … text"), None);
    }

    #[test]
    fn controls_and_terminal_escapes_are_removed() {
        assert_eq!(
            remove_terminal_escapes("\x1b[36;44mblue\x1b[٣m\x1b[x").as_deref(),
            Some("blue")
        );
        assert_eq!(remove_terminal_escapes("\x1b]"), None);
        let kept = "\t\n\x0c\u{200d}\u{202a}\u{1d173}\u{ad}";
        let text = format!("\0{kept}\u{feff}\x7f\u{fffc}\u{206a}");
        assert_eq!(remove_controls(&text).as_deref(), Some(kept));
    }
}
