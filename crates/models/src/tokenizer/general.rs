//! Tokenizers of every kind, by Hugging Face's own library.

pub(super) use implementation::General;

#[cfg(feature = "tokenizers")]
mod implementation {
    use super::super::EncodeError;
    use crate::Fault;

    /// A tokenizer of the library.
    pub(in super::super) struct General(Box<tokenizers::Tokenizer>);

    impl General {
        pub(in super::super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
            let damaged = |error| Fault::damaged(format!("it is no tokenizer: {error}"));
            let mut tokenizer = tokenizers::Tokenizer::from_bytes(bytes).map_err(damaged)?;
            // What a file says about the length of batches is no matter of a text.
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
    }
}

#[cfg(not(feature = "tokenizers"))]
mod implementation {
    use super::super::EncodeError;
    use crate::Fault;

    /// There is none without the library.
    pub(in super::super) enum General {}

    impl General {
        pub(in super::super) fn parse(_: &[u8]) -> Result<Self, Fault> {
            Err(Fault::unsupported(
                "it is not byte-level BPE, and this program was built without the feature `tokenizers`",
            ))
        }

        pub(in super::super) fn encode<T>(
            &self,
            _: &str,
            _: impl FnOnce(&[u32]) -> T,
        ) -> Result<T, EncodeError> {
            match *self {}
        }
    }
}
