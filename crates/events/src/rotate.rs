//! Rotated files: their names, their compression, and the number that are kept.
//!
//! `events.jsonl` becomes `events.{n}.jsonl` with the next free number, so that numbers rise with time and no rotated file is ever
//! renamed again. Compression writes `events.{n}.jsonl.gz` beside it, and removes the plain file when the compressed one is
//! complete. If both exist, readers take the plain file.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use coldpress_storage::open_file;
use crossbeam_channel::{Sender, unbounded};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The parts of a log file's name: `events` + (`.{number}`) + `.jsonl`.
#[derive(Clone, Debug)]
pub(crate) struct LogName {
    pub(crate) folder: PathBuf,
    pub(crate) extension: &'static str,
}

const STEM: &str = "events";

impl LogName {
    pub(crate) fn json(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            extension: "jsonl",
        }
    }

    pub(crate) fn text(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            extension: "log",
        }
    }

    /// Returns the file that is being written.
    pub(crate) fn current(&self) -> PathBuf {
        self.folder.join(format!("{STEM}.{}", self.extension))
    }

    pub(crate) fn plain(&self, number: u64) -> PathBuf {
        let extension = self.extension;
        self.folder.join(format!("{STEM}.{number}.{extension}"))
    }

    pub(crate) fn compressed(&self, number: u64) -> PathBuf {
        let extension = self.extension;
        self.folder.join(format!("{STEM}.{number}.{extension}.gz"))
    }

    /// Returns the numbers of all rotated files; none if the folder doesn't exist.
    pub(crate) fn numbers(&self) -> io::Result<BTreeSet<u64>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => entries?,
        };
        let mut numbers = BTreeSet::new();
        for entry in entries {
            let name = entry?.file_name();
            numbers.extend(name.to_str().and_then(|name| self.number_of(name)));
        }
        Ok(numbers)
    }

    fn number_of(&self, name: &str) -> Option<u64> {
        let rest = name.strip_prefix(STEM)?.strip_prefix('.')?;
        let rest = rest.strip_suffix(".gz").unwrap_or(rest);
        let digits = rest.strip_suffix(self.extension)?.strip_suffix('.')?;
        let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    }
}

/// Compresses and prunes rotated files on a thread of its own, one after the other, so that the writing thread never waits for
/// that.
pub(crate) struct Archiver {
    backup_count: usize,
    worker: Option<Worker>,
}

/// The thread and its queue.
struct Worker {
    sender: Sender<(LogName, u64)>,
    thread: JoinHandle<()>,
}

impl Archiver {
    pub(crate) fn new(backup_count: u32) -> Self {
        Self {
            backup_count: backup_count as usize,
            worker: None,
        }
    }

    /// Queues files that an earlier process did not get to.
    pub(crate) fn take_up(&mut self, name: &LogName) {
        for number in name.numbers().unwrap_or_default() {
            if name.plain(number).exists() {
                self.archive(name.clone(), number);
            }
        }
    }

    /// Queues a file that has just been rotated.
    pub(crate) fn archive(&mut self, name: LogName, number: u64) {
        if self.worker.is_none() {
            self.worker = self.start();
        }
        // Without a thread, the file stays plain, which every reader accepts as well.
        if let Some(worker) = &self.worker {
            let _ = worker.sender.send((name, number));
        }
    }

    /// Waits until all queued files are compressed.
    pub(crate) fn finish(&mut self) {
        if let Some(Worker { sender, thread }) = self.worker.take() {
            drop(sender);
            let _ = thread.join();
        }
    }

    fn start(&self) -> Option<Worker> {
        let (sender, receiver) = unbounded::<(LogName, u64)>();
        let backup_count = self.backup_count;
        let work = move || {
            for (name, number) in receiver {
                // A file that cannot be compressed stays plain and is tried again at the next start. One that cannot be pruned is
                // pruned at the next rotation.
                let _ = compress(&name, number);
                let _ = prune(&name, backup_count);
            }
        };
        let thread = std::thread::Builder::new()
            .name("coldpress-event-archive".to_owned())
            .spawn(work)
            .ok()?;
        Some(Worker { sender, thread })
    }
}

/// The size above which a file stays plain, because the end of the job would have to wait for it.
const MAX_COMPRESSED_BYTES: u64 = 4 << 30;

fn compress(name: &LogName, number: u64) -> io::Result<()> {
    let (plain, compressed) = (name.plain(number), name.compressed(number));
    let mut temporary = compressed.clone().into_os_string();
    temporary.push(".tmp");
    let mut source = open_file(&plain)?;
    if source.metadata()?.len() > MAX_COMPRESSED_BYTES {
        return Ok(());
    }
    // A leftover of an earlier attempt that crashed, or a link, which must not be followed.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let target = File::create_new(&temporary)?;
    let mut encoder = GzEncoder::new(target, Compression::default());
    io::copy(&mut source, &mut encoder)?;
    encoder.finish()?.sync_all()?;
    fs::rename(&temporary, &compressed)?;
    fs::remove_file(&plain)
}

fn prune(name: &LogName, backup_count: usize) -> io::Result<()> {
    if backup_count == 0 {
        return Ok(());
    }
    let numbers = name.numbers()?;
    let surplus = numbers.len().saturating_sub(backup_count);
    for number in numbers.into_iter().take(surplus) {
        for path in [name.plain(number), name.compressed(number)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_its_own_are_counted() {
        let name = LogName::json(Path::new("x"));
        for (text, expected) in [
            ("events.1.jsonl", Some(1)),
            ("events.12.jsonl.gz", Some(12)),
            ("events.jsonl", None),
            ("events.1.log", None),
            ("events.01.jsonl", None),
            ("events.0.jsonl", None),
            ("events.-1.jsonl", None),
            ("events.1.jsonl.gz.tmp", None),
            ("events.1x.jsonl", None),
            ("events.99999999999999999999.jsonl", None),
        ] {
            assert_eq!(name.number_of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_an_earlier_process_left_is_compressed_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let name = LogName::json(folder.path());
        for number in 1..=4 {
            fs::write(name.plain(number), format!("{number}\n")).unwrap();
        }
        let mut archiver = Archiver::new(2);
        archiver.take_up(&name);
        archiver.finish();
        let found: Vec<u64> = name.numbers().unwrap().into_iter().collect();
        assert_eq!(found, [3, 4]);
        assert!(name.compressed(3).exists() && !name.plain(3).exists());
    }
}
