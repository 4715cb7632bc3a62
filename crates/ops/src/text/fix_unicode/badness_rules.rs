//! The data of the mojibake heuristic: classes of characters, and sequences of them that nobody writes on purpose.
//!
//! About 450 characters turn up when UTF-8 is read in a single-byte encoding. The characters, their groups and the sequences that
//! count are facts taken from ftfy 6.3.1 (`ftfy/badness.py`, Apache-2.0).

const COMMON: u32 = 1;
const C1: u32 = 1 << 1;
const BAD: u32 = 1 << 2;
const LAW: u32 = 1 << 3;
const CURRENCY: u32 = 1 << 4;
const OPENING: u32 = 1 << 5;
const CLOSING: u32 = 1 << 6;
const NUMERIC: u32 = 1 << 7;
const KAOMOJI: u32 = 1 << 8;
const UPPER: u32 = 1 << 9;
const LOWER: u32 = 1 << 10;
const UPPER_COMMON: u32 = 1 << 11;
const LOWER_COMMON: u32 = 1 << 12;
const BOX: u32 = 1 << 13;
/// `a-z`.
const SMALL: u32 = 1 << 14;
/// `A-Z`.
const CAPITAL: u32 = 1 << 15;
/// The matches of Python's `\s`.
pub(super) const SPACE: u32 = 1 << 16;
/// Everything except `A-Z` and `a-z`.
pub(super) const NO_LETTER: u32 = 1 << 17;
/// Everything except the line feed.
pub(super) const IN_LINE: u32 = 1 << 18;
/// The matches of Python's `\w`.
pub(super) const WORD: u32 = 1 << 19;

const LETTER: u32 = SMALL | CAPITAL;
const ACCENTED: u32 = LOWER | UPPER;
const PUNCTUATION: u32 = OPENING | CLOSING;
/// The classes that are next to a `BAD` character only in mojibake.
const BESIDE_BAD: u32 = ACCENTED | BOX | PUNCTUATION | CURRENCY | NUMERIC | LAW;

pub(super) const CLASSES: [(u32, &str); 16] = [
    (COMMON, "\u{a0}\u{ad}\u{b4}·–-―’…"),
    (C1, "\u{80}-\u{9f}"),
    (BAD, "¤¦\u{a8}ª¬\u{af}\u{b8}ºƒˆˇ˘˛˜†‡‰⌐◊\u{fffd}"),
    (LAW, "§¶"),
    (CURRENCY, "¢£¥₧€"),
    (OPENING, "¡©«¿΄΅‘‚“„•‹\u{f8ff}"),
    (CLOSING, "®»˝”›™"),
    (NUMERIC, "±-³µ¹¼-¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥"),
    // Letters and signs that make faces, as in "(ò_ó)".
    (KAOMOJI, "°Ò-ÖÙ-Üò-öø-üŌŐŪŲ"),
    (UPPER, "À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ"),
    (LOWER, "ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґﬁﬂ"),
    (UPPER_COMMON, "ÞΆΈ-ΊΌΎΏΑ-ΫЁ-Я"),
    (LOWER_COMMON, "ά-ωа-џ"),
    (BOX, "│┌┐┘├┤┬┼═-╬▀▄█▌▐-▓"),
    (SMALL, "a-z"),
    (CAPITAL, "A-Z"),
];

/// Characters that are in one of the classes, or are named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set(pub(super) u32, pub(super) &'static str);

/// A sequence that is mojibake. The anchor is its first element that is never ASCII, so that ASCII text costs nothing.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) before: &'static [Set],
    pub(super) anchor: Set,
    pub(super) after: &'static [Set],
    /// True if `before` must begin at the start of the text.
    pub(super) at_start: bool,
}

const fn rule(before: &'static [Set], anchor: Set, after: &'static [Set]) -> Rule {
    Rule {
        before,
        anchor,
        after,
        at_start: false,
    }
}

/// Makes a rule of two classes.
const fn pair(first: u32, second: &'static [Set]) -> Rule {
    rule(&[], Set(first, ""), second)
}

/// Makes a rule for a named first character.
const fn after(first: &'static str, rest: &'static [Set]) -> Rule {
    rule(&[], Set(0, first), rest)
}

