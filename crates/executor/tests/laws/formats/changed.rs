//! Tables that change after they were planned.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use coldpress_executor::ErrorKind;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression as ParquetCompression;
use parquet::file::properties::WriterProperties;

use super::Job;
use super::output::Form;
use super::unreadable::work;
use crate::bench::Bench;
use crate::control;
use crate::operators;

/// Writes a Parquet file whose middle no sample of its bytes shows.
fn write_large(path: &Path) {
    let texts = (0..60).map(|row| format!("{row} ").repeat(3000));
    let texts: ArrayRef = Arc::new(texts.map(Some).collect::<StringArray>());
    let table = RecordBatch::try_from_iter([("text", texts)]).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(6))
        .set_dictionary_enabled(false)
        .set_compression(ParquetCompression::UNCOMPRESSED)
        .build();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).unwrap();
    writer.write(&table).unwrap();
    writer.close().unwrap();
}

fn large() -> Job {
    Job(Bench::over(|folder| {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join("large.parquet");
        write_large(&path);
        vec![path]
    }))
}

/// Changes a digit in the middle; `keep_time` hides it from who looks at the time of change.
fn change_middle(path: &Path, keep_time: bool) {
    let found = fs::metadata(path).unwrap();
    let bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    let digit = (middle..).find(|at| bytes[*at].is_ascii_digit()).unwrap();
    let other = if bytes[digit] == b'1' { b"2" } else { b"1" };
    // In its place: a job that runs never sees a shorter file.
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(other, digit as u64).unwrap();
    let time = if keep_time {
        found.modified().unwrap()
    } else {
        SystemTime::now() + Duration::from_secs(5)
    };
    file.set_modified(time).unwrap();
}

/// A table that changed after it was planned is refused, and nothing is exported.
#[test]
fn a_changed_table_is_refused() {
    for form in [Form::Jsonl, Form::Parquet] {
        for is_complete in [false, true] {
            let job = large();
            let id = control::new_id();
            let work = work(form, vec![operators::watch(id)]);
            let executor = job.0.executor(&job.plan(&work));
            if !is_complete {
                control::stop_after(id, 9, executor.stop_handle());
            }
            executor.run().unwrap();
            control::disarm(id);
            change_middle(&job.0.sources[0], false);
            let error = job.run(&work).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused, "{}", error.full_message());
            assert!(
                error.full_message().contains("large.parquet"),
                "{}",
                error.full_message()
            );
            assert_eq!(job.0.path(&work.output.name()).exists(), is_complete);
        }
    }
}

/// A table that changes while its job runs is refused too, before anything of it is exported.
#[test]
fn a_table_that_changes_under_a_running_job_is_refused() {
    for form in [Form::Jsonl, Form::Csv, Form::Parquet] {
        let job = large();
        let id = control::new_id();
        let work = work(form, vec![operators::hold(id)]);
        control::hold(id);
        // One worker: no other reads the middle before it changes.
        let executor = job.0.executor(&job.plan(&work).with("np", 1));
        let error = thread::scope(|scope| {
            let running = scope.spawn(|| executor.run());
            control::wait_until_held(id);
            change_middle(&job.0.sources[0], false);
            control::disarm(id);
            running.join().unwrap().unwrap_err()
        });
        assert_eq!(error.kind(), ErrorKind::Refused, "{}", error.full_message());
        assert!(!job.0.path(&work.output.name()).exists());
    }
}
