//! Which files of the dataset are inputs, and which only lie where inputs are.
//!
//! A file that a path of the recipe means is an input, unless it is proven to be made by this job, by an earlier run with
//! the same export, or by a job for its own use. What is left out is named, and no output takes the place of an input.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use coldpress_config::{Header, Quoting};
use coldpress_dataset::{
    CsvHeader, Error as DatasetError, Found, Location, ResolveOptions, Resolved, resolve_inputs,
};
use coldpress_export::{ExportTarget, OutputPlace, Ownership, Standing, is_url, staged_digest};
use coldpress_job::{
    ExportIntent, JobId, JobState, Journal, Layout, OwnPlaces, is_moved_name, job_that_made,
};
use coldpress_storage::{Digest, real_folder, real_place, spelled_alike};

use crate::encryption;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::outputs::places::{refuse_misplaced, refuse_replacing};
use crate::outputs::standings;
use crate::planned_sources::match_mixing;

impl Executor {
    /// Finds the files of the dataset. Files that this job, or an earlier run with the same export, made are no inputs, nor
    /// are the files that jobs keep for themselves; notes name them.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when an output would take the place of an input or of a job's file, or can have no place where
    /// it is to go; [`ErrorKind::Input`] as [`resolve_inputs`].
    pub fn dataset(&self) -> Result<Resolved> {
        encryption::check_key(&self.prepared.recipe)?;
        refuse_misplaced(&self.prepared.outputs, &self.layout)?;
        let dataset = &self.prepared.recipe.dataset;
        let options = ResolveOptions {
            suffixes: dataset.suffixes.clone(),
            columns: dataset.columns.clone(),
            delimiter: dataset.delimiter_byte(),
            quoting: dataset.quoting.map(|quoting| quoting == Quoting::Minimal),
            escape: dataset.escape_byte(),
            header: match &dataset.header {
                Header::First(true) => CsvHeader::FirstRow,
                Header::First(false) => CsvHeader::None,
                Header::Names(names) => CsvHeader::Names(names.clone()),
            },
            field: dataset.field.clone(),
            by_suffix: self.prepared.pipeline.suffix_field().is_some(),
            text_keys: self.prepared.recipe.fields.text_keys.clone(),
            key: encryption::key_of_inputs(&self.prepared.recipe),
        };
        let mut judge = Judge::new(self)?;
        let paths: Vec<String> = dataset.paths().map(str::to_owned).collect();
        let resolved = resolve_inputs(&paths, &options, &self.schemes, &mut |found| {
            judge.is_input(found)
        });
        if let Some(message) = judge.refusal {
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let left_out = judge.left_out.into_iter().map(LeftOut::note);
        let left_out: Vec<String> = left_out.collect();
        let mut resolved = resolved.map_err(|error| match (&error, left_out.as_slice()) {
            (_, []) => Error::from(error),
            (DatasetError::Missing { path } | DatasetError::NoFiles { path, .. }, notes) => {
                let notes = notes.join("; ");
                let message = format!("dataset path `{path}` holds no input: {notes}");
                Error::new(ErrorKind::Input, message)
            }
            _ => Error::from(error),
        })?;
        let recipe = &self.prepared.recipe;
        let clear = encryption::note(recipe, &self.layout);
        resolved
            .notes
            .splice(0..0, clear.into_iter().chain(left_out));
        refuse_replacing(&resolved.sources, &self.prepared.outputs)?;
        Ok(resolved)
    }

    /// Makes sure that the dataset can be mixed as the recipe says, and as the job was planned, as far as that shows without
    /// reading it. Makes and changes nothing.
    ///
    /// # Errors
    /// As [`Prepared::mixing`](crate::Prepared::mixing); [`ErrorKind::Refused`] when the job was planned with another mixture.
    pub fn check_mixing(&self, resolved: &Resolved) -> Result<()> {
        // More than any path has. Of a file with something in it nobody knows how many records it has.
        const MANY: u64 = 1 << 53;
        let of_paths = &resolved.of_paths;
        if !self.options.fresh && Journal::exists(&self.layout)? {
            let state = Journal::read(&self.layout).unwrap_or_default();
            if let Some(plan) = state.plan() {
                return match_mixing(&self.prepared, plan, of_paths);
            }
        }
        let mut rest = resolved.sources.as_slice();
        let records = of_paths.iter().map(|count| {
            let (own, others) = rest.split_at((*count).min(rest.len()));
            rest = others;
            let is_empty = own.iter().all(|source| source.identity.length == 0);
            if is_empty { 0 } else { MANY }
        });
        let records: Vec<u64> = records.collect();
        self.prepared.mixing(of_paths, &records).map(drop)
    }

    /// Makes sure that there are the [places](Self::check_places) of the outputs, and that the recipe allows what stands there
    /// to be replaced. Makes and changes nothing.
    ///
    /// # Errors
    /// As [`check_places`](Self::check_places), and [`ErrorKind::Refused`] with what stands there.
    pub fn check_outputs(&self) -> Result<()> {
        self.check_places()?;
        let state = match Journal::exists(&self.layout)? {
            true => Journal::read(&self.layout).unwrap_or_default(),
            false => JobState::default(),
        };
        let intent = state.export().intent.as_ref();
        standings::check(&self.prepared.outputs, self.layout.job_id(), intent).map(drop)
    }

    /// Whether the files of the dataset are looked for in a folder above this output, so that a later run finds it.
    pub(crate) fn looks_for_inputs_at(&self, target: &ExportTarget) -> bool {
        if let OutputPlace::Url(place) = target.place() {
            let mut paths = self.prepared.recipe.dataset.paths();
            return paths.any(|path| {
                let (path, url) = spelled_alike(path, place.url());
                let begin = path.split(['*', '?', '[']).next().unwrap_or(&path);
                is_url(&path) && path != url && url.starts_with(begin)
            });
        }
        let Some(Ok(place)) = target.path().map(real_place) else {
            return false;
        };
        let mut paths = self.prepared.recipe.dataset.paths();
        paths.any(|path| {
            let folder = searched_folder(path);
            folder.is_some_and(|folder| place.starts_with(folder))
        })
    }
}

/// The folder that is searched for a path of the recipe: the directory itself, or what a pattern begins with.
fn searched_folder(path: &str) -> Option<PathBuf> {
    let path = match path.split_once("://") {
        Some((_, local)) => local,
        None => path,
    };
    let found = fs::metadata(path);
    if found.as_ref().is_ok_and(fs::Metadata::is_dir) {
        return real_folder(path).ok();
    }
    if found.is_ok() {
        return None;
    }
    let is_plain = |part: &&str| !part.contains(['*', '?', '[']);
    let (folders, _) = path.rsplit_once('/').unwrap_or(("", path));
    let plain: Vec<&str> = folders.split('/').take_while(is_plain).collect();
    let folder = match plain.as_slice() {
        [""] if path.starts_with('/') => "/".to_owned(),
        [] | [""] => ".".to_owned(),
        plain => plain.join("/"),
    };
    real_folder(folder).ok()
}

/// Files that are no inputs, for one reason.
struct LeftOut {
    /// A file, or the folder that all of them are in.
    place: String,
    is_folder: bool,
    why: String,
    files: u64,
}

impl LeftOut {
    fn note(self) -> String {
        let Self {
            place, why, files, ..
        } = self;
        match (self.is_folder, files) {
            (false, _) => format!("`{place}` is left out of the dataset: {why}"),
            (true, 1) => format!("a file in `{place}` is left out of the dataset: {why}"),
            (true, files) => {
                format!("{files} files in `{place}` are left out of the dataset: {why}")
            }
        }
    }
}

/// An output that the journal knows by its digest, signed or not.
struct Known {
    place: PathBuf,
    length: u64,
    digest: Digest,
}

struct Judge<'e> {
    executor: &'e Executor,
    /// Where the job keeps its own files.
    own: OwnPlaces,
    /// Where the export goes.
    export: Option<PathBuf>,
    /// Outputs that the journal knows; read when the first file might be one.
    known: OnceCell<Vec<Known>>,
    /// The folders that files were found in, without links.
    folders: HashMap<PathBuf, PathBuf>,
    /// The searched folder of each path of the recipe.
    searched: HashMap<String, Option<PathBuf>>,
    /// What is known of directories of shards.
    shards: HashMap<PathBuf, Option<String>>,
    /// The job that made what is at the URL of an output.
    stored: HashMap<String, Option<String>>,
    left_out: Vec<LeftOut>,
    places: BTreeMap<(String, String), usize>,
    refusal: Option<String>,
}

