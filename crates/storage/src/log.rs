//! An append-only log of JSON records with a checksum per line: the writing side.
//!
//! A line is `{"crc32":"8 hex","epoch":n,"sequence":n,"record":{…}}` and a line feed. The CRC is
//! over the epoch and the sequence (8 bytes each, little-endian) and the record's bytes.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::crash_point;
use crate::directory::sync_dir;
use crate::log_line::{FIRST_SEQUENCE, MAX_LINE_BYTES, checksum};
use crate::log_mark::{LineMark, LogMark};
use crate::parent::parent_of;
use crate::volatile;
use crate::{Error, Result};

/// Writes a log file, which only one writer can ever do.
///
/// Maintains the following invariants:
/// - the file is created exclusively and never opened for writing again;
/// - [`append`](Self::append) only queues, [`sync`](Self::sync) makes all that is queued durable
///   with one write and one sync, and nobody may act on a record before;
/// - nothing is ever written behind torn bytes: what a failed write left is cut off, and where
///   that fails too, the writer is poisoned.
#[derive(Debug)]
pub struct LogWriter {
    log: Log<File>,
}

impl LogWriter {
    /// Creates the file of this epoch and makes its name durable.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::is_already_exists`] if another driver was faster.
    pub fn create_new(path: impl AsRef<Path>, epoch: u64) -> Result<Self> {
        let path = path.as_ref();
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|source| Error::io("create", path, source))?;
        volatile::created(path);
        sync_dir(parent_of(path))?;
        Ok(Self {
            log: Log::new(path.to_path_buf(), file, epoch),
        })
    }

    /// Begins a log of this epoch whose bytes become durable in a sink. The file is a copy for readers of this machine; what
    /// was there is replaced.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn create_in(path: impl AsRef<Path>, epoch: u64, sink: Box<dyn LogSink>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::create(path).map_err(|source| Error::io("create", path, source))?;
        let mut log = Log::new(path.to_path_buf(), file, epoch);
        log.sink = Some(sink);
        Ok(Self { log })
    }

    /// Queues a record and gives its sequence number. Nothing is durable before [`sync`](Self::sync).
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] if it has no JSON form, [`Error::TooLong`] if its line would be longer
    /// than [`MAX_LINE_BYTES`], [`Error::Poisoned`]. The queue is as it was then.
    pub fn append(&mut self, record: &(impl Serialize + ?Sized)) -> Result<u64> {
        let json = serde_json::to_vec(record).map_err(|source| self.log.encode_error(source))?;
        self.log.append(&json)
    }

    /// Queues a record that is JSON already; line feeds between its tokens are taken out.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    pub fn append_json(&mut self, json: &[u8]) -> Result<u64> {
        let raw: &RawValue =
            serde_json::from_slice(json).map_err(|source| self.log.encode_error(source))?;
        let text = raw.get();
        if text.contains(['\n', '\r']) {
            // JSON strings hold no raw line ends, so each one stands between tokens.
            self.log.append(text.replace(['\n', '\r'], " ").as_bytes())
        } else {
            self.log.append(text.as_bytes())
        }
    }

    /// Makes all queued records durable: one write, one sync.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]: none of the queued records is in the log; they are dropped from the queue
    /// and their sequence numbers will be given again. [`Error::Poisoned`] at the next call if the
    /// failed write could not be undone.
    pub fn sync(&mut self) -> Result<()> {
        self.log.sync()
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.log.path
    }

    /// The epoch that stands in every line.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.log.epoch
    }

    /// The sequence number that the next record gets.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.log.next_sequence
    }

    /// The number of durable bytes.
    #[must_use]
    pub fn good_length(&self) -> u64 {
        self.log.good_length
    }

    /// The number of records that wait for [`sync`](Self::sync).
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.log.next_sequence - self.log.synced_sequence
    }

    /// Returns the place after the last durable line; none before there is one.
    #[must_use]
    pub fn mark(&self) -> Option<LogMark> {
        let (first, last) = self.log.ends?;
        Some(LogMark {
            epoch: self.log.epoch,
            lines: self.log.synced_sequence - FIRST_SEQUENCE,
            length: self.log.good_length,
            first,
            last,
        })
    }
}

/// Where the bytes of a log become durable, if that is not its file.
pub trait LogSink: fmt::Debug + Send {
    /// Makes these bytes durable, after all that it was given before. They are whole lines.
    ///
    /// # Errors
    ///
    /// Whatever the sink answers. Nobody knows then whether the bytes are there, so the log takes nothing more.
    fn put(&mut self, bytes: &[u8]) -> Result<()>;
}

/// What the writer needs of a file; a trait so that tests can let it fail.
trait LogFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;
    fn sync_data(&mut self) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

impl LogFile for File {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.sync_all()
    }
}

