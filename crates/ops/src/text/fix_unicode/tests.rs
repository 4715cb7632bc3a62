//! Compares the whole module with ftfy, and the shortcuts with the plain form.
//!
//! Expected values are those of ftfy 6.3.1 (Python 3.11, Unicode 14.0).

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const ALL_FORMS: [Normalization; 4] = [
    Normalization::Nfc,
    Normalization::Nfkc,
    Normalization::Nfd,
    Normalization::Nfkd,
];

#[track_caller]
fn check(text: &str, expected: &str) {
    let changed = (text != expected).then_some(expected);
    assert_eq!(
        fix_text(text, Normalization::Nfc).as_deref(),
        changed,
        "{text:?}"
    );
    assert_eq!(
        fix_text_plainly(text, Normalization::Nfc).as_deref(),
        changed,
        "{text:?}, plainly"
    );
}

#[test]
fn mojibake_is_undone() {
    check("âœ˜ Some problems", "✘ Some problems");
    check(
        "The Mona Lisa doesnÃ¢â‚¬â„¢t have eyebrows.",
        "The Mona Lisa doesn't have eyebrows.",
    );
    check("l’humanitÃ©", "l'humanité");
    check("ÃƒÂ©", "é");
    check("ï¼ˆå…¨è§’ï¼‰", "(全角)");
    check("schÃ¶n", "schön");
    check("IL Y MARQUÃ‰", "IL Y MARQUÉ");
    check("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет");
    check("broken textâ€¦", "broken text…");
    check(
        "naÃƒÆ’Ã‚Â¯ve cafÃƒÆ’Ã‚Â© ÃƒÂ¢Ã¢â€šÂ¬Ã¢â‚¬Å“ ÃƒÂ¢Ã¢â€šÂ¬Ã…â€œdÃƒÆ’Ã‚Â©jÃƒÆ’Ã‚Â\u{a0} vuÃƒÂ¢Ã¢â€šÂ¬Ã‚Â\u{9d}",
        "naïve café – \"déjà vu\"",
    );
    check("Ð\u{9f}Ñ\u{80}Ð¸Ð²ÐµÑ\u{82}, Ð¼Ð¸Ñ\u{80}", "Привет, мир");
    check("РџСЂРёРІРµС‚", "Привет");
    check("ĹľluĹĄouÄŤkĂ˝ kĹŻĹ\u{88}", "žluťoučký kůň");
    check("ΞΊΞ±Ξ»Ξ·ΞΌΞ\u{ad}Ο\u{81}Ξ±", "καλημέρα");
    check("Ä°stanbulâ€™da", "İstanbul'da");
    check("aÄ¨iÅ« ā€“ Ä…Å¾uolas", "ačiū – ąžuolas");
    check("Ĺ\u{81}ĂłdĹş", "Łódź");
    check("l‚Äô√©t√© ‚Äú√ßa‚Äù", "l'été \"ça\"");
    check("lΓÇÖ├⌐t├⌐ ├á Paris", "l'été à Paris");
    check("æ¼¢å\u{ad}—ã\u{81}‹ã\u{81}ª", "漢字かな");
    check("í\u{95}\u{9c}êµ\u{ad}ì\u{96}´", "한국어");
    check("ð\u{9f}\u{98}\u{80} ok", "😀 ok");
    check("à¤¨à¤®à¤¸à¥\u{8d}à¤¤à¥‡", "नमस\u{94d}त\u{947}");
}

#[test]
fn lost_bytes_are_put_back_or_marked() {
    check("voilÃ le travail", "voilà le travail");
    check("Ã perturber", "à perturber");
    check("Ã s vezes", "às vezes");
    check("Ã  la mode", "à la mode");
    check("fÃ cil", "fà cil");
    check("â€œhiâ€", "\"hiâ€");
    check("â€œ like this â€�", "\" like this �");
    check("cafÃ� olÃ© â€?", "caf� olé �");
    check("Ã?t?Ã©", "�t?é");
    check("Ã©\u{1a}�", "é�");
    check("5 Â€ Â£", "5 € £");
    check("a Â b", "a \u{a0}b");
    check("x.Â y", "x.\u{a0}y");
    check("í\u{a0}½í¸\u{8d} ok", "😍 ok");
    check("À\u{80}Ã©x", "éx");
}

