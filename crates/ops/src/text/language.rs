//! Detects the language of a text by its script and its trigrams, without a model file.

use std::ops::Range;

use whatlang::{Info, Lang, Script};

/// The number of parts of a longer text that are examined: its beginning, its middle and its end.
const PARTS: usize = 3;
/// The size of each part in bytes.
const PART_BYTES: usize = 400;

/// Returns the language of a text and its probability, from 0 to 1.
///
/// Languages have the names of the fastText model `lid.176`. A text without letters has the language `und` (undetermined) and the
/// score 0.
///
/// The detector's confidence is how much closer the text is to the language than to the next one. It is 1 for text that consists of
/// sentences only, and falls fast with markup. Its fourth root is above 0.8 for text that a reader would call English, like the
/// probabilities of a model. The score is lowered by the share of letters that are not of the language's script.
pub fn detect(text: &str) -> (&'static str, f64) {
    let sample = sample(text);
    match whatlang::detect(&sample) {
        Some(info) => (name(info.lang()), score(&info, &sample)),
        None => ("und", 0.0),
    }
}

fn score(info: &Info, sample: &str) -> f64 {
    let (mut latin, mut letters) = (0u32, 0u32);
    for ch in sample.chars().filter(|ch| ch.is_alphabetic()) {
        letters += 1;
        latin += u32::from(matches!(ch, ..'\u{250}' | '\u{1e00}'..'\u{1f00}'));
    }
    let latin = f64::from(latin) / f64::from(letters.max(1));
    let share = match info.script() {
        Script::Latin => latin,
        _ => 1.0 - latin,
    };
    info.confidence().sqrt().sqrt() * share
}

/// Returns the parts of a text that are examined, so that the time does not grow with the text.
fn sample(text: &str) -> String {
    if text.len() <= PARTS * PART_BYTES {
        return text.to_owned();
    }
    let last = text.len() - PART_BYTES;
    let starts = (0..PARTS).map(|part| last * part / (PARTS - 1));
    let parts = starts.map(|start| &text[whole_characters(text, start..start + PART_BYTES)]);
    parts.collect::<Vec<_>>().join(" ")
}

/// Returns the range without the partial characters at its ends.
fn whole_characters(text: &str, range: Range<usize>) -> Range<usize> {
    text.ceil_char_boundary(range.start)..text.floor_char_boundary(range.end)
}

/// Returns the name of a language in the fastText model `lid.176`.
fn name(lang: Lang) -> &'static str {
    match lang {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Ben => "bn",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Cym => "cy",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jav => "jv",
        Lang::Jpn => "ja",
        Lang::Kan => "kn",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mkd => "mk",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Nob => "no",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pes => "fa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tgl => "tl",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Zul => "zu",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, language: &str, above: f64) {
        let (found, score) = detect(text);
        assert!(
            found == language && score > above && score <= 1.0,
            "{text}: {found} {score}"
        );
    }

    #[test]
    fn ordinary_text_scores_high() {
        let english = "The children asked their mother why the sky is blue, and she said that the light of the sun is \
                       made of many colours, of which the air scatters the blue one most.";
        check(english, "en", 0.9);
        check(
            &format!("# Notes\n\n{english}\n\n```\nfn main() {{}}\n```\n").repeat(50),
            "en",
            0.8,
        );
        check(
            "Le train part à sept heures du matin et arrive à Lyon avant midi, sauf le dimanche.",
            "fr",
            0.8,
        );
        check("今天天气很好，我们一起去公园散步。", "zh", 0.9);
        check(
            "Сегодня хорошая погода, и мы вместе пойдём гулять в парк.",
            "ru",
            0.6,
        );
        assert_eq!(detect(""), ("und", 0.0));
        assert_eq!(detect("12345 --- 🦀"), ("und", 0.0));
    }

    #[test]
    fn other_scripts_lower_the_score() {
        let english = "The children asked their mother why the sky is blue, and she said that it is the light. ";
        let (_, pure) = detect(&english.repeat(3));
        let (language, mixed) = detect(&format!(
            "{}{}",
            english.repeat(3),
            "今天天气很好我们一起去公园散步".repeat(4)
        ));
        assert_eq!(language, "en");
        assert!(mixed < 0.8 * pure, "{mixed} {pure}");
    }

    proptest! {
        #[test]
        fn any_text_has_a_score(text in "\\PC{0,600}", times in 1..5usize) {
            let (_, score) = detect(&text.repeat(times));
            prop_assert!((0.0..=1.0).contains(&score));
        }
    }
}