struct Log<F> {
    path: PathBuf,
    file: F,
    /// Where the bytes become durable; none where that is the file.
    sink: Option<Box<dyn LogSink>>,
    epoch: u64,
    next_sequence: u64,
    synced_sequence: u64,
    good_length: u64,
    /// The first and the last durable line.
    ends: Option<(LineMark, LineMark)>,
    queue: Vec<u8>,
    /// Where in the queue the last line begins.
    last_line: usize,
    poisoned: bool,
}

impl<F: LogFile> Log<F> {
    fn new(path: PathBuf, file: F, epoch: u64) -> Self {
        Self {
            path,
            file,
            sink: None,
            epoch,
            next_sequence: FIRST_SEQUENCE,
            synced_sequence: FIRST_SEQUENCE,
            good_length: 0,
            ends: None,
            queue: Vec::new(),
            last_line: 0,
            poisoned: false,
        }
    }

    fn append(&mut self, json: &[u8]) -> Result<u64> {
        self.check_poison()?;
        let (epoch, sequence) = (self.epoch, self.next_sequence);
        let crc = checksum(epoch, sequence, json);
        let head =
            format!(r#"{{"crc32":"{crc:08x}","epoch":{epoch},"sequence":{sequence},"record":"#);
        let length = (head.len() + json.len() + 2) as u64;
        if length > MAX_LINE_BYTES {
            return Err(Error::TooLong {
                path: self.path.clone(),
                length,
                limit: MAX_LINE_BYTES,
            });
        }
        self.last_line = self.queue.len();
        self.queue.extend_from_slice(head.as_bytes());
        self.queue.extend_from_slice(json);
        self.queue.extend_from_slice(b"}\n");
        self.next_sequence += 1;
        Ok(sequence)
    }

    fn sync(&mut self) -> Result<()> {
        self.check_poison()?;
        if self.queue.is_empty() {
            return Ok(());
        }
        crash_point!("log_before_write");
        let written = match &mut self.sink {
            None => self.write_queue(),
            Some(sink) => sink.put(&self.queue).and_then(|()| self.copy_queue()),
        };
        let length = self.queue.len() as u64;
        let ends = self.ends_with_queue();
        self.queue.clear();
        match written {
            Ok(()) => {
                crash_point!("log_after_sync");
                self.good_length += length;
                self.ends = Some(ends);
                self.synced_sequence = self.next_sequence;
                Ok(())
            }
            Err(error) => {
                self.next_sequence = self.synced_sequence;
                // What a sink was given may be there yet, or come to be there.
                self.poisoned =
                    self.sink.is_some() || self.file.truncate(self.good_length).is_err();
                Err(error)
            }
        }
    }

    /// Returns the first and the last line of the log once the queue is in it.
    fn ends_with_queue(&self) -> (LineMark, LineMark) {
        let last = LineMark::of(&self.queue[self.last_line..]);
        let first = self.ends.map(|(first, _)| first);
        let first = first.unwrap_or_else(|| {
            let end = self.queue.iter().position(|byte| *byte == b'\n');
            LineMark::of(&self.queue[..end.map_or(0, |end| end + 1)])
        });
        (first, last)
    }

    fn write_queue(&mut self) -> Result<()> {
        if crash_point::is_armed() && crash_point::is_due("log_torn_write") {
            let half = &self.queue[..self.queue.len() / 2];
            let _ = self.file.write_at(half, self.good_length);
            let _ = self.file.sync_data();
            volatile::synced_file(&self.path);
            crash_point::kill_self();
        }
        self.file
            .write_at(&self.queue, self.good_length)
            .map_err(|source| Error::io("append to", &self.path, source))?;
        crash_point!("log_before_sync");
        self.file
            .sync_data()
            .map_err(|source| Error::io("sync", &self.path, source))?;
        volatile::synced_file(&self.path);
        Ok(())
    }

    /// Copies the queue to the file for those who read it. It is durable elsewhere, so nothing is synced.
    fn copy_queue(&mut self) -> Result<()> {
        crash_point!("log_put_before_copy");
        self.file
            .write_at(&self.queue, self.good_length)
            .map_err(|source| Error::io("append to", &self.path, source))
    }

    fn check_poison(&self) -> Result<()> {
        if self.poisoned {
            return Err(Error::Poisoned {
                path: self.path.clone(),
            });
        }
        Ok(())
    }
}

impl<F> Log<F> {
    fn encode_error(&self, source: serde_json::Error) -> Error {
        Error::Encode {
            path: self.path.clone(),
            source,
        }
    }
}

impl<F> fmt::Debug for Log<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("path", &self.path)
            .field("epoch", &self.epoch)
            .field("next_sequence", &self.next_sequence)
            .field("good_length", &self.good_length)
            .field("poisoned", &self.poisoned)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that can be told to fail, and leaves half of a failed write behind.
    #[derive(Default)]
    struct Device {
        bytes: Vec<u8>,
        fail_write: bool,
        fail_sync: bool,
        fail_truncate: bool,
    }

