//! # What it does
//! Keeps the first of all records whose texts resemble each other: their SimHashes, words of 64 bits, differ in no more than
//! `hamming_distance` bits. A text that resembles a duplicate is a duplicate too, and so on, unless `verify` is set.
//!
//! # Parameters
//! `tokenization`, `window_size`, `lowercase` and `ignore_pattern` say what the shingles (windows of tokens) of a text are.
//! `num_blocks` controls the search in Data-Juicer; it has to be greater than `hamming_distance` and changes nothing here. With
//! `verify: true`, texts that resemble each other by their SimHashes are then compared by all of their shingles, and a record goes
//! only if it shares at least `verify_threshold` of them with a record that stays.
//!
//! # Example
//! With `window_size: 1`, `to be or not to be` and `not to be or To be` have the same tokens and so the same SimHash, and the
//! second goes; `that is the question` differs in many bits, and stays.
//!
//! # Notes on determinism
//! Pure: the result depends only on the texts, their order in the dataset and the parameters. The SimHashes are Data-Juicer's. A
//! text with fewer tokens than the window has no shingle; it is a duplicate of texts with the same tokens only. With
//! `compat: data_juicer` all such texts are duplicates of each other, as they are in Data-Juicer.

use coldpress_operator::{
    Global, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Rule,
    Signature, SignatureForm, Signer, params,
};

use super::shingling::{Shingling, verified, whole_text_key};
use crate::fingerprint::simhash::{SimHasher, WITHOUT_SHINGLES};
use crate::text::substitution::too_many_steps;

/// The least similarity of verified duplicates if the recipe has none: the same as with MinHash.
const SIMILARITY: f64 = 0.7;

params! {
    /// Parameters of `document_simhash_deduplicator`.
    pub(crate) struct SimHashParams {
        /// The kind of tokens: `space`, `punctuation` or `character`.
        tokenization: String = "space".to_owned();
        /// The number of tokens of a shingle.
        window_size: u64 = 6, |size| *size > 0, "must be at least 1";
        /// If set, upper and lower case are the same.
        lowercase: bool = true;
        /// A pattern whose matches are left out.
        ignore_pattern: Option<String> = None;
        /// Must be greater than `hamming_distance`; it has no other effect.
        num_blocks: u64 = 6, |count| *count > 0, "must be at least 1";
        /// The greatest number of bits in which duplicates differ.
        hamming_distance: u64 = 4, |bits| *bits < 64, "must be less than 64, the number of bits";
        /// If set, candidates are compared by all of their shingles, and a record goes only if it shares `verify_threshold` of them
        /// with a record that stays. Takes about 4 bytes of disk for each token, and no chains of duplicates form.
        verify: bool = false;
        /// The share of shingles, from 0 to 1, that duplicates have in common with `verify`; 0.7 unless set.
        verify_threshold: Option<f64> = None, |share| share.is_none_or(|share| (0.0..=1.0).contains(&share)), "must be from 0 to 1";
    }
}

/// Returns the description of `document_simhash_deduplicator`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::deduplicator(
        "document_simhash_deduplicator",
        "Keeps the first of all records whose SimHashes differ in few bits.",
        resolve,
    )
    .doc(&super::manual(include_str!("document_simhash.rs")))
}

fn resolve(
    params: SimHashParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<SimHashSigner>, ParamError> {
    if params.num_blocks <= params.hamming_distance {
        let message = format!(
            "is {} and must be greater than `hamming_distance`, which is {}",
            params.num_blocks, params.hamming_distance
        );
        return Err(ParamError::new("num_blocks", message));
    }
    let shingling = Shingling {
        tokenization: &params.tokenization,
        window_size: params.window_size,
        lowercase: params.lowercase,
        ignore_pattern: params.ignore_pattern.as_deref(),
    };
    let shingler = shingling.shingler()?;
    if params.verify_threshold.is_some() && !params.verify {
        let message = "has no effect without `verify: true`; set that, or leave this out";
        return Err(ParamError::new("verify_threshold", message));
    }
    // Data-Juicer has no `verify`, so with it there is nothing to imitate.
    let merges_short = context.compat() && !params.verify;
    let mut hasher = SimHasher::new(shingler);
    if params.verify {
        hasher = hasher.with_set();
    }
    let signer = Resolved::new(move || SimHashSigner {
        hasher: hasher.clone(),
        merges_short,
    });
    let rule = Rule::Near {
        distance: u32::try_from(params.hamming_distance).unwrap_or(u32::MAX),
    };
    let mut signed_by = shingling.to_json();
    let threshold = params.verify_threshold.unwrap_or(SIMILARITY);
    let global = match params.verify {
        true => verified(signer, 2, rule, threshold, &mut signed_by),
        false => Global::new(signer, SignatureForm::Keys(2), rule),
    };
    Ok(global.signed_by(signed_by))
}

pub(crate) struct SimHashSigner {
    hasher: SimHasher,
    /// True if texts without shingles are duplicates of each other.
    merges_short: bool,
}

impl Signer for SimHashSigner {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let keys = match self.hasher.simhash(text).map_err(too_many_steps)? {
            Some(simhash) => [simhash, 0],
            None if self.merges_short => [WITHOUT_SHINGLES, 0],
            None => [0, whole_text_key(self.hasher.tokens())],
        };
        signature.keys.extend(keys);
        signature.set.extend(self.hasher.set());
        Ok(())
    }
}
