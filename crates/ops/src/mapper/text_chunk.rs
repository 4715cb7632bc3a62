//! # What it does
//! Cuts the text into chunks, each of which becomes a record of its own with the other fields of the original.
//!
//! With `split_pattern` alone, chunks are what is between its matches, and what its groups matched; blank ones are left
//! out, and a text of nothing else leaves no record. With `max_len` alone, chunks have so many characters. With both, a
//! text that is longer is cut at the last match within `max_len` characters, and after so many where there is none.
//!
//! With `compat: data_juicer`, there may be one more chunk at the end that has only what the one before it ends with.
//!
//! # Parameters
//! See below; at least one of `max_len` and `split_pattern` is needed. The pattern is read as that of Python's module `re`,
//! where a dot does not match a line feed. `tokenizer` is refused, because it is not available yet; `trust_remote_code`
//! matters only for it.
//!
//! # Example
//! With `split_pattern: '\n'`, a record with the text `a\n\nb` becomes two, with the texts `a` and `b`.
//!
//! # Notes on determinism
//! Pure: the text and the parameters decide.

use coldpress_operator::{
    Children, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Splitter,
    params,
};

use crate::text::chunks::{Separator, TooMuch, Window};

params! {
    /// Parameters of `text_chunk_mapper`.
    pub(crate) struct TextChunkParams {
        /// The most characters of a chunk; null for any number.
        max_len: Option<u64> = None, |length| *length != Some(0), "must be at least 1";
        /// A regular expression for what parts chunks; null for none.
        split_pattern: Option<String> = Some(r"\n\n".to_owned());
        /// How many characters the next chunk repeats where a text is cut after `max_len` characters; fewer than that.
        overlap_len: u64 = 0;
        /// A tokenizer whose tokens are counted instead of characters; not available yet.
        tokenizer: Option<String> = None, |name| name.is_none(), "is not available yet";
        /// Whether a tokenizer may bring code of its own; without effect.
        trust_remote_code: bool = false;
    }
}

/// The description of `text_chunk_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::splitter(
        "text_chunk_mapper",
        "Cuts the text into chunks, each of which becomes a record.",
        resolve,
    )
    .doc(&super::manual(include_str!("text_chunk.rs")))
}

fn resolve(
    params: TextChunkParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<TextChunkMapper>, ParamError> {
    let separator = params.split_pattern.as_deref().map(Separator::new);
    let separator = separator.transpose().map_err(|reason| {
        ParamError::new("split_pattern", format_args!("cannot be used: {reason}"))
    })?;
    let window = match params.max_len {
        None => None,
        Some(length) if params.overlap_len >= length => {
            return Err(ParamError::new(
                "overlap_len",
                format_args!("must be less than `max_len`, which is {length}"),
            ));
        }
        Some(length) => Some(Window {
            length: usize::try_from(length).unwrap_or(usize::MAX),
            overlap: usize::try_from(params.overlap_len).unwrap_or(usize::MAX - 1),
            repeats_end: context.compat(),
            most_bytes: MOST_BYTES,
        }),
    };
    let cut = match (window, separator) {
        (None, None) => {
            let message = "cannot be null along with `split_pattern`; give at least one of them";
            return Err(ParamError::new("max_len", message));
        }
        (None, Some(separator)) => TextChunkMapper::Separator(separator),
        (Some(window), None) => TextChunkMapper::Window(window),
        (Some(window), Some(separator)) => TextChunkMapper::Both(window, separator),
    };
    Ok(Resolved::new(move || cut.clone()))
}

#[derive(Clone)]
enum TextChunkMapper {
    Separator(Separator),
    Window(Window),
    Both(Window, Separator),
}

/// The most bytes of all chunks of a record together.
const MOST_BYTES: usize = 1 << 30;

impl Splitter for TextChunkMapper {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let chunk = |range: std::ops::Range<usize>| children.push(&text[range]);
        let cut = match self {
            Self::Separator(separator) => {
                separator.split(text, chunk);
                Ok(())
            }
            Self::Window(window) => window.cut(text, chunk),
            Self::Both(window, separator) => window.cut_at(separator, text, chunk),
        };
        cut.map_err(|TooMuch| {
            RecordError::new(format!(
                "the text cannot be cut: its chunks would have more than {MOST_BYTES} bytes; a smaller `overlap_len` \
                 makes them fewer"
            ))
        })
    }
}
