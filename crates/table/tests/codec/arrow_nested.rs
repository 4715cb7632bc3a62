//! Types that hold other types, with one test for each row of the table "Arrow as JSON" in docs/types.md, named like the row.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;

use super::{check, check_batch, column, decoded, rendered};

fn lists() -> Vec<Option<Vec<Option<i32>>>> {
    vec![Some(vec![Some(1), None]), None, Some(vec![])]
}

#[test]
fn list() {
    let expected = ["[1, null]", "null", "[]"];
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(lists());
    check(list.clone(), &expected);
    check(ListViewArray::from(list), &expected);
    let list = LargeListArray::from_iter_primitive::<Int32Type, _, _>(lists());
    check(list.clone(), &expected);
    check(LargeListViewArray::from(list), &expected);
}

#[test]
fn list_view_out_of_order() {
    let values = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let field = Arc::new(Field::new("element", DataType::Int64, true));
    let array = ListViewArray::try_new(
        field,
        ScalarBuffer::from(vec![1, 0, 1]),
        ScalarBuffer::from(vec![2, 2, 0]),
        values,
        None,
    );
    check(array.unwrap(), &["[2, 3]", "[1, 2]", "[]"]);
}

#[test]
fn fixed_size_list() {
    let lists = vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![Some(3), Some(4)]),
    ];
    let array = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(lists, 2);
    check(array.clone(), &["[1, null]", "null", "[3, 4]"]);
    check(array.slice(1, 2), &["null", "[3, 4]"]);
    let field = Arc::new(Field::new("element", DataType::Int32, true));
    let values = Arc::new(Int32Array::from(Vec::<i32>::new()));
    let nulls = NullBuffer::from(vec![true, false]);
    let array = FixedSizeListArray::try_new(field, 0, values, Some(nulls));
    check(array.unwrap(), &["[]", "null"]);
}

#[test]
fn r#struct() {
    let fields = Fields::from(vec![
        Field::new("a", DataType::Int32, true),
        Field::new("b \"c\"", DataType::Utf8, false),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![Some(1), None, None])),
        Arc::new(StringArray::from(vec!["x", "y", "z"])),
    ];
    let nulls = NullBuffer::from(vec![true, true, false]);
    let array = StructArray::new(fields, columns, Some(nulls));
    let expected = [
        r#"{"a": 1, "b \"c\"": "x"}"#,
        r#"{"a": null, "b \"c\"": "y"}"#,
        "null",
    ];
    check(array, &expected);
    let nulls = NullBuffer::from(vec![true, false]);
    check(
        StructArray::new_empty_fields(2, Some(nulls)),
        &["{}", "null"],
    );
}

fn map(keys: ArrayRef, offsets: Vec<i32>, nulls: Option<NullBuffer>) -> MapArray {
    let values = (0..keys.len() as i64).map(|value| (value != 1).then_some(value));
    let values = Arc::new(values.collect::<Int64Array>());
    let fields = Fields::from(vec![
        Field::new("keys", keys.data_type().clone(), false),
        Field::new("values", DataType::Int64, true),
    ]);
    let entries = StructArray::new(fields.clone(), vec![keys, values], None);
    let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
    let offsets = OffsetBuffer::new(offsets.into());
    MapArray::new(field, offsets, entries, nulls, false)
}