impl<'e> Judge<'e> {
    fn new(executor: &'e Executor) -> Result<Self> {
        let export = executor.prepared.outputs.export().path();
        Ok(Self {
            executor,
            own: executor.layout.places()?,
            export: export.map(real_place).transpose()?,
            known: OnceCell::new(),
            folders: HashMap::new(),
            searched: HashMap::new(),
            shards: HashMap::new(),
            stored: HashMap::new(),
            left_out: Vec::new(),
            places: BTreeMap::new(),
            refusal: None,
        })
    }

    fn is_input(&mut self, found: Found<'_>) -> coldpress_dataset::Result<bool> {
        let Some(file) = found.file.local() else {
            return Ok(found.is_named || !self.is_output_there(found.file));
        };
        let place = self.place_of(file)?;
        if self.own.would_make(&place) {
            return Ok(self.is_own_file(file, found.is_named, &place));
        }
        if found.is_named {
            return Ok(true);
        }
        if let Some(job_dir) = self.made_for_a_job(&place, found.path) {
            let job = job_dir.file_name().unwrap_or_default().to_string_lossy();
            let why = format!("the job `{job}` made them for itself");
            self.leave_out(file, depth_in(&place, &job_dir), why);
            return Ok(false);
        }
        let folder = place.parent().unwrap_or(&place).to_path_buf();
        // Whoever names a directory of shards means it.
        if !self.is_searched_for(&folder, found.path)
            && let Some(why) = self.made_as_shards(&folder)
        {
            self.leave_out(file, 1, why);
            return Ok(false);
        }
        if let Some(why) = self.made_as_output(&place) {
            self.leave_out(file, 0, why);
            return Ok(false);
        }
        Ok(true)
    }

