//! Inputs that cannot be read, or not all of them.

use std::fs;
use std::os::unix::fs::FileExt;

use arrow::array::RecordBatch;
use coldpress_config::OperatorCall;
use coldpress_dataset::FileCompression;
use coldpress_executor::ErrorKind;
use coldpress_job::Status;
use parquet::file::metadata::ParquetMetaDataReader;

use super::columns::Kind;
use super::expected::Expected;
use super::files::{DataFile, Files, Shape};
use super::output::{Form, Output};
use super::{Job, Work};
use crate::bench::{Bench, files_in};
use crate::plan::Plan;

const FORMS: [Form; 6] = [
    Form::Jsonl,
    Form::Json,
    Form::Csv,
    Form::Tsv,
    Form::Parquet,
    Form::Arrow,
];
const LINES: Shape = Shape::Lines(FileCompression::None);
const PARQUET: Shape = Shape::Parquet {
    group_rows: 4,
    dictionary: false,
};

/// A file of so many rows with a number, a text and one column more.
fn file(shape: Shape, rows: u16) -> DataFile {
    let columns = [("id", Kind::Int), ("text", Kind::Text), ("a", Kind::Bool)];
    DataFile {
        shape,
        columns: columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec(),
        rows: (0..rows).map(|row| vec![row, 7 * row, row]).collect(),
    }
}

/// One file of lines before and one behind the file of this form.
fn three(shape: Shape) -> Files {
    Files(vec![file(LINES, 3), file(shape, 12), file(LINES, 5)])
}

pub(super) fn work(form: Form, process: Vec<OperatorCall>) -> Work {
    let plan = Plan::new(process, 4).with("retry.max_retries", 1);
    Work {
        plan,
        output: Output::file(form),
        stats: true,
        dropped: false,
    }
}

fn upper() -> Vec<OperatorCall> {
    vec![OperatorCall::new("edit_mapper")]
}

/// What comes out of the rows that `is_left` says are, by source and number.
fn expected_of(files: &Files, work: &Work, is_left: impl Fn(u32, u64) -> bool) -> Expected {
    let mut expected = Expected::of(files, &work.plan);
    let number = |line: &str| {
        let id = line.strip_prefix("{\"id\": ").unwrap().split(',').next();
        id.unwrap().parse().unwrap()
    };
    expected
        .rows
        .retain(|(source, line)| is_left(*source, number(line)));
    expected
}

/// A page that cannot be decoded fails its partition, and nothing else.
#[test]
fn a_damaged_page_fails_its_partition() {
    for form in FORMS {
        let (files, work) = (three(PARQUET), work(form, upper()));
        let job = Job::new(&files);
        let path = &job.0.sources[1];
        let metadata = ParquetMetaDataReader::new()
            .parse_and_finish(&fs::File::open(path).unwrap())
            .unwrap();
        let page = metadata.row_group(1).column(1).data_page_offset() as u64;
        let file = fs::File::options().write(true).open(path).unwrap();
        file.write_all_at(&[0xFF; 12], page).unwrap();
        let report = job.run(&work).unwrap();
        assert_eq!(report.status, Status::CompletedWithFailures);
        let failed: Vec<_> = report
            .failed_partitions
            .iter()
            .map(|failed| (failed.partition, failed.start, failed.end, failed.records))
            .collect();
        assert_eq!(failed, [(2, 4, 8, 4)]);
        let message = &report.failed_partitions[0].error;
        assert!(message.contains("row group 1"), "{message}");
        assert!(message.contains("data-1.parquet"), "{message}");
        let expected = expected_of(&files, &work, |source, row| {
            source != 1 || !(4..8).contains(&row)
        });
        work.output.check(&job.read(&work), &expected);
        assert_eq!(report.ledger.records, 16);
    }
}

