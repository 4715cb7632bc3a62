use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use coldpress_dataset::{
    Encoding, Error, FileCompression, Format, Source, SourceIdentity, TableFile,
};
use coldpress_storage::Digest;
use coldpress_table::Renderer;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Returns the file as a source; its suffix says what it is.
pub(crate) fn source(path: &Path) -> Source {
    let format = match path.extension().and_then(|suffix| suffix.to_str()) {
        Some("parquet") => Format::Parquet,
        Some("arrows") => Format::ArrowStream,
        _ if path.ends_with("huggingface.cache.arrow") => Format::ArrowStream,
        _ => Format::ArrowFile,
    };
    Source {
        path: path.into(),
        identity: SourceIdentity {
            path: path.display().to_string(),
            length: path.metadata().unwrap().len(),
            modified_nanos: 0,
            sample: Digest::of(b""),
            place: None,
        },
        compression: FileCompression::None,
        encoding: Encoding::Utf8,
        format,
        columns: Vec::new(),
        texts: Vec::new(),
        members: Vec::new(),
    }
}

pub(crate) fn open(path: &Path) -> TableFile {
    TableFile::open(&source(path)).unwrap()
}

/// Returns all batches of a range of rows.
pub(crate) fn read(table: &TableFile, rows: Range<u64>) -> Result<Vec<RecordBatch>, Error> {
    let mut stream = table.stream(rows)?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next_rows()? {
        assert!((1..=8192).contains(&batch.num_rows()));
        assert_eq!(batch.schema_ref(), table.schema());
        batches.push(batch);
    }
    Ok(batches)
}

/// Returns rows as JSON, one string each.
pub(crate) fn rendered(batches: &[RecordBatch]) -> Vec<String> {
    let mut lines = Vec::new();
    for batch in batches {
        let renderer = Renderer::new(batch.schema_ref());
        for row in 0..batch.num_rows() {
            let mut line = Vec::new();
            renderer.write_row(batch, row, &[], &mut line);
            lines.push(String::from_utf8(line).unwrap());
        }
    }
    lines
}

/// Ways to write a file.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    Parquet(Box<WriterProperties>),
    File(Option<CompressionType>),
    Stream(Option<CompressionType>),
}

/// Writes `batches` into `folder`.
pub(crate) fn write(folder: &Path, batches: &[RecordBatch], layout: &Layout) -> PathBuf {
    let schema = batches[0].schema();
    let options = |codec| {
        IpcWriteOptions::default()
            .try_with_compression(codec)
            .unwrap()
    };
    let create = |name: &str| {
        let path = folder.join(name);
        (File::create(&path).unwrap(), path)
    };
    match layout {
        Layout::Parquet(properties) => {
            let (file, path) = create("written.parquet");
            let properties = WriterProperties::clone(properties);
            let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).unwrap();
            for batch in batches {
                writer.write(batch).unwrap();
            }
            writer.close().unwrap();
            path
        }
        Layout::File(codec) => {
            let (file, path) = create("written.arrow");
            let mut writer =
                FileWriter::try_new_with_options(file, &schema, options(*codec)).unwrap();
            for batch in batches {
                writer.write(batch).unwrap();
            }
            writer.finish().unwrap();
            path
        }
        Layout::Stream(codec) => {
            let (file, path) = create("written.arrows");
            let mut writer =
                StreamWriter::try_new_with_options(file, &schema, options(*codec)).unwrap();
            for batch in batches {
                writer.write(batch).unwrap();
            }
            writer.finish().unwrap();
            path
        }
    }
}
