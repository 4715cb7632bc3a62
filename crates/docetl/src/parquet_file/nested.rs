//! Values of columns of any type.

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type};
use coldpress_table::Renderer;

use crate::json::Parser;
use crate::{Record, Value};

/// Reads values of a column of any type. Those that JSON cannot express are spelled as `docs/types.md` describes.
#[derive(Default)]
pub(super) struct NestedValues {
    parser: Parser,
    json: Vec<u8>,
}

impl NestedValues {
    /// Returns the value of a row; `None` if it cannot be expressed in JSON.
    pub(super) fn value(&mut self, array: &ArrayRef, field: &Field, row: usize) -> Option<Value> {
        if array.is_null(row) {
            return Some(Value::Null);
        }
        match (array.data_type(), field.data_type()) {
            (DataType::Struct(_), DataType::Struct(fields)) => {
                let columns = array.as_struct().columns().iter().zip(fields);
                let children = columns.map(|(child, field)| {
                    let value = self.value(child, field, row)?;
                    Some((field.name().as_str(), value))
                });
                children.collect::<Option<Record>>().map(Value::Object)
            }
            (DataType::List(_), DataType::List(child)) => {
                self.list(array.as_list::<i32>(), child, row)
            }
            (DataType::LargeList(_), DataType::LargeList(child)) => {
                self.list(array.as_list::<i64>(), child, row)
            }
            // The renderer turns NaN and the infinities into texts.
            (DataType::Float64, _) => {
                Some(Value::Float(array.as_primitive::<Float64Type>().value(row)))
            }
            (DataType::Float32, _) => Some(float32(array.as_primitive::<Float32Type>().value(row))),
            _ => self.rendered(array, field, row),
        }
    }

    fn list<O: OffsetSizeTrait>(
        &mut self,
        lists: &GenericListArray<O>,
        child: &Field,
        row: usize,
    ) -> Option<Value> {
        let values = lists.value(row);
        let values = (0..values.len()).map(|at| self.value(&values, child, at));
        values.collect::<Option<Vec<Value>>>().map(Value::List)
    }

    fn rendered(&mut self, array: &ArrayRef, field: &Field, row: usize) -> Option<Value> {
        self.json.clear();
        Renderer::write_value(&**array, field, row, &mut self.json);
        self.parser.parse_whole(&self.json).ok()
    }
}

/// Returns the float with the fewest digits that reads back as this one.
fn float32(number: f32) -> Value {
    Value::Float(number.to_string().parse().unwrap_or(f64::from(number)))
}
