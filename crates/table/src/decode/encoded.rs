//! Dictionaries and runs: columns that store equal values once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, DictionaryArray, NullBufferBuilder, PrimitiveArray, make_array,
};
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType as _, DataType, RunEndIndexType};
use arrow::error::ArrowError;

use super::child::{Child, Leaf, Storage};
use super::fault::Trouble;

/// Values with keys of type `K`. Values are equal here if their JSON is equal.
pub(super) struct Dictionary<K: ArrowDictionaryKeyType> {
    values: Child,
    places: HashMap<Box<str>, K::Native>,
    keys: Vec<K::Native>,
    nulls: NullBufferBuilder,
}

impl<K: ArrowDictionaryKeyType> Dictionary<K> {
    pub(super) fn new(values: Child) -> Self {
        Self {
            values,
            places: HashMap::new(),
            keys: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn add(&mut self, json: &str) -> Result<K::Native, Trouble> {
        let place = self.values.storage().len();
        let key = K::Native::from_usize(place).ok_or(Trouble::Full)?;
        if let Err(fault) = self.values.push(json) {
            self.values.storage_mut().truncate(place);
            return Err(Trouble::Within(fault));
        }
        self.places.insert(json.into(), key);
        Ok(key)
    }
}

impl<K: ArrowDictionaryKeyType> Leaf for Dictionary<K> {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        let key = match self.places.get(json) {
            Some(key) => *key,
            None => self.add(json)?,
        };
        self.keys.push(key);
        self.nulls.append_non_null();
        Ok(())
    }
}

impl<K: ArrowDictionaryKeyType> Storage for Dictionary<K> {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.keys.push(K::Native::default());
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn truncate(&mut self, len: usize) {
        self.keys.truncate(len);
        self.nulls.truncate(len);
    }

    fn bytes(&self) -> usize {
        // The table of places also holds each value's JSON.
        size_of_val(self.keys.as_slice()) + 2 * self.values.storage().bytes()
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.places.clear();
        let keys = std::mem::take(&mut self.keys).into();
        let keys = PrimitiveArray::<K>::try_new(keys, self.nulls.finish())?;
        let values = self.values.storage_mut().finish()?;
        Ok(Arc::new(DictionaryArray::try_new(keys, values)?))
    }
}

/// Runs of equal values with ends of type `R`. Values are equal here if their JSON is equal.
pub(super) struct Runs<R: RunEndIndexType> {
    data_type: DataType,
    values: Child,
    ends: Vec<R::Native>,
    /// The JSON of the last run, unless values after it were removed.
    last: Option<String>,
}

impl<R: RunEndIndexType> Runs<R> {
    /// Creates runs of `data_type`.
    pub(super) fn new(data_type: DataType, values: Child) -> Self {
        Self {
            data_type,
            values,
            ends: Vec::new(),
            last: None,
        }
    }

    /// Adds the value `json`, calling `start` if it begins a run.
    fn extend(
        &mut self,
        json: &str,
        start: impl FnOnce(&mut Child) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let end = R::Native::from_usize(self.len() + 1).ok_or(Trouble::Full)?;
        if self.last.as_deref() == Some(json) {
            self.ends.pop();
        } else {
            start(&mut self.values)?;
            let last = self.last.get_or_insert_default();
            last.clear();
            last.push_str(json);
        }
        self.ends.push(end);
        Ok(())
    }
}

impl<R: RunEndIndexType> Leaf for Runs<R> {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        self.extend(json, |values| values.push(json).map_err(Trouble::Within))
    }
}

impl<R: RunEndIndexType> Storage for Runs<R> {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.extend("null", |values| values.storage_mut().push_null())
    }

    fn len(&self) -> usize {
        self.ends.last().map_or(0, |end| end.as_usize())
    }

    fn truncate(&mut self, len: usize) {
        let kept = self.ends.partition_point(|end| end.as_usize() <= len);
        let covered = self.ends[..kept].last().map_or(0, |end| end.as_usize());
        let is_cut = covered < len && kept < self.ends.len();
        let runs = kept + usize::from(is_cut);
        if runs < self.ends.len() {
            self.last = None;
        }
        self.ends.truncate(kept);
        if is_cut {
            self.ends.push(R::Native::usize_as(len));
        }
        self.values.storage_mut().truncate(runs);
    }

    fn bytes(&self) -> usize {
        size_of_val(self.ends.as_slice()) + self.values.storage().bytes()
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let len = self.len();
        self.last = None;
        let ends = std::mem::take(&mut self.ends).into();
        let ends = PrimitiveArray::<R>::try_new(ends, None)?;
        let values = self.values.storage_mut().finish()?;
        // The type's own constructor would give its fields names that may differ from the schema's.
        let data = ArrayData::builder(self.data_type.clone())
            .len(len)
            .add_child_data(ends.into_data())
            .add_child_data(values.into_data());
        Ok(make_array(data.build()?))
    }
}
