//! Tokenizers of every kind, run by Hugging Face's own library.

pub(super) use implementation::General;

#[cfg(feature = "tokenizers")]
mod implementation {
    use super::super::EncodeError;
    use crate::Fault;

    /// A tokenizer of the library.
    #[derive(Debug)]
    pub(in super::super) struct General(Box<tokenizers::Tokenizer>);

    impl General {
        pub(in super::super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
            let damaged = |error| Fault::damaged(format!("it is no tokenizer: {error}"));
            let mut tokenizer = tokenizers::Tokenizer::from_bytes(bytes).map_err(damaged)?;
            // A file's settings for the length of batches don't concern a single text.
            tokenizer.with_padding(None);
            tokenizer.with_truncation(None).map_err(damaged)?;
            Ok(Self(Box::new(tokenizer)))
        }

        pub(in super::super) fn encode<T>(
            &self,
            text: &str,
            take: impl FnOnce(&[u32]) -> T,
        ) -> Result<T, EncodeError> {
            let encoding = self.0.encode_fast(text, false);
            let encoding = encoding.map_err(|error| EncodeError(error.to_string()))?;
            Ok(take(encoding.get_ids()))
        }

        /// Calls `take` with the end of each token in the text.
        pub(in super::super) fn ends(
            &self,
            text: &str,
            take: impl FnMut(usize),
        ) -> Result<(), EncodeError> {
            let encoding = self.0.encode(text, false);
            let encoding = encoding.map_err(|error| EncodeError(error.to_string()))?;
            let ends = encoding.get_offsets().iter().map(|(_, end)| *end);
            ends.for_each(take);
            Ok(())
        }

        /// Returns the ids of a text's tokens, including special ones.
        pub(in super::super) fn ids(&self, text: &str) -> Result<Vec<u32>, EncodeError> {
            let encoding = self.0.encode_fast(text, true);
            let encoding = encoding.map_err(|error| EncodeError(error.to_string()))?;
            Ok(encoding.get_ids().to_vec())
        }

        /// Returns the text that the library makes from tokens.
        pub(in super::super) fn decode(&self, ids: &[u32]) -> Result<String, EncodeError> {
            let text = self.0.decode(ids, false);
            text.map_err(|error| EncodeError(error.to_string()))
        }
    }
}

#[cfg(not(feature = "tokenizers"))]
mod implementation {
    use super::super::EncodeError;
    use crate::Fault;

    /// A tokenizer that cannot exist without the library.
    #[derive(Debug)]
    pub(in super::super) enum General {}

    impl General {
        pub(in super::super) fn parse(_: &[u8]) -> Result<Self, Fault> {
            Err(Fault::unsupported(
                "only the library of Hugging Face can read it, and this program was built without the feature `tokenizers`",
            ))
        }

        pub(in super::super) fn encode<T>(
            &self,
            _: &str,
            _: impl FnOnce(&[u32]) -> T,
        ) -> Result<T, EncodeError> {
            match *self {}
        }

        pub(in super::super) fn ends(
            &self,
            _: &str,
            _: impl FnMut(usize),
        ) -> Result<(), EncodeError> {
            match *self {}
        }

        pub(in super::super) fn ids(&self, _: &str) -> Result<Vec<u32>, EncodeError> {
            match *self {}
        }

        pub(in super::super) fn decode(&self, _: &[u32]) -> Result<String, EncodeError> {
            match *self {}
        }
    }
}
