//! The folder of the rounds: the program, undisturbed runs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldpress::job::{JobId, Layout};
use coldpress::storage::{self, StoreSchemes, Stores};
use serde_json::Value;

pub(crate) use crate::shared::{PROGRAM, repository};

use super::bucket::Bucket;
use super::datasets;
use super::folder::{Files, Written, files_of, names_in};
use super::variant::{Export, Variant};
use super::{Checked, ensure};

/// The job of every round, each in a folder of its own.
pub(crate) const JOB: &str = "killed";

const QUICKSTART: &str = "configs/quickstart.yaml";

/// The same recipe with operators that need the whole dataset.
const BARRIERS: &str = "barriers.yaml";

/// How much work a run is.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// How often the sample dataset is repeated, each copy marked by its number.
    pub(crate) copies: u32,
    /// Records per partition.
    pub(crate) partition_size: u32,
}

/// A folder with the datasets, in which rounds are played.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    scale: Scale,
    undisturbed: BTreeMap<Variant, Arc<Undisturbed>>,
    rounds: u32,
    /// The bucket with the datasets, the jobs and the exports of the rounds, if they are not in the folder.
    bucket: Option<Bucket>,
    /// How many runs had a scratch folder.
    scratches: Cell<u32>,
}

/// What a run did that nobody killed.
pub(crate) struct Undisturbed {
    pub(crate) time: Duration,
    pub(crate) written: Written,
    pub(crate) traces: Files,
    /// The copied slices and the results in the folder of the job.
    pub(crate) files: Vec<String>,
    pub(crate) ledger: Value,
    pub(crate) totals: Value,
    pub(crate) partitions: u64,
}

/// The folder of one round, or its copy of what the round has in a bucket.
pub(crate) struct Place {
    /// Its name in the folder of the rounds, or in the bucket.
    name: String,
    path: PathBuf,
}

impl Place {
    /// The name of the folder.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The directory of the job.
    pub(crate) fn job(&self) -> PathBuf {
        self.path.join("jobs").join(JOB)
    }

    /// The export, and what lies beside it.
    pub(crate) fn written(&self, export: Export) -> Written {
        Written::read(&self.path.join("out"), export.name())
    }

    /// The traces of the job.
    pub(crate) fn traces(&self) -> Files {
        files_of(&self.job().join("trace"))
    }

    /// The copied slices, the results and what belongs to barriers of the job, named without epoch and attempt.
    pub(crate) fn files(&self) -> Vec<String> {
        let names_of = |folder: &str| {
            let names = names_in(&self.job().join(folder)).into_iter();
            let names = names.flat_map(|name| self.in_pack(folder, name));
            let names = names.map(|name| format!("{folder}/{}", without_attempt(&name)));
            names.collect::<Vec<_>>()
        };
        let folders = ["partitions", "results", "signatures"];
        let mut names = folders.map(names_of).concat();
        names.sort();
        names
    }

    /// The names of what is in a pack, as if each had a file of its own: which files are packed depends on who began first.
    fn in_pack(&self, folder: &str, name: String) -> Vec<String> {
        if !name.contains(".pack") {
            return vec![name];
        }
        let job_id = JOB.parse::<JobId>().unwrap();
        let layout = Layout::in_dir(&self.path.join("jobs"), job_id).unwrap();
        let stores = Stores::open(layout.store_specs(), &StoreSchemes::default()).unwrap();
        let mut places = storage::Place::ALL.into_iter();
        let place = places.find(|place| place.as_str() == folder).unwrap();
        let members = stores.list(place, &format!("{name}/")).unwrap().into_iter();
        // Of small results the index has another form.
        let name = |name: &str| name.replace(".index.jsonl", ".index.parquet");
        members.map(|member| name(member.name.own())).collect()
    }

    /// The counts of the job's summary.
    pub(crate) fn totals(&self) -> Checked<Value> {
        let path = self.job().join("job_summary.json");
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut summary: Value =
            serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        Ok(summary["totals"].take())
    }

    /// Removes it: its round is over.
    pub(crate) fn remove(self) {
        std::fs::remove_dir_all(self.path).unwrap();
    }
}

