//! Migrating checkpoint files to another format.

use serde::Serialize;

use crate::object::{is_same, measure};
use crate::{Compression, ContainerOptions, Error, Format, Result, rewrite, verify};
use coldpress_storage::FileStamp;
use coldpress_storage::{ObjectName, ObjectStore};

/// The target of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrateOptions {
    /// The format.
    pub format: Format,
    /// The compression. None means that of each file, or its substitute in the format. Files without compression get one, because
    /// migrated files are kept and rarely read again.
    pub compression: Option<Compression>,
    /// True if nothing is written, and the outcome is only reported.
    pub dry_run: bool,
}

/// The outcome for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub stored_bytes: u64,
    /// The outcome, with the reason if nothing was done.
    #[serde(flatten)]
    pub outcome: MigrationOutcome,
}

/// The outcome of migrating a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum MigrationOutcome {
    /// It was written in the format, and the new file was read back and compared.
    Written {
        /// The new file.
        to: String,
        /// Its length in bytes.
        bytes: u64,
    },
    /// It would be written (a dry run).
    Planned {
        /// The new file.
        to: String,
        /// The length in bytes that it would have.
        bytes: u64,
    },
    /// It had been written before. It was read and compared.
    AlreadyThere {
        /// The other file.
        to: String,
        /// Its length in bytes.
        bytes: u64,
    },
    /// It already has the format. One with the same format and another compression would have the same name.
    SameFormat,
    /// It was left unchanged.
    Failed {
        /// The reason.
        reason: String,
    },
}

/// The use of a name, apart from the file that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameUse {
    /// Nothing.
    Free,
    /// Something depends on the file of this name, as it was written.
    Cited,
    /// A file of this name was given up, so any file that has the name may be deleted at any time.
    GivenUp,
}

impl Migrated {
    /// Returns the file that holds the same checkpoint in the requested format, if there is one under another name.
    #[must_use]
    pub fn copy(&self) -> Option<&str> {
        match &self.outcome {
            MigrationOutcome::Written { to, .. } | MigrationOutcome::AlreadyThere { to, .. } => {
                Some(to)
            }
            _ => None,
        }
    }
}

/// Writes a checkpoint file in another format beside itself, in the same store.
///
/// The file is verified, against the stamp with which it was cited if there is one. Manifest and rows are copied, read back and
/// compared. A file that an interrupted migration left under the new name is written again. The original file stays. `name_use`
/// returns what is known about a name; without a job, all are [`NameUse::Free`].
///
/// A delta file keeps the names of the files that it builds on, so the originals of those are needed to read it. A file that is
/// written back in the format, compression and release of the original is identical to it.
///
/// # Errors
/// [`Error::Storage`], [`Error::Write`]. Damage is not an error but the outcome for the file.
pub fn migrate(
    store: &dyn ObjectStore,
    name: &ObjectName,
    expected: Option<&FileStamp>,
    options: &MigrateOptions,
    name_use: &dyn Fn(&ObjectName) -> NameUse,
) -> Result<Migrated> {
    let mut migrated = Migrated {
        name: name.to_string(),
        stored_bytes: 0,
        outcome: MigrationOutcome::SameFormat,
    };
    migrated.outcome = match outcome(store, name, expected, options, name_use, &mut migrated) {
        Ok(outcome) => outcome,
        Err(error) if error.is_unusable() => MigrationOutcome::Failed {
            reason: error.to_string(),
        },
        Err(error) => return Err(error),
    };
    Ok(migrated)
}

fn outcome(
    store: &dyn ObjectStore,
    name: &ObjectName,
    expected: Option<&FileStamp>,
    options: &MigrateOptions,
    name_use: &dyn Fn(&ObjectName) -> NameUse,
    migrated: &mut Migrated,
) -> Result<MigrationOutcome> {
    let found = verify(store, name, expected)?;
    migrated.stored_bytes = found.stamp.length;
    let failed = |reason: String| Ok(MigrationOutcome::Failed { reason });
    if !found.is_good() {
        return failed(format!("it is damaged: {}", found.problems.join("; ")));
    }
    let Some(description) = found.description else {
        return failed("it says nothing about itself".to_owned());
    };
    if description.format == options.format {
        return Ok(MigrationOutcome::SameFormat);
    }
    let compression = options
        .compression
        .unwrap_or(match description.compression {
            Compression::None => Compression::default(),
            other => other,
        });
    let Some(to) = name_in(name, options.format, compression) else {
        return failed("its name does not end as those of checkpoints do".to_owned());
    };
    let known = name_use(&to);
    if known == NameUse::GivenUp {
        return failed(format!(
            "`{to}` was removed from the job for good; copy the folder elsewhere to migrate it back"
        ));
    }
    match is_same(store, name, &to) {
        Ok(true) => {
            let bytes = store.get(&to)?.len();
            let to = to.to_string();
            return Ok(MigrationOutcome::AlreadyThere { to, bytes });
        }
        Ok(false) => return failed(format!("`{to}` is there and holds something else")),
        Err(error) if error.is_not_found() => {}
        Err(Error::Corrupt { .. }) if known == NameUse::Free => {
            if !options.dry_run {
                store.delete(&to)?;
            }
        }
        Err(error) => return Err(error),
    }
    let form = ContainerOptions {
        format: options.format,
        compression,
    };
    if options.dry_run {
        let bytes = measure(store, (name, &found.stamp), &to, &form)?;
        let to = to.to_string();
        return Ok(MigrationOutcome::Planned { to, bytes });
    }
    match rewrite(store, (name, &found.stamp), store, &to, &form) {
        Ok(stamp) => Ok(MigrationOutcome::Written {
            to: to.to_string(),
            bytes: stamp.length,
        }),
        Err(error) => {
            // Nobody may take it for a checkpoint.
            store.delete(&to)?;
            Err(error)
        }
    }
}

/// Returns the name of a checkpoint file in another format.
fn name_in(name: &ObjectName, format: Format, compression: Compression) -> Option<ObjectName> {
    let suffixes = [".parquet", ".arrow", ".jsonl.gz", ".jsonl.zst", ".jsonl"];
    let stem = suffixes
        .iter()
        .find_map(|suffix| name.as_str().strip_suffix(suffix))?;
    ObjectName::new(format!("{stem}{}", format.suffix(compression))).ok()
}

#[cfg(test)]
mod tests;
