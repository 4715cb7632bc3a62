//! Columns of text and bytes.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryViewArray, FixedSizeBinaryArray, GenericBinaryArray, GenericStringArray,
    NullBufferBuilder, OffsetSizeTrait, StringViewArray,
};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::error::ArrowError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coldpress_record::{LoneSurrogate, unescape_into};

use super::child::{Leaf, Storage};
use super::fault::Trouble;

/// The part of a JSON value that a text column holds.
#[derive(Clone, Copy)]
pub(super) enum Reading {
    /// The text of a JSON string.
    Text,
    /// The JSON itself, whatever it is.
    Json,
}

/// Text with offsets of type `O`.
pub(super) struct Texts<O: OffsetSizeTrait> {
    reading: Reading,
    /// Gives the finished array its type.
    seal: fn(GenericStringArray<O>) -> ArrayRef,
    values: String,
    offsets: Vec<O>,
    nulls: NullBufferBuilder,
}

impl<O: OffsetSizeTrait> Texts<O> {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            reading,
            seal: |array| Arc::new(array),
            values: String::new(),
            offsets: vec![O::zero()],
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn end_value(&mut self) {
        self.offsets.push(O::usize_as(self.values.len()));
    }
}

impl Texts<i64> {
    pub(super) fn new_view(reading: Reading) -> Self {
        Self {
            seal: |array| Arc::new(StringViewArray::from(&array)),
            ..Self::new(reading)
        }
    }
}

impl<O: OffsetSizeTrait> Leaf for Texts<O> {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        // A text is never longer than its JSON.
        check_room::<O>(self.values.len(), json.len())?;
        match self.reading {
            Reading::Json => self.values.push_str(json),
            Reading::Text => {
                let inner = inner_text(json).ok_or(Trouble::Misfit)?;
                unescape_into(inner, &mut self.values).map_err(lone_surrogate)?;
            }
        }
        self.end_value();
        self.nulls.append_non_null();
        Ok(())
    }
}

impl<O: OffsetSizeTrait> Storage for Texts<O> {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.end_value();
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.nulls.len()
    }

    fn truncate(&mut self, len: usize) {
        self.nulls.truncate(len);
        self.offsets.truncate(len + 1);
        self.values.truncate(last(&self.offsets));
    }

    fn bytes(&self) -> usize {
        self.values.len() + size_of_val(self.offsets.as_slice())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = Buffer::from(take(&mut self.values).into_bytes());
        let offsets = take_offsets(&mut self.offsets);
        let array = GenericStringArray::<O>::try_new(offsets, values, self.nulls.finish())?;
        Ok((self.seal)(array))
    }
}

/// Bytes with offsets of type `O`, from base64.
pub(super) struct Binaries<O: OffsetSizeTrait> {
    /// Gives the finished array its type.
    seal: fn(GenericBinaryArray<O>) -> ArrayRef,
    values: Vec<u8>,
    offsets: Vec<O>,
    nulls: NullBufferBuilder,
}

impl<O: OffsetSizeTrait> Binaries<O> {
    pub(super) fn new() -> Self {
        Self {
            seal: |array| Arc::new(array),
            values: Vec::new(),
            offsets: vec![O::zero()],
            nulls: NullBufferBuilder::new(0),
        }
    }
}

impl Binaries<i64> {
    pub(super) fn new_view() -> Self {
        Self {
            seal: |array| Arc::new(BinaryViewArray::from(&array)),
            ..Self::new()
        }
    }
}

impl<O: OffsetSizeTrait> Leaf for Binaries<O> {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        check_room::<O>(self.values.len(), json.len())?;
        push_base64(json, &mut self.values)?;
        self.offsets.push(O::usize_as(self.values.len()));
        self.nulls.append_non_null();
        Ok(())
    }
}

impl<O: OffsetSizeTrait> Storage for Binaries<O> {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.offsets.push(O::usize_as(self.values.len()));
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.nulls.len()
    }

    fn truncate(&mut self, len: usize) {
        self.nulls.truncate(len);
        self.offsets.truncate(len + 1);
        self.values.truncate(last(&self.offsets));
    }

    fn bytes(&self) -> usize {
        self.values.len() + size_of_val(self.offsets.as_slice())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = Buffer::from(std::mem::take(&mut self.values));
        let offsets = take_offsets(&mut self.offsets);
        let array = GenericBinaryArray::<O>::try_new(offsets, values, self.nulls.finish())?;
        Ok((self.seal)(array))
    }
}

/// Bytes of one width, from base64.
pub(super) struct FixedBinaries {
    width: i32,
    values: Vec<u8>,
    nulls: NullBufferBuilder,
}

impl FixedBinaries {
    /// Creates a column of values of `width` bytes, which isn't negative.
    pub(super) fn new(width: i32) -> Self {
        Self {
            width,
            values: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn end_of(&self, len: usize) -> usize {
        len * self.width as usize
    }
}

impl Leaf for FixedBinaries {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        let start = self.values.len();
        push_base64(json, &mut self.values)?;
        let length = self.values.len() - start;
        if length != self.width as usize {
            return Err(Trouble::Is(format!("{length} bytes")));
        }
        self.nulls.append_non_null();
        Ok(())
    }
}

impl Storage for FixedBinaries {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.nulls.append_null();
        self.values.resize(self.end_of(self.nulls.len()), 0);
        Ok(())
    }

    fn len(&self) -> usize {
        self.nulls.len()
    }

    fn truncate(&mut self, len: usize) {
        self.nulls.truncate(len);
        self.values.truncate(self.end_of(len));
    }

    fn bytes(&self) -> usize {
        self.values.len()
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let len = self.nulls.len();
        let values = Buffer::from(std::mem::take(&mut self.values));
        let nulls = self.nulls.finish();
        let array = FixedSizeBinaryArray::try_new_with_len(self.width, values, nulls, len)?;
        Ok(Arc::new(array))
    }
}

/// Returns the text between the quotes of a JSON string, with its escapes.
pub(super) fn inner_text(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

fn lone_surrogate(error: LoneSurrogate) -> Trouble {
    Trouble::Is(format!("text that {error}"))
}

fn push_base64(json: &str, out: &mut Vec<u8>) -> Result<(), Trouble> {
    let inner = inner_text(json).ok_or(Trouble::Misfit)?;
    let mut plain = String::new();
    let text = if inner.contains('\\') {
        // A slash, which base64 uses, may be escaped.
        unescape_into(inner, &mut plain).map_err(lone_surrogate)?;
        &plain
    } else {
        inner
    };
    let decoded = STANDARD.decode_vec(text, out);
    decoded.map_err(|_| Trouble::Is("text that is not base64".to_owned()))
}

fn check_room<O: OffsetSizeTrait>(used: usize, more: usize) -> Result<(), Trouble> {
    match O::from_usize(used.saturating_add(more)) {
        Some(_) => Ok(()),
        None => Err(Trouble::Full),
    }
}

fn last<O: OffsetSizeTrait>(offsets: &[O]) -> usize {
    offsets.last().map_or(0, |offset| offset.as_usize())
}

/// Takes the text, and reserves about as much space again.
fn take(values: &mut String) -> String {
    let next = String::with_capacity(values.len());
    std::mem::replace(values, next)
}

fn take_offsets<O: OffsetSizeTrait>(offsets: &mut Vec<O>) -> OffsetBuffer<O> {
    OffsetBuffer::new(std::mem::replace(offsets, vec![O::zero()]).into())
}
