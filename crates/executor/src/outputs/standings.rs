//! What stands where the outputs go, and whether it may be replaced.

use std::path::Path;

use coldpress_config::Overwrite;
use coldpress_export::{ExportTarget, OutputPlace, Ownership, Standing, is_url};
use coldpress_job::{ExportIntent, JobId};
use coldpress_storage::{real_place, spelled_alike};

use super::drops::signed_drops;
use super::list::{Output, Outputs};
use crate::error::{Error, ErrorKind, Result};
use crate::trace::holds_only_traces;

/// What stands where the outputs go.
#[derive(Default)]
pub(crate) struct Standings {
    /// The export that is replaced, if it is ours.
    pub(crate) export: Option<Ownership>,
    /// What is worth telling.
    pub(crate) notes: Vec<String>,
}

/// Makes sure that the recipe allows what stands where the outputs go to be replaced.
///
/// An output that this job put there, and a crash kept from being signed, is ours: `intent` is in the journal.
pub(crate) fn check(
    outputs: &Outputs,
    job_id: &JobId,
    intent: Option<&ExportIntent>,
) -> Result<Standings> {
    let checking = Checking {
        outputs,
        job_id,
        intent,
    };
    let mut standings = Standings::default();
    for output in outputs.iter() {
        let found = checking.check(output)?;
        if output.is_export() {
            standings.export = found.ours;
        }
        standings.notes.extend(found.note);
    }
    checking.refuse_folder_of_another()?;
    Ok(standings)
}

/// As [`check`], right before the outputs take their places: nobody may have put something at the export path since, or
/// changed what stood there.
pub(crate) fn check_again(
    outputs: &Outputs,
    job_id: &JobId,
    intent: Option<&ExportIntent>,
    before: Option<&Ownership>,
) -> Result<()> {
    let checking = Checking {
        outputs,
        job_id,
        intent,
    };
    checking.check_export_is(before)?;
    for output in outputs.beside() {
        checking.check(output)?;
    }
    checking.refuse_folder_of_another()
}

/// The export is named as what the recipe asks for, and what lies beside it by its path: nobody wrote that down.
fn refused(output: &Output, reason: &str) -> Error {
    if output.is_export() {
        return output.refused(reason);
    }
    let place = output.target.place();
    Error::new(ErrorKind::Refused, format!("`{place}` {reason}"))
}

struct Checking<'a> {
    outputs: &'a Outputs,
    job_id: &'a JobId,
    intent: Option<&'a ExportIntent>,
}

/// What stands where one output goes.
#[derive(Default)]
struct Found {
    ours: Option<Ownership>,
    note: Option<String>,
}