#[test]
fn map_with_text_keys() {
    let nulls = || Some(NullBuffer::from(vec![true, false, true]));
    let expected = [r#"{"b": 0, "\"a": null}"#, "null", "{}"];
    let keys = Arc::new(StringArray::from(vec!["b", "\"a"]));
    check(map(keys, vec![0, 2, 2, 2], nulls()), &expected);
    let keys = Arc::new(LargeStringArray::from(vec!["b", "\"a"]));
    check(map(keys, vec![0, 2, 2, 2], nulls()), &expected);
    let keys = Arc::new(StringViewArray::from(vec!["b", "\"a"]));
    check(map(keys, vec![0, 2, 2, 2], nulls()), &expected);
}

#[test]
fn map_with_other_or_repeated_keys() {
    let keys = Arc::new(StringArray::from(vec!["a", "b", "a", "a"]));
    check(
        map(keys, vec![0, 3, 4], None),
        &[
            r#"[{"key": "a", "value": 0}, {"key": "b", "value": null}, {"key": "a", "value": 2}]"#,
            r#"{"a": 3}"#,
        ],
    );
    let keys = Arc::new(Date32Array::from(vec![0]));
    check(
        map(keys, vec![0, 1, 1], None),
        &[r#"[{"key": "1970-01-01", "value": 0}]"#, "[]"],
    );
    // There are more keys than are compared one by one.
    let names = (0..40)
        .map(|at| format!("k{}", at % 39))
        .collect::<Vec<_>>();
    let keys = Arc::new(StringArray::from(names));
    let batch = column(Arc::new(map(keys, vec![0, 39, 40], None)));
    let records = rendered(&batch);
    assert!(
        records[0].starts_with(r#"{"v": {"k0": 0"#),
        "{}",
        records[0]
    );
    assert_eq!(decoded(&batch.schema(), &records), batch);
}

#[test]
fn dictionary() {
    let array: DictionaryArray<Int8Type> = vec![Some("a"), None, Some("b"), Some("a")]
        .into_iter()
        .collect();
    check(array, &["\"a\"", "null", "\"b\"", "\"a\""]);
    let keys = UInt64Array::from(vec![Some(1), None, Some(0)]);
    let values = Arc::new(Float64Array::from(vec![0.5, f64::NAN]));
    check(
        DictionaryArray::new(keys, values),
        &["\"NaN\"", "null", "0.5"],
    );
}

#[test]
fn run_end_encoded() {
    let ends = Int16Array::from(vec![2, 3, 5]);
    let values = StringArray::from(vec![Some("a"), None, Some("b")]);
    let array = RunArray::try_new(&ends, &values).unwrap();
    let expected = ["\"a\"", "\"a\"", "null", "\"b\"", "\"b\""];
    check(array.clone(), &expected);
    check(array.slice(1, 3), &expected[1..4]);
    // The inner fields may have any name.
    let data_type = DataType::RunEndEncoded(
        Arc::new(Field::new("ends", DataType::Int64, false)),
        Arc::new(Field::new("value", DataType::Int32, true)),
    );
    let data = ArrayData::builder(data_type)
        .len(3)
        .add_child_data(Int64Array::from(vec![1, 3]).into_data())
        .add_child_data(Int32Array::from(vec![7, 8]).into_data());
    let batch = column(make_array(data.build().unwrap()));
    check_batch(&batch, &["7", "8", "8"]);
}

fn members() -> UnionFields {
    let fields = [
        Field::new("n", DataType::Int32, true),
        Field::new("s", DataType::Utf8, true),
    ];
    UnionFields::try_new([5, 2], fields).unwrap()
}

#[test]
fn union() {
    let expected = [
        r#"{"type": "s", "value": "x"}"#,
        r#"{"type": "n", "value": 1}"#,
        r#"{"type": "n", "value": null}"#,
    ];
    let ids = ScalarBuffer::from(vec![2_i8, 5, 5]);
    let children: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![Some(1), None])),
        Arc::new(StringArray::from(vec!["x"])),
    ];
    let offsets = Some(ScalarBuffer::from(vec![0, 0, 1]));
    check(
        UnionArray::try_new(members(), ids.clone(), offsets, children).unwrap(),
        &expected,
    );
    let children: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![None, Some(1), None])),
        Arc::new(StringArray::from(vec![Some("x"), None, None])),
    ];
    check(
        UnionArray::try_new(members(), ids, None, children).unwrap(),
        &expected,
    );
}
