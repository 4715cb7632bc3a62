//! A file to which whole lines are appended, on a device that may fail.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::rotate::{Archiver, LogName};

/// The time for which a failing device is left alone.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Lines on their way to a file. Lines that the device refuses are kept, up to a limit, and tried again.
pub(crate) struct LineFile {
    name: LogName,
    file: File,
    length: u64,
    /// True if a failed write may have left bytes that could not be cut off.
    torn: bool,
    pending: Vec<u8>,
    pending_lines: u64,
    held_bytes: usize,
    max_size_bytes: u64,
    next_number: u64,
    outage: Option<Outage>,
}

/// A period in which the device refused everything.
#[derive(Debug)]
pub(crate) struct Outage {
    pub(crate) since: Instant,
    pub(crate) error: io::Error,
    retry_at: Instant,
}

impl LineFile {
    /// Opens or creates the file, and repairs its last line if a crash left it incomplete.
    pub(crate) fn open(name: LogName, held_bytes: usize, max_size_bytes: u64) -> io::Result<Self> {
        let file = open_to_append(&name.current())?;
        let length = mend_tail(&file, &name)?;
        let next_number = name.numbers()?.last().map_or(1, |last| last + 1);
        Ok(Self {
            name,
            file,
            length,
            torn: false,
            pending: Vec::new(),
            pending_lines: 0,
            held_bytes,
            max_size_bytes,
            next_number,
            outage: None,
        })
    }

    /// Takes a line with its line feed; returns false if the limit is reached.
    #[must_use]
    pub(crate) fn push(&mut self, line: &[u8]) -> bool {
        let fits = self.pending.len() + line.len() <= self.held_bytes;
        // Without an outage, the limit doesn't apply, because the next write empties the buffer.
        if fits || self.outage.is_none() {
            self.pending.extend_from_slice(line);
            self.pending_lines += 1;
            return true;
        }
        false
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn pending_lines(&self) -> u64 {
        self.pending_lines
    }

    /// Returns the path of the file that is being written.
    pub(crate) fn path(&self) -> PathBuf {
        self.name.current()
    }

    pub(crate) fn outage(&self) -> Option<&Outage> {
        self.outage.as_ref()
    }

    /// Writes the pending lines, unless the device is being left alone. Returns the outage that ends with this, if there was one.
    pub(crate) fn write_out(&mut self, archiver: &mut Archiver) -> Option<Outage> {
        let now = Instant::now();
        if self.pending.is_empty() || self.outage.as_ref().is_some_and(|o| o.retry_at > now) {
            return None;
        }
        self.write_out_now(archiver)
    }

    /// Does the same as [`write_out`](Self::write_out), but always tries.
    pub(crate) fn write_out_now(&mut self, archiver: &mut Archiver) -> Option<Outage> {
        if self.pending.is_empty() {
            return None;
        }
        match self.try_write(archiver) {
            Ok(()) => {
                self.pending.clear();
                self.pending_lines = 0;
                // A burst must not keep its memory for ever.
                self.pending.shrink_to(1 << 20);
                self.outage.take()
            }
            Err(error) => {
                self.torn |= self.file.set_len(self.length).is_err();
                let now = Instant::now();
                let since = self.outage.take().map_or(now, |outage| outage.since);
                self.outage = Some(Outage {
                    since,
                    error,
                    retry_at: now + RETRY_AFTER,
                });
                None
            }
        }
    }

    /// Hands everything to the device.
    pub(crate) fn sync(&self) -> io::Result<()> {
        match self.file.sync_data() {
            // Pipes and similar files cannot be synced, and need not be.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            result => result,
        }
    }

    fn try_write(&mut self, archiver: &mut Archiver) -> io::Result<()> {
        if self.outage.is_some() {
            self.reopen()?;
        }
        let size = self.length + self.pending.len() as u64;
        if self.max_size_bytes > 0 && self.length > 0 && size > self.max_size_bytes {
            self.rotate(archiver)?;
        }
        self.file.write_all(&self.pending)?;
        self.length += self.pending.len() as u64;
        Ok(())
    }

    /// Opens the file again. The handle may be the problem: the folder may have been moved, or the mount may have disappeared.
    fn reopen(&mut self) -> io::Result<()> {
        let file = open_to_append(&self.name.current())?;
        if self.torn && file.metadata()?.len() > self.length {
            // All pending lines will be written again, so none of them may stay.
            file.set_len(self.length)?;
        }
        self.length = mend_tail(&file, &self.name)?;
        self.torn = false;
        self.file = file;
        Ok(())
    }

    /// Rotates the file. If the folder doesn't allow that, the file just grows.
    fn rotate(&mut self, archiver: &mut Archiver) -> io::Result<()> {
        let last = self.name.numbers()?.last().copied().unwrap_or(0);
        let number = self.next_number.max(last + 1);
        if fs::rename(self.name.current(), self.name.plain(number)).is_err() {
            return Ok(());
        }
        self.next_number = number + 1;
        archiver.archive(self.name.clone(), number);
        self.file = open_to_append(&self.name.current())?;
        self.length = 0;
        self.torn = false;
        Ok(())
    }
}

/// Opens a log. If it is a link to another file, it is refused, because that file would get the lines. A link to a device is
/// allowed.
fn open_to_append(path: &Path) -> io::Result<File> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if is_link && fs::metadata(path).map_or(true, |found| found.is_file()) {
        let message = "it is a link to another file; move the link away";
        return Err(io::Error::other(message));
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let found = file.metadata()?;
        if found.is_file() && found.nlink() > 1 {
            let message = "the file has another name too (a hard link); move it away";
            return Err(io::Error::other(message));
        }
    }
    Ok(file)
}

