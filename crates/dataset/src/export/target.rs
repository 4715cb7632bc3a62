//! Where the output goes, and in which form.

use std::path::{Path, PathBuf};

use coldpress_storage::atomic::TEMPORARY_SUFFIX;
use coldpress_storage::create_dir_all_durable;

use crate::error::{Error, Result};
use crate::sniff::Compression;

/// Bytes of JSONL in a shard of a directory export, where the recipe does not say: 256 MiB.
pub const DEFAULT_SHARD_BYTES: u64 = 256 << 20;

/// Where the output goes: a JSONL file, or a directory of shards, possibly compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTarget {
    path: PathBuf,
    compression: Compression,
    /// Bytes of JSONL in a shard; none = one file.
    shard_bytes: Option<u64>,
}

impl ExportTarget {
    /// The target of an export path: its suffix says the form, a `/` at its end means a directory of shards.
    ///
    /// `export_type` (as in `jsonl.gz`) says the form where the path does not. A `shard_bytes` of 0 is the default.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a form that this release does not write.
    pub fn parse(path: &str, export_type: Option<&str>, shard_bytes: u64) -> Result<Self> {
        let bare = path.strip_prefix("file://").unwrap_or(path);
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
        let compression = match form.trim_start_matches('.') {
            "jsonl" | "ndjson" => Compression::None,
            "jsonl.gz" | "ndjson.gz" => Compression::Gzip,
            "jsonl.zst" | "ndjson.zst" => Compression::Zstd,
            _ => {
                let help = "end the export path in .jsonl, .jsonl.gz, .jsonl.zst, or in / for a directory of shards";
                return Err(Error::Unsupported {
                    path: path.to_owned(),
                    what: "an export of another form",
                    help,
                });
            }
        };
        let shard_bytes = is_directory.then_some(if shard_bytes == 0 {
            DEFAULT_SHARD_BYTES
        } else {
            shard_bytes
        });
        Ok(Self {
            path: PathBuf::from(bare.trim_end_matches('/')),
            compression,
            shard_bytes,
        })
    }

    /// The file, or the directory without a `/` at its end.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the output is a directory of shards.
    pub fn is_directory(&self) -> bool {
        self.shard_bytes.is_some()
    }

    /// Bytes of JSONL in a shard; none = one file.
    pub fn shard_bytes(&self) -> Option<u64> {
        self.shard_bytes
    }

    pub(super) fn compression(&self) -> Compression {
        self.compression
    }

    /// How a worker packs its rows: members and frames of one file can follow each other, so that workers compress;
    /// shards are cut from plain rows.
    pub fn rows_compression(&self) -> Compression {
        if self.is_directory() {
            Compression::None
        } else {
            self.compression
        }
    }

    /// What the names of the export's files end in, as `.jsonl.gz`.
    pub fn suffix(&self) -> &'static str {
        match self.compression {
            Compression::None => ".jsonl",
            Compression::Gzip => ".jsonl.gz",
            Compression::Zstd => ".jsonl.zst",
        }
    }

    /// The folder that holds the output.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    fn name(&self) -> String {
        self.path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// The file beside the output that says whose it is.
    pub fn ownership_path(&self) -> PathBuf {
        self.folder()
            .join(format!(".{}.coldpress.json", self.name()))
    }

    /// The file beside the output that a job locks while it exports.
    pub fn lock_path(&self) -> PathBuf {
        self.folder()
            .join(format!(".{}.coldpress.lock", self.name()))
    }

    /// Where the output is made before it takes its place; `token` tells one attempt from another.
    pub fn temporary_path(&self, token: &str) -> PathBuf {
        self.folder()
            .join(format!(".{}.coldpress.{token}.tmp", self.name()))
    }

    /// Whether a path is one where an output of this target is made before it takes its place.
    pub fn is_temporary(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_beside = path.parent().is_some_and(|folder| {
            folder == self.path.parent().unwrap_or(Path::new("")) || folder == self.folder()
        });
        is_beside
            && name.starts_with(&format!(".{}.coldpress.", self.name()))
            && name.ends_with(TEMPORARY_SUFFIX)
    }

    /// Removes what killed writers left beside the output, but for `pending`. Only for who holds the export's lock.
    pub fn remove_leftovers(&self, pending: Option<&Path>) {
        let prefix = format!(".{}.coldpress.", self.name());
        for entry in std::fs::read_dir(self.folder())
            .into_iter()
            .flatten()
            .flatten()
        {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            let is_left = name.starts_with(&prefix) && name.ends_with(TEMPORARY_SUFFIX);
            if is_left && pending != Some(path.as_path()) {
                // What cannot be removed is cited by nobody.
                let _ = if path.is_dir() {
                    std::fs::remove_dir_all(&path)
                } else {
                    std::fs::remove_file(&path)
                };
            }
        }
    }

    /// Makes the folder of the output and tries to write there.
    ///
    /// # Errors
    /// When the folder cannot be made or written to.
    pub fn prepare(&self) -> Result<()> {
        create_dir_all_durable(self.folder())?;
        let probe = self.temporary_path(&format!("probe-{}", std::process::id()));
        std::fs::write(&probe, b"").map_err(Error::io("write to the folder of", &self.path))?;
        std::fs::remove_file(&probe).map_err(Error::io("write to the folder of", &self.path))
    }
}

/// The form with the packing that the path's suffix says, where the form itself says none.
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

    #[test]
    fn the_path_says_the_form() {
        let parse = |path| {
            ExportTarget::parse(path, None, 0)
                .map(|target| (target.compression, target.is_directory()))
        };
        assert_eq!(parse("out/a.jsonl").unwrap(), (Compression::None, false));
        assert_eq!(parse("a.jsonl.gz").unwrap(), (Compression::Gzip, false));
        assert_eq!(parse("a.b.jsonl.zst").unwrap(), (Compression::Zstd, false));
        assert_eq!(parse("out/shards/").unwrap(), (Compression::None, true));
        for other in ["out/a.parquet", "out.d/a", "a.gz", "a.json"] {
            assert!(
                matches!(parse(other), Err(Error::Unsupported { .. })),
                "{other}"
            );
        }
    }

    #[test]
    fn a_type_overrides_the_suffix() {
        let target = ExportTarget::parse("shards/", Some("jsonl.gz"), 10).unwrap();
        assert_eq!(
            (
                target.compression(),
                target.rows_compression(),
                target.suffix()
            ),
            (Compression::Gzip, Compression::None, ".jsonl.gz")
        );
    }
}
