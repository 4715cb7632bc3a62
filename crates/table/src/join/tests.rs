use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use coldpress_record::Origin;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::{arbitrary, is_json_text};

fn types(records: &[&str]) -> Types {
    let mut types = Types::default();
    for (at, record) in records.iter().enumerate() {
        types.observe(record, &Origin::new(0, at as u64));
    }
    types
}

fn schema(data_type: DataType) -> Schema {
    Schema::new(vec![Field::new("a", data_type, false)])
}

fn json_field(name: &str) -> Field {
    as_json_text(&Field::new(name, DataType::Utf8, true))
}

fn join_all(parts: &[Run]) -> Joined {
    let mut join = SchemaJoin::default();
    for part in parts {
        match part {
            Run::Records(types) => join.add_types(types),
            Run::Table(schema) => join.add_schema(schema),
        }
    }
    join.finish()
}

/// Checks the type of the column `a` of parts in either order; `None` for JSON text.
#[track_caller]
fn check_parts(left: &Run, right: &Run, expected: Option<DataType>) {
    for parts in [[left.copy(), right.copy()], [right.copy(), left.copy()]] {
        let joined = join_all(&parts);
        let field = joined.schema.field(0);
        let found = (!is_json_text(field)).then(|| field.data_type().clone());
        assert_eq!(found, expected, "{parts:?}");
        assert_eq!(joined.mixed.len(), usize::from(expected.is_none()));
    }
}

impl Run {
    fn copy(&self) -> Self {
        match self {
            Self::Records(types) => Self::Records(types.clone()),
            Self::Table(schema) => Self::Table(schema.clone()),
        }
    }
}

#[track_caller]
fn check(left: DataType, right: DataType, expected: Option<DataType>) {
    let (left, right) = (Run::Table(schema(left)), Run::Table(schema(right)));
    check_parts(&left, &right, expected);
}

#[track_caller]
fn check_json(value: &str, column: DataType, expected: Option<DataType>) {
    let record = format!(r#"{{"a": {value}}}"#);
    let records = Run::Records(types(&[&record]));
    check_parts(&records, &Run::Table(schema(column)), expected);
}

fn list(data_type: DataType, nullable: bool) -> DataType {
    DataType::List(Arc::new(Field::new("element", data_type, nullable)))
}

fn dictionary(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
}

fn structs(children: &[(&str, DataType, bool)]) -> DataType {
    let children = children
        .iter()
        .map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable));
    DataType::Struct(children.collect())
}

fn map(entries: &str, value: DataType) -> DataType {
    let fields = [
        Field::new("key", DataType::Utf8, false),
        Field::new("value", value, true),
    ];
    let entries = Field::new(
        entries,
        DataType::Struct(Fields::from(fields.to_vec())),
        false,
    );
    DataType::Map(Arc::new(entries), false)
}

#[test]
fn numbers_of_columns() {
    use DataType::*;
    check(Int8, Int32, Some(Int32));
    check(UInt8, UInt16, Some(UInt16));
    check(UInt8, Int8, Some(Int16));
    check(UInt32, Int8, Some(Int64));
    check(UInt32, UInt64, Some(UInt64));
    check(UInt64, Int8, None);
    check(Int32, Float32, Some(Float64));
    check(UInt8, Float16, Some(Float64));
    check(Int64, Float64, None);
    check(UInt64, Float64, None);
    check(Float16, Float32, Some(Float32));
    check(Int8, Boolean, None);
    check(Null, UInt16, Some(UInt16));
    check(Int8, Decimal128(5, 2), None);
}

#[test]
fn numbers_of_three_columns_have_a_type_in_any_order() {
    let all = [DataType::UInt32, DataType::Int32, DataType::Float32];
    for order in [[0, 1, 2], [1, 2, 0], [0, 2, 1], [2, 0, 1]] {
        let parts = order.map(|at: usize| Run::Table(schema(all[at].clone())));
        assert_eq!(
            join_all(&parts).schema.field(0).data_type(),
            &DataType::Float64
        );
    }
}

#[test]
fn numbers_of_records_and_columns() {
    use DataType::*;
    check_json("1", Int8, Some(Int64));
    check_json("1", UInt32, Some(Int64));
    check_json("1", UInt64, Some(UInt64));
    check_json("-1", UInt64, None);
    check_json("18446744073709551615", UInt8, Some(UInt64));
    check_json("18446744073709551615", Int8, None);
    check_json("1", Float32, Some(Float64));
    check_json("9007199254740993", Float64, None);
    check_json("1.5", Int32, Some(Float64));
    check_json("1.5", Int64, None);
    check_json("1.5", Float16, Some(Float64));
    check_json("null", Float16, Some(Float16));
    check_json("1e400", Float64, None);
    check_json("1", Decimal128(10, 2), None);
    check_json("true", Boolean, Some(Boolean));
    check_json("true", Int64, None);
}