/// A file that cannot be opened is told, and the others come out.
#[test]
fn a_file_without_its_end_is_told() {
    let shapes = [PARQUET, Shape::ArrowFile { batch_rows: 4 }];
    for (form, shape) in FORMS
        .into_iter()
        .flat_map(|form| shapes.map(|shape| (form, shape)))
    {
        let (files, work) = (three(shape), work(form, upper()));
        let job = Job::new(&files);
        let path = &job.0.sources[1];
        let length = fs::metadata(path).unwrap().len();
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(length - 5)
            .unwrap();
        let report = job.run(&work).unwrap();
        assert_eq!(report.status, Status::CompletedWithFailures);
        let unreadable: Vec<_> = report.unreadable.iter().map(|part| &part.source).collect();
        assert_eq!(unreadable, [&path.display().to_string()]);
        assert!(
            report.unreadable[0].reason.contains("footer"),
            "{:?}",
            report.unreadable
        );
        let mut expected = expected_of(&files, &work, |source, _| source != 1);
        expected.header = vec!["id".to_owned(), "text".to_owned(), "a".to_owned()];
        work.output.check(&job.read(&work), &expected);
        assert_eq!(report.ledger.records, 8);
    }
}

/// A stream that breaks off is never taken for a whole one.
#[test]
fn a_stream_that_breaks_off_is_told() {
    let files = three(Shape::ArrowStream { batch_rows: 4 });
    let work = work(Form::Parquet, upper());
    let whole = {
        let job = Job::new(&files);
        fs::read(&job.0.sources[1]).unwrap()
    };
    // The end of a stream, without which all rows are there.
    const END: usize = 8;
    for length in [9, whole.len() / 3, whole.len() / 2, whole.len() - END - 1] {
        let job = Job::new(&files);
        fs::write(&job.0.sources[1], &whole[..length]).unwrap();
        let report = job.run(&work).unwrap();
        assert_eq!(
            report.status,
            Status::CompletedWithFailures,
            "{length} bytes"
        );
        let told = report.unreadable.len() + report.failed_partitions.len();
        assert_eq!(told, 1, "{length} bytes: {:?}", report.unreadable);
        let exported = job.read(&work);
        let rows: usize = exported
            .table
            .unwrap()
            .iter()
            .map(RecordBatch::num_rows)
            .sum();
        assert!((8..20).contains(&rows), "{rows}");
        assert_eq!(report.ledger.exported(), rows as u64);
    }
}

/// Rows with other cells than the header are set aside as they are, and one that breaks off is told besides; the rest comes
/// out.
#[test]
fn odd_rows_of_cells_are_in_quarantine() {
    let text = b"id,text\n1,a\n2,b,c\n3\n4,\"d\ne\"\n5,\xFFx\n6,f\r\n7,\"open\n";
    for form in FORMS {
        let bench = Bench::over(|folder| {
            fs::create_dir_all(folder).unwrap();
            let path = folder.join("odd.csv");
            fs::write(&path, text).unwrap();
            vec![path]
        });
        let job = Job(bench);
        let work = work(form, upper());
        let report = job.run(&work).unwrap();
        assert_eq!(report.status, Status::CompletedWithFailures);
        let found = job.0.quarantined(&job.plan(&work));
        let found: Vec<String> = found.iter().map(|found| format!("{found:?}")).collect();
        let due = [
            (
                "the row that begins at byte 12 has 3 cells, the header has 2",
                "2,b,c",
            ),
            (
                "the row that begins at byte 18 has 1 cells, the header has 2",
                "3",
            ),
            (
                "the row that begins at byte 28 is not valid UTF-8",
                "5,\u{FFFD}x",
            ),
            (
                "a quote is left open in the row that begins at byte 38; the file ends in it",
                "7,\"open\n",
            ),
        ];
        assert_eq!(found.len(), due.len(), "{found:?}");
        for (found, (reason, row)) in found.iter().zip(due) {
            assert!(
                found.ends_with(&format!("None None: {reason}: {row:?}")),
                "{found}"
            );
        }
        let rows = [
            "{\"id\": 1, \"text\": \"A\"}",
            "{\"id\": 4, \"text\": \"D\\nE\"}",
            "{\"id\": 6, \"text\": \"F\"}",
        ];
        let mut expected = Expected::of(&Files(Vec::new()), &work.plan);
        expected.rows = rows.map(|row| (0, row.to_owned())).to_vec();
        expected.header = vec!["id".to_owned(), "text".to_owned()];
        work.output.check(&job.read(&work), &expected);
        assert_eq!((report.ledger.records, report.ledger.rejected), (7, 4));
        let torn: Vec<&str> = report
            .unreadable
            .iter()
            .map(|part| part.reason.as_str())
            .collect();
        assert!(
            matches!(torn[..], [reason] if reason.contains("quote")),
            "{torn:?}"
        );
    }
}

