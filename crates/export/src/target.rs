//! The target of an output.

use std::path::{Path, PathBuf};

use coldpress_dataset::{FileCompression, RowsForm, local_path};
use coldpress_storage::StoreSchemes;

use crate::error::{Error, Result};
use crate::form::{ExportForm, FileForm, ParquetCodec};
use crate::place::{OutputPlace, folder_of};

/// The default size of a shard in a directory export: 256 MiB.
const DEFAULT_SHARD_BYTES: u64 = 256 << 20;

/// The target of an output: a file or an object, or a directory or prefix of shards, with format and compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTarget {
    place: OutputPlace,
    file: FileForm,
    /// The bytes in a shard; none means one file.
    shard_bytes: Option<u64>,
}

impl ExportTarget {
    /// Parses an export path. Its suffix gives the format, and a final `/` means a directory of shards.
    ///
    /// `export_type` (as in `jsonl.gz`) gives the format if the path does not. A `shard_bytes` of 0 is the default, and applies
    /// only to directories.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a format that this release does not write, [`Error::Storage`] for a URL.
    pub fn parse(path: &str, export_type: Option<&str>, shard_bytes: u64) -> Result<Self> {
        Self::open(path, export_type, shard_bytes, &StoreSchemes::default())
    }

    /// Like [`parse`](Self::parse), for a path or a URL of one of these schemes.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a format that this release does not write, [`Error::Storage`] for a scheme that is not known or a
    /// store that cannot be opened.
    pub fn open(
        path: &str,
        export_type: Option<&str>,
        shard_bytes: u64,
        schemes: &StoreSchemes,
    ) -> Result<Self> {
        let bare = local_path(path);
        if matches!(
            bare.trim_end_matches('/').rsplit('/').next(),
            None | Some("" | "." | "..")
        ) {
            let help = "end the export path in the name of a file or of a directory of shards";
            return Err(Error::Unsupported {
                path: path.to_owned(),
                what: "no name of an export",
                help,
            });
        }
        let is_directory = bare.ends_with('/');
        let form = match export_type {
            Some(form) => with_packing_of(bare, form),
            None if is_directory => "jsonl".to_owned(),
            None => form_of(bare),
        };
        let file = FileForm::parse(&form).map_err(|help| Error::Unsupported {
            path: path.to_owned(),
            what: "an export of another form",
            help,
        })?;
        let shard_bytes = is_directory.then_some(if shard_bytes == 0 {
            DEFAULT_SHARD_BYTES
        } else {
            shard_bytes
        });
        Ok(Self {
            place: OutputPlace::open(path, schemes)?,
            file,
            shard_bytes,
        })
    }

    /// Sets the compression inside its Parquet files.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another format.
    pub fn compressed(mut self, codec: ParquetCodec) -> Result<Self> {
        if self.file.form != ExportForm::Parquet {
            let help = "`export_compression` is for Parquet; pack JSONL, JSON and CSV by the suffix, as in .jsonl.zst";
            return Err(Error::Unsupported {
                path: self.place.to_string(),
                what: "an export whose form does not compress inside",
                help,
            });
        }
        self.file.codec = codec;
        Ok(self)
    }

    /// Creates a target of plain JSONL in one file, whatever its name.
    pub fn lines(path: impl Into<PathBuf>) -> Self {
        Self::lines_at(OutputPlace::Path(path.into()))
    }

    /// Creates a target of plain JSONL in one file or object, whatever its name.
    pub fn lines_at(place: OutputPlace) -> Self {
        Self {
            place,
            file: FileForm::JSONL,
            shard_bytes: None,
        }
    }

    /// Creates a target of plain JSONL files in a folder.
    pub fn folder_of_lines(path: impl Into<PathBuf>) -> Self {
        Self {
            shard_bytes: Some(DEFAULT_SHARD_BYTES),
            ..Self::lines(path)
        }
    }

    /// Returns the same target as a directory of plain JSONL files, or a prefix of such objects.
    #[must_use]
    pub fn as_folder(&self) -> Self {
        Self {
            shard_bytes: Some(DEFAULT_SHARD_BYTES),
            ..Self::lines_at(self.place.clone())
        }
    }

    /// Returns the same output in a folder of this machine if it goes to a URL: it is made there before it is encrypted.
    #[must_use]
    pub fn made_in(&self, folder: &Path) -> Self {
        match &self.place {
            OutputPlace::Path(_) => self.clone(),
            OutputPlace::Url(_) => Self {
                place: OutputPlace::Path(folder.join(self.name())),
                ..self.clone()
            },
        }
    }

