//! # What it does
//! Cuts the text into chunks, each of which becomes a record of its own with the other fields of the original.
//!
//! With `split_pattern` alone, the chunks are the texts between its matches, and the texts that its groups matched. Blank ones are
//! left out, and a text of nothing else leaves no record. With `max_len` alone, chunks have that many characters. With both, a
//! longer text is cut at the last match within `max_len` characters, or after that many if there is none.
//!
//! With a `tokenizer`, tokens are counted instead of characters: those of the whole text, without special ones such as the ones at
//! the start and the end. Chunks are parts of the unchanged text; no character is cut in two.
//!
//! With `compat: data_juicer`, there may be one more chunk at the end that only repeats the end of the chunk before. With a
//! tokenizer, chunks are then decoded from their tokens, including special ones, and the rest of the text is tokenized again after
//! each cut.
//!
//! # Parameters
//! See below; at least one of `max_len` and `split_pattern` is needed. The pattern is one of Python's module `re`, where a dot does
//! not match a line feed. `tokenizer` is a folder with a `tokenizer.json`, or `owner/name` as on the Hugging Face hub, whose
//! `tokenizer.json` must be among the assets. `trust_remote_code` has no effect: no foreign code is run.
//!
//! # Example
//! With `split_pattern: '\n'`, a record with the text `a\n\nb` becomes two, with the texts `a` and `b`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text, the parameters and the bytes of the tokenizer's file.

use std::borrow::Cow;
use std::ops::Range;

use coldpress_operator::{
    Children, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Splitter,
    params,
};

use crate::text::chunks::{Characters, NotCut, Ruler, Separator, Tokens, Window};
use crate::text::python::strip;
use crate::text::substitution::too_many_steps;
use crate::tokens::{TokenCodec, TokenEnds, TokenModel};
use crate::unicode;

params! {
    /// Parameters of `text_chunk_mapper`.
    pub(crate) struct TextChunkParams {
        /// The length of a chunk in characters, at most; null for no limit.
        max_len: Option<u64> = None, |length| *length != Some(0), "must be at least 1";
        /// A regular expression for the separators between chunks; null for none.
        split_pattern: Option<String> = Some(r"\n\n".to_owned());
        /// The number of characters that the next chunk repeats if a text is cut after `max_len` characters. It must be less than
        /// `max_len`.
        overlap_len: u64 = 0;
        /// A tokenizer whose tokens are counted instead of characters; null for none.
        tokenizer: Option<String> = None;
        /// Has no effect; in Data-Juicer, it allows a tokenizer to bring code of its own.
        trust_remote_code: bool = false;
    }
}

/// Returns the description of `text_chunk_mapper`.
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
    if params.split_pattern.is_some() {
        context.uses("pattern", coldpress_pattern::REVISION);
    }
    let unicode = unicode::version(context);
    let separator = params.split_pattern.as_deref();
    let separator = separator.map(|pattern| Separator::new(pattern, unicode));
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
        // Without a length there is nothing to count.
        (None, Some(separator)) => return Ok(Resolved::new(move || by_separator(&separator))),
        (Some(window), separator) => Cut { window, separator },
    };
    let Some(tokenizer) = params.tokenizer.as_deref() else {
        return Ok(Resolved::new(move || {
            TextChunkMapper::Characters(cut.clone())
        }));
    };
    let model = TokenModel::find("tokenizer", tokenizer, context)?;
    let compat = context.compat();
    Ok(Resolved::loading(move |shared| {
        Ok(match compat {
            true => TextChunkMapper::Decoded(model.load_codec(shared)?, cut.clone()),
            false => TextChunkMapper::Tokens(model.load_ends(shared)?, cut.clone()),
        })
    }))
}

enum TextChunkMapper {
    Separator(Separator),
    Characters(Cut),
    Tokens(TokenEnds, Cut),
    /// Cuts as Data-Juicer does.
    Decoded(TokenCodec, Cut),
}

fn by_separator(separator: &Separator) -> TextChunkMapper {
    TextChunkMapper::Separator(separator.clone())
}

/// The size of all chunks of a record together, at most.
const MOST_BYTES: usize = 1 << 30;