    impl LogFile for &mut Device {
        fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
            assert_eq!(self.bytes.len() as u64, offset, "wrote behind torn bytes");
            if self.fail_write {
                self.bytes.extend_from_slice(&bytes[..bytes.len() / 2]);
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(bytes);
            Ok(())
        }

        fn sync_data(&mut self) -> io::Result<()> {
            if self.fail_sync {
                return Err(io::Error::other("sync"));
            }
            Ok(())
        }

        fn truncate(&mut self, length: u64) -> io::Result<()> {
            if self.fail_truncate {
                return Err(io::Error::other("truncate"));
            }
            self.bytes.truncate(usize::try_from(length).unwrap());
            Ok(())
        }
    }

    fn log_on(device: &mut Device) -> Log<&mut Device> {
        Log::new(PathBuf::from("x"), device, 1)
    }

    #[test]
    fn a_failed_write_is_cut_off_and_its_numbers_are_given_again() {
        for (fail_write, fail_sync) in [(true, false), (false, true)] {
            let mut device = Device::default();
            let mut log = log_on(&mut device);
            assert_eq!(log.append(b"1").unwrap(), 1);
            log.sync().unwrap();
            let good = log.file.bytes.clone();
            (log.file.fail_write, log.file.fail_sync) = (fail_write, fail_sync);
            assert_eq!(log.append(b"2").unwrap(), 2);
            assert_eq!(log.append(b"3").unwrap(), 3);
            let error = log.sync().unwrap_err();
            assert_eq!(error.is_disk_full(), fail_write);
            assert_eq!(log.file.bytes, good);
            (log.file.fail_write, log.file.fail_sync) = (false, false);
            assert_eq!(log.append(b"4").unwrap(), 2);
            log.sync().unwrap();
            assert_eq!(log.good_length, log.file.bytes.len() as u64);
            assert!(log.file.bytes.ends_with(b"\"sequence\":2,\"record\":4}\n"));
        }
    }

    #[test]
    fn a_log_whose_tail_is_unknown_takes_nothing_more() {
        let mut device = Device {
            fail_write: true,
            fail_truncate: true,
            ..Device::default()
        };
        let mut log = log_on(&mut device);
        log.append(b"1").unwrap();
        assert!(matches!(log.sync(), Err(Error::Io { .. })));
        assert!(matches!(log.append(b"2"), Err(Error::Poisoned { .. })));
        assert!(matches!(log.sync(), Err(Error::Poisoned { .. })));
    }

    /// A sink that keeps what it is given, and refuses on request.
    #[derive(Clone, Debug, Default)]
    struct Kept(std::sync::Arc<std::sync::Mutex<(Vec<Vec<u8>>, bool)>>);

    impl LogSink for Kept {
        fn put(&mut self, bytes: &[u8]) -> Result<()> {
            let mut kept = self.0.lock().unwrap();
            if kept.1 {
                return Err(Error::io("put", "x", io::ErrorKind::TimedOut.into()));
            }
            kept.0.push(bytes.to_vec());
            Ok(())
        }
    }

    #[test]
    fn each_sync_is_one_piece_in_the_sink_and_the_file_is_its_copy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("000001.jsonl");
        std::fs::write(&path, "of an earlier run, and longer than what comes").unwrap();
        let kept = Kept::default();
        let mut log = LogWriter::create_in(&path, 1, Box::new(kept.clone())).unwrap();
        for (records, pieces) in [(&[1, 2][..], 1), (&[], 1), (&[3], 2)] {
            for record in records {
                log.append(record).unwrap();
            }
            log.sync().unwrap();
            let kept = kept.0.lock().unwrap();
            assert_eq!(kept.0.len(), pieces);
            assert_eq!(kept.0.concat(), std::fs::read(&path).unwrap());
        }
        kept.0.lock().unwrap().1 = true;
        log.append(&4).unwrap();
        assert!(matches!(log.sync(), Err(Error::Io { .. })));
        kept.0.lock().unwrap().1 = false;
        assert!(matches!(log.append(&4), Err(Error::Poisoned { .. })));
    }

    #[test]
    fn a_line_over_the_limit_is_refused_and_leaves_no_trace() {
        let mut device = Device::default();
        let mut log = log_on(&mut device);
        let long = vec![b'1'; usize::try_from(MAX_LINE_BYTES).unwrap()];
        assert!(matches!(log.append(&long), Err(Error::TooLong { .. })));
        assert_eq!(log.append(b"1").unwrap(), FIRST_SEQUENCE);
    }
}