pub(super) static RULES: [Rule; 38] = [
    pair(C1, &[]),
    pair(BESIDE_BAD | BAD, &[Set(BAD, "")]),
    rule(
        &[Set(LETTER, "")],
        Set(LOWER_COMMON | UPPER_COMMON, ""),
        &[Set(BAD, "")],
    ),
    pair(BAD, &[Set(BESIDE_BAD, "")]),
    pair(
        LOWER | LOWER_COMMON | BOX | CLOSING | CURRENCY | NUMERIC,
        &[Set(UPPER, "")],
    ),
    pair(BOX | CLOSING | CURRENCY | NUMERIC, &[Set(LOWER, "")]),
    pair(LOWER | BOX | CLOSING, &[Set(CURRENCY, "")]),
    rule(&[Set(SPACE, "")], Set(UPPER, ""), &[Set(CURRENCY, "")]),
    pair(UPPER | BOX, &[Set(NUMERIC | LAW, "")]),
    pair(
        ACCENTED | BOX | CURRENCY | CLOSING,
        &[Set(OPENING, ""), Set(NUMERIC, "")],
    ),
    pair(
        ACCENTED | CURRENCY | NUMERIC | BOX | LAW,
        &[Set(CLOSING, ""), Set(OPENING, "")],
    ),
    pair(CURRENCY | NUMERIC | BOX, &[Set(OPENING, "")]),
    rule(
        &[Set(SMALL, "")],
        Set(UPPER, ""),
        &[Set(OPENING | CURRENCY, "")],
    ),
    pair(BOX, &[Set(KAOMOJI, "")]),
    pair(
        ACCENTED | CURRENCY | NUMERIC | PUNCTUATION | LAW,
        &[Set(BOX, "")],
    ),
    pair(BOX, &[Set(CLOSING, "")]),
    pair(ACCENTED, &[Set(PUNCTUATION, ""), Set(WORD, "")]),
    // The ligature is followed by a plain letter in every word that has it.
    after("Œœ", &[Set(NO_LETTER, "")]),
    pair(UPPER, &[Set(0, "°")]),
    // Windows-1252 pairs that the classes do not cover.
    after(
        "ÂÃÎÐ",
        &[Set(PUNCTUATION, "€œŠš¢£Ÿž\u{a0}\u{ad}®©°·»–—\u{b4}")],
    ),
    after("×", &[Set(0, "²³")]),
    // Arabic read as Windows-1252 contains common characters, so two pairs are required.
    after("ØÙ", &[ARABIC_SECOND, Set(0, "ØÙ"), ARABIC_SECOND]),
    // Scripts of South Asia read as Windows-1252.
    after("à", &[Set(0, "²µ¹¼½¾")]),
    // MacRoman.
    after("√", &[Set(0, "±∂†≠®™\u{b4}≤≥¥µø")]),
    after("≈", &[Set(0, "°¢")]),
    after("‚", &[Set(0, "Ä"), Set(0, "ìîïòôúùû†°¢π")]),
    after("‚", &[Set(0, "âó"), Set(0, "àä°ê")]),
    // Windows-1251: the characters from U+2000 on, then Latin-1 and Cyrillic, then two layers at once.
    after("в", &[Set(0, "Ђ")]),
    after("ВГРС", &[SECOND_BYTE_1251, Set(0, "ВГРС")]),
    after(
        "Г",
        &[
            Set(0, "ў"),
            Set(0, "В"),
            Set(0, "Ђ"),
            Set(0, "В"),
            Set(IN_LINE, ""),
            Set(LETTER, " "),
        ],
    ),
    // Windows-1252 forms of "à", "á" and the no-break space, and the rest of such a form after that space became a blank.
    after("Ã", &[Set(0, "\u{a0}¡")]),
    rule(&[Set(SMALL, "")], Set(0, "ÃÂ"), &[Set(0, " ")]),
    rule(
        &[Set(SMALL, ""), Set(SPACE, "")],
        Set(0, "ÃÂ"),
        &[Set(0, " ")],
    ),
    Rule {
        before: &[],
        anchor: Set(0, "ÃÂ"),
        after: &[Set(0, " ")],
        at_start: true,
    },
    // "Â" before a character that it would encode as itself.
    rule(
        &[Set(SMALL | CLOSING, ".,?!")],
        Set(0, "Â"),
        &[Set(PUNCTUATION, " ")],
    ),
    // Windows-1253: the characters from U+2000 on, then Latin-1 and Greek.
    after("β", &[Set(0, "€"), Set(0, "™\u{a0}Ά\u{ad}®°")]),
    after("ΒΓΞΟ", &[SECOND_BYTE_1253, Set(0, "ΒΓΞΟ")]),
    // Windows-1257: the characters from U+2000 on.
    after("ā", &[Set(0, "€")]),
];

const ARABIC_SECOND: Set = Set(COMMON | CURRENCY | BAD | NUMERIC | OPENING, "ŸŠ®°µ»");
const SECOND_BYTE_1251: Set = Set(C1 | BAD | PUNCTUATION | CURRENCY, "°µ");
const SECOND_BYTE_1253: Set = Set(C1 | BAD | PUNCTUATION | CURRENCY, "°");
