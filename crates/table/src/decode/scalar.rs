//! Columns of fixed-width values.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, BooleanBufferBuilder, NullArray, NullBufferBuilder,
    PrimitiveArray,
};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::child::{Leaf, Storage};
use super::fault::Trouble;

/// A column that holds only nulls.
#[derive(Default)]
pub(super) struct Nulls {
    len: usize,
}

impl Leaf for Nulls {
    fn push(&mut self, _: &str) -> Result<(), Trouble> {
        Err(Trouble::Misfit)
    }
}

impl Storage for Nulls {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.len += 1;
        Ok(())
    }

    fn len(&self) -> usize {
        self.len
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    fn bytes(&self) -> usize {
        0
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(NullArray::new(std::mem::take(&mut self.len))))
    }
}

/// Booleans.
pub(super) struct Bools {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
}

impl Bools {
    pub(super) fn new() -> Self {
        Self {
            values: BooleanBufferBuilder::new(0),
            nulls: NullBufferBuilder::new(0),
        }
    }
}

impl Leaf for Bools {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        self.values.append(match json {
            "true" => true,
            "false" => false,
            _ => return Err(Trouble::Misfit),
        });
        self.nulls.append_non_null();
        Ok(())
    }
}

impl Storage for Bools {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.values.append(false);
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
        self.nulls.truncate(len);
    }

    fn bytes(&self) -> usize {
        self.values.len() / 8
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = self.values.finish();
        Ok(Arc::new(BooleanArray::new(values, self.nulls.finish())))
    }
}

/// Parses a JSON value as a number of one type; `None` if it isn't one.
pub(super) type Parse<N> = Box<dyn Fn(&str) -> Option<N> + Send>;

/// Numbers, dates and times.
pub(super) struct Primitives<T: ArrowPrimitiveType> {
    data_type: DataType,
    parse: Parse<T::Native>,
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
}

impl<T: ArrowPrimitiveType> Primitives<T> {
    /// Creates a column of `data_type`, which has the layout of `T`.
    pub(super) fn new(data_type: DataType, parse: Parse<T::Native>) -> Self {
        Self {
            data_type,
            parse,
            values: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }
}

impl<T: ArrowPrimitiveType> Leaf for Primitives<T> {
    fn push(&mut self, json: &str) -> Result<(), Trouble> {
        let value = (self.parse)(json).ok_or(Trouble::Misfit)?;
        self.values.push(value);
        self.nulls.append_non_null();
        Ok(())
    }
}

impl<T: ArrowPrimitiveType> Storage for Primitives<T> {
    fn push_null(&mut self) -> Result<(), Trouble> {
        self.values.push(T::Native::default());
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
        self.nulls.truncate(len);
    }

    fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = std::mem::take(&mut self.values).into();
        let array = PrimitiveArray::<T>::try_new(values, self.nulls.finish())?;
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }
}