/// Cuts off an incomplete last line, or adds its line feed if only that is missing. Returns the length of the file after that.
fn mend_tail(mut file: &File, name: &LogName) -> io::Result<u64> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(0);
    }
    let length = metadata.len();
    let Some(whole) = end_of_last_line(file, length)? else {
        // The line isn't ours. Readers ignore it, whatever it is.
        file.write_all(b"\n")?;
        return Ok(length + 1);
    };
    if whole == length {
        return Ok(length);
    }
    if name.extension == "jsonl" && is_whole_json(file, whole, length - whole)? {
        file.write_all(b"\n")?;
        return Ok(length + 1);
    }
    file.set_len(whole)?;
    Ok(whole)
}

/// Returns the offset after the last line feed, or 0 if there is none; `None` if it is further back than the length of any line.
fn end_of_last_line(mut file: &File, length: u64) -> io::Result<Option<u64>> {
    let mut buffer = [0; 8192];
    let mut end = length;
    while end > 0 {
        if length - end > crate::lines::MAX_LINE_BYTES {
            return Ok(None);
        }
        let start = end.saturating_sub(buffer.len() as u64);
        let piece = &mut buffer[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(start + at as u64 + 1));
        }
        end = start;
    }
    Ok(Some(0))
}

fn is_whole_json(mut file: &File, start: u64, length: u64) -> io::Result<bool> {
    if length > crate::lines::MAX_LINE_BYTES {
        return Ok(false);
    }
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(length).read_to_end(&mut tail)?;
    Ok(serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&tail).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str) {
        let folder = tempfile::tempdir().unwrap();
        let name = LogName::json(folder.path());
        fs::write(name.current(), before).unwrap();
        let mut file = LineFile::open(name.clone(), 100, 0).unwrap();
        assert!(file.push(b"{}\n"));
        assert!(file.write_out(&mut Archiver::new(0)).is_none());
        let found = fs::read_to_string(name.current()).unwrap();
        assert_eq!(found, format!("{after}{{}}\n"));
    }

    #[test]
    fn a_torn_tail_is_mended_and_nothing_whole_is_lost() {
        check("", "");
        check("{\"a\":1}\n", "{\"a\":1}\n");
        check("{\"a\":1}\n{\"b\":", "{\"a\":1}\n");
        check("{\"a\":1}\n{\"b\":2}", "{\"a\":1}\n{\"b\":2}\n");
        check("{\"b\":", "");
        let long = "x".repeat(20_000);
        check(&format!("{long}\n{long}"), &format!("{long}\n"));
    }

    #[test]
    fn without_an_outage_the_bound_does_not_apply() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = LineFile::open(LogName::json(folder.path()), 10, 0).unwrap();
        assert!(file.push(&[b'x'; 20]));
        assert_eq!((file.pending_bytes(), file.pending_lines()), (20, 1));
    }
}
