//! # What it does
//! Keeps the first of all records whose texts resemble each other: the estimated share of shingles (windows of tokens) that two
//! texts have in common is about `jaccard_threshold` or more. A text that resembles a duplicate is a duplicate too, and so on,
//! unless `verify` is set.
//!
//! # Parameters
//! `tokenization`, `window_size`, `lowercase` and `ignore_pattern` say what the shingles of a text are. Texts are compared by
//! `num_permutations` hashes in `num_bands` bands of `num_rows_per_band`; unless both are given, they are chosen for the threshold.
//! With `verify: true`, texts that resemble each other by these hashes are then compared by all of their shingles, and a record
//! goes only if it shares at least `jaccard_threshold` of them with a record that stays.
//!
//! # Example
//! With `window_size: 1`, `to be or not to be` and `be not or to be` have all of their shingles in common, and the second goes;
//! `to be or to have` shares three of five with the first, and stays.
//!
//! # Notes on determinism
//! Pure: the result depends only on the texts, their order in the dataset and the parameters. The hashes are Data-Juicer's. A text
//! with fewer tokens than the window has no shingle; it is a duplicate of texts with the same tokens only. With
//! `compat: data_juicer` all such texts are duplicates of each other, as they are in Data-Juicer.

use coldpress_operator::{
    Global, LoadError, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    Rule, Shared, Signature, SignatureForm, Signer, params,
};
use serde_json::Value;

use super::shingling::{Shingling, verified, whole_text_key};
use crate::fingerprint::bands::Bands;
use crate::fingerprint::minhash::{MinHasher, WITHOUT_SHINGLES};
use crate::fingerprint::shingles::Tokenization;
use crate::pieces::{PieceModel, PieceReader};
use crate::text::substitution::too_many_steps;

params! {
    /// Parameters of `document_minhash_deduplicator`.
    pub(crate) struct MinHashParams {
        /// The kind of tokens: `space`, `punctuation`, `character`, or `sentencepiece` for the pieces of a model.
        tokenization: String = "space".to_owned();
        /// The number of tokens of a shingle.
        window_size: u64 = 5, |size| *size > 0, "must be at least 1";
        /// If set, upper and lower case are the same.
        lowercase: bool = true;
        /// A pattern whose matches are left out.
        ignore_pattern: Option<String> = None;
        /// The number of hashes of a text.
        num_permutations: u64 = 256, |count| (1..=4096).contains(count), "must be from 1 to 4096";
        /// The least similarity of two texts that are duplicates.
        jaccard_threshold: f64 = 0.7, |share| (0.0..=1.0).contains(share), "must be from 0 to 1";
        /// The number of bands. Unless this and `num_rows_per_band` are both given, both are chosen for the threshold.
        num_bands: Option<u64> = None, |count| count.is_none_or(|count| (1..=4096).contains(&count)), "must be from 1 to 4096";
        /// The number of hashes in a band.
        num_rows_per_band: Option<u64> = None, |count| *count != Some(0), "must be at least 1";
        /// The `.model` file of `sentencepiece`, which needs one: a path, or a name among the assets.
        tokenizer_model: Option<String> = None;
        /// If set, candidates are compared by all of their shingles, and a record goes only if it shares `jaccard_threshold` of
        /// them with a record that stays. Takes about 4 bytes of disk for each token, and no chains of duplicates form.
        verify: bool = false;
    }
}

/// Returns the description of `document_minhash_deduplicator` under this name.
pub(crate) fn spec(name: &str) -> OperatorSpec {
    OperatorSpec::deduplicator(
        name,
        "Keeps the first of all records whose texts share most of their shingles.",
        resolve,
    )
    .doc(&super::manual(include_str!("document_minhash.rs")))
}