impl Bench {
    pub(crate) fn new(scale: Scale) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let bench = Self {
            folder,
            scale,
            undisturbed: BTreeMap::new(),
            rounds: 0,
            bucket: None,
            scratches: Cell::new(0),
        };
        datasets::write(bench.folder.path(), scale.copies);
        std::fs::write(bench.path(BARRIERS), with_barriers()).unwrap();
        bench
    }

    /// A bench whose rounds are played in a bucket: the datasets, the jobs with all of their files, and the exports are there.
    /// Each run has a scratch folder of its own, as on a machine that the job never ran on.
    pub(crate) fn in_bucket(scale: Scale) -> Self {
        Self {
            bucket: Some(Bucket::new()),
            ..Self::new(scale)
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// A new folder for a round.
    pub(crate) fn place(&mut self) -> Place {
        self.rounds += 1;
        let name = format!("round-{:04}", self.rounds);
        let path = self.path(&name);
        Place { name, path }
    }

    /// The command that runs the job in this place, and resumes it.
    pub(crate) fn command(&self, place: &Place, variant: Variant) -> Command {
        self.command_of(JOB, place, variant)
    }

    fn command_of(&self, job: &str, place: &Place, variant: Variant) -> Command {
        let mut command = self.program();
        command
            .arg("process")
            .arg("--config")
            .arg(match variant.barriers {
                true => BARRIERS.into(),
                false => repository().join(QUICKSTART),
            });
        let (mut folder, mut dataset) = (place.name.clone(), variant.input.path().to_owned());
        if let Some(bucket) = &self.bucket {
            (folder, dataset) = (bucket.url(&folder), bucket.url(&dataset));
            self.scratches.update(|number| number + 1);
            let scratch = self.path(&format!("scratch-{}", self.scratches.get()));
            command.arg("--scratch_dir").arg(scratch);
            command.envs(bucket.environment());
        }
        command.args(["--no-progress", "--json", "--job_id", job]);
        command.args(["--work_dir", &format!("{folder}/jobs")]);
        // The only worker makes a pack, however slow it is to start.
        let (size, workers) = match variant.packs {
            true => (4, "1"),
            false => (self.scale.partition_size, "2"),
        };
        command.args(["--partition.size", &size.to_string(), "--np", workers]);
        command.args(variant.arguments(&dataset, &format!("{folder}/out")));
        command
    }

    /// Runs the job to its end, and gives its report.
    pub(crate) fn finish(&self, place: &Place, variant: Variant) -> Checked<Value> {
        let report = report_of(&mut self.command(place, variant));
        self.look_at(place);
        report
    }

    /// Removes files of the job in a bucket that its journal does not cite.
    pub(crate) fn clean(&self, place: &Place) {
        let bucket = self.bucket();
        let mut command = self.program();
        let job = bucket.url(&format!("{}/jobs/{JOB}", place.name));
        command.args(["checkpoint", "clean", &job]);
        let cleaned = command.envs(bucket.environment()).output().unwrap();
        let told = String::from_utf8_lossy(&cleaned.stderr);
        assert!(cleaned.status.success(), "{told}");
    }

    /// Makes the folder of a round what the bucket has of it now; nothing where it is no copy.
    pub(crate) fn look_at(&self, place: &Place) {
        if let Some(bucket) = &self.bucket {
            bucket.bring(&place.name, &place.path);
        }
    }

    /// What an undisturbed run does; run once.
    pub(crate) fn undisturbed(&mut self, variant: Variant) -> Checked<Arc<Undisturbed>> {
        if let Some(known) = self.undisturbed.get(&variant) {
            return Ok(Arc::clone(known));
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.put_dataset(self.folder.path(), variant.input.path());
        }
        let place = self.place();
        let started = Instant::now();
        let mut report = report_of(&mut self.command(&place, variant))?;
        let time = started.elapsed();
        self.look_at(&place);
        let undisturbed = Arc::new(Undisturbed {
            time,
            written: place.written(variant.export),
            traces: place.traces(),
            files: place.files(),
            totals: place.totals()?,
            ledger: report["ledger"].take(),
            partitions: report["partitions"].as_u64().unwrap_or_default(),
        });
        let written = &undisturbed.written;
        ensure(!written.export.is_empty(), || {
            "an undisturbed run exported nothing".to_owned()
        })?;
        ensure(
            written.companions.len() == variant.companion_count(),
            || format!("beside the export lie {:?}", written.companions.keys()),
        )?;
        ensure(undisturbed.traces.is_empty() != variant.companions, || {
            format!("traced are {:?}", undisturbed.traces.keys())
        })?;
        self.agree(variant, &undisturbed)?;
        self.undisturbed.insert(variant, Arc::clone(&undisturbed));
        place.remove();
        Ok(undisturbed)
    }

    fn agree(&self, variant: Variant, found: &Undisturbed) -> Checked<()> {
        let other = self
            .undisturbed
            .iter()
            .find(|(other, _)| other.agrees_with(variant));
        let Some((other, undisturbed)) = other else {
            return Ok(());
        };
        found
            .written
            .check_equals(&undisturbed.written)
            .map_err(|reason| format!("undisturbed runs of {variant:?} and {other:?}: {reason}"))
    }

    /// Puts an older export of another job at the export path, which may be replaced, and companions of that export.
    pub(crate) fn put_standing(&mut self, place: &Place, variant: Variant) -> Checked<Written> {
        report_of(
            self.command_of("before", place, variant)
                .args(["--limit", "20"]),
        )?;
        self.look_at(place);
        let older = place.written(variant.export);
        ensure(!older.export.is_empty(), || {
            "an older export is missing".to_owned()
        })?;
        Ok(older)
    }

    pub(crate) fn is_in_bucket(&self) -> bool {
        self.bucket.is_some()
    }

    /// The bucket that the rounds are played in.
    pub(crate) fn bucket(&self) -> &Bucket {
        self.bucket.as_ref().unwrap()
    }

    /// Keeps the folder for whoever looks for what went wrong.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}

/// The recipe with a deduplicator before its filters, and at its end a selector and another deduplicator.
fn with_barriers() -> String {
    let recipe = std::fs::read_to_string(repository().join(QUICKSTART)).unwrap();
    let (mappers, filters) = recipe.split_once("  # Filters").unwrap();
    format!(
        "{mappers}  - document_simhash_deduplicator: {{tokenization: character, window_size: 4}}\n  # Filters{filters}\n  \
         - random_selector: {{select_ratio: 0.8}}\n  - document_deduplicator:\n"
    )
}

fn report_of(command: &mut Command) -> Checked<Value> {
    let output = command.output().unwrap();
    ensure(output.status.code() == Some(0), || {
        let told = String::from_utf8_lossy(&output.stderr);
        format!(
            "a run that nobody killed ended with {}: {}",
            output.status,
            told.lines().next().unwrap_or_default()
        )
    })?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("the report is no JSON: {error}"))
}

/// Another run may have made the same at another attempt.
fn without_attempt(name: &str) -> String {
    let is_number = |part: &str, letter| {
        let digits = part.strip_prefix(letter).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts = name.split('.');
    let lasting = parts.filter(|part| !is_number(part, 'e') && !is_number(part, 'a'));
    lasting.collect::<Vec<_>>().join(".")
}
