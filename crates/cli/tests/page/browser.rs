//! Chromium without a window: loads a page and gives back what came of it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::shared::PATIENCE;

/// Set where a browser must be there: by `.ci/run`.
const REQUIRED: &str = "COLDPRESS_BROWSER_REQUIRED";

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser.
pub(crate) struct Browser(PathBuf);

/// The result of loading a page.
pub(crate) struct Looked {
    /// All of the document after its scripts ran.
    pub(crate) dom: String,
    /// The lines of the console.
    pub(crate) console: Vec<String>,
}

impl Browser {
    /// What it needs in order to run without a window, as root and in a container.
    pub(crate) const FLAGS: [&str; 6] = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
    ];

    pub(crate) fn program(&self) -> &Path {
        &self.0
    }

    /// Finds the browser of this machine, or says that there is none.
    pub(crate) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = NAMES.iter().find_map(|name| {
            let mut folders = std::env::split_paths(&path);
            folders.find_map(|folder| Some(folder.join(name)).filter(|file| file.is_file()))
        });
        let is_required = std::env::var_os(REQUIRED).is_some();
        assert!(
            found.is_some() || !is_required,
            "{REQUIRED} is set, and there is no Chromium"
        );
        if found.is_none() {
            eprintln!("not looked at: no Chromium is installed (apt-get install chromium)");
        }
        found.map(Self)
    }

    /// Loads a page and waits until its scripts have run.
    pub(crate) fn look(&self, page: &str) -> Looked {
        self.look_in(page, 1200)
    }

    /// Does the same in a window of this width, in pixels.
    pub(crate) fn look_in(&self, page: &str, width: u32) -> Looked {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.html");
        fs::write(&file, page).unwrap();
        self.open(&file, folder.path(), width)
    }

    fn open(&self, file: &Path, profile: &Path, width: u32) -> Looked {
        let mut command = Command::new(&self.0);
        command
            .args(Self::FLAGS)
            .arg(format!("--window-size={width},900"))
            .arg("--virtual-time-budget=20000")
            .args(["--enable-logging=stderr", "--log-level=0", "--dump-dom"])
            .arg(format!(
                "--user-data-dir={}",
                profile.join("profile").display()
            ))
            .arg(format!("file://{}", file.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (out, err) = (
            reader(child.stdout.take().unwrap()),
            reader(child.stderr.take().unwrap()),
        );
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() > 2 * PATIENCE {
                child.kill().unwrap();
            }
            thread::sleep(Duration::from_millis(20));
        }
        let (dom, said) = (out.join().unwrap(), err.join().unwrap());
        assert!(
            dom.contains("<body"),
            "the browser did not load the page: {said}"
        );
        let console = said.lines().filter(|line| line.contains("CONSOLE"));
        Looked {
            dom,
            console: console.map(str::to_owned).collect(),
        }
    }
}

/// Reads a pipe to its end, so that its writer never waits.
fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Looked {
    /// Returns the document without its scripts and data: what people see.
    pub(crate) fn shown(&self) -> &str {
        let body = self.dom.find("<body").unwrap();
        let shown = &self.dom[body..];
        &shown[..shown.find("<script").unwrap()]
    }

    /// Checks that the page has these sections and that the console has no complaint.
    #[track_caller]
    pub(crate) fn is_whole(&self, sections: &[&str]) {
        assert_eq!(self.console, [""; 0]);
        for name in sections {
            let section = format!("<section id=\"{name}\"");
            assert!(self.shown().contains(&section), "no {name}");
        }
        assert!(
            !self.shown().contains("cannot be shown"),
            "{}",
            self.shown()
        );
    }

    /// Checks that the page shows all of these texts.
    #[track_caller]
    pub(crate) fn shows(&self, parts: &[&str]) {
        for part in parts {
            assert!(
                self.shown().contains(part),
                "no {part:?} in {}",
                self.shown()
            );
        }
    }
}
