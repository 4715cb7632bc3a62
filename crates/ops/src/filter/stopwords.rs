//! # What it does
//! Keeps records whose share of stop words, such as `the` or `of`, is within bounds. Text that wasn't written to be read has few of
//! them. The share of all words is the statistic `stopwords_ratio`, 0 for a text without words.
//!
//! Words are separated by spaces, line feeds and tabs. They are lowercased and stripped of special characters at both ends.
//!
//! # Parameters
//! `min_ratio` and `max_ratio`, see below; `min_closed_interval`, `max_closed_interval` and `reversed_range` control how the bounds
//! are applied.
//!
//! `stopwords_dir` is a folder. All of its files whose names contain `stopwords` and end in `.json` are read and merged; each is an
//! object with a list of words for each language: `{"en": ["a", "the"], "fr": ["le"]}`. `lang: all` means the list `all`, or all
//! lists together if none has that name. The words of a list are taken as they are, so one with a capital letter never matches. If
//! there is no such file, built-in lists of 58 languages are used (Stopwords ISO), which are longer than Data-Juicer's; with
//! `compat` that is an error.
//!
//! # Example
//! With the built-in list, the share of `The cat and the dog` is 3/5.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text, the parameters and the bytes of the lists. Words are compared by unseeded hashes of
//! 64 bits.

use coldpress_operator::{Filter, OperatorSpec, ParamError, ResolveContext, Resolved, params};

use super::word_lists::{Call, Kind};

const STOPWORDS: Kind = Kind {
    name: "stopwords",
    folder: "stopwords_dir",
    stat: "stopwords_ratio",
    built_in: include_bytes!("../../data/stopwords.json"),
    stand_in: "the built-in lists of Stopwords ISO 0.7.1",
};

params! {
    /// Parameters of `stopwords_filter`.
    pub(crate) struct StopwordsParams {
        /// The language of the list; `all` for all languages together.
        lang: String = "en".to_owned();
        /// If set, the pieces of the SentencePiece model `<lang>.sp.model` are the words.
        tokenization: bool = false;
        /// The least share; null for no bound.
        min_ratio: Option<f64> = Some(0.3);
        /// The greatest share; null for no bound.
        max_ratio: Option<f64> = Some(1.0);
        /// The folder with the lists; null for the folder of assets.
        stopwords_dir: Option<String> = None;
        /// If set, groups of neighbouring words count as words too, for languages that don't separate words by spaces.
        use_words_aug: bool = false;
        /// The sizes of these groups. 1 counts every word once more.
        words_aug_group_sizes: Vec<u64> = vec![2], |sizes| !sizes.contains(&0), "must be sizes of at least 1";
        /// The text between the words of a group.
        words_aug_join_char: String = String::new();
    }
}

/// Returns the description of `stopwords_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "stopwords_filter",
        "Keeps records by their share of stop words.",
        resolve,
    )
    .doc(&super::manual(include_str!("stopwords.rs")))
}

fn resolve(
    params: StopwordsParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    STOPWORDS.filter(
        Call {
            lang: params.lang,
            tokenization: params.tokenization,
            bounds: (params.min_ratio, params.max_ratio),
            folder: params.stopwords_dir,
            groups: params
                .use_words_aug
                .then_some((params.words_aug_group_sizes, params.words_aug_join_char)),
        },
        context,
    )
}
