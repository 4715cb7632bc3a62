//! A folder of its own, and the program in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::frozen::Frozen;
use super::ran::Ran;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_coldpress");

/// Longer than any run takes, even where many tests share a core.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An empty folder, which is removed at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file, with the folders that it lies in.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Whether there is something of this name, be it a link to nothing.
    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// The program with these words.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(line.split_whitespace())
            .current_dir(self.root())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with these words.
    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::of(self.command(line).output().unwrap())
    }

    /// Runs the program, which must kill itself at this crash point.
    #[track_caller]
    pub(crate) fn crash_at(&self, point: &str, line: &str) {
        let mut command = self.command(line);
        let command = command.env(coldpress::storage::crash_point::VARIABLE, point);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), None, "{point} was not hit: {told}");
    }

    /// The journal of a job below `jobs/` as far as it is written; empty where there is none.
    pub(crate) fn journal_of(&self, job: &str) -> String {
        let files = fs::read_dir(self.path(&format!("jobs/{job}/journal")));
        let files = files.into_iter().flatten();
        let mut paths: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let texts = paths
            .iter()
            .filter_map(|path| fs::read_to_string(path).ok());
        texts.collect()
    }

    /// Begins a job with these words and freezes it once `reached` says that its journal is far enough.
    pub(crate) fn freeze_at(
        &self,
        line: &str,
        job: &str,
        reached: impl Fn(&str) -> bool,
    ) -> Frozen {
        let mut command = self.command(line);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let frozen = Frozen::new(child.spawn().unwrap());
        let begun = Instant::now();
        while !reached(&self.journal_of(job)) {
            assert!(begun.elapsed() < PATIENCE, "never got there");
            std::thread::sleep(Duration::from_millis(1));
        }
        frozen.stop();
        frozen
    }
}

/// The top of the repository.
pub(crate) fn repository() -> &'static Path {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.into_iter().nth(2).unwrap()
}
