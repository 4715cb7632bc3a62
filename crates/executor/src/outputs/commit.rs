//! Putting the outputs in their places: journal, rename, signature, journal. Whatever a crash leaves can be told apart and
//! finished.

use std::path::Path;

use coldpress_export::{Ownership, Staged, staged_digest};
use coldpress_job::{ExportIntent, JobId, OutputIntent, TraceIntent};
use coldpress_operator::ChainHash;
use coldpress_storage::{crash_point, real_folder, real_place};

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
            temporary: whole(&staged.temporary),
            path: whole(output.target.path()),
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
        && pairs.all(|(output, intended)| output.is_at(&intended.path))
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
    staged: Staged,
    is_in_place: bool,
    is_signed: bool,
}

impl<'a> Commit<'a> {
    /// Of outputs that were just staged.
    pub(crate) fn of_staged(outputs: &'a Outputs, intent: &'a ExportIntent) -> Self {
        Self {
            outputs,
            intent,
            pieces: pieces(outputs, intent).collect(),
        }
    }

    /// Of outputs that an earlier run staged, and put in their places as far as it came. None if one of them is nowhere.
    /// Only those of an intent that `is_pending` are still in their temporary places.
    pub(crate) fn of_earlier(
        outputs: &'a Outputs,
        intent: &'a ExportIntent,
        is_pending: bool,
    ) -> Option<Self> {
        let mut found = Vec::new();
        for mut piece in pieces(outputs, intent) {
            let target = &piece.output.target;
            piece.is_in_place = piece.is_at(target.path());
            piece.is_signed = piece.output.is_of_job()
                || piece.is_in_place && !is_pending && piece.has_signature();
            let temporary = &piece.staged.temporary;
            let is_ours = target.token_of(temporary).is_some();
            let is_waiting = || is_pending && is_ours && piece.is_at(temporary);
            if !(piece.is_in_place || is_waiting()) {
                return None;
            }
            found.push(piece);
        }
        Some(Self {
            outputs,
            intent,
            pieces: found,
        })
    }

    /// Whether some are in their temporary places still.
    pub(crate) fn is_to_rename(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.is_in_place)
    }

    /// Whether some are not signed yet.
    pub(crate) fn is_to_sign(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.is_signed)
    }

    /// Puts all in their places and signs them. The export comes last, so that whoever sees a new export finds what belongs
    /// beside it. `in_dataset`: whether the inputs of the job are looked for where the export goes.
    pub(crate) fn carry_out(&self, job_id: &JobId, in_dataset: bool) -> Result<()> {
        let (export, beside) = self.pieces.split_at(1);
        for piece in beside.iter().chain(export) {
            let is_export = piece.output.is_export();
            if !piece.is_in_place {
                piece.staged.commit(&piece.output.target)?;
            }
            if is_export {
                crash_point!("export.renamed");
            }
            if !piece.is_signed {
                let signature = self.signature(piece, job_id, in_dataset);
                signature.write(&piece.output.target)?;
            }
            if is_export {
                crash_point!("export.owned");
            } else {
                crash_point!("export.companion");
            }
        }
        Ok(())
    }

    fn signature(&self, piece: &Piece<'_>, job_id: &JobId, in_dataset: bool) -> Ownership {
        let signature = Ownership::new(job_id.as_str(), piece.staged.length, piece.staged.digest);
        match piece.output.is_export() {
            true => Ownership {
                records: Some(self.intent.records),
                partitions_left_out: self.intent.partitions_left_out.len() as u32,
                in_dataset: Some(in_dataset),
                ..signature
            },
            false => Ownership {
                export: seen_from(piece.output.target.folder(), self.outputs.export().path()),
                ..signature
            },
        }
    }
}

fn pieces<'a>(outputs: &'a Outputs, intent: &ExportIntent) -> impl Iterator<Item = Piece<'a>> {
    let pairs = outputs.iter().zip(intent.outputs());
    pairs.map(|(output, intended)| Piece {
        output,
        staged: Staged {
            temporary: path_text::read(&intended.temporary),
            length: intended.length,
            digest: intended.digest,
        },
        is_in_place: false,
        is_signed: output.is_of_job(),
    })
}

impl Piece<'_> {
    fn is_at(&self, path: &Path) -> bool {
        let staged = (self.staged.length, self.staged.digest);
        path.exists()
            && staged_digest(path, self.output.target.is_directory())
                .is_ok_and(|found| found == staged)
    }

    /// Whether what is in its place was signed, by whatever job.
    fn has_signature(&self) -> bool {
        let signed = Ownership::beside(self.output.target.path());
        signed.is_some_and(|signed| {
            (signed.length, signed.digest) == (self.staged.length, self.staged.digest)
        })
    }
}

/// The way from a folder to the export: it stays right where both are moved together.
fn seen_from(folder: &Path, export: &Path) -> Option<String> {
    let export = real_place(export).ok()?;
    let folder = real_folder(folder).ok()?;
    let common = folder.ancestors().find(|above| export.starts_with(above))?;
    let up = folder.strip_prefix(common).ok()?.iter().count();
    let down = export.strip_prefix(common).ok()?;
    Some(format!("{}{}", "../".repeat(up), down.to_str()?))
}
