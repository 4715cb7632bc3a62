//! The dictionaries of each conversion, as in OpenCC's configurations.

use std::sync::{Arc, LazyLock};

use super::dictionary::Dictionary;

/// The names of the conversions. `s` is simplified, `t` traditional Chinese; `tw`, `hk` and `jp` are the variants of Taiwan,
/// Hong Kong and Japan; `p` replaces idioms too.
pub const MODES: [&str; 14] = [
    "s2t", "t2s", "s2tw", "tw2s", "s2hk", "hk2s", "s2twp", "tw2sp", "t2tw", "tw2t", "hk2t", "t2hk",
    "t2jp", "jp2t",
];

/// A dictionary that is read when it is first used, once per process.
type Lazy = LazyLock<Arc<Dictionary>>;

macro_rules! dictionaries {
    ($($name:ident $file:literal)*) => {
        $(static $name: Lazy = LazyLock::new(|| {
            Arc::new(Dictionary::parse(include_str!($file)))
        });)*
    };
}

dictionaries! {
    ST_PHRASES "st_phrases.tsv"
    ST_CHARACTERS "st_characters.tsv"
    TS_PHRASES "ts_phrases.tsv"
    TS_CHARACTERS "ts_characters.tsv"
    TW_PHRASES "tw_phrases.tsv"
    TW_PHRASES_REV "tw_phrases_rev.tsv"
    TW_VARIANTS "tw_variants.tsv"
    TW_VARIANTS_REV "tw_variants_rev.tsv"
    TW_VARIANTS_REV_PHRASES "tw_variants_rev_phrases.tsv"
    HK_VARIANTS "hk_variants.tsv"
    HK_VARIANTS_REV "hk_variants_rev.tsv"
    HK_VARIANTS_REV_PHRASES "hk_variants_rev_phrases.tsv"
    JP_VARIANTS "jp_variants.tsv"
    JP_VARIANTS_REV "jp_variants_rev.tsv"
    JP_SHINJITAI_PHRASES "jp_shinjitai_phrases.tsv"
    JP_SHINJITAI_CHARACTERS "jp_shinjitai_characters.tsv"
}

/// The dictionaries of a conversion.
type Dictionaries = (Arc<Dictionary>, Vec<Vec<Arc<Dictionary>>>);

/// Returns the dictionary that cuts the text into segments, and those of each step.
pub(super) fn dictionaries(mode: &str) -> Option<Dictionaries> {
    let st: &[&Lazy] = &[&ST_PHRASES, &ST_CHARACTERS];
    let ts: &[&Lazy] = &[&TS_PHRASES, &TS_CHARACTERS];
    let tw_idioms: &[&Lazy] = &[&TW_PHRASES];
    let tw: &[&Lazy] = &[&TW_VARIANTS];
    let tw_rev: &[&Lazy] = &[&TW_VARIANTS_REV_PHRASES, &TW_VARIANTS_REV];
    let tw_rev_with_idioms: &[&Lazy] =
        &[&TW_PHRASES_REV, &TW_VARIANTS_REV_PHRASES, &TW_VARIANTS_REV];
    let hk: &[&Lazy] = &[&HK_VARIANTS];
    let hk_rev: &[&Lazy] = &[&HK_VARIANTS_REV_PHRASES, &HK_VARIANTS_REV];
    let jp: &[&Lazy] = &[&JP_VARIANTS];
    let jp_rev: &[&Lazy] = &[
        &JP_SHINJITAI_PHRASES,
        &JP_SHINJITAI_CHARACTERS,
        &JP_VARIANTS_REV,
    ];
    let (segments, steps): (&Lazy, Vec<&[&Lazy]>) = match mode {
        "s2t" => (&ST_PHRASES, vec![st]),
        "t2s" => (&TS_PHRASES, vec![ts]),
        "s2tw" => (&ST_PHRASES, vec![st, tw]),
        "tw2s" => (&TS_PHRASES, vec![tw_rev, ts]),
        "s2hk" => (&ST_PHRASES, vec![st, hk]),
        "hk2s" => (&TS_PHRASES, vec![hk_rev, ts]),
        "s2twp" => (&ST_PHRASES, vec![st, tw_idioms, tw]),
        "tw2sp" => (&TS_PHRASES, vec![tw_rev_with_idioms, ts]),
        "t2tw" => (&TW_VARIANTS, vec![tw]),
        "tw2t" => (&TW_VARIANTS_REV_PHRASES, vec![tw_rev]),
        "hk2t" => (&HK_VARIANTS_REV_PHRASES, vec![hk_rev]),
        "t2hk" => (&HK_VARIANTS, vec![hk]),
        "t2jp" => (&JP_VARIANTS, vec![jp]),
        "jp2t" => (&JP_SHINJITAI_PHRASES, vec![jp_rev]),
        _ => return None,
    };
    let shared = |lazy: &&Lazy| Arc::clone(lazy);
    let steps = steps.iter().map(|step| step.iter().map(shared).collect());
    Some((shared(&segments), steps.collect()))
}