    /// A file at a place where the job has its own: made by it, if there is a job; else it would be overwritten.
    fn is_own_file(&mut self, path: &Path, is_named: bool, place: &Path) -> bool {
        let layout = &self.executor.layout;
        // One that was killed before its first record was durable has a lock.
        let exists = Journal::exists(layout).unwrap_or(false) || layout.lock().is_file();
        let (job, file) = (layout.job_id(), path.display());
        if is_named && exists {
            self.refusal = Some(format!(
                "dataset path `{file}` is a file of the job `{job}` itself; name its input"
            ));
        } else if !exists {
            self.refusal = Some(format!(
                "the input `{file}` lies where the job `{job}` would put its own files; choose another `job_id` or other \
                 folders for the job"
            ));
        }
        if exists && !is_named {
            let why = format!("the job `{job}` made them for itself");
            let depth = depth_in(place, self.own.job_dir()).max(1);
            self.leave_out(path, depth, why);
        }
        false
    }

    /// Returns whether a file behind a URL is part of an output that an earlier run put there; it is left out then.
    fn is_output_there(&mut self, file: &Location) -> bool {
        let outputs = &self.executor.prepared.outputs;
        let mut outputs = outputs.iter();
        let Some(output) = outputs.find(|output| output.has_object(file)) else {
            return false;
        };
        let url = output.target.place().to_string();
        let target = &output.target;
        let made_by = self
            .stored
            .entry(url)
            .or_insert_with(|| match target.standing() {
                // What another job made of other inputs, and put among these, is an input.
                Ok(Standing::Ours(signed)) if signed.in_dataset != Some(false) => {
                    Some(signed.job_id)
                }
                _ => None,
            });
        let Some(job_id) = made_by.clone() else {
            return false;
        };
        let why = match job_id == self.executor.layout.job_id().as_str() {
            true => "this job made it".to_owned(),
            false => format!("the job `{job_id}` made it, with the same export"),
        };
        self.leave_out(file.shown(), usize::from(target.is_directory()), why);
        true
    }

    fn leave_out(&mut self, file: &Path, levels: usize, why: String) {
        let place = file.ancestors().nth(levels).unwrap_or(file);
        let place = match place.as_os_str().is_empty() {
            true => ".".to_owned(),
            false => place.display().to_string(),
        };
        let next = self.left_out.len();
        let at = *self
            .places
            .entry((place.clone(), why.clone()))
            .or_insert(next);
        if at == next {
            self.left_out.push(LeftOut {
                place,
                is_folder: levels > 0,
                why,
                files: 0,
            });
        }
        self.left_out[at].files += 1;
    }

    /// Where a file really is. Files of one folder come one after another.
    fn place_of(&mut self, file: &Path) -> coldpress_dataset::Result<PathBuf> {
        let parent = file.parent().unwrap_or(Path::new(""));
        if !self.folders.contains_key(parent) {
            let folder = match parent.as_os_str().is_empty() {
                true => real_folder(".")?,
                false => real_folder(parent)?,
            };
            self.folders.insert(parent.to_path_buf(), folder);
        }
        let folder = self.folders.get(parent);
        Ok(folder
            .map(|folder| folder.join(file.file_name().unwrap_or_default()))
            .unwrap_or_default())
    }

    /// Whether the path of the recipe names this folder, or one in it.
    fn is_searched_for(&mut self, folder: &Path, path: &str) -> bool {
        let searched = self
            .searched
            .entry(path.to_owned())
            .or_insert_with(|| searched_folder(path));
        searched
            .as_ref()
            .is_some_and(|searched| searched.starts_with(folder))
    }

