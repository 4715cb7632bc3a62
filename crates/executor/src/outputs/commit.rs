//! Putting the outputs in their places: journal, rename, signature, journal. Whatever a crash leaves can be told apart and
//! finished.

use std::path::Path;

use coldpress_export::{OutputPlace, Ownership, Placed, Staged, staged_digest};
use coldpress_job::{ExportIntent, JobId, OutputIntent, TraceIntent};
use coldpress_operator::ChainHash;
use coldpress_storage::{Digest, crash_point, real_folder, real_place};

use super::list::{Output, Outputs};
use super::path_text;
use crate::error::Result;

/// What an export holds.
pub(crate) struct Exporting {
    /// Its records.
    pub(crate) records: u64,
    /// The operators that were applied.
    pub(crate) chain: ChainHash,
    /// Failed partitions, whose records it lacks.
    pub(crate) left_out: Vec<u32>,
}

/// What the journal is told before outputs that are staged take their places; `staged` is in their order.
pub(crate) fn intent(
    outputs: &Outputs,
    staged: &[Staged],
    what: Exporting,
) -> Option<ExportIntent> {
    let mut intended = outputs
        .iter()
        .zip(staged)
        .map(|(output, staged)| OutputIntent {
            // What is with a store does not outlive this process, and has no place of its own.
            temporary: staged.temporary().map(whole).unwrap_or_default(),
            path: place_text(output.target.place()),
            length: staged.length,
            digest: staged.digest,
        });
    let (export, target) = (intended.next()?, outputs.export());
    let companions = intended.by_ref().take(outputs.beside().len()).collect();
    let traces = intended.next().zip(outputs.trace());
    let trace = traces.map(|(intended, (_, identity))| TraceIntent {
        of: identity.to_owned(),
        temporary: intended.temporary,
        path: intended.path,
        length: intended.length,
        digest: intended.digest,
    });
    Some(ExportIntent {
        temporary: export.temporary,
        path: export.path,
        directory: target.is_directory(),
        length: export.length,
        digest: export.digest,
        records: what.records,
        chain: what.chain,
        partitions_left_out: what.left_out,
        form: target.form_name(),
        shard_bytes: target.shard_bytes(),
        companions,
        labels: outputs.labels().to_vec(),
        trace,
        sealed: fingerprint(outputs),
    })
}

/// The place as a resume from another folder finds it.
fn place_text(place: &OutputPlace) -> String {
    match place {
        OutputPlace::Path(path) => whole(path),
        OutputPlace::Url(place) => place.url().to_owned(),
    }
}

/// The path as a resume from another folder finds it.
fn whole(path: &Path) -> String {
    let whole = std::path::absolute(path);
    path_text::write(&whole.unwrap_or_else(|_| path.to_owned()))
}

/// Whether an intent is for these very outputs, in these forms.
pub(crate) fn is_for(intent: &ExportIntent, outputs: &Outputs) -> bool {
    let target = outputs.export();
    let mut intended: Vec<OutputIntent> = intent.outputs().collect();
    let traced = intent.trace.as_ref().map(|trace| trace.of.as_str());
    let has_traces = match outputs.trace() {
        Some((_, identity)) => traced == Some(identity),
        // Traces that nobody asks for any more do no harm.
        None => {
            intended.truncate(1 + intent.companions.len());
            true
        }
    };
    let mut pairs = outputs.iter().zip(&intended);
    // Labels that nobody asks for any more do no harm.
    let has_labels = outputs.labels().is_empty() || outputs.labels() == intent.labels;
    has_labels
        && has_traces
        && outputs.iter().count() == intended.len()
        // Traces are in the folder of the job, wherever that is by now.
        && pairs.all(|(output, intended)| output.is_of_job() || output.is_at(&intended.path))
        && intent.directory == target.is_directory()
        && intent.form == target.form_name()
        && intent.shard_bytes == target.shard_bytes()
        && intent.sealed == fingerprint(outputs)
}

/// What tells the key that the outputs are encrypted with from others; none if they are not. A key that cannot be read is no
/// known one; the reason is reported where it is used.
fn fingerprint(outputs: &Outputs) -> Option<String> {
    match outputs.key() {
        Ok(key) => key.map(|key| key.fingerprint()),
        Err(_) => Some(String::new()),
    }
}

/// Outputs on their way to their places.
pub(crate) struct Commit<'a> {
    outputs: &'a Outputs,
    intent: &'a ExportIntent,
    pieces: Vec<Piece<'a>>,
}

/// One of them.
struct Piece<'a> {
    output: &'a Output,
    length: u64,
    digest: Digest,
    /// None once it is in its place.
    staged: Option<Staged>,
    is_signed: bool,
}

impl<'a> Commit<'a> {
    /// Of outputs that were just staged.
    pub(crate) fn of_staged(
        outputs: &'a Outputs,
        intent: &'a ExportIntent,
        staged: Vec<Staged>,
    ) -> Self {
        let pieces = outputs.iter().zip(staged).map(|(output, staged)| Piece {
            output,
            length: staged.length,
            digest: staged.digest,
            staged: Some(staged),
            is_signed: output.is_of_job(),
        });
        Self {
            outputs,
            intent,
            pieces: pieces.collect(),
        }
    }