#[test]
fn pieces_are_fixed_where_the_whole_cannot_be() {
    check(
        "Good 漢字 and Ã©tÃ© and l’humanitÃ©",
        "Good 漢字 and été and l'humanité",
    );
    check("― doesnâ€™t “work”", "― doesn't \"work\"");
    check("schÃ¶n и ещё Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "schön и ещё привет");
    check("\u{93}quoted\u{94} \u{85} ok", "\"quoted\" … ok");
    check("café \u{96} ok", "café – ok");
    check("漢\u{99} \u{81}", "漢™ \u{81}");
    check("Å Å¡ 漢 Å¡ÄŤ ж", "Å Å¡ 漢 Å¡ÄŤ ж");
    check("à²¹à³† 漢 à²¹à³†", "ಹ\u{cc6} 漢 ಹ\u{cc6}");
}

#[test]
fn sound_text_stays() {
    check("", "");
    check("plain", "plain");
    check("ä½ å¥½", "ä½ å¥½");
    check("élève à l'œuvre", "élève à l'œuvre");
    check("Ærø, Ångström, Þórr", "Ærø, Ångström, Þórr");
    check("Ελληνικά με τόνους", "Ελληνικά με τόνους");
    check("Привет «мир»", "Привет «мир»");
    check("C'est 5 €", "C'est 5 €");
    check("±5 °C ≤ ×2", "±5 °C ≤ ×2");
    check("a & b &notareference; &amp", "a & b &notareference; &amp");
    check("漢字かな交じり文", "漢字かな交じり文");
    check("한국어 문장", "한국어 문장");
    check(
        "ह\u{93f}न\u{94d}द\u{940} म\u{947}\u{902} ल\u{93f}ख\u{93e}",
        "ह\u{93f}न\u{94d}द\u{940} म\u{947}\u{902} ल\u{93f}ख\u{93e}",
    );
    check("தம\u{bbf}ழ\u{bcd} க\u{bbe}", "தம\u{bbf}ழ\u{bcd} க\u{bbe}");
    check("ไทยน\u{e49}ำ", "ไทยน\u{e49}ำ");
    check("مرحبا ب\u{650}ك\u{64e}", "مرحبا ب\u{650}ك\u{64e}");
    check("─┐ ═╬═", "─┐ ═╬═");
    check("(ò_ó)", "(ò_ó)");
    check("👩\u{200d}💻", "👩\u{200d}💻");
    check("soft\u{ad}hyphen", "soft\u{ad}hyphen");
    check("\u{200b}zw", "\u{200b}zw");
    check("\\u4f60", "\\u4f60");
}

#[test]
fn characters_become_plain() {
    check("“curly” ‘quotes’ ‛x‟", "\"curly\" 'quotes' 'x\"");
    check("ﬁ ﬂ ligature Ĳ ŉ Ǆ", "fi fl ligature IJ 'n DŽ");
    check("ＦＵＬＬ\u{3000}ＷＩＤＴＨ", "FULL WIDTH");
    check("ﾊﾟﾊﾞｶﾞ ￦", "パバガ ₩");
    check("你好，世界！（全角）；", "你好,世界!(全角);");
    check("\u{1b}[31mred\u{1b}[0m \u{1b}[1;2", "red [1;2");
    check("a\r\nb\rc\u{2028}d\u{2029}e\u{85}f", "a\nb\nc\nd\ne…f");
    check("\u{feff}bom \u{fffc}x", "bom x");
    check("ctrl\u{0}\u{7}\u{b}chars", "ctrlchars");
    check("e\u{feff}\u{301}", "é");
    check("ａ\u{301}", "á");
    check("é”x “é” y", "é\"x \"é\" y");
    check("＆ａｍｐ；", "&");
    check("＆lt；", "<");
    check("&am\u{0}p; x", "& x");
    check("café¯！￣", "café¯! \u{304}");
    check("&\u{feff}#233;", "é");
}

#[test]
fn references_are_read_until_the_text_is_html() {
    check("&lt;b&gt; &amp; &eacute;", "<b> & é");
    check("<b>&lt;x&gt;</b>", "<b>&lt;x&gt;</b>");
    check("P&EACUTE;REZ", "PÉREZ");
    check("&amp;amp;lt;", "<");
    check(
        "&eacute;\n<p>&eacute;\n&eacute;",
        "é\n<p>&eacute;\n&eacute;",
    );
    check("&eacute;\n&lt;\n&eacute;", "é\n<\né");
    check("&Atilde;&copy;t&Atilde;&copy;", "été");
    check("&#195;&#169; &#x80;&#133;", "é €…");
    check("&ldquo;x&rdquo;&nbsp;&shy;", "\"x\"\u{a0}\u{ad}");
    check("&#x1b;[1mx", "[1mx");
}

#[test]
fn segments_are_independent() {
    check("Ã©tÃ©\nété “x”\nÃ ", "été\nété \"x\"\nà ");
    check("Â \nÂ x", "\u{a0}\n\u{a0}x");
    check("x\rÃ y", "x\nà y");
    check("œ\nœuvre œ", "œ\nœuvre œ");
    check("ГўВЂВ\nx", "ГўВЂВ\nx");
    check("a\n\nÂ y\n", "a\n\n\u{a0}y\n");
}

#[test]
fn text_is_composed() {
    check("e\u{301} vs é", "é vs é");
    check("ẛ\u{323}", "ẛ\u{323}");
    check("é\u{323}", "ẹ\u{301}");
    check(
        "क\u{93c} न\u{93c} ड\u{93c} \u{958}",
        "क\u{93c} ऩ ड\u{93c} क\u{93c}",
    );
    check("\u{1100}\u{1161}\u{11a8} 가\u{11a8}", "각 각");
    check("か\u{3099}ＡＢ", "がAB");
    check("\u{bc6}\u{bbe} க\u{bbe}", "\u{bca} க\u{bbe}");
    check("\u{212b} \u{2126} \u{2329}", "Å Ω 〈");
    check("a\u{301}\u{323}\u{327}", "ạ\u{327}\u{301}");
    check("x\u{345}\u{301}\u{323}", "x\u{323}\u{301}\u{345}");
    check("\u{301}", "\u{301}");
    check("①²ﬁ Ⅳ ½", "①²fi Ⅳ ½");
}

#[test]
fn every_form_is_known() {
    let cases = [
        (
            "①²ﬁ Ⅳ ﾊﾝｶｸ ½",
            [
                "①²fi Ⅳ ハンカク ½",
                "12fi IV ハンカク 1⁄2",
                "①²fi Ⅳ ハンカク ½",
                "12fi IV ハンカク 1⁄2",
            ],
        ),
        (
            "é ñ 가 Å",
            [
                "é ñ 가 Å",
                "é ñ 가 Å",
                "e\u{301} n\u{303} \u{1100}\u{1161} A\u{30a}",
                "e\u{301} n\u{303} \u{1100}\u{1161} A\u{30a}",
            ],
        ),
        (
            "ẛ\u{323} ﬁ ㎏",
            [
                "ẛ\u{323} fi ㎏",
                "ṩ fi kg",
                "ſ\u{323}\u{307} fi ㎏",
                "s\u{323}\u{307} fi kg",
            ],
        ),
        (
            "“x” e\u{301}Ã©",
            [
                "\"x\" éé",
                "\"x\" éé",
                "\"x\" e\u{301}e\u{301}",
                "\"x\" e\u{301}e\u{301}",
            ],
        ),
        (
            "가각 \u{1100}\u{1161} ｶﾞ",
            [
                "가각 가 ガ",
                "가각 가 ガ",
                "\u{1100}\u{1161}\u{1100}\u{1161}\u{11a8} \u{1100}\u{1161} カ\u{3099}",
                "\u{1100}\u{1161}\u{1100}\u{1161}\u{11a8} \u{1100}\u{1161} カ\u{3099}",
            ],
        ),
        (
            "ΐ ǆ ｱ\u{3099} ﷺ",
            [
                "ΐ dž ア\u{3099} ﷺ",
                "ΐ dž ア\u{3099} صلى الله عليه وسلم",
                "ι\u{308}\u{301} dz\u{30c} ア\u{3099} ﷺ",
                "ι\u{308}\u{301} dz\u{30c} ア\u{3099} صلى الله عليه وسلم",
            ],
        ),
    ];
    for (text, expected) in cases {
        let fixed = ALL_FORMS.map(|form| fix_text(text, form).unwrap_or_else(|| text.to_owned()));
        assert_eq!(fixed, expected, "{text:?}");
    }
}

#[test]
fn a_line_of_more_than_a_million_characters_is_cut() {
    let check = |length: usize, end: &str, expected: Option<&str>| {
        let before = "z".repeat(length);
        let expected = expected.map(|end| before.clone() + end);
        assert!(
            fix_text(&(before + end), Normalization::Nfc) == expected,
            "{length} {end:?}"
        );
    };
    check(999_998, "Ã x", Some("à x"));
    check(999_999, "Ã x", None);
    check(999_998, "e\u{301}", Some("é"));
    check(999_999, "e\u{301}", None);
    check(999_998, "&amp;", None);
    check(999_999, "<&amp;", None);
    check(1_000_000, "&amp;", Some("&"));
}

/// Generates text from pieces that some fixer, rule or normal form acts on.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: &str = "a|z|E| |  |.|?|;|x|\n|\r\n|\r|\t|\u{c}|\0|\u{1a}|\u{1b}[1m|\u{1b}|<|&|&amp;|&#|233;|\
        &eacute;|&#xc3;|quele|s |Â|Ã|Î|Ð|Ø|Ù|à|á|â|â€|â€™|Ã©|é|ï|ð|ñ|ß|ÿ|œ|Œ|š|Ÿ|ž|ă|Ł|©|®|°|´|·|»|«|¿|¡|¢|£|€|¤|\
        ¦|¨|ª|¬|¯|²|³|µ|¹|¼|×|÷|§|¶|‘|’|‚|“|”|„|–|—|…|™|†|ˆ|˜|ﬁ|ﬂ|\u{a0}|\u{ad}|\u{80}|\u{85}|\u{9d}|\u{fffd}|в|Ђ|В|\
        Г|С|Р|ў|β|Β|Γ|Ξ|Ο|Ά|€|ā|√|≈|∂|├|═|▓|Ò|ü|Ω|ё|Ж|漢|字|か|ﾊ|ﾞ|，|；|＆|Ａ|￣|。|\u{3000}|\u{2028}|\u{feff}|\u{fffc}|\
        \u{301}|\u{323}|\u{345}|\u{93c}|\u{94d}|न|\u{958}|\u{3099}|\u{bc6}|\u{bbe}|\u{1100}|\u{1161}|\u{11a8}|가|\u{212b}|½|ŉ|😀|\u{2f800}";
    let all: Vec<&str> = PIECES.split('|').collect();
    vec(select(all), 0..24).prop_map(|pieces| pieces.concat())
}

