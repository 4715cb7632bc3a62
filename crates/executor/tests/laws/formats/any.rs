//! Random files of every form.

use coldpress_dataset::FileCompression;
use proptest::prelude::*;

use super::columns::{Kind, Seed, any_kind, any_text_kind};
use super::files::{DataFile, Files, Shape};

/// Any dataset; the first file has a record.
pub(crate) fn any_files() -> impl Strategy<Value = Files> {
    (
        any_file(any_shape(), 1..14),
        prop::collection::vec(any_file(any_shape(), 0..10), 0..4),
    )
        .prop_map(|(first, mut files)| {
            files.insert(0, first);
            Files(files)
        })
        .prop_filter("no record", |files| files.records() > 0)
}

/// One file of such a form.
pub(crate) fn any_file(
    shape: impl Strategy<Value = Shape>,
    rows: std::ops::Range<usize>,
) -> impl Strategy<Value = DataFile> {
    let names = prop::sample::subsequence(vec!["a", "b", "c", "meta", "tags"], 0..5);
    (
        shape,
        names.prop_shuffle(),
        prop::collection::vec(any_kind(), 5),
        any_text_kind(),
        prop::bool::weighted(0.1),
        rows,
    )
        .prop_flat_map(|(shape, names, kinds, text_kind, is_other, rows)| {
            let text_name = if is_other { "body" } else { "text" };
            let of_name = |(name, kind): (&str, Kind)| match name {
                "meta" => (name.to_owned(), Kind::Meta),
                "tags" => (name.to_owned(), Kind::List),
                name => (name.to_owned(), kind),
            };
            let mut columns: Vec<(String, Kind)> = vec![
                ("id".to_owned(), Kind::Int),
                (text_name.to_owned(), text_kind),
            ];
            columns.extend(names.into_iter().zip(kinds).map(of_name));
            let row = prop::collection::vec(any::<Seed>(), columns.len());
            prop::collection::vec(row, rows).prop_map(move |mut rows| {
                if shape == Shape::Texts && rows.is_empty() {
                    rows.push(vec![0; columns.len()]);
                }
                let numbered = rows.iter_mut().zip(0..);
                numbered.for_each(|(row, number)| row[0] = number);
                DataFile {
                    shape,
                    columns: columns.clone(),
                    rows,
                }
            })
        })
}

pub(crate) fn any_shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        3 => any_packing().prop_map(Shape::Lines),
        2 => (any::<bool>(), any_packing()).prop_map(|(pretty, packing)| Shape::Array { pretty, packing }),
        1 => any_packing().prop_map(Shape::Values),
        3 => (any::<bool>(), any::<bool>(), any_packing())
            .prop_map(|(tab, crlf, packing)| Shape::Csv { tab, crlf, packing }),
        1 => Just(Shape::Texts),
        6 => any_table_shape(),
    ]
}

pub(crate) fn any_table_shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        4 => (prop_oneof![1usize..5, Just(1000)], any::<bool>())
            .prop_map(|(group_rows, dictionary)| Shape::Parquet { group_rows, dictionary }),
        1 => (1usize..20).prop_map(|batch_rows| Shape::ArrowFile { batch_rows }),
        1 => (1usize..20).prop_map(|batch_rows| Shape::ArrowStream { batch_rows }),
    ]
}

fn any_packing() -> impl Strategy<Value = FileCompression> {
    prop_oneof![4 => Just(FileCompression::None), 1 => Just(FileCompression::Gzip), 1 => Just(FileCompression::Zstd)]
}