    /// Returns its place, without a final `/`. It is displayed as its path or its URL.
    pub fn place(&self) -> &OutputPlace {
        &self.place
    }

    /// Returns the file or directory on this machine; none for a URL.
    pub fn path(&self) -> Option<&Path> {
        self.place.path()
    }

    /// Returns whether the output is a directory of shards.
    pub fn is_directory(&self) -> bool {
        self.shard_bytes.is_some()
    }

    /// Returns the bytes in a shard; none means one file. For Parquet and Arrow these are stored bytes, for other formats bytes
    /// before compression.
    pub fn shard_bytes(&self) -> Option<u64> {
        self.shard_bytes
    }

    /// Returns the format of the output's files.
    pub(crate) fn form(&self) -> ExportForm {
        self.file.form
    }

    /// Returns the format and compression of the output's files.
    pub(crate) fn file_form(&self) -> FileForm {
        self.file
    }

    /// Returns the suffix of the export's files, as in `.jsonl.gz`.
    pub(crate) fn suffix(&self) -> &'static str {
        self.file.suffix()
    }

    /// Returns the suffix and compression of the export's files, as in `.jsonl.gz` or `.parquet+zstd`. Files of the same form name
    /// are made in the same way.
    pub fn form_name(&self) -> String {
        self.file.name()
    }

    /// Returns whether the output has columns with types: Parquet and Arrow.
    pub fn is_table(&self) -> bool {
        matches!(self.file.form, ExportForm::Parquet | ExportForm::Arrow)
    }

    /// Returns whether the output is written only when all results are there, because its schema or its header depends on all.
    pub fn needs_second_pass(&self) -> bool {
        self.is_table() || self.file.form == ExportForm::Csv
    }

    /// Returns the form in which a worker writes its rows for this output. `source_is_columnar` means that they come from Parquet
    /// or Arrow.
    ///
    /// Members and frames of one JSONL file can be concatenated, so workers compress it. Other outputs are made from plain rows.
    pub fn rows_form(&self, source_is_columnar: bool) -> RowsForm {
        if self.is_table() && source_is_columnar {
            return RowsForm::Table;
        }
        let copied = self.file.form == ExportForm::Jsonl && !self.is_directory();
        RowsForm::Lines(if copied {
            self.file.packing
        } else {
            FileCompression::None
        })
    }

    /// Returns the target beside the output for the statistics of its records: `out/clean_stats.jsonl` for `out/clean.jsonl.gz` and
    /// for `out/clean/`.
    ///
    /// # Errors
    /// Fails when no object can have its name.
    pub fn stats(&self) -> Result<Self> {
        let name = self.name();
        let stem = match self.is_directory() {
            true => name.as_str(),
            false => FileForm::stem(&name),
        };
        let name = format!("{stem}_stats.jsonl");
        Ok(Self::lines_at(match &self.place {
            OutputPlace::Path(path) => OutputPlace::Path(path.with_file_name(name)),
            OutputPlace::Url(_) => self.place.folder().place(&name)?,
        }))
    }

    /// Returns the folder on this machine that holds the output; none for a URL.
    pub fn folder(&self) -> Option<&Path> {
        self.path().map(folder_of)
    }

    /// Returns the name of the file, directory or object.
    pub(crate) fn name(&self) -> String {
        self.place.name()
    }

    /// Returns the file beside an output on this machine that a job locks while it exports.
    pub fn lock_path(&self) -> Option<PathBuf> {
        let name = format!(".{}.coldpress.lock", self.name());
        Some(self.folder()?.join(name))
    }

    /// Returns the temporary place in which an output on this machine is made, or would be. The `token` distinguishes attempts.
    pub fn temporary_path(&self, token: &str) -> PathBuf {
        let name = format!(".{}.coldpress.{token}.tmp", self.name());
        self.folder().unwrap_or(Path::new(".")).join(name)
    }
}

/// Returns the format, with the compression from the path's suffix if the format itself names none.
fn with_packing_of(path: &str, form: &str) -> String {
    let packing = [".gz", ".zst"]
        .into_iter()
        .find(|suffix| path.ends_with(suffix) && !form.ends_with(suffix));
    format!("{form}{}", packing.unwrap_or_default())
}

