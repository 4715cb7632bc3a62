//! Where a job's outputs go: the export, and the files beside it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use coldpress_config::Overwrite;
use coldpress_dataset::Source;
use coldpress_export::{ExportTarget, Ownership, Standing, staged_digest};
use coldpress_job::{ExportIntent, JobId, Journal, Layout};
use coldpress_storage::{FileId, FileLock, real_place};

use crate::companions::Content;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::prepare::Prepared;

/// An output of a job.
#[derive(Clone, Copy)]
pub(crate) struct Output<'p> {
    pub(crate) what: &'static str,
    pub(crate) target: &'p ExportTarget,
}

impl<'p> Output<'p> {
    /// The export, and what lies beside it.
    pub(crate) fn all(prepared: &'p Prepared) -> impl Iterator<Item = Self> {
        let export = Self {
            what: "export path",
            target: &prepared.target,
        };
        let companions = prepared.companions.iter().map(|companion| Self {
            what: "the file beside the export",
            target: &companion.target,
        });
        std::iter::once(export).chain(companions)
    }

    fn refused(&self, reason: &str) -> Error {
        let path = self.target.path().display();
        Error::new(
            ErrorKind::Refused,
            format!("{} `{path}` {reason}", self.what),
        )
    }
}

/// The folder of what filters dropped, where there is any.
fn dropped_folder(prepared: &Prepared) -> Option<&Path> {
    let mut companions = prepared.companions.iter();
    let dropped = companions.find(|one| matches!(one.content, Content::Dropped(_)))?;
    Some(dropped.target.folder())
}

/// Whether a path of the journal, or of another recipe, is where this output goes.
pub(crate) fn is_at(path: &str, target: &ExportTarget) -> bool {
    match (real_place(path), real_place(target.path())) {
        (Ok(one), Ok(other)) => one == other,
        _ => Path::new(path) == target.path(),
    }
}

