//! `coldpress checkpoint verify`: whether checkpoints are whole.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use coldpress::checkpoint::{Description, Error};
use coldpress::report::quantity::{bytes, counted, plain};
use coldpress::report::{Align, Table};
use coldpress::storage::{Error as StorageError, FileStamp, ObjectName, Place, StoreSchemes};
use rayon::prelude::*;
use serde::Serialize;

use super::folder::{Folder, Job, cannot};
use crate::failure::{Failure, code};
use crate::output;

/// Read every checkpoint, and all that a job relies on, and report what is damaged
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A job's folder, or a folder of checkpoint files
    dir: PathBuf,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// A file that was looked at.
#[derive(Debug, Serialize)]
struct Looked {
    name: String,
    status: State,
    /// Whether the job's journal counts on it; none where the job is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    cited: Option<bool>,
    bytes: u64,
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Damaged,
    Newer,
    Missing,
    /// Not whole, and nothing counts on it: what an attempt left that did not finish.
    Leftover,
    /// It cites an input that is not where it was, as when that was moved or deleted behind the job. All of its own is there.
    InputGone,
}

impl State {
    fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::Leftover | Self::InputGone)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Damaged => "damaged",
            Self::Newer => "newer",
            Self::Missing => "missing",
            Self::Leftover => "left over",
            Self::InputGone => "input gone",
        }
    }
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let folder = Folder::of(&args.dir, schemes)?;
    let cited = folder.cited();
    let objects = folder.objects()?;
    let look = |name: &ObjectName| look(&folder, &cited, name);
    let mut looked: Vec<Looked> = match rayon::ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(|| objects.par_iter().map(look).collect::<Result<_, _>>())?,
        // If no more threads can be started, this one does the work.
        Err(_) => objects.iter().map(look).collect::<Result<_, _>>()?,
    };
    let seen: HashSet<String> = objects.iter().map(ToString::to_string).collect();
    for name in cited.keys().filter(|name| !seen.contains(*name)) {
        looked.push(missing(name.clone()));
    }
    if let Some(job) = &folder.job {
        looked.extend(look_at_job(job));
    }
    looked.sort_by(|a, b| a.name.cmp(&b.name));
    let bad = looked
        .iter()
        .filter(|looked| !looked.status.is_good())
        .count();
    if args.json {
        output::print_json(&looked)?;
    } else {
        output::print(&as_text(&looked, bad, &folder.shown))?;
    }
    Ok(if bad == 0 { code::DONE } else { code::FAILED })
}

fn look(
    folder: &Folder,
    cited: &HashMap<String, FileStamp>,
    name: &ObjectName,
) -> Result<Looked, Failure> {
    let expected = cited.get(name.as_str());
    let is_cited = folder.job.as_ref().map(|_| expected.is_some());
    let mut looked = Looked {
        name: name.to_string(),
        status: State::Ok,
        cited: is_cited,
        bytes: 0,
        problems: Vec::new(),
        description: None,
    };
    match coldpress::checkpoint::verify(&*folder.store, name, expected) {
        Ok(found) => {
            looked.status = match (found.is_good(), is_cited) {
                (true, _) => State::Ok,
                (false, Some(false)) => State::Leftover,
                (false, _) => State::Damaged,
            };
            looked.bytes = found.stamp.length;
            looked.problems = found.problems;
            looked.description = found.description;
        }
        Err(error) => {
            looked.status = match error {
                Error::Newer { .. } => State::Newer,
                // It went while the folder was looked at.
                _ if error.is_not_found() && is_cited == Some(false) => State::Leftover,
                _ if error.is_not_found() => State::Missing,
                _ => return Err(cannot(error)),
            };
            looked.problems.push(error.to_string());
        }
    }
    Ok(looked)
}

fn missing(name: String) -> Looked {
    Looked {
        name,
        status: State::Missing,
        cited: Some(true),
        bytes: 0,
        problems: vec!["the journal cites it, and it is not there".to_owned()],
        description: None,
    }
}

/// Results, quarantine and copies of a job, by the stamps that its journal cites.
fn look_at_job(job: &Job) -> Vec<Looked> {
    let files = job.state.kept_files();
    let files = files.filter(|file| file.place() != Place::Checkpoints);
    let mut looked = Vec::new();
    for file in files {
        let found = match job.stores.verify(file) {
            Err(error) if error.is_not_found() => {
                looked.push(missing(file.to_string()));
                continue;
            }
            found => found,
        };
        let (status, problem) = match found {
            Ok(()) => (State::Ok, None),
            Err(StorageError::InputGone { input, .. }) => {
                let problem = format!(
                    "its input is not at `{}`, so what it cites of it cannot be checked",
                    input.display()
                );
                (State::InputGone, Some(problem))
            }
            Err(error) => (State::Damaged, Some(error.to_string())),
        };
        looked.push(Looked {
            name: file.to_string(),
            status,
            cited: Some(true),
            bytes: file.length(),
            problems: problem.into_iter().collect(),
            description: None,
        });
    }
    looked
}

fn as_text(looked: &[Looked], bad: usize, folder: &str) -> String {
    if looked.is_empty() {
        return format!("no checkpoints in {folder}\n");
    }
    let mut table = Table::new([
        ("FILE", Align::Left),
        ("SIZE", Align::Right),
        ("STATUS", Align::Left),
    ]);
    for file in looked {
        table.row([
            plain(&file.name),
            bytes(file.bytes),
            file.status.word().to_owned(),
        ]);
    }
    let mut text = table.render();
    for file in looked {
        for problem in &file.problems {
            text += &format!("{}: {}\n", plain(&file.name), plain(problem));
        }
    }
    let count = counted(looked.len() as u64, "file");
    let unchecked = looked.iter();
    let unchecked = unchecked.filter(|looked| looked.status == State::InputGone);
    text + &match (bad, unchecked.count()) {
        (0, 0) => format!("{count}, all good\n"),
        (0, unchecked) => {
            format!("{count}, none damaged; {unchecked} cannot be checked without the input\n")
        }
        (bad, _) => format!("{count}, {bad} not good\n"),
    }
}