#[test]
fn texts_and_bytes() {
    use DataType::*;
    check(Utf8, LargeUtf8, Some(LargeUtf8));
    check(Utf8, Utf8View, Some(Utf8View));
    check(Utf8View, LargeUtf8, Some(LargeUtf8));
    check(dictionary(Utf8), Utf8, Some(Utf8));
    check(dictionary(Utf8), dictionary(LargeUtf8), Some(LargeUtf8));
    check(dictionary(Utf8), Null, Some(dictionary(Utf8)));
    check(dictionary(Int8), Int16, Some(Int16));
    check(Binary, LargeBinary, Some(LargeBinary));
    check(FixedSizeBinary(2), FixedSizeBinary(3), Some(Binary));
    check(FixedSizeBinary(2), BinaryView, Some(BinaryView));
    check(Binary, Utf8, None);
    check_json(r#""x""#, LargeUtf8, Some(LargeUtf8));
    check_json(r#""x""#, dictionary(Utf8), Some(Utf8));
    check_json("null", dictionary(Utf8), Some(dictionary(Utf8)));
    check_json(r#""\ud800""#, Utf8, None);
    check_json(r#""eA==""#, Binary, None);
    check_json(r#""2024-01-31""#, Date32, None);
}

#[test]
fn times_and_decimals() {
    use DataType::*;
    let time = |unit, zone: Option<&str>| Timestamp(unit, zone.map(Arc::from));
    let (ms, us, ns) = (
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
        TimeUnit::Nanosecond,
    );
    check(time(ms, None), time(us, None), Some(time(us, None)));
    check(time(us, None), time(ns, None), None);
    check(time(us, None), time(us, Some("UTC")), None);
    check(
        time(us, Some("+00:00")),
        time(us, Some("UTC")),
        Some(time(us, Some("UTC"))),
    );
    check(time(us, Some("+01:00")), time(us, Some("UTC")), None);
    check(Date32, Date64, None);
    check(Date32, Date32, Some(Date32));
    check(
        Decimal128(10, 2),
        Decimal128(12, 3),
        Some(Decimal128(12, 3)),
    );
    check(
        Decimal128(12, 2),
        Decimal128(10, 4),
        Some(Decimal128(14, 4)),
    );
    check(Decimal32(9, 0), Decimal32(9, 9), Some(Decimal64(18, 9)));
    check(
        Decimal128(38, 0),
        Decimal128(38, 38),
        Some(Decimal256(76, 38)),
    );
    check(Decimal256(76, 0), Decimal256(76, 76), None);
    check(Decimal64(5, -2), Decimal64(5, 2), Some(Decimal64(9, 2)));
}

#[test]
fn lists_and_structs() {
    use DataType::*;
    check(
        list(Int8, false),
        list(Int16, false),
        Some(list(Int16, false)),
    );
    check(list(Int8, false), list(Null, true), Some(list(Int8, true)));
    check(list(Int8, false), list(Utf8, false), None);
    let element = Arc::new(Field::new("item", Int8, true));
    let large = LargeList(Arc::clone(&element));
    let fixed = |size| FixedSizeList(Arc::clone(&element), size);
    let item = |data_type| List(Arc::new(Field::new("item", data_type, true)));
    check(fixed(2), fixed(3), Some(item(Int8)));
    check(fixed(2), large.clone(), Some(large));
    check(fixed(2), list(Int8, true), Some(list(Int8, true)));
    check_json("[1]", fixed(1), Some(item(Int64)));
    check_json("[]", list(Int8, false), Some(list(Int8, true)));
    check_json("[null]", list(Int8, false), Some(list(Int8, true)));
    check_json("[true]", list(Int8, false), None);
    check(
        structs(&[("x", Int8, false), ("y", Utf8, false)]),
        structs(&[("x", Int16, false)]),
        Some(structs(&[("x", Int16, false), ("y", Utf8, true)])),
    );
    check_json(
        r#"{"x": 1}"#,
        structs(&[("x", Int8, false)]),
        Some(structs(&[("x", Int64, true)])),
    );
    check_json("{}", structs(&[("x", Int8, false)]), None);
    check(
        map("entries", Int8),
        map("key_value", Int8),
        Some(map("entries", Int8)),
    );
    check(
        map("entries", Int8),
        map("entries", Int64),
        Some(map("entries", Int64)),
    );
    check(map("entries", Int8), map("entries", Utf8), None);
    check_json(r#"{"x": 1}"#, map("entries", Int64), None);
}

#[test]
fn json_columns() {
    let json = Run::Table(Schema::new(vec![json_field("a")]));
    let text = Run::Table(schema(DataType::Utf8));
    check_parts(&json, &text, None);
    check_parts(&json, &Run::Records(types(&[r#"{"a": "x"}"#])), None);
    let same = join_all(&[json.copy(), Run::Records(types(&[r#"{"a": null}"#]))]);
    assert_eq!(*same.schema.field(0), json_field("a"));
    assert_eq!(same.mixed, []);
}

#[test]
fn a_child_that_is_mixed_does_not_mix_its_struct() {
    let joined = join_all(&[
        Run::Table(schema(structs(&[("x", DataType::Int8, false)]))),
        Run::Records(types(&[r#"{"a": {"x": 1}}"#, r#"{"a": {"x": "t"}}"#])),
    ]);
    let expected = DataType::Struct(Fields::from(vec![json_field("x")]));
    assert_eq!(joined.schema.field(0).data_type(), &expected);
    let mixed = MixedField {
        name: "a.x".into(),
        types: vec!["int8".into(), "int64".into(), "text".into()],
        odd: Some(Origin::new(0, 1)),
    };
    assert_eq!(joined.mixed, [mixed]);
}

#[test]
fn mixed_fields_are_named_with_the_first_odd_record() {
    let joined = join_all(&[Run::Records(types(&[
        r#"{"a": null, "b": [1], "c": [[{"d": true}]], "e": {"f": {}}}"#,
        r#"{"a": 1, "b": [2, "x"], "c": [[{"d": 7}]]}"#,
        r#"{"a": "x", "b": [], "c": [], "e": {"f": {"g": 1}}}"#,
        r#"{"a": [], "b": 1}"#,
        r#"{"h": 1e999}"#,
    ]))]);
    let found = joined.mixed.iter().map(|field| {
        let odd = field.odd.as_ref().map(|origin| origin.position);
        (field.name.as_str(), field.types.join(", "), odd)
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            ("a", "int64, text, list".to_owned(), Some(2)),
            ("b", "list, int64".to_owned(), Some(3)),
            (
                "c",
                "list of list with d: boolean, list of list with d: int64".to_owned(),
                Some(1)
            ),
            ("e.f", "empty object, object".to_owned(), Some(2)),
            ("h", "number beyond 64 bits".to_owned(), None),
        ]
    );
}

#[test]
fn metadata_stays_where_all_agree() {
    let field = |metadata: &[(&str, &str)]| {
        let metadata = metadata.iter().map(|(key, value)| (*key, *value));
        let metadata = metadata.collect::<Metadata>();
        let field = Field::new("a", DataType::Int8, false).with_metadata(metadata.clone());
        Run::Table(Schema::new_with_metadata(vec![field], metadata))
    };
    let joined = join_all(&[
        field(&[("same", "1"), ("other", "1"), ("mine", "1")]),
        Run::Records(types(&["{}"])),
        field(&[("same", "1"), ("other", "2")]),
    ]);
    let expected = Metadata::new().with("same", "1").with("mine", "1");
    assert_eq!(joined.schema.metadata, expected);
    let expected = Field::new("a", DataType::Int8, true).with_metadata(expected);
    assert_eq!(*joined.schema.field(0), expected);
}

#[test]
fn an_extension_type_stays_only_with_its_column() {
    let uuid = |size| {
        let field = Field::new("a", DataType::FixedSizeBinary(size), false);
        let field = field.with_metadata([("ARROW:extension:name", "arrow.uuid")]);
        Run::Table(Schema::new(vec![field]))
    };
    let plain = |data_type| Run::Table(schema(data_type));
    let name = |left: Run, right: Run| {
        let joined = join_all(&[left, right]);
        joined
            .schema
            .field(0)
            .extension_type_name()
            .map(str::to_owned)
    };
    assert_eq!(
        name(uuid(16), plain(DataType::Null)).as_deref(),
        Some("arrow.uuid")
    );
    assert_eq!(name(uuid(16), plain(DataType::FixedSizeBinary(16))), None);
    assert_eq!(name(uuid(16), uuid(8)), None);
    assert_eq!(
        name(uuid(16), plain(DataType::Int8)).as_deref(),
        Some("arrow.json")
    );
}

#[test]
fn one_schema_is_kept_whole() {
    let union =
        arrow::datatypes::UnionFields::from_fields(vec![Field::new("i", DataType::Int8, false)]);
    let runs = [
        Field::new("run_ends", DataType::Int32, false),
        Field::new("values", DataType::Utf8, true),
    ];
    let [ends, values] = runs.map(Arc::new);
    let fields = [
        DataType::Union(union, arrow::datatypes::UnionMode::Dense),
        DataType::RunEndEncoded(ends, values),
        DataType::ListView(Arc::new(json_field("item"))),
        dictionary(DataType::FixedSizeBinary(3)),
        map("key_value", DataType::Null),
        DataType::Struct(Fields::empty()),
        DataType::Duration(TimeUnit::Second),
    ];
    let fields = fields.into_iter().enumerate();
    let mut fields = fields
        .map(|(at, data_type)| Field::new(at.to_string(), data_type, at % 2 == 0))
        .collect::<Vec<_>>();
    // A name may occur twice.
    fields.push(Field::new("0", DataType::Date32, false));
    let schema = Schema::new_with_metadata(fields, [("key", "value")]);
    let table = || Run::Table(schema.clone());
    let joined = join_all(&[table(), table(), Run::Records(Types::default())]);
    assert_eq!(*joined.schema, schema);
    assert_eq!(joined.mixed, []);
}

#[test]
fn fields_stand_in_dataset_order() {
    let table = |names: &[&str]| {
        let fields = names
            .iter()
            .map(|name| Field::new(*name, DataType::Utf8, true));
        Run::Table(Schema::new(fields.collect::<Vec<_>>()))
    };
    let joined = join_all(&[
        table(&["c", "b"]),
        Run::Records(types(&[r#"{"x": 1, "b": "t"}"#])),
        table(&["a", "x", "c"]),
        table(&["c", "b"]),
        Run::Records(types(&[r#"{"0": 1, "a": "t"}"#])),
    ]);
    let names = joined
        .schema
        .fields()
        .iter()
        .map(|field| field.name().as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["c", "b", "x", "a", "0"]);
}

/// Returns the type with the children of structs sorted by name.
fn sorted(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(fields) => format!("{:?}", sorted_fields(fields)),
        DataType::List(field) => {
            format!("list of {:?}", sorted_fields(std::slice::from_ref(field)))
        }
        DataType::LargeList(field) => {
            format!(
                "large list of {:?}",
                sorted_fields(std::slice::from_ref(field))
            )
        }
        other => format!("{other:?}"),
    }
}

fn sorted_fields(fields: &[FieldRef]) -> BTreeMap<&str, (String, bool, bool)> {
    fields
        .iter()
        .map(|field| {
            let data_type = sorted(field.data_type());
            (
                field.name().as_str(),
                (data_type, field.is_nullable(), is_json_text(field)),
            )
        })
        .collect()
}

fn any_field(depth: u32) -> BoxedStrategy<DataType> {
    use DataType::*;
    let leaf = select(vec![
        Null,
        Boolean,
        Int8,
        Int32,
        Int64,
        UInt8,
        UInt32,
        UInt64,
        Float16,
        Float32,
        Float64,
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        Date32,
        dictionary(Utf8),
        dictionary(Int32),
        Decimal128(10, 2),
        Decimal32(5, 3),
        Decimal256(76, 0),
        Timestamp(TimeUnit::Microsecond, None),
        Timestamp(TimeUnit::Second, None),
        Timestamp(TimeUnit::Nanosecond, None),
        map("entries", Int8),
        map("key_value", Int16),
    ]);
    let nested = leaf.prop_recursive(depth, 8, 3, |inner| {
        let children = prop::collection::vec(
            (select(vec!["a", "b", "a b"]), inner.clone(), any::<bool>()),
            1..3,
        );
        prop_oneof![
            (inner.clone(), any::<bool>()).prop_map(|(inner, nullable)| list(inner, nullable)),
            inner.prop_map(|inner| LargeList(Arc::new(Field::new("item", inner, true)))),
            children.prop_map(|mut children| {
                children.dedup_by(|left, right| left.0 == right.0);
                structs(&children)
            }),
        ]
    });
    nested.boxed()
}

fn any_part() -> impl Strategy<Value = Run> {
    let field = (0_usize..10).prop_map(|field| format!("f{field}"));
    let fields = prop::collection::btree_map(field, (any_field(2), any::<bool>()), 0..6);
    let table = fields.prop_map(|fields| {
        let fields = fields
            .into_iter()
            .map(|(name, (data_type, nullable))| Field::new(name, data_type, nullable));
        Run::Table(Schema::new(fields.collect::<Vec<_>>()))
    });
    let records = arbitrary::records().prop_map(|records| {
        Run::Records(types(
            &records.iter().map(String::as_str).collect::<Vec<_>>(),
        ))
    });
    prop_oneof![2 => table, 1 => records]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn the_order_of_parts_changes_no_type(
        parts in prop::collection::vec(any_part(), 0..5),
        rotation in 0_usize..5,
        backwards in any::<bool>(),
    ) {
        let joined = join_all(&parts);
        let mut other = parts.iter().map(Run::copy).collect::<Vec<_>>();
        if backwards {
            other.reverse();
        }
        let middle = rotation.min(other.len());
        other.rotate_left(middle);
        let other = join_all(&other);
        prop_assert_eq!(sorted_fields(joined.schema.fields()), sorted_fields(other.schema.fields()));
        let names = |joined: &Joined| {
            let mut names = joined.mixed.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
            names.sort();
            names
        };
        prop_assert_eq!(names(&joined), names(&other));
    }
}