/// Generates UTF-8 text that was read as Windows-1252, once or twice.
fn misread() -> impl Strategy<Value = String> {
    const TEXTS: [&str; 8] = [
        "naïve",
        "“ça”",
        "привет",
        "漢字",
        "한국어",
        "à la",
        "😀",
        "नमस्ते",
    ];
    let read = |text: String| text.bytes().map(codecs::windows_1252).collect::<String>();
    (vec(select(&TEXTS[..]), 1..4), any::<bool>()).prop_map(move |(texts, twice)| {
        let once = read(texts.join(" "));
        if twice { read(once) } else { once }
    })
}

fn check_short_cuts(text: &str) -> Result<(), TestCaseError> {
    for form in ALL_FORMS {
        let fixed = fix_text(text, form);
        prop_assert_eq!(
            &fixed,
            &fix_text_plainly(text, form),
            "{:?} {:?}",
            form,
            text
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn short_cuts_agree_with_the_plain_form(text in pieces()) {
        check_short_cuts(&text)?;
    }

    #[test]
    fn short_cuts_agree_on_any_text(text in any::<String>()) {
        check_short_cuts(&text)?;
    }

    #[test]
    fn short_cuts_agree_on_mojibake_among_other_text(parts in vec(prop_oneof![pieces(), misread()], 1..5)) {
        check_short_cuts(&parts.concat())?;
    }
}

/// Characters that Unicode assigned after version 14 have no other form in Python 3.11.
#[test]
fn an_earlier_version_leaves_later_characters_alone() {
    let fixed = |text, unicode| {
        let form = Normalization::Nfkc;
        fix_text(text, Normalizer { form, unicode })
    };
    // A letter of version 14; one of version 16 that consists of two parts; and a mark of version 15 between the other marks.
    let text = "\u{ff21} \u{105c9} a\u{301}\u{1e08f}\u{323}";
    assert_eq!(
        fixed(text, Unicode::Newest).as_deref(),
        Some("A \u{105c9} \u{1ea1}\u{301}\u{1e08f}")
    );
    assert_eq!(
        fixed(text, Unicode::Python311).as_deref(),
        Some("A \u{105c9} á\u{1e08f}\u{323}")
    );
    // Ligatures of letters that were added in version 16.
    let parts = "\u{105d2}\u{307}";
    assert_eq!(fixed(parts, Unicode::Newest).as_deref(), Some("\u{105c9}"));
    assert_eq!(fixed(parts, Unicode::Python311), None);
}