fn form_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let packed = [".gz", ".zst"]
        .into_iter()
        .find(|suffix| name.ends_with(suffix))
        .unwrap_or_default();
    let unpacked = &name[..name.len() - packed.len()];
    let suffix = unpacked.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    format!("{suffix}{packed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, export_type: Option<&str>, expected: Option<(&str, bool)>) {
        let target = ExportTarget::parse(path, export_type, 0);
        match expected {
            Some(expected) => {
                let target = target.unwrap();
                assert_eq!((target.suffix(), target.is_directory()), expected, "{path}");
            }
            None => assert!(
                matches!(target, Err(Error::Unsupported { .. })),
                "{path} {export_type:?}"
            ),
        }
    }

    #[test]
    fn the_path_says_the_form() {
        for (path, suffix) in [
            ("out/a.jsonl", ".jsonl"),
            ("a.ndjson", ".jsonl"),
            ("a.jsonl.gz", ".jsonl.gz"),
            ("a.b.jsonl.zst", ".jsonl.zst"),
            ("a.json", ".json"),
            ("a.json.gz", ".json.gz"),
            ("a.parquet", ".parquet"),
            ("file:///tmp/a.arrow", ".arrow"),
            ("FILE:///tmp/a.arrow", ".arrow"),
            ("a.feather", ".feather"),
            ("a.csv", ".csv"),
            ("a.csv.zst", ".csv.zst"),
            ("a.tsv.gz", ".tsv.gz"),
        ] {
            check(path, None, Some((suffix, false)));
        }
        check("out/shards/", None, Some((".jsonl", true)));
        for other in [
            "out.d/a",
            "a.gz",
            "a.orc",
            "a.parquet.gz",
            "a.arrow.zst",
            "/",
            "..",
        ] {
            check(other, None, None);
        }
    }

    #[test]
    fn a_type_overrides_the_suffix() {
        check("shards/", Some("jsonl.gz"), Some((".jsonl.gz", true)));
        check("shards/", Some("parquet"), Some((".parquet", true)));
        check("shards/", Some(".json"), Some((".json", true)));
        check("a.data", Some("csv"), Some((".csv", false)));
        check("a.gz", Some("csv"), Some((".csv.gz", false)));
        check("a.gz", Some("parquet"), None);
        check("a.jsonl", Some("excel"), None);
    }

    #[test]
    fn packed_parquet_is_refused_with_help() {
        let Err(Error::Unsupported { help, .. }) = ExportTarget::parse("a.parquet.gz", None, 0)
        else {
            panic!("it must be refused")
        };
        assert!(help.contains("inside"), "{help}");
    }

    #[test]
    fn workers_write_what_the_export_needs() {
        use RowsForm::{Lines, Table};
        let rows = |path, columnar| {
            ExportTarget::parse(path, None, 0)
                .unwrap()
                .rows_form(columnar)
        };
        for (path, of_lines, of_columns) in [
            (
                "a.jsonl.gz",
                Lines(FileCompression::Gzip),
                Lines(FileCompression::Gzip),
            ),
            (
                "a/",
                Lines(FileCompression::None),
                Lines(FileCompression::None),
            ),
            (
                "a.json.gz",
                Lines(FileCompression::None),
                Lines(FileCompression::None),
            ),
            (
                "a.csv.gz",
                Lines(FileCompression::None),
                Lines(FileCompression::None),
            ),
            ("a.parquet", Lines(FileCompression::None), Table),
            ("a.arrow", Lines(FileCompression::None), Table),
        ] {
            assert_eq!(
                (rows(path, false), rows(path, true)),
                (of_lines, of_columns)
            );
        }
    }

    #[test]
    fn the_statistics_lie_beside_the_export() {
        for (path, export_type, expected) in [
            ("out/clean.jsonl.gz", None, "out/clean_stats.jsonl"),
            ("clean.parquet", None, "clean_stats.jsonl"),
            ("out/clean.v2.tsv", None, "out/clean.v2_stats.jsonl"),
            ("out/shards/", None, "out/shards_stats.jsonl"),
            ("out/s.jsonl/", None, "out/s.jsonl_stats.jsonl"),
            ("out/clean", Some("csv"), "out/clean_stats.jsonl"),
            ("out/clean.gz", Some("csv"), "out/clean_stats.jsonl"),
            ("out/clean.v2", Some("csv"), "out/clean.v2_stats.jsonl"),
        ] {
            let target = ExportTarget::parse(path, export_type, 0).unwrap();
            assert_eq!(target.stats().unwrap().place().to_string(), expected);
        }
    }
}