    /// The folder of the job that made the file for itself, unless the recipe names that folder or one in it.
    fn made_for_a_job(&mut self, place: &Path, path: &str) -> Option<PathBuf> {
        let job_dir = match job_that_made(place) {
            Some(layout) => layout.job_dir().to_path_buf(),
            None => self.made_elsewhere(place)?,
        };
        (!self.is_searched_for(&job_dir, path)).then_some(job_dir)
    }

    /// The folder of a job of the same `work_dir` outside of its own folder, such as `{checkpoint_dir}/{job_id}`.
    fn made_elsewhere(&self, place: &Path) -> Option<PathBuf> {
        let paths = &self.executor.prepared.recipe.paths;
        let moved = [
            &paths.checkpoint_dir,
            &paths.partition_dir,
            &paths.event_log_dir,
        ];
        if moved.into_iter().all(Option::is_none) || !is_moved_name(place.file_name()?.to_str()?) {
            return None;
        }
        place.ancestors().skip(1).take(2).find_map(|folder| {
            let id: JobId = folder.file_name()?.to_str()?.parse().ok()?;
            let layout = Layout::new(paths, id).ok()?;
            let is_its =
                layout.places().ok()?.would_make(place) && Journal::exists(&layout).ok()?;
            is_its.then(|| folder.to_path_buf())
        })
    }

    fn made_as_shards(&mut self, folder: &Path) -> Option<String> {
        if let Some(known) = self.shards.get(folder) {
            return known.clone();
        }
        let why = self.made_as_output(folder);
        self.shards.insert(folder.to_path_buf(), why.clone());
        why
    }

    /// Why a file or a directory is an output of ours, if that is proven.
    fn made_as_output(&self, place: &Path) -> Option<String> {
        let signed = Ownership::beside(place)
            .filter(|signed| self.is_claimed(signed, place) && signed.fits(place));
        if let Some(signed) = signed {
            let job_id = self.executor.layout.job_id().as_str();
            return Some(match signed.job_id == job_id {
                true => "this job made it".to_owned(),
                false => format!("the job `{}` made it, with the same export", signed.job_id),
            });
        }
        let known = self.known.get_or_init(|| self.read_known());
        let mut known = known.iter().filter(|known| known.place == place);
        let fits = |known: &Known| {
            staged_digest(place, place.is_dir())
                .is_ok_and(|found| found == (known.length, known.digest))
        };
        known.any(fits).then(|| "this job made it".to_owned())
    }

    /// Whether an ownership file says that a run with the same export made the output. That a job of the same name did says
    /// nothing: there may be one in another `work_dir`. What else this job made, its journal knows.
    fn is_claimed(&self, signed: &Ownership, place: &Path) -> bool {
        if let Some(export) = &signed.export {
            let folder = place.parent().unwrap_or(place);
            return real_place(folder.join(export))
                .is_ok_and(|export| self.export.as_ref() == Some(&export));
        }
        // What another job made of other inputs, and put among these, is an input.
        let outputs = self.executor.prepared.outputs.iter();
        let mut places = outputs.filter_map(|output| real_place(output.target.path()?).ok());
        signed.in_dataset != Some(false) && places.any(|output| output == place)
    }

    /// A crash behind the rename leaves an output that is not signed, and another recipe one in another place; the journal
    /// knows both.
    fn read_known(&self) -> Vec<Known> {
        let layout = &self.executor.layout;
        let state = match Journal::exists(layout) {
            Ok(true) => Journal::read(layout).unwrap_or_default(),
            _ => JobState::default(),
        };
        state.outputs().iter().flat_map(known_of).collect()
    }
}

/// How many names lead from a folder to a place in it; 0 for one that is not in it.
fn depth_in(place: &Path, folder: &Path) -> usize {
    let inside = place.strip_prefix(folder);
    inside.map_or(0, |inside| inside.iter().count())
}

fn known_of(intent: &ExportIntent) -> Vec<Known> {
    let known = intent.outputs().filter_map(|output| {
        Some(Known {
            place: real_place(output.path).ok()?,
            length: output.length,
            digest: output.digest,
        })
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_that_is_searched() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/x.jsonl"), "").unwrap();
        for (path, expected) in [
            ("a", Some("a")),
            ("a/../a/b", Some("a/b")),
            ("a/*.jsonl", Some("a")),
            ("a/**/x[0-9]/*", Some("a")),
            ("a/x.jsonl", None),
        ] {
            let path = root.join(path).display().to_string();
            let expected = expected.map(|folder| root.join(folder));
            assert_eq!(searched_folder(&path), expected, "{path}");
        }
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(searched_folder("*.none"), Some(here));
        assert_eq!(searched_folder("/*.none"), Some(PathBuf::from("/")));
    }
}