impl Checking<'_> {
    fn check(&self, output: &Output) -> Result<Found> {
        let overwrite = self.outputs.overwrite();
        let refused = |reason: String| Err(refused(output, &reason));
        let path = output.target.path();
        if output.is_of_job() {
            let is_other = path.is_some_and(|path| path.is_dir() && !holds_only_traces(path));
            return match is_other {
                true => refused("holds files that are no traces; move them away".to_owned()),
                false => Ok(Found::default()),
            };
        }
        let reason = match output.target.standing()? {
            Standing::Free => return Ok(Found::default()),
            Standing::Special(what) => return refused(format!("{what}; export to a regular file")),
            Standing::Ours(signed) => return self.check_ours(output, signed),
            Standing::Foreign(reason) => reason,
        };
        if let Some(ours) = self.unsigned(output) {
            return Ok(Found {
                ours: Some(ours),
                note: None,
            });
        }
        // A file can be asked to go; a directory that is not ours may hold anything.
        if path.is_some_and(Path::is_dir) || output.target.is_directory() {
            return refused(format!("{reason}; move it away or export elsewhere"));
        }
        if overwrite == Overwrite::Always {
            return Ok(Found::default());
        }
        let or = match output.is_export() {
            true => "export elsewhere, or",
            false => "or",
        };
        refused(format!(
            "{reason}; move it away, {or} set `export_overwrite: always`"
        ))
    }

    fn check_ours(&self, output: &Output, signed: Ownership) -> Result<Found> {
        let overwrite = self.outputs.overwrite();
        let is_of_job = self.is_of_job(&signed);
        if overwrite == Overwrite::Never && !is_of_job {
            return Err(refused(
                output,
                "exists; remove it, or set `export_overwrite: own`",
            ));
        }
        let place = output.target.place();
        let other = self.other_export(place, &signed);
        let note = match other {
            None => None,
            Some(other) if is_of_job || overwrite == Overwrite::Always => Some(format!(
                "`{place}` belonged to the export `{other}` and is replaced by this job"
            )),
            Some(other) => {
                return Err(refused(
                    output,
                    &format!(
                        "belongs to the export `{other}`; export elsewhere, or set `export_overwrite: always`"
                    ),
                ));
            }
        };
        Ok(Found {
            ours: Some(signed),
            note,
        })
    }

    /// Nobody may have put something at the export path, or changed what stood there, while the job ran.
    fn check_export_is(&self, before: Option<&Ownership>) -> Result<()> {
        if self.outputs.overwrite() == Overwrite::Always {
            return Ok(());
        }
        let target = self.outputs.export();
        let is_as_before = |now: (u64, coldpress_storage::Digest)| {
            before.is_some_and(|before| now == (before.length, before.digest))
        };
        let unchanged = match target.standing()? {
            Standing::Free => true,
            Standing::Ours(now) => is_as_before((now.length, now.digest)),
            // An output of ours that a crash kept from being signed.
            Standing::Foreign(_) => {
                let now = target.measure().ok().flatten();
                before.is_some() && now.is_some_and(is_as_before)
            }
            Standing::Special(_) => false,
        };
        if unchanged {
            return Ok(());
        }
        let place = target.place();
        let message = format!(
            "something was put at the export path `{place}`, or changed there, while the job ran; move it away and resume"
        );
        Err(Error::new(ErrorKind::Refused, message))
    }

    /// Whether this job made an output, by its signature.
    fn is_of_job(&self, signed: &Ownership) -> bool {
        signed.job_id == self.job_id.as_str()
    }

    /// The ownership of an output that stands in its place by an intent of this job, and was not signed yet.
    fn unsigned(&self, output: &Output) -> Option<Ownership> {
        let (intent, target) = (self.intent?, &output.target);
        let mut intended = intent.outputs();
        let intended = intended.find(|intended| output.is_at(&intended.path))?;
        let found = target.measure().ok()??;
        let signed = Ownership::new(self.job_id.as_str(), intended.length, intended.digest);
        let is_it = found == (intended.length, intended.digest)
            && (!output.is_export() || intent.directory == target.is_directory());
        is_it.then(|| match output.is_export() {
            true => Ownership {
                records: Some(intent.records),
                partitions_left_out: intent.partitions_left_out.len() as u32,
                ..signed
            },
            false => signed,
        })
    }

    /// The other export that a file lies beside, if that export is still there.
    fn other_export(&self, beside: &OutputPlace, signed: &Ownership) -> Option<String> {
        let (own, export) = (self.outputs.export().place(), signed.export.as_ref()?);
        // Of what lies elsewhere in a store nobody asks whether it is still there.
        if is_url(export) {
            let own = own.to_string();
            let (own, other) = spelled_alike(&own, export);
            return (own != other).then(|| export.clone());
        }
        let beside = match beside {
            OutputPlace::Path(beside) => beside,
            OutputPlace::Url(_) => {
                let other = beside.folder().place(export).ok()?;
                let is_there = || {
                    let at = ExportTarget::lines_at(other.clone());
                    at.exists() || at.as_folder().exists()
                };
                return (other != *own && is_there()).then(|| other.to_string());
            }
        };
        let place = real_place(beside).ok()?;
        let export = real_place(place.parent()?.join(export)).ok()?;
        let is_own = own
            .path()
            .is_some_and(|own| real_place(own).is_ok_and(|own| own == export));
        (!is_own && export.exists()).then(|| export.display().to_string())
    }

    /// A folder of dropped records belongs to one export: of the files of several nobody could tell which are whose.
    fn refuse_folder_of_another(&self) -> Result<()> {
        if self.outputs.overwrite() == Overwrite::Always {
            return Ok(());
        }
        let dropped = self.outputs.dropped_folder();
        let Some(folder) = dropped.filter(|_| self.outputs.has_drops()) else {
            return Ok(());
        };
        for (drop, signed) in signed_drops(folder) {
            if self.is_of_job(&signed) {
                continue;
            }
            if let Some(other) = self.other_export(drop.place(), &signed) {
                let message = format!(
                    "the folder `{folder}` of `export_dropped` belongs to the export `{other}`; choose another folder"
                );
                return Err(Error::new(ErrorKind::Refused, message));
            }
        }
        Ok(())
    }
}