/// The number of bytes of a record that are tokenized, at most. The bytes after each cut count again. The library tokenizes a few
/// megabytes per second.
const MOST_ENCODED_BYTES: usize = 256 << 20;

impl Splitter for TextChunkMapper {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let chunk = |range: Range<usize>| children.push(&text[range]);
        match self {
            Self::Separator(separator) => {
                let found = separator.split(text, chunk);
                found.map_err(too_many_steps)
            }
            Self::Characters(cut) => cut.by(Characters, text, chunk),
            Self::Tokens(tokens, cut) => cut.by(Tokens(tokens.of(text)?), text, chunk),
            Self::Decoded(codec, cut) => cut.decoded(codec, text, children),
        }
    }
}

/// The way in which texts that are too long are cut.
#[derive(Clone)]
struct Cut {
    window: Window,
    separator: Option<Separator>,
}

impl Cut {
    fn by(
        &mut self,
        ruler: impl Ruler,
        text: &str,
        chunk: impl FnMut(Range<usize>),
    ) -> Result<(), RecordError> {
        let cut = match &mut self.separator {
            None => self.window.cut(ruler, text, chunk),
            Some(separator) => self.window.cut_at(ruler, separator, text, chunk),
        };
        cut.map_err(not_cut)
    }

    /// Cuts as Data-Juicer does with a tokenizer: by the text that it decodes from a run of tokens.
    fn decoded(
        &mut self,
        codec: &TokenCodec,
        text: &str,
        children: &mut Children,
    ) -> Result<(), RecordError> {
        let Window {
            length, overlap, ..
        } = self.window;
        let mut tokens = codec.encode(text)?;
        if tokens.len() <= length {
            children.push(text);
            return Ok(());
        }
        let mut room = self.window.most_bytes;
        let Some(separator) = &mut self.separator else {
            for start in (0..tokens.len()).step_by(length - overlap) {
                let end = start.saturating_add(length).min(tokens.len());
                let chunk = codec.decode(&tokens[start..end])?;
                room = room
                    .checked_sub(chunk.len())
                    .ok_or(NotCut::TooLong)
                    .map_err(not_cut)?;
                children.push(chunk);
            }
            return Ok(());
        };
        let mut rest = Cow::Borrowed(text);
        let mut room = MOST_ENCODED_BYTES;
        while tokens.len() > length {
            let ahead = codec.decode(&tokens[..length])?;
            let (chunk, left) = match separator
                .last(&ahead)
                .map_err(too_many_steps)?
                .filter(|found| found.end > 0)
            {
                None => {
                    let left = codec.decode(&tokens[length - overlap..])?;
                    // Special tokens and parts of characters are added again and again, so this would never end.
                    if left.len() >= rest.len() {
                        return Err(RecordError::new(
                            "the text cannot be cut: what is left after a chunk is as long as before; a smaller `overlap_len` \
                             or a larger `max_len` makes it shorter",
                        ));
                    }
                    (&ahead[..], left)
                }
                Some(found) => {
                    // Data-Juicer uses the position in the decoded text as one in the text that was encoded.
                    let passed = ahead[..found.end].chars().count();
                    let left = rest
                        .char_indices()
                        .nth(passed)
                        .map_or("", |(at, _)| &rest[at..]);
                    (&ahead[..found.start], left.to_owned())
                }
            };
            if !strip(chunk).is_empty() {
                children.push(chunk);
            }
            // Even a short text takes some time to tokenize.
            room = room.checked_sub(left.len() + 256).ok_or_else(|| {
                RecordError::new(format!(
                    "the text cannot be cut: more than {MOST_ENCODED_BYTES} bytes would become tokens, as all that is left \
                     does again after each cut; a larger `max_len` makes fewer cuts"
                ))
            })?;
            tokens = codec.encode(&left)?;
            rest = Cow::Owned(left);
        }
        children.push(rest);
        Ok(())
    }
}

fn not_cut(reason: NotCut) -> RecordError {
    match reason {
        NotCut::TooLong => RecordError::new(format!(
            "the text cannot be cut: its chunks would have more than {MOST_BYTES} bytes; a smaller `overlap_len` makes them \
             fewer"
        )),
        NotCut::TooManySteps(error) => too_many_steps(error),
    }
}
