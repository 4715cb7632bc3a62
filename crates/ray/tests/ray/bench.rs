//! A folder with a dataset, and jobs over it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldpress_config::{Overrides, Recipe};
use coldpress_executor::{Executor, ExecutorBuilder};
use coldpress_ray::RayBackend;
use coldpress_remote::testing::Server;
use coldpress_worker::ToWorker;
use rustix::process::Signal;

use crate::install;
use crate::operators::registry;

pub(crate) struct Bench {
    folder: PathBuf,
    /// None where another process keeps the folder.
    _kept: Option<tempfile::TempDir>,
}

impl Bench {
    /// 200 texts of many lengths, in partitions of 10. One of them waits as long as the [`hold`](Self::hold) is there.
    pub(crate) fn new() -> Self {
        let kept = tempfile::tempdir().unwrap();
        let folder = kept.path().to_owned();
        let hold = folder.join("hold");
        let text = |number: usize| match number {
            5 => format!("hold:{} text", hold.display()),
            _ => format!("text {number} {}", "x".repeat(number % 50)),
        };
        let line = |number| format!("{}\n", serde_json::json!({"text": text(number)}));
        let lines: String = (0..200).map(line).collect();
        fs::write(folder.join("in.jsonl"), lines).unwrap();
        Self {
            folder,
            _kept: Some(kept),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The recipe of the job with this id.
    fn recipe(&self, job: &str, kind: &str, address: &str) -> Recipe {
        let root = self.folder.display().to_string();
        self.recipe_at(&root, job, kind, address)
    }

    /// The same with the dataset, the export and the job below a path or a URL.
    fn recipe_at(&self, root: &str, job: &str, kind: &str, address: &str) -> Recipe {
        let text = format!(
            "dataset_path: {root}/in.jsonl\nexport_path: {root}/{job}.jsonl\nwork_dir: {root}/jobs\njob_id: {job}\nnp: 2\nexecutor_type: {kind}\n\
             ray_address: '{address}'\npython: '{}'\npartition: {{size: 10}}\nretry: {{retry_delay_seconds: 0}}\n\
             scratch_dir: {}\nray_lease_seconds: 5\nprocess:\n  - held_mapper:\n  - length_deduplicator:\n  - held_mapper:\n",
            install::interpreter().display(),
            self.path("scratch").display(),
        );
        Recipe::parse(&text, "recipe.yaml", &Overrides::default()).unwrap()
    }

    pub(crate) fn builder(&self, job: &str, kind: &str) -> ExecutorBuilder {
        ExecutorBuilder::new(self.recipe(job, kind, "auto"), registry())
    }

    /// A job on this cluster, as its recipe asks for it.
    pub(crate) fn on_ray(&self, job: &str, address: &str) -> Executor {
        let recipe = self.recipe(job, "ray_partitioned", address);
        let backend = RayBackend::of(&recipe).unwrap();
        let builder = ExecutorBuilder::new(recipe, registry()).backend(Arc::new(backend));
        builder.build().unwrap()
    }

    /// The same with everything in a bucket.
    pub(crate) fn in_bucket(&self, server: &Server, job: &str, address: &str) -> Executor {
        let dataset = fs::read(self.path("in.jsonl")).unwrap();
        server.request("PUT", "/data/in.jsonl", &dataset);
        let recipe = self.recipe_at(server.url(), job, "ray_partitioned", address);
        let backend = RayBackend::of(&recipe).unwrap();
        let schemes = coldpress_remote::schemes().with_options(server.options());
        let builder = ExecutorBuilder::new(recipe, registry()).schemes(schemes);
        builder.backend(Arc::new(backend)).build().unwrap()
    }

    /// A job whose cluster is played by this executable.
    pub(crate) fn on_fake(&self, job: &str, mode: &str) -> Executor {
        let builder = self.builder(job, "ray");
        let builder = builder.backend(Arc::new(Self::fake(mode)));
        builder.build().unwrap()
    }

    /// The messages of the events of a job.
    pub(crate) fn events(&self, job: &str) -> String {
        fs::read_to_string(self.path(&format!("jobs/{job}/event_logs/events.jsonl"))).unwrap()
    }

    pub(crate) fn fake(mode: &str) -> RayBackend {
        let own = std::env::current_exe().unwrap();
        let backend = RayBackend::new("auto".into()).workers(2);
        backend.bridge(own, ["--fake-bridge", mode])
    }

    /// What the first worker of a job is told: the job, and its first attempt.
    pub(crate) fn told_to_workers(&self) -> (ToWorker, ToWorker) {
        self.on_fake("kept", "nodes_die").run().unwrap_err();
        let kept = fs::read(self.path("kept")).unwrap();
        let [begin, run]: [String; 2] = serde_json::from_slice(&kept).unwrap();
        (
            serde_json::from_str(&begin).unwrap(),
            serde_json::from_str(&run).unwrap(),
        )
    }

    /// What local threads make of the dataset.
    pub(crate) fn expected(&self) -> Vec<u8> {
        self.builder("local", "local")
            .build()
            .unwrap()
            .run()
            .unwrap();
        let expected = self.exported("local");
        assert!(expected.len() > 1000);
        expected
    }

    pub(crate) fn exported(&self, job: &str) -> Vec<u8> {
        fs::read(self.path(&format!("{job}.jsonl"))).unwrap()
    }

    /// Runs a job on a cluster, and does something to it while a worker waits in the midst of its attempt.
    pub(crate) fn disturb(&self, job: &str, address: &str, disturb: impl FnOnce(u32)) {
        self.disturb_run(&self.on_ray(job, address), disturb);
    }

    /// The same for a job that was begun in another way.
    pub(crate) fn disturb_run(&self, executor: &Executor, disturb: impl FnOnce(u32)) {
        self.hold();
        std::thread::scope(|scope| {
            let run = scope.spawn(|| executor.run().map(|_| ()));
            let worker = self.held_worker(&|| run.is_finished());
            disturb(worker);
            self.release();
            run.join().unwrap().unwrap();
        });
    }

    pub(crate) fn hold(&self) {
        fs::write(self.path("hold"), "").unwrap();
    }

    /// As [`hold`](Self::hold), but only the first process that comes to the text waits.
    pub(crate) fn hold_once(&self) {
        fs::write(self.path("hold"), "once").unwrap();
    }

    pub(crate) fn release(&self) {
        fs::remove_file(self.path("hold")).unwrap();
        for file in fs::read_dir(&self.folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "pid") {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// The process that waits in the midst of an attempt.
    pub(crate) fn held_worker(&self, has_ended: &dyn Fn() -> bool) -> u32 {
        let found = wait_for("a worker that waits", || {
            assert!(!has_ended(), "the job ended before a worker waited");
            let files = fs::read_dir(&self.folder).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            names
                .filter_map(|name| {
                    name.strip_prefix("hold.")?
                        .strip_suffix(".pid")?
                        .parse()
                        .ok()
                })
                .find(|pid| is_alive(*pid))
        });
        // It goes on as long as nobody does anything.
        assert!(is_alive(found));
        found
    }

    /// A driver of a job in a process of its own, which is this program or a copy of it.
    pub(crate) fn driver(&self, program: &Path, job: &str, address: &str) -> Command {
        let mut driver = Command::new(program);
        driver
            .arg("--driver")
            .arg(&self.folder)
            .args([job, address]);
        driver
    }
}

/// Runs a job in a folder that another process keeps, and does not wait for a cluster that is gone.
#[allow(clippy::print_stderr, reason = "the other process reads why it failed")]
pub(crate) fn drive(folder: &str, job: &str, address: &str) -> ExitCode {
    let bench = Bench {
        folder: folder.into(),
        _kept: None,
    };
    let recipe = bench.recipe(job, "ray_partitioned", address);
    let backend = RayBackend::of(&recipe).unwrap();
    let backend = backend.reconnects_for(Duration::from_secs(1));
    let builder = ExecutorBuilder::new(recipe, registry()).backend(Arc::new(backend));
    match builder.build().unwrap().run() {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", coldpress_failure::full_message(&error));
            ExitCode::FAILURE
        }
    }
}

/// Returns whether events say that an attempt was given up for silence, or that another one overtook it: either may be first.
pub(crate) fn is_done_elsewhere(events: &str) -> bool {
    events.contains("fell silent") || events.contains("was faster, so attempt")
}

/// Sends a signal to a process.
pub(crate) fn signal(process: u32, signal: Signal) {
    let process = rustix::process::Pid::from_raw(process as i32).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}

pub(crate) fn kill(process: u32) {
    signal(process, Signal::KILL);
}

/// Waits for something that comes within three minutes, on a machine with much else to do.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns whether a process lives. One that nobody has waited for yet does not.
pub(crate) fn is_alive(process: u32) -> bool {
    let state = field_of(process, 0);
    state.is_some_and(|state| state != "Z" && state != "X")
}

/// The process that started another one.
pub(crate) fn parent_of(process: u32) -> u32 {
    field_of(process, 1).unwrap().parse().unwrap()
}

/// A field of `/proc/PID/stat`, counted from the state.
fn field_of(process: u32, field: usize) -> Option<String> {
    let stat =
        fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    let fields = stat.rsplit_once(')')?.1;
    fields.split_whitespace().nth(field).map(str::to_owned)
}
