//! The folder of the rounds: datasets, the program, undisturbed runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::folder::{Files, names_in, read_export};
use super::variant::{Export, Input, Variant};
use super::{Checked, ensure};

const PROGRAM: &str = env!("CARGO_BIN_EXE_coldpress");

/// The job of every round, each in a folder of its own.
pub(crate) const JOB: &str = "killed";

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
    standing: BTreeMap<Export, Arc<Files>>,
    rounds: u32,
}

/// What a run did that nobody killed.
pub(crate) struct Undisturbed {
    pub(crate) time: Duration,
    pub(crate) export: Files,
    /// What lies beside the export, and the export.
    pub(crate) names: BTreeSet<String>,
    pub(crate) ledger: Value,
    pub(crate) totals: Value,
    pub(crate) partitions: u64,
}

/// The folder of one round.
pub(crate) struct Place {
    /// Its name in the folder of the rounds.
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

    /// The folder of the export.
    pub(crate) fn exports(&self) -> PathBuf {
        self.path.join("out")
    }

    /// What stands at the export path.
    pub(crate) fn export(&self, export: Export) -> Option<Files> {
        read_export(&self.exports().join(export.name()))
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
            standing: BTreeMap::new(),
            rounds: 0,
        };
        bench.write_datasets();
        bench
    }

    fn write_datasets(&self) {
        let sample =
            std::fs::read_to_string(repository().join("examples/data/webtext-mini.jsonl")).unwrap();
        let mut dataset = String::with_capacity(sample.len() * self.scale.copies as usize);
        for copy in 0..self.scale.copies {
            for line in sample.lines() {
                let (before, id) = line.split_once("\"id\"").unwrap();
                writeln!(dataset, "{before}\"copy\":{copy},\"id\"{id}").unwrap();
            }
        }
        std::fs::write(self.path(Input::Plain.path()), dataset).unwrap();
        // Carried through without an operator, which packs it.
        let packing = format!(
            "{{dataset_path: in.jsonl, export_path: {}, work_dir: packing, process: []}}",
            Input::Gzip.path()
        );
        std::fs::write(self.path("pack.yaml"), packing).unwrap();
        let packed = self
            .program()
            .args(["process", "--config", "pack.yaml"])
            .output()
            .unwrap();
        assert!(
            packed.status.success(),
            "{}",
            String::from_utf8_lossy(&packed.stderr)
        );
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
        let name = &place.name;
        command
            .arg("process")
            .arg("--config")
            .arg(repository().join("configs/quickstart.yaml"));
        command.args(["--no-progress", "--json", "--np", "2", "--job_id", job]);
        command.args(["--work_dir", &format!("{name}/jobs")]);
        command.args([
            "--export_path",
            &variant.export.path_in(&format!("{name}/out")),
        ]);
        command.args(["--partition.size", &self.scale.partition_size.to_string()]);
        command.args(variant.arguments());
        command
    }

    /// Runs the job to its end, and gives its report.
    pub(crate) fn finish(&self, place: &Place, variant: Variant) -> Checked<Value> {
        report_of(&mut self.command(place, variant))
    }

    /// What an undisturbed run does; run once.
    pub(crate) fn undisturbed(&mut self, variant: Variant) -> Checked<Arc<Undisturbed>> {
        if let Some(known) = self.undisturbed.get(&variant) {
            return Ok(Arc::clone(known));
        }
        let place = self.place();
        let started = Instant::now();
        let mut report = self.finish(&place, variant)?;
        let undisturbed = Arc::new(Undisturbed {
            time: started.elapsed(),
            export: place
                .export(variant.export)
                .ok_or("an undisturbed run exported nothing")?,
            names: names_in(&place.exports()),
            totals: place.totals()?,
            ledger: report["ledger"].take(),
            partitions: report["partitions"].as_u64().unwrap_or_default(),
        });
        self.agree(variant, &undisturbed)?;
        self.undisturbed.insert(variant, Arc::clone(&undisturbed));
        place.remove();
        Ok(undisturbed)
    }

    /// Neither the strategy nor the packing of the input may be seen in an export.
    fn agree(&self, variant: Variant, found: &Undisturbed) -> Checked<()> {
        let other = self
            .undisturbed
            .iter()
            .find(|(other, _)| other.export == variant.export);
        ensure(
            other.is_none_or(|(_, other)| other.export == found.export),
            || {
                format!(
                    "undisturbed runs of {variant:?} and {:?} differ",
                    other.map(|(other, _)| other)
                )
            },
        )
    }

    /// Puts an older export of another job at the export path, which may be replaced; made once.
    pub(crate) fn put_standing(&mut self, place: &Place, variant: Variant) -> Checked<Arc<Files>> {
        report_of(
            self.command_of("before", place, variant)
                .args(["--limit", "20"]),
        )?;
        if let Some(known) = self.standing.get(&variant.export) {
            return Ok(Arc::clone(known));
        }
        let files = Arc::new(
            place
                .export(variant.export)
                .ok_or("an older export is missing")?,
        );
        self.standing.insert(variant.export, Arc::clone(&files));
        Ok(files)
    }

    /// Keeps the folder for whoever looks for what went wrong.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }
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

/// The top of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}
