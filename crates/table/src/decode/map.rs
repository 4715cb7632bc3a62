//! Maps, from objects or from lists of keys and values.

use std::sync::Arc;

use arrow::array::{ArrayRef, MapArray, NullBufferBuilder, StructArray};
use arrow::datatypes::{DataType, FieldRef, Fields};
use arrow::error::ArrowError;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::child::{Child, Leaf, Storage};
use super::entries::entries_of;
use super::fault::{Fault, Trouble};
use super::list::offsets;

/// Maps, whose keys and values are in two children.
pub(super) struct Map {
    entries: FieldRef,
    is_sorted: bool,
    keys: Child,
    values: Child,
    /// The end of each map among the entries.
    ends: Vec<i64>,
    nulls: NullBufferBuilder,
}

impl Map {
    /// Creates maps whose entries are structs of the fields of `keys` and `values`.
    pub(super) fn new(entries: FieldRef, is_sorted: bool, keys: Child, values: Child) -> Self {
        Self {
            entries,
            is_sorted,
            keys,
            values,
            ends: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn push_entry(&mut self, key: &str, value: &str) -> Result<(), Box<Fault>> {
        let pushed = self.keys.push(key);
        pushed.map_err(|fault| fault.within("key"))?;
        let pushed = self.values.push(value);
        pushed.map_err(|fault| fault.within("value"))
    }

    fn push_entries(&mut self, json: &str) -> Result<(), Trouble> {
        if json.starts_with('{') && is_text(self.keys.field().data_type()) {
            for (key, value) in entries_of(json).ok_or(Trouble::Misfit)? {
                self.push_entry(key.get(), value.get())
                    .map_err(Trouble::Within)?;
            }
            return Ok(());
        }
        if !json.starts_with('[') {
            return Err(Trouble::Misfit);
        }
        let entries = serde_json::from_str::<Vec<&RawValue>>(json);
        for entry in entries.map_err(|_| Trouble::Misfit)? {
            let Entry { key, value } = entry_of(entry.get())?;
            self.push_entry(key.get(), value.get())
                .map_err(Trouble::Within)?;
        }
        Ok(())
    }
}

impl Leaf for Map {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        self.push_entries(json)?;
        let end = self.keys.storage().len();
        i32::try_from(end).map_err(|_| Trouble::Full)?;
        self.ends.push(end as i64);
        self.nulls.append_non_null();
        Ok(())
    }
}

impl Storage for Map {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.ends.push(self.keys.storage().len() as i64);
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        self.nulls.truncate(len);
        let entries = self.ends.last().copied().unwrap_or(0) as usize;
        self.keys.storage_mut().truncate(entries);
        self.values.storage_mut().truncate(entries);
    }

    fn bytes(&self) -> usize {
        let entries = self.keys.storage().bytes() + self.values.storage().bytes();
        size_of_val(self.ends.as_slice()) + entries
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let offsets = offsets::<i32>(&std::mem::take(&mut self.ends));
        let fields = Fields::from(vec![
            Arc::clone(self.keys.field()),
            Arc::clone(self.values.field()),
        ]);
        let keys = self.keys.storage_mut().finish()?;
        let values = self.values.storage_mut().finish()?;
        let entries = StructArray::try_new(fields, vec![keys, values], None)?;
        let maps = MapArray::try_new(
            Arc::clone(&self.entries),
            offsets,
            entries,
            self.nulls.finish(),
            self.is_sorted,
        )?;
        Ok(Arc::new(maps))
    }
}

fn is_text(key: &DataType) -> bool {
    matches!(
        key,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    #[serde(borrow)]
    key: &'a RawValue,
    #[serde(borrow)]
    value: &'a RawValue,
}

fn entry_of(json: &str) -> Result<Entry<'_>, Trouble> {
    let wrong = || Trouble::Is("a list of something other than keys and values".to_owned());
    // The parts may be named rather than listed.
    let is_object = json.starts_with('{');
    let entry = is_object.then(|| serde_json::from_str(json).ok()).flatten();
    entry.ok_or_else(wrong)
}
