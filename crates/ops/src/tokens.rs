//! The tokens that tokenizers of Hugging Face make of texts, for operators that count them.

use coldpress_operator::{
    Asset, LoadError, ParamError, Record, RecordError, ResolveContext, Shared,
};
pub(crate) use counter::TokenCounter;

/// The tokenizer that Data-Juicer uses where no other is named.
pub(crate) const PYTHIA: &str = "EleutherAI/pythia-6.9b-deduped";

/// A tokenizer that was found and is loaded when an operator is made ready.
#[derive(Clone, Debug)]
pub(crate) struct TokenModel(Asset);

impl TokenModel {
    /// Finds the tokenizer that the parameter `param` asks for: `tokenizer.json` in a folder, or in what the Hugging Face hub
    /// calls by this name.
    pub(crate) fn find(
        param: &str,
        name: &str,
        context: &mut ResolveContext<'_>,
    ) -> Result<Self, ParamError> {
        if cfg!(not(feature = "models")) {
            let message =
                "needs a tokenizer, and this program was built without the feature `models`";
            return Err(ParamError::new(param, message));
        }
        let file = format!("{}/tokenizer.json", name.trim_end_matches('/'));
        context.asset(param, &file).map(Self)
    }

    /// Makes the tokenizer ready for one thread. It is loaded once per process.
    pub(crate) fn load(&self, shared: &Shared) -> Result<TokenCounter, LoadError> {
        TokenCounter::load(&self.0, shared)
    }
}

#[cfg(feature = "models")]
mod counter {
    use std::sync::Arc;

    use coldpress_models::tokenizer::{Scratch, Tokenizer};
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    /// A tokenizer with the scratch memory of one thread.
    pub(crate) struct TokenCounter {
        tokenizer: Arc<Tokenizer>,
        /// Tells counts of this tokenizer from those of others.
        key: u64,
        scratch: Scratch,
    }

    /// The number of tokens of a text, or why there is none.
    struct Count(Result<usize, String>);

    impl TokenCounter {
        pub(super) fn load(asset: &Asset, shared: &Shared) -> Result<Self, LoadError> {
            let tokenizer = shared.model(asset, |asset| {
                Tokenizer::open(&asset.path).map_err(|error| LoadError::new(error.to_string()))
            });
            Ok(Self {
                tokenizer: tokenizer?,
                key: xxh3_64(asset.digest.as_bytes()),
                scratch: Scratch::default(),
            })
        }

        /// Returns the number of tokens of the record's first field, which is counted once for all operators with this
        /// tokenizer.
        pub(crate) fn count(&mut self, record: &Record<'_>) -> Result<usize, RecordError> {
            let count = record.derived(0, self.key, |text| {
                let count = self.tokenizer.count(text, &mut self.scratch);
                Count(count.map_err(|error| error.to_string()))
            })?;
            count.0.clone().map_err(RecordError::new)
        }
    }
}

#[cfg(not(feature = "models"))]
mod counter {
    use super::*;

    /// There is none: no tokenizer is found.
    pub(crate) enum TokenCounter {}

    impl TokenCounter {
        pub(super) fn load(_: &Asset, _: &Shared) -> Result<Self, LoadError> {
            Err(LoadError::new(
                "this program was built without the feature `models`",
            ))
        }

        pub(crate) fn count(&mut self, _: &Record<'_>) -> Result<usize, RecordError> {
            match *self {}
        }
    }
}