    /// Of outputs that an earlier run staged, and put in their places as far as it came. None if one of them is nowhere.
    /// Only those of an intent that `is_pending` are still in their temporary places.
    ///
    /// # Errors
    /// Fails if a store does not say whether an output is there: that is no reason to make it again.
    pub(crate) fn of_earlier(
        outputs: &'a Outputs,
        intent: &'a ExportIntent,
        is_pending: bool,
    ) -> Result<Option<Self>> {
        let mut found = Vec::new();
        for (output, intended) in outputs.iter().zip(intent.outputs()) {
            let (length, digest) = (intended.length, intended.digest);
            let (target, is_of_job) = (&output.target, output.is_of_job());
            let is_in_place = match target.place() {
                OutputPlace::Path(_) => target.holds(length, digest),
                OutputPlace::Url(_) => target.measure()? == Some((length, digest)),
            };
            let has_signature = || {
                let signed = target.signed();
                signed.is_some_and(|signed| (signed.length, signed.digest) == (length, digest))
            };
            let temporary = path_text::read(&intended.temporary);
            let is_waiting = is_pending
                && target.token_of(&temporary).is_some()
                && is_at(&temporary, target.is_directory(), length, digest);
            if !(is_in_place || is_waiting) {
                return Ok(None);
            }
            found.push(Piece {
                output,
                length,
                digest,
                staged: (!is_in_place).then(|| Staged::at(temporary, length, digest)),
                is_signed: is_of_job || is_in_place && !is_pending && has_signature(),
            });
        }
        Ok(Some(Self {
            outputs,
            intent,
            pieces: found,
        }))
    }

    /// Whether some are in their temporary places still.
    pub(crate) fn is_to_rename(&self) -> bool {
        self.pieces.iter().any(|piece| piece.staged.is_some())
    }

    /// Whether some are not signed yet.
    pub(crate) fn is_to_sign(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.is_signed)
    }

    /// Puts all in their places and signs them. The export comes last, so that whoever sees a new export finds what belongs
    /// beside it. `in_dataset`: whether the inputs of the job are looked for where the export goes.
    pub(crate) fn carry_out(self, job_id: &JobId, in_dataset: bool) -> Result<()> {
        let Self {
            outputs,
            intent,
            mut pieces,
        } = self;
        let beside = pieces.split_off(pieces.len().min(1));
        for mut piece in beside.into_iter().chain(pieces) {
            let (target, is_export) = (&piece.output.target, piece.output.is_export());
            let placed = match piece.staged.take() {
                Some(staged) => staged.commit(target, job_id.as_str())?,
                None => Placed::default(),
            };
            if is_export {
                crash_point!("export.renamed");
            }
            if !piece.is_signed {
                let signature = piece.signature(outputs, intent, job_id, in_dataset);
                target.sign(&signature, placed)?;
            }
            if is_export {
                crash_point!("export.owned");
            } else {
                crash_point!("export.companion");
            }
        }
        Ok(())
    }
}

impl Piece<'_> {
    fn signature(
        &self,
        outputs: &Outputs,
        intent: &ExportIntent,
        job_id: &JobId,
        in_dataset: bool,
    ) -> Ownership {
        let signature = Ownership::new(job_id.as_str(), self.length, self.digest);
        match self.output.is_export() {
            true => Ownership {
                records: Some(intent.records),
                partitions_left_out: intent.partitions_left_out.len() as u32,
                in_dataset: Some(in_dataset),
                ..signature
            },
            false => Ownership {
                export: seen_from(self.output.target.place(), outputs.export().place()),
                ..signature
            },
        }
    }
}

fn is_at(path: &Path, is_directory: bool, length: u64, digest: Digest) -> bool {
    path.exists() && staged_digest(path, is_directory).is_ok_and(|found| found == (length, digest))
}

/// The way from a file beside the export to it: it stays right where both are moved together. A URL in another folder is
/// named whole.
fn seen_from(beside: &OutputPlace, export: &OutputPlace) -> Option<String> {
    match (beside, export) {
        (OutputPlace::Path(beside), OutputPlace::Path(export)) => {
            way_from(folder_of(beside), export)
        }
        (OutputPlace::Url(_), OutputPlace::Url(place))
            if beside.folder().to_string() == export.folder().to_string() =>
        {
            Some(place.url().rsplit('/').next()?.to_owned())
        }
        (_, OutputPlace::Url(place)) => Some(place.url().to_owned()),
        (OutputPlace::Url(_), OutputPlace::Path(path)) => real_place(path)
            .ok()
            .and_then(|path| path.to_str().map(str::to_owned)),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn way_from(folder: &Path, export: &Path) -> Option<String> {
    let export = real_place(export).ok()?;
    let folder = real_folder(folder).ok()?;
    let common = folder.ancestors().find(|above| export.starts_with(above))?;
    let up = folder.strip_prefix(common).ok()?.iter().count();
    let down = export.strip_prefix(common).ok()?;
    Some(format!("{}{}", "../".repeat(up), down.to_str()?))
}
