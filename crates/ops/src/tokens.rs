//! The tokens that Hugging Face tokenizers make of texts, for operators that count them or cut between them.

use coldpress_operator::{
    Asset, LoadError, ParamError, Record, RecordError, ResolveContext, Shared,
};
pub(crate) use loaded::{TokenCodec, TokenCounter, TokenEnds};

/// The tokenizer that Data-Juicer uses by default.
pub(crate) const PYTHIA: &str = "EleutherAI/pythia-6.9b-deduped";

/// A tokenizer that was found, and is loaded when an operator is made ready.
#[derive(Clone, Debug)]
pub(crate) struct TokenModel(Asset);

impl TokenModel {
    /// Finds the tokenizer that the parameter `param` asks for: the `tokenizer.json` in a folder, or of a name on the Hugging Face
    /// hub.
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

    /// Makes the tokenizer ready for one thread, to find the ends of tokens.
    pub(crate) fn load_ends(&self, shared: &Shared) -> Result<TokenEnds, LoadError> {
        TokenEnds::load(&self.0, shared)
    }

    /// Makes the tokenizer ready to encode and decode exactly as the Hugging Face library does, even though that is slower.
    pub(crate) fn load_codec(&self, shared: &Shared) -> Result<TokenCodec, LoadError> {
        TokenCodec::load(&self.0, shared)
    }
}

#[cfg(feature = "models")]
mod loaded {
    use std::sync::Arc;

    use coldpress_models::tokenizer::{Codec, Scratch, Tokenizer};
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    /// A tokenizer with the scratch memory of one thread.
    pub(crate) struct TokenCounter {
        tokenizer: Arc<Tokenizer>,
        /// Distinguishes counts of this tokenizer from those of others.
        key: u64,
        scratch: Scratch,
    }

    /// The number of tokens of a text, or the reason why there is none.
    struct Count(Result<usize, String>);

    impl TokenCounter {
        pub(super) fn load(asset: &Asset, shared: &Shared) -> Result<Self, LoadError> {
            Ok(Self {
                tokenizer: tokenizer(asset, shared)?,
                key: xxh3_64(asset.digest.as_bytes()),
                scratch: Scratch::default(),
            })
        }

        /// Returns the number of tokens of the record's first field, counting them only once for all operators with this tokenizer.
        pub(crate) fn count(&mut self, record: &Record<'_>) -> Result<usize, RecordError> {
            let count = record.derived(0, self.key, |text| {
                let count = self.tokenizer.count(text, &mut self.scratch);
                Count(count.map_err(|error| error.to_string()))
            })?;
            count.0.clone().map_err(RecordError::new)
        }
    }

    fn tokenizer(asset: &Asset, shared: &Shared) -> Result<Arc<Tokenizer>, LoadError> {
        shared.model(asset, |asset| {
            Tokenizer::open(&asset.path).map_err(|error| LoadError::new(error.to_string()))
        })
    }

    /// A tokenizer that finds the ends of tokens, with the memory of one thread.
    pub(crate) struct TokenEnds {
        tokenizer: Arc<Tokenizer>,
        scratch: Scratch,
        ends: Vec<usize>,
    }

    impl TokenEnds {
        pub(super) fn load(asset: &Asset, shared: &Shared) -> Result<Self, LoadError> {
            Ok(Self {
                tokenizer: tokenizer(asset, shared)?,
                scratch: Scratch::default(),
                ends: Vec::new(),
            })
        }

        /// Returns the end of each token of a text, in order.
        pub(crate) fn of(&mut self, text: &str) -> Result<&[usize], RecordError> {
            self.ends.clear();
            let found = self.tokenizer.ends(text, &mut self.scratch, &mut self.ends);
            found.map_err(|error| RecordError::new(error.to_string()))?;
            Ok(&self.ends)
        }
    }

    /// A tokenizer that can also turn tokens back into text.
    pub(crate) struct TokenCodec(Arc<Codec>);

    impl TokenCodec {
        pub(super) fn load(asset: &Asset, shared: &Shared) -> Result<Self, LoadError> {
            let codec = shared.model(asset, |asset| {
                Codec::open(&asset.path).map_err(|error| LoadError::new(error.to_string()))
            });
            codec.map(Self)
        }

        pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, RecordError> {
            let ids = self.0.encode(text);
            ids.map_err(|error| RecordError::new(error.to_string()))
        }

        pub(crate) fn decode(&self, ids: &[u32]) -> Result<String, RecordError> {
            let text = self.0.decode(ids);
            text.map_err(|error| RecordError::new(error.to_string()))
        }
    }
}

#[cfg(not(feature = "models"))]
mod loaded {
    use super::*;

    /// A counter that cannot exist, because no tokenizer is found.
    pub(crate) enum TokenCounter {}

    impl TokenCounter {
        pub(super) fn load(_: &Asset, _: &Shared) -> Result<Self, LoadError> {
            Err(unavailable())
        }

        pub(crate) fn count(&mut self, _: &Record<'_>) -> Result<usize, RecordError> {
            match *self {}
        }
    }

    /// Cannot exist either.
    pub(crate) enum TokenEnds {}

    impl TokenEnds {
        pub(super) fn load(_: &Asset, _: &Shared) -> Result<Self, LoadError> {
            Err(unavailable())
        }

        pub(crate) fn of(&mut self, _: &str) -> Result<&[usize], RecordError> {
            match *self {}
        }
    }

    /// Cannot exist either.
    pub(crate) enum TokenCodec {}

    impl TokenCodec {
        pub(super) fn load(_: &Asset, _: &Shared) -> Result<Self, LoadError> {
            Err(unavailable())
        }

        pub(crate) fn encode(&self, _: &str) -> Result<Vec<u32>, RecordError> {
            match *self {}
        }

        pub(crate) fn decode(&self, _: &[u32]) -> Result<String, RecordError> {
            match *self {}
        }
    }

    fn unavailable() -> LoadError {
        LoadError::new("this program was built without the feature `models`")
    }
}