/// A recipe whose text is a number in the schema is refused before any work, in words that help.
#[test]
fn a_text_of_the_wrong_type_is_refused() {
    for form in [Form::Jsonl, Form::Parquet] {
        let mut file = file(PARQUET, 5);
        file.columns[1].1 = Kind::Int;
        // A row without any value tells nothing.
        file.rows.iter_mut().for_each(|row| row[1] = 7);
        let job = Job::new(&Files(vec![file]));
        let work = work(form, upper());
        let error = job.run(&work).unwrap_err();
        let message = error.full_message();
        assert_eq!(error.kind(), ErrorKind::Recipe, "{message}");
        assert!(
            message.contains("the field `text` is a number, not text"),
            "{message}"
        );
        assert!(message.contains("`text_keys`"), "{message}");
        assert!(!job.0.path(&work.output.name()).exists());
        let layout = job.0.layout().results_dir();
        assert!(files_in(&layout).is_empty());
    }
}

/// A recipe whose text no table has is refused; where one of two has it, the rows of the other go to quarantine, or
/// come out without it if nothing works on it.
#[test]
fn a_text_that_is_missing_is_told() {
    let (good, mut other) = (file(PARQUET, 6), file(PARQUET, 5));
    other.columns[1].0 = "tex".to_owned();
    for form in FORMS {
        let work_upper = work(form, upper());
        let job = Job::new(&Files(vec![other.clone()]));
        let message = job.run(&work_upper).unwrap_err().full_message();
        assert!(message.contains("did you mean `tex`?"), "{message}");

        let files = Files(vec![good.clone(), other.clone()]);
        for (process, quarantined) in [(upper(), 5), (Vec::new(), 0)] {
            let work = work(form, process);
            let expected = Expected::of(&files, &work.plan);
            let job = Job::new(&files);
            let report = job.run(&work).unwrap();
            job.check(&work, &report, &expected);
            let missing = job.0.quarantined(&job.plan(&work));
            let missing = missing
                .iter()
                .filter(|found| found.place().contains("is missing"));
            assert_eq!(missing.count(), quarantined);
            assert_eq!(expected.header, ["id", "text", "a", "tex"]);
        }
    }
}

/// No bit of a stream of rows can be flipped so that anything but the right rows comes out.
#[test]
fn no_harm_to_rows_in_columns_comes_out() {
    let files = Files(vec![file(PARQUET, 9)]);
    for form in [Form::Parquet, Form::Arrow] {
        let work = work(form, upper());
        let expected = Expected::of(&files, &work.plan);
        let job = Job::new(&files);
        job.run(&work).unwrap();
        let results = job.0.layout().results_dir();
        let is_rows =
            |path: &std::path::PathBuf| path.extension().is_some_and(|suffix| suffix == "arrows");
        let length = fs::read(
            files_in(&results)
                .iter()
                .find(|path| is_rows(path))
                .unwrap(),
        )
        .unwrap()
        .len();
        for at in (0..length).step_by(61) {
            job.remove_export(&work);
            for path in files_in(&results).into_iter().filter(is_rows) {
                let mut bytes = fs::read(&path).unwrap();
                let at = at.min(bytes.len() - 1);
                bytes[at] ^= 4;
                fs::write(path, bytes).unwrap();
            }
            let report = job.run(&work).unwrap();
            job.check(&work, &report, &expected);
        }
    }
}
