//! Lists of every kind.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, FixedSizeListArray, GenericListArray, GenericListViewArray, NullBufferBuilder,
    OffsetSizeTrait,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::FieldRef;
use arrow::error::ArrowError;
use serde::de::SeqAccess;
use serde_json::value::RawValue;

use super::child::{Child, Seed, Storage};
use super::fault::{Fault, Trouble};

/// The Arrow list type of a column.
#[derive(Clone, Copy)]
pub(super) enum Form {
    List,
    LargeList,
    View,
    LargeView,
    Fixed(i32),
}

/// Lists, whose elements are in one child.
pub(super) struct List {
    form: Form,
    child: Box<Child>,
    /// The end of each list among the elements.
    ends: Vec<i64>,
    nulls: NullBufferBuilder,
}

impl List {
    pub(super) fn new(form: Form, child: Child) -> Self {
        Self {
            form,
            child: Box::new(child),
            ends: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }

    /// Adds the list with these elements. The outer error is about the JSON or left in `fault`, the inner one about the list.
    pub(super) fn take<'de, A: SeqAccess<'de>>(
        &mut self,
        mut elements: A,
        fault: &mut Option<Box<Fault>>,
    ) -> Result<Result<(), Trouble>, A::Error> {
        loop {
            let child = &mut *self.child;
            match elements.next_element_seed(Seed { child, fault }) {
                Ok(Some(())) => {}
                Ok(None) => break,
                Err(error) => {
                    *fault = fault.take().map(|fault| fault.within("[]"));
                    return Err(error);
                }
            }
        }
        Ok(self.end_list())
    }

    /// Adds a list; see [`Object::push_apart`](super::object::Object::push_apart).
    pub(super) fn push_apart(&mut self, json: &str) -> Result<(), Trouble> {
        let elements = serde_json::from_str::<Vec<&RawValue>>(json);
        for element in elements.map_err(|_| Trouble::Misfit)? {
            let pushed = self.child.push(element.get());
            pushed.map_err(|fault| Trouble::Within(fault.within("[]")))?;
        }
        self.end_list()
    }

    fn end_list(&mut self) -> Result<(), Trouble> {
        let start = self.ends.last().copied().unwrap_or(0);
        let end = self.child.storage().len() as i64;
        let fits = match self.form {
            Form::Fixed(size) if end - start != i64::from(size) => {
                Err(Trouble::Is(format!("a list of {}", end - start)))
            }
            Form::List | Form::View if i32::try_from(end).is_err() => Err(Trouble::Full),
            _ => Ok(()),
        };
        if fits.is_ok() {
            self.ends.push(end);
            self.nulls.append_non_null();
        }
        fits
    }
}

impl Storage for List {
    fn push_null(&mut self) -> Result<(), Trouble> {
        if let Form::Fixed(size) = self.form {
            for _ in 0..size {
                self.child.storage_mut().push_null()?;
            }
        }
        self.ends.push(self.child.storage().len() as i64);
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        self.nulls.truncate(len);
        let elements = self.ends.last().copied().unwrap_or(0);
        self.child.storage_mut().truncate(elements as usize);
    }

    fn bytes(&self) -> usize {
        self.ends.len() * size_of::<i64>() + self.child.storage().bytes()
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let field = Arc::clone(self.child.field());
        let ends = std::mem::take(&mut self.ends);
        let nulls = self.nulls.finish();
        let values = self.child.storage_mut().finish()?;
        Ok(match self.form {
            Form::List => Arc::new(lists::<i32>(field, &ends, values, nulls)?),
            Form::LargeList => Arc::new(lists::<i64>(field, &ends, values, nulls)?),
            Form::View => Arc::new(GenericListViewArray::from(lists::<i32>(
                field, &ends, values, nulls,
            )?)),
            Form::LargeView => Arc::new(GenericListViewArray::from(lists::<i64>(
                field, &ends, values, nulls,
            )?)),
            Form::Fixed(size) => {
                let len = ends.len();
                let lists =
                    FixedSizeListArray::try_new_with_length(field, size, values, nulls, len);
                Arc::new(lists?)
            }
        })
    }
}

fn lists<O: OffsetSizeTrait>(
    field: FieldRef,
    ends: &[i64],
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<GenericListArray<O>, ArrowError> {
    GenericListArray::try_new(field, offsets(ends), values, nulls)
}

/// Returns the offsets of lists with these ends, which fit their width.
pub(super) fn offsets<O: OffsetSizeTrait>(ends: &[i64]) -> OffsetBuffer<O> {
    let offsets = ends.iter().map(|end| O::usize_as(*end as usize));
    let offsets = std::iter::once(O::zero()).chain(offsets);
    OffsetBuffer::new(offsets.collect::<Vec<_>>().into())
}