fn resolve(
    params: MinHashParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<MinHashSigner>, ParamError> {
    let minhash = MinHash::of(&params, context)?;
    let (keys, mut signed_by) = (minhash.keys(), minhash.signed_by());
    let signer = Resolved::loading(move |shared| minhash.signer(shared));
    let global = match params.verify {
        true => {
            let threshold = params.jaccard_threshold;
            verified(signer, keys, Rule::Equal, threshold, &mut signed_by)
        }
        false => Global::new(signer, SignatureForm::Keys(keys), Rule::Equal),
    };
    Ok(global.signed_by(signed_by))
}

/// The parameters that decide about signatures.
pub(super) struct MinHash {
    hasher: MinHasher,
    bands: Bands,
    /// The minima of all texts without shingles, if they are duplicates of each other.
    without_shingles: Option<Vec<u32>>,
    /// The model that cuts texts into tokens, if there is one.
    pieces: Option<PieceModel>,
    signed_by: Value,
}

impl MinHash {
    pub(super) fn of(
        params: &MinHashParams,
        context: &mut ResolveContext<'_>,
    ) -> Result<Self, ParamError> {
        let shingling = Shingling {
            tokenization: &params.tokenization,
            window_size: params.window_size,
            lowercase: params.lowercase,
            ignore_pattern: params.ignore_pattern.as_deref(),
        };
        let pieces = match params.tokenization.as_str() {
            "sentencepiece" => Some(piece_model(params, context)?),
            _ => None,
        };
        let shingler = match pieces {
            // The model cuts texts instead.
            Some(_) => shingling.shingler_of(Tokenization::Character)?,
            None => shingling.shingler()?,
        };
        let permutations = params.num_permutations as usize;
        let bands = match (params.num_bands, params.num_rows_per_band) {
            (Some(bands), Some(rows)) => Bands {
                bands: usize::try_from(bands).unwrap_or(usize::MAX),
                rows: usize::try_from(rows).unwrap_or(usize::MAX),
            },
            _ => Bands::optimal(params.jaccard_threshold, permutations),
        };
        // In Data-Juicer, bands without hashes are the same for all texts, so that only one text is left. Data-Juicer has no
        // `verify`, so with it there is nothing to imitate.
        let compat = context.compat() && !params.verify;
        if !bands.fit(permutations) && !compat {
            let message = format!(
                "times `num_rows_per_band` is {}, more than `num_permutations`, which is {permutations}",
                bands.bands.saturating_mul(bands.rows)
            );
            return Err(ParamError::new("num_bands", message));
        }
        let signed_by = serde_json::json!({
            "shingles": shingling.to_json(),
            "num_permutations": params.num_permutations,
            "bands": [bands.bands, bands.rows],
        });
        let mut hasher = MinHasher::new(shingler, permutations);
        if params.verify {
            hasher = hasher.with_set();
        }
        Ok(Self {
            hasher,
            bands,
            without_shingles: compat.then(|| vec![WITHOUT_SHINGLES; permutations]),
            pieces,
            signed_by,
        })
    }

    /// Returns the number of keys of a signature: one for each band, and one for texts without shingles.
    pub(super) fn keys(&self) -> u32 {
        u32::try_from(self.bands.bands).unwrap_or(u32::MAX - 1) + 1
    }

    /// Returns everything that signatures depend on, as JSON.
    pub(super) fn signed_by(&self) -> Value {
        self.signed_by.clone()
    }

    /// Makes the signer of one thread.
    pub(super) fn signer(&self, shared: &Shared) -> Result<MinHashSigner, LoadError> {
        let pieces = self.pieces.as_ref().map(|model| model.load(shared));
        Ok(MinHashSigner {
            hasher: self.hasher.clone(),
            pieces: pieces.transpose()?,
            bands: self.bands,
            without_shingles: self.without_shingles.clone(),
            scratch: Vec::new(),
        })
    }
}

fn piece_model(
    params: &MinHashParams,
    context: &mut ResolveContext<'_>,
) -> Result<PieceModel, ParamError> {
    let param = "tokenizer_model";
    match &params.tokenizer_model {
        Some(name) => PieceModel::find(param, name, context),
        None => Err(ParamError::new(
            param,
            "must name a `.model` file, because `tokenization` is `sentencepiece`",
        )),
    }
}

pub(crate) struct MinHashSigner {
    hasher: MinHasher,
    pieces: Option<PieceReader>,
    bands: Bands,
    without_shingles: Option<Vec<u32>>,
    scratch: Vec<u8>,
}

impl Signer for MinHashSigner {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let minima = match &mut self.pieces {
            None => self.hasher.signature(text).map_err(too_many_steps)?,
            Some(model) => {
                let prepared = self.hasher.prepared(text).map_err(too_many_steps)?;
                let (pieces, ends) = model.cut(prepared)?;
                self.hasher.signature_of_tokens(pieces, ends)
            }
        };
        let keys = &mut signature.keys;
        match minima.or(self.without_shingles.as_deref()) {
            Some(minima) => {
                self.bands.keys_into(minima, &mut self.scratch, keys);
                keys.push(0);
            }
            None => {
                keys.resize(self.bands.bands, 0);
                keys.push(whole_text_key(self.hasher.tokens()));
            }
        }
        signature.set.extend(self.hasher.set());
        Ok(())
    }
}
