//! Exports of every format, read back by other readers.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use coldpress_dataset::{FileCompression, RowsEncoder, RowsForm, TableRowsWriter, decode_rows};
use coldpress_record::Origin;
use coldpress_storage::{LocalStore, ObjectName, StoredObject, digest_file};
use coldpress_table::Types;

use super::*;

mod arrows;
mod csv;
mod damage;
mod json;
mod lines;
mod parquets;
mod places;

/// A folder with an export path and the partitions to export.
struct Bench {
    folder: tempfile::TempDir,
    partitions: Vec<PartitionRows>,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            partitions: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder.path().display())
    }

    fn target(&self, name: &str, shard_bytes: u64) -> ExportTarget {
        ExportTarget::parse(&self.path(name), None, shard_bytes).unwrap()
    }

    fn typed(&self, name: &str, export_type: &str, shard_bytes: u64) -> ExportTarget {
        ExportTarget::parse(&self.path(name), Some(export_type), shard_bytes).unwrap()
    }

    fn next_rows(&self, form: RowsForm) -> PathBuf {
        let rows = self.folder.path().join("rows");
        fs::create_dir_all(&rows).unwrap();
        rows.join(format!("{:04}{}", self.partitions.len(), form.suffix()))
    }

    /// Adds a partition of lines, with their types.
    fn lines(&mut self, text: &str, packing: FileCompression) -> &mut Self {
        let form = RowsForm::Lines(packing);
        let path = self.next_rows(form);
        let mut encoder = RowsEncoder::new(File::create(&path).unwrap(), packing).unwrap();
        encoder.write_all(text.as_bytes()).unwrap();
        assert_eq!(encoder.plain_bytes(), text.len() as u64);
        encoder.finish().unwrap();
        let mut types = Types::default();
        for (position, line) in text.lines().enumerate() {
            types.observe(
                line,
                &Origin::new(self.partitions.len() as u32, position as u64),
            );
        }
        self.add(path, form, Some(types))
    }

    fn plain(&mut self, text: &str) -> &mut Self {
        self.lines(text, FileCompression::None)
    }

    /// Adds a partition of record batches.
    fn table(&mut self, schema: &SchemaRef, batches: &[RecordBatch]) -> &mut Self {
        let path = self.next_rows(RowsForm::Table);
        let mut writer = TableRowsWriter::create(File::create(&path).unwrap(), schema).unwrap();
        batches
            .iter()
            .for_each(|batch| writer.write(batch).unwrap());
        let before_end = writer.plain_bytes();
        writer.finish().unwrap();
        assert!(before_end > 0 && before_end <= fs::metadata(&path).unwrap().len());
        self.add(path, RowsForm::Table, None)
    }

    fn add(&mut self, path: PathBuf, form: RowsForm, types: Option<Types>) -> &mut Self {
        let store = Arc::new(LocalStore::new(path.parent().unwrap()));
        let name = path.file_name().unwrap().to_str().unwrap();
        let name = ObjectName::new(name).unwrap();
        self.partitions.push(PartitionRows {
            rows: StoredObject::new(store, name, digest_file(&path).unwrap()),
            form,
            kept: None,
            types,
            schema: None,
            input: None,
        });
        self
    }

    /// Exports the partitions and puts the output into place.
    fn export(&self, target: &ExportTarget, threads: usize) -> Result<FinishedExport, Error> {
        let mut writer = ExportWriter::create(target, "e1", threads)?;
        for partition in &self.partitions {
            writer.append(partition.clone())?;
        }
        let finished = writer.finish(&AtomicBool::new(false))?;
        assert_eq!(
            staged_digest(finished.staged.temporary().unwrap(), target.is_directory()).unwrap(),
            (finished.staged.length, finished.staged.digest)
        );
        let (length, digest) = (finished.staged.length, finished.staged.digest);
        finished.staged.commit(target, "job").unwrap();
        Ok(FinishedExport {
            staged: Staged::at("gone", length, digest),
            ..finished
        })
    }

    /// Returns the files of the export, which are the same whatever the number of threads.
    fn exported(&self, target: &ExportTarget) -> Vec<(String, Vec<u8>)> {
        self.export(target, 1).unwrap();
        let alone = files(target);
        for threads in [2, 5] {
            self.export(target, threads).unwrap();
            assert!(files(target) == alone, "{threads} threads give other bytes");
        }
        alone
    }
}

/// Returns the names and bytes of the files of an export.
fn files(target: &ExportTarget) -> Vec<(String, Vec<u8>)> {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let path = target.path().unwrap();
    let mut paths = vec![path.to_owned()];
    if target.is_directory() {
        let entries = fs::read_dir(path).unwrap();
        paths = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
    }
    let read = |path: PathBuf| (name(&path), fs::read(path).unwrap());
    paths.into_iter().map(read).collect()
}

/// Returns the text of an export whose files are packed lines.
fn text_of(files: &[(String, Vec<u8>)]) -> String {
    let text = |(name, bytes): &(String, Vec<u8>)| {
        let packing = match name.rsplit('.').next().unwrap() {
            "gz" => FileCompression::Gzip,
            "zst" => FileCompression::Zstd,
            _ => FileCompression::None,
        };
        let rows = decode_rows(std::io::Cursor::new(bytes.clone()), packing).unwrap();
        std::io::read_to_string(rows).unwrap()
    };
    files.iter().map(text).collect()
}
