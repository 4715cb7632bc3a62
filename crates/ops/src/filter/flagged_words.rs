//! # What it does
//! Keeps records whose share of flagged words, such as swear words, is within bounds. The share of all words is the statistic
//! `flagged_words_ratio`, 0 for a text without words.
//!
//! Words are separated by spaces, line feeds and tabs. They are lowercased and stripped of special characters at both ends.
//!
//! # Parameters
//! `min_ratio` and `max_ratio`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds
//! are applied.
//!
//! `flagged_words_dir` is a folder. All of its files whose names contain `flagged_words` and end in `.json` are read and merged;
//! each is an object with a list of words for each language, as for `stopwords_filter`. If there is no such file, built-in lists of
//! 28 languages are used (List of Dirty, Naughty, Obscene, and Otherwise Bad Words), which are shorter than Data-Juicer's; with
//! `compat` that is an error.
//!
//! # Example
//! With a list that has only `foul-word`, the share of `A foul-word!` is 1/2.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text, the parameters and the bytes of the lists. Words are compared by unseeded hashes of
//! 64 bits.

use coldpress_operator::{Filter, OperatorSpec, ParamError, ResolveContext, Resolved, params};

use super::word_lists::{Call, Kind};

const FLAGGED_WORDS: Kind = Kind {
    name: "flagged_words",
    folder: "flagged_words_dir",
    stat: "flagged_words_ratio",
    built_in: include_bytes!("../../data/flagged_words.json"),
    stand_in: "the built-in list of naughty-words 1.2.0",
};

params! {
    /// Parameters of `flagged_words_filter`.
    pub(crate) struct FlaggedWordsParams {
        /// The language of the list; `all` for all languages together.
        lang: String = "en".to_owned();
        /// If set, the pieces of the SentencePiece model `<lang>.sp.model` are the words.
        tokenization: bool = false;
        /// The least share; null for no bound.
        min_ratio: Option<f64> = Some(0.0);
        /// The greatest share; null for no bound.
        max_ratio: Option<f64> = Some(0.045);
        /// The folder with the lists; null for the folder of assets.
        flagged_words_dir: Option<String> = None;
        /// If set, groups of neighbouring words count as words too, for languages that don't separate words by spaces.
        use_words_aug: bool = false;
        /// The sizes of these groups. 1 counts every word once more.
        words_aug_group_sizes: Vec<u64> = vec![2], |sizes| !sizes.contains(&0), "must be sizes of at least 1";
        /// The text between the words of a group.
        words_aug_join_char: String = String::new();
    }
}

/// Returns the description of `flagged_words_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "flagged_words_filter",
        "Keeps records by their share of flagged words.",
        resolve,
    )
    .doc(&super::manual(include_str!("flagged_words.rs")))
}

fn resolve(
    params: FlaggedWordsParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    FLAGGED_WORDS.filter(
        Call {
            lang: params.lang,
            tokenization: params.tokenization,
            bounds: (params.min_ratio, params.max_ratio),
            folder: params.flagged_words_dir,
            groups: params
                .use_words_aug
                .then_some((params.words_aug_group_sizes, params.words_aug_join_char)),
        },
        context,
    )
}
