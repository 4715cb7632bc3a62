//! Reads files from untrusted archives.
//!
//! Only the wanted files are kept in memory, within limits, and nothing is written to disk. The names of the files in an archive
//! are compared, but never used as paths. Callers that write the files must check the names.
//!
//! ```no_run
//! use coldpress_archive::{Limits, read_members};
//!
//! let limits = Limits { member_bytes: 1 << 20, total_bytes: 1 << 24 };
//! for member in read_members("paper.tar.gz".as_ref(), limits, |name| name.ends_with(b".tex"))? {
//!     println!("{} bytes", member.bytes.len());
//! }
//! # Ok::<(), std::io::Error>(())
//! ```

mod tar;
mod zip;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, as it is in the archive. It may contain anything.
    pub name: Vec<u8>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The limits on reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The number of bytes above which a file is left out.
    pub member_bytes: u64,
    /// The total number of bytes. Reading stops at the first file that would exceed it.
    pub total_bytes: u64,
}

/// The number of bytes to which a compressed tar file, or a file in a ZIP archive, may unpack. Reading stops there, whatever size
/// the archive claims.
const MOST_UNPACKED: u64 = 4 << 30;

/// Returns the files of an archive whose names are `wanted`, in the order of the archive.
///
/// The name determines the format: `.zip`, `.tar`, `.tar.gz` or `.tgz`, in any case. A tar file may be compressed or not, whatever
/// its name says.
///
/// # Errors
/// If it isn't a regular file, has another format, is damaged, or is too large when unpacked.
pub fn read_members(
    path: &Path,
    limits: Limits,
    wanted: impl Fn(&[u8]) -> bool,
) -> io::Result<Vec<Member>> {
    let name = path.as_os_str().to_string_lossy().to_lowercase();
    let is_zip = name.ends_with(".zip");
    if !is_zip
        && ![".tar", ".tar.gz", ".tgz"]
            .iter()
            .any(|end| name.ends_with(end))
    {
        return Err(invalid(
            "its name ends with none of .zip, .tar, .tar.gz and .tgz",
        ));
    }
    // A pipe could make the worker wait for ever.
    if !std::fs::metadata(path)?.is_file() {
        return Err(invalid("it is not an ordinary file"));
    }
    let mut file = File::open(path)?;
    let mut members = Members::new(limits);
    if is_zip {
        zip::read(&mut file, &mut members, wanted)?;
        return Ok(members.read);
    }
    let mut start = [0; 2];
    let is_gzip = file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b];
    file.seek(SeekFrom::Start(0))?;
    match is_gzip {
        true => tar::read(
            MultiGzDecoder::new(io::BufReader::new(file)).take(MOST_UNPACKED),
            &mut members,
            wanted,
        )?,
        false => tar::read(
            io::BufReader::new(file).take(MOST_UNPACKED),
            &mut members,
            wanted,
        )?,
    }
    Ok(members.read)
}

/// The files that have been read so far.
struct Members {
    limits: Limits,
    total_bytes: u64,
    read: Vec<Member>,
}

/// The decision about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Read,
    LeaveOut,
    /// Neither this file nor any after it is read.
    Stop,
}

impl Members {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            total_bytes: 0,
            read: Vec::new(),
        }
    }

    /// Decides about the next file, which claims to have this many bytes.
    fn judge(&self, bytes: u64) -> Verdict {
        if bytes > self.limits.member_bytes {
            Verdict::LeaveOut
        } else if self.total_bytes.saturating_add(bytes) > self.limits.total_bytes {
            Verdict::Stop
        } else {
            Verdict::Read
        }
    }

    /// Reads a file that was accepted. It must have as many bytes as it claims.
    fn take(&mut self, name: &[u8], length: u64, from: impl Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        from.take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.total_bytes += length;
        let name = name.to_vec();
        self.read.push(Member { name, bytes });
        Ok(())
    }
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests;