/// Refuses outputs that have no place where they are to go, whatever may be replaced there: among the files of a job, on
/// each other, on a device.
pub(crate) fn refuse_misplaced(executor: &Executor) -> Result<()> {
    let mut taken: Vec<(PathBuf, Output<'_>)> = Vec::new();
    for output in Output::all(&executor.prepared) {
        let place = real_place(output.target.path())?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.contains(".coldpress.") {
            return Err(output.refused("has a name that is kept for files beside exports"));
        }
        if let Some(job) = job_that_reserves(executor, &place) {
            let reason = format!("lies among the files of the job `{job}`; export elsewhere");
            return Err(output.refused(&reason));
        }
        let clash = taken.iter().find(|(other, known)| {
            *other == place || (known.target.is_directory() && place.starts_with(other))
        });
        if let Some((_, other)) = clash {
            let other = other.target.path().display();
            let reason = format!("would be lost in the output `{other}`; choose another place");
            return Err(output.refused(&reason));
        }
        if let Standing::Special(what) = special_standing(output.target)? {
            let reason = format!("{what}; export to a regular file");
            return Err(output.refused(&reason));
        }
        taken.push((place, output));
    }
    Ok(())
}

/// What stands there, if it is special; nothing is read.
fn special_standing(target: &ExportTarget) -> Result<Standing> {
    match std::fs::metadata(target.path()) {
        Ok(found) if !found.is_file() && !found.is_dir() => Ok(target.standing()?),
        _ => Ok(Standing::Free),
    }
}

/// The job, this one or another, that keeps this place for its own files.
fn job_that_reserves(executor: &Executor, place: &Path) -> Option<JobId> {
    let reserves = |layout: &Layout| layout.places().is_ok_and(|own| own.reserves(place));
    if reserves(&executor.layout) {
        return Some(executor.layout.job_id().clone());
    }
    place.ancestors().skip(1).find_map(|folder| {
        let id: JobId = folder.file_name()?.to_str()?.parse().ok()?;
        let layout = Layout::in_dir(folder.parent()?, id).ok()?;
        let is_its = reserves(&layout) && Journal::exists(&layout).ok()?;
        is_its.then(|| layout.job_id().clone())
    })
}

/// Refuses outputs that would take the place of an input, however either of them is spelled or linked.
///
/// Asked at the start, and again right before an output takes its place.
pub(crate) fn refuse_replacing(sources: &[Source], executor: &Executor) -> Result<()> {
    let mut taken: HashMap<FileId, Output<'_>> = HashMap::new();
    for output in Output::all(&executor.prepared) {
        let (path, ownership) = (output.target.path(), output.target.ownership_path());
        let ids = [
            FileId::of(path),
            FileId::of_name(path),
            FileId::of(&ownership),
            FileId::of_name(&ownership),
        ];
        taken.extend(ids.into_iter().flatten().map(|id| (id, output)));
    }
    if taken.is_empty() {
        return Ok(());
    }
    let mut seen = HashSet::new();
    for source in sources {
        for input in files_of(source) {
            let own = [FileId::of(input), FileId::of_name(input)];
            let above = folders_above(input, &mut seen);
            let ids = own.into_iter().flatten().chain(above);
            for id in ids {
                if let Some(output) = taken.get(&id) {
                    let input = input.display();
                    let reason = format!("would replace the input `{input}`; export elsewhere");
                    return Err(output.refused(&reason));
                }
            }
        }
    }
    Ok(())
}

fn files_of(source: &Source) -> &[PathBuf] {
    match source.members.as_slice() {
        [] => std::slice::from_ref(&source.path),
        members => members,
    }
}

/// The folders that an input is in, by its name and by where its name leads, but for those that were seen before.
fn folders_above(input: &Path, seen: &mut HashSet<PathBuf>) -> Vec<FileId> {
    let mut ids = Vec::new();
    let places = [std::path::absolute(input), input.canonicalize()];
    for place in places.into_iter().flatten() {
        for folder in place.ancestors().skip(1) {
            if !seen.insert(folder.to_path_buf()) {
                break;
            }
            ids.extend(FileId::of(folder));
        }
    }
    ids
}

/// Held as long as the outputs may be written.
pub(crate) struct OutputLocks {
    /// Held, not read.
    _locks: Vec<FileLock>,
    /// Files that are not locked, because their file systems have no locks.
    pub(crate) unlocked: Vec<PathBuf>,
}

/// Keeps other jobs from the export and from what lies beside it.
///
/// # Errors
/// [`ErrorKind::Refused`] when another job has one of them; what cannot be written there.
pub(crate) fn lock(executor: &Executor) -> Result<OutputLocks> {
    let prepared = &executor.prepared;
    for output in Output::all(prepared) {
        output.target.prepare()?;
    }
    let mut wanted: Vec<(PathBuf, &Path)> =
        vec![(prepared.target.lock_path(), prepared.target.path())];
    for companion in &prepared.companions {
        let target = &companion.target;
        if companion.content == Content::Stats {
            wanted.push((target.lock_path(), target.path()));
        }
    }
    if let Some(folder) = dropped_folder(prepared) {
        wanted.push((folder.join(".export_dropped.coldpress.lock"), folder));
    }
    // In one order, so that of two jobs that want the same ones, one gets all.
    wanted.sort_by_cached_key(|(lock, _)| real_place(lock).unwrap_or_else(|_| lock.clone()));
    let (mut locks, mut unlocked) = (Vec::new(), Vec::new());
    for (lock, path) in wanted {
        match FileLock::try_acquire(&lock) {
            Ok(lock) => locks.push(lock),
            Err(coldpress_storage::Error::Unsupported { .. }) => unlocked.push(path.to_path_buf()),
            Err(coldpress_storage::Error::Locked { .. }) => {
                let path = path.display();
                let message = format!(
                    "another job is exporting to `{path}`; wait for it or export elsewhere"
                );
                return Err(Error::new(ErrorKind::Refused, message));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(OutputLocks {
        _locks: locks,
        unlocked,
    })
}

/// What stands where the outputs go.
#[derive(Default)]
pub(crate) struct Standings {
    /// The export that is replaced, if it is ours.
    pub(crate) export: Option<Ownership>,
    /// What is worth telling.
    pub(crate) notes: Vec<String>,
}

/// What stands where the outputs go may only be replaced if the recipe says so.
///
/// An output that this job put there, and a crash kept from being signed, is ours: `intent` is in the journal.
pub(crate) fn check_standings(
    executor: &Executor,
    intent: Option<&ExportIntent>,
) -> Result<Standings> {
    Ok(Standings {
        export: check_export(executor, intent)?,
        notes: check_companions(executor, intent)?,
    })
}

fn check_export(executor: &Executor, intent: Option<&ExportIntent>) -> Result<Option<Ownership>> {
    let target = &executor.prepared.target;
    let overwrite = executor.prepared.recipe.export.overwrite;
    let refused = |reason: &str| {
        let path = target.path().display();
        Err(Error::new(
            ErrorKind::Refused,
            format!("export path `{path}` {reason}"),
        ))
    };
    let standing = target.standing()?;
    if let (Standing::Foreign(_), Some(ownership)) = (&standing, unsigned(executor, intent)) {
        return Ok(Some(ownership));
    }
    match (standing, overwrite) {
        (Standing::Free, _) => Ok(None),
        (Standing::Ours(ownership), Overwrite::Never) if !is_of_job(executor, &ownership) => {
            refused("exists; remove it, or set `export_overwrite: own`")
        }
        (Standing::Ours(ownership), _) => Ok(Some(ownership)),
        (Standing::Special(what), _) => refused(&format!("{what}; export to a regular file")),
        // A file can be asked to go; a directory that is not ours may hold anything.
        (Standing::Foreign(_), Overwrite::Always)
            if !target.path().is_dir() && !target.is_directory() =>
        {
            Ok(None)
        }
        (Standing::Foreign(reason), _) if target.is_directory() || target.path().is_dir() => {
            refused(&format!("{reason}; move it away or export elsewhere"))
        }
        (Standing::Foreign(reason), _) => refused(&format!(
            "{reason}; move it away, export elsewhere, or set `export_overwrite: always`"
        )),
    }
}

/// As [`check_standings`], of what lies beside the export; what is worth telling.
pub(crate) fn check_companions(
    executor: &Executor,
    intent: Option<&ExportIntent>,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for companion in &executor.prepared.companions {
        notes.extend(check_companion(executor, &companion.target, intent)?);
    }
    refuse_folder_of_another(executor)?;
    Ok(notes)
}

fn check_companion(
    executor: &Executor,
    target: &ExportTarget,
    intent: Option<&ExportIntent>,
) -> Result<Option<String>> {
    let (path, overwrite) = (target.path(), executor.prepared.recipe.export.overwrite);
    let refused = |reason: &str| {
        let message = format!("`{}` {reason}", path.display());
        Err(Error::new(ErrorKind::Refused, message))
    };
    // One that a crash kept from being signed is in the journal.
    let intended = intent.into_iter().flat_map(|intent| &intent.companions);
    let is_unsigned = |found: (u64, coldpress_storage::Digest)| {
        let mut intended = intended.clone();
        intended.any(|one| is_at(&one.path, target) && found == (one.length, one.digest))
    };
    match target.standing()? {
        Standing::Free => Ok(None),
        Standing::Special(what) => refused(&format!("{what}; export elsewhere")),
        Standing::Foreign(_) if staged_digest(path, false).is_ok_and(is_unsigned) => Ok(None),
        Standing::Foreign(reason) if path.is_dir() => refused(&format!("{reason}; move it away")),
        Standing::Foreign(_) if overwrite == Overwrite::Always => Ok(None),
        Standing::Foreign(reason) => refused(&format!(
            "{reason}; move it away, or set `export_overwrite: always`"
        )),
        Standing::Ours(signed) => {
            let is_of_job = is_of_job(executor, &signed);
            if overwrite == Overwrite::Never && !is_of_job {
                return refused("exists; remove it, or set `export_overwrite: own`");
            }
            let Some(other) = other_export(executor, path, &signed) else {
                return Ok(None);
            };
            let other = other.display();
            if !is_of_job && overwrite != Overwrite::Always {
                return refused(&format!(
                    "belongs to the export `{other}`; export elsewhere, or set `export_overwrite: always`"
                ));
            }
            Ok(Some(format!(
                "`{}` belonged to the export `{other}` and is replaced by this job",
                path.display()
            )))
        }
    }
}

/// The other export that a file lies beside, if that export is still there.
fn other_export(executor: &Executor, path: &Path, signed: &Ownership) -> Option<PathBuf> {
    let place = real_place(path).ok()?;
    let export = real_place(place.parent()?.join(signed.export.as_ref()?)).ok()?;
    let own = real_place(executor.prepared.target.path()).ok()?;
    (export != own && export.exists()).then_some(export)
}

/// A folder of dropped records belongs to one export: of the files of several nobody could tell which are whose.
fn refuse_folder_of_another(executor: &Executor) -> Result<()> {
    let prepared = &executor.prepared;
    if prepared.recipe.export.overwrite == Overwrite::Always {
        return Ok(());
    }
    let Some(folder) = dropped_folder(prepared) else {
        return Ok(());
    };
    for (path, signed) in signed_drops(folder) {
        if is_of_job(executor, &signed) {
            continue;
        }
        if let Some(other) = other_export(executor, &path, &signed) {
            let (folder, other) = (folder.display(), other.display());
            let message = format!(
                "the folder `{folder}` of `export_dropped` belongs to the export `{other}`; choose another folder"
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
    }
    Ok(())
}

/// Files of dropped records in a folder that are signed.
pub(crate) fn signed_drops(folder: &Path) -> Vec<(PathBuf, Ownership)> {
    let is_drop = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("op_") && name.ends_with(".jsonl")
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(is_drop);
    let signed = paths.filter_map(|path| Ownership::beside(&path).map(|signed| (path, signed)));
    signed.collect()
}

/// Whether this job made an output, by its signature.
fn is_of_job(executor: &Executor, ownership: &Ownership) -> bool {
    ownership.job_id == executor.layout.job_id().as_str()
}

/// The ownership of an output that stands in its place by an intent of this job, and was not signed yet.
fn unsigned(executor: &Executor, intent: Option<&ExportIntent>) -> Option<Ownership> {
    let target = &executor.prepared.target;
    let intent = intent.filter(|intent| {
        is_at(&intent.path, target) && intent.directory == target.is_directory()
    })?;
    let found = staged_digest(target.path(), intent.directory).ok()?;
    let job_id = executor.layout.job_id().as_str();
    let (length, digest) = (intent.length, intent.digest);
    (found == (length, digest)).then(|| Ownership {
        records: Some(intent.records),
        partitions_left_out: intent.partitions_left_out.len() as u32,
        ..Ownership::new(job_id, length, digest)
    })
}
