//! One run of a deduplicator over all documents, and the resources that it used.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

pub(super) struct Run<'a> {
    pub(super) program: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) deduplicator: &'a str,
    /// Its parameters, as lines of the recipe.
    pub(super) params: &'a [&'a str],
    pub(super) workers: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    /// The CPU time of all its threads; less than the workers' seconds on a busy machine. None if the system does not report it.
    pub(super) cpu_seconds: Option<f64>,
    /// The most memory that the process had at once; none if the system does not report it.
    pub(super) peak_bytes: Option<u64>,
    pub(super) signature_bytes: u64,
}

impl Run<'_> {
    /// Runs the deduplicator. Returns the resources that it used, and for each document whether it was kept.
    pub(super) fn play(&self, documents: u64) -> Result<(Measured, Vec<bool>)> {
        let recipe = self.folder.join("recipe.yaml");
        let mut text = format!(
            "dataset_path: documents.jsonl\nexport_path: unique.jsonl\nwork_dir: jobs\nnp: {}\nprocess:\n  - {}:\n",
            self.workers, self.deduplicator
        );
        for param in self.params {
            text.push_str(&format!("      {param}\n"));
        }
        std::fs::write(&recipe, text).context("cannot write the recipe")?;
        let started = Instant::now();
        let mut child = Command::new(self.program)
            .args(["process", "--no-progress", "--job_id", "job", "--config"])
            .arg(&recipe)
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let (status, cpu_seconds, peak_bytes) = watch(&mut child)?;
        let seconds = started.elapsed().as_secs_f64();
        ensure!(status.success(), "{}: {status}", self.deduplicator);
        let measured = Measured {
            seconds,
            cpu_seconds,
            peak_bytes,
            signature_bytes: self.signature_bytes()?,
        };
        let export = self.folder.join("unique.jsonl");
        let is_kept = kept(&export, documents)?;
        std::fs::remove_dir_all(self.folder.join("jobs"))?;
        std::fs::remove_file(export)?;
        Ok((measured, is_kept))
    }

    fn signature_bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(self.folder.join("jobs/job/signatures"))? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(".signatures") {
                bytes += entry.metadata()?.len();
            }
        }
        Ok(bytes)
    }
}

/// Waits for the end, and watches CPU time and memory meanwhile.
fn watch(child: &mut Child) -> Result<(ExitStatus, Option<f64>, Option<u64>)> {
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let read = |name: &str| std::fs::read_to_string(process.join(name)).unwrap_or_default();
    let (mut cpu_seconds, mut peak_bytes) = (None, None);
    loop {
        peak_bytes = peak_bytes.max(peak_in(&read("status")));
        cpu_seconds = cpu_in(&read("stat")).or(cpu_seconds);
        match child.try_wait()? {
            Some(status) => return Ok((status, cpu_seconds, peak_bytes)),
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn peak_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn cpu_in(stat: &str) -> Option<f64> {
    /// Linux counts in hundredths of a second, whatever the kernel's own clock.
    const TICKS_PER_SECOND: f64 = 100.0;
    // The name of the program comes first, and may contain spaces.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let (user, system) = (ticks()?, ticks()?);
    // A process that has ended has no memory and no threads left, but still has its times.
    Some((user + system) as f64 / TICKS_PER_SECOND).filter(|seconds| *seconds > 0.0)
}

/// Returns which documents an export has.
fn kept(export: &Path, documents: u64) -> Result<Vec<bool>> {
    let file = std::fs::File::open(export);
    let file = file.with_context(|| format!("cannot open {}", export.display()))?;
    let mut is_kept = vec![false; documents as usize];
    for line in BufReader::new(file).split(b'\n') {
        let line = line?;
        let id = line.strip_prefix(b"{\"id\": ").and_then(|rest| {
            let digits = rest.iter().position(|byte| *byte == b',')?;
            str::from_utf8(&rest[..digits]).ok()?.parse::<usize>().ok()
        });
        let place = id.and_then(|id| is_kept.get_mut(id));
        *place.context("the export has a record that is none of the documents")? = true;
    }
    Ok(is_kept)
}
