//! Downloads a file. Downloads are resumable and checked, and a file only appears under its name when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use coldpress_storage::{FileLock, rename_durable};
use ureq::Agent;
use ureq::http::header::{ACCEPT_ENCODING, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use ureq::http::{Response, StatusCode};

use crate::catalog::Download;
use crate::error::{Error, Result};
use crate::folders::is_within;
use crate::sums::{Sums, sha256};
use crate::unpack::unpack;

/// The number of consecutive times that a download may end early without a further byte.
const TRIES: u32 = 4;
const CONNECT: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// A file that was downloaded, or a folder that came in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file or folder.
    pub path: PathBuf,
    /// The length of the file or the archive in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The address that provided it; `None` if the archive already existed.
    pub address: Option<String>,
}

/// Downloads a file into a folder, from the first address that provides it.
///
/// It continues an earlier attempt if the server still has the same file. `progress` is called with the number of bytes that have
/// arrived and, if known, the total. An archive is kept beside the folder that is unpacked from it, for its other folders.
///
/// # Errors
/// [`Error::NotFetched`] if no address provides the whole file with the expected digest; [`Error::Archive`] if it cannot be
/// unpacked; [`Error::Io`] and [`Error::Storage`] if it cannot be saved.
pub fn fetch(
    download: &Download,
    folder: &Path,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Fetched> {
    let name = &download.name;
    if !is_within(name) {
        return Err(Error::Name { name: name.clone() });
    }
    let path = folder.join(name);
    let parent = path.parent().unwrap_or(folder).to_owned();
    fs::create_dir_all(&parent).map_err(Error::io("create", &parent))?;
    let part = Part::of(&path);
    // Two downloads of the same file would write to each other's partial file.
    let lock = part.beside("lock");
    let held = FileLock::try_acquire(&lock)?;
    let mut fetched = match there_already(download, folder, &path)? {
        Some(fetched) => fetched,
        None => fetch_file(download, folder, &part, progress)?,
    };
    if let Some(wanted) = &download.folder {
        fetched.path = unpack(&path, wanted)?;
    }
    let _ = fs::remove_file(&lock);
    drop(held);
    Ok(fetched)
}

/// Returns an archive that an earlier download left and from which another folder is wanted now.
fn there_already(download: &Download, folder: &Path, path: &Path) -> Result<Option<Fetched>> {
    if download.folder.is_none() || !path.is_file() {
        return Ok(None);
    }
    let found = sha256(path)?;
    let noted = Sums::read(folder)?;
    let expected = download.sha256.as_deref().or(noted.of(&download.name));
    if expected != Some(&found) {
        return Ok(None);
    }
    let bytes = fs::metadata(path)
        .map_err(Error::io("examine", path))?
        .len();
    Ok(Some(Fetched {
        path: path.to_owned(),
        bytes,
        sha256: found,
        address: None,
    }))
}

fn fetch_file(
    download: &Download,
    folder: &Path,
    part: &Part,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Fetched> {
    let name = &download.name;
    let path = folder.join(name);
    let mut reasons = Vec::new();
    for address in &download.addresses {
        match part.download(address, progress) {
            Ok(()) => {}
            Err(Failure::Kept(error)) => return Err(error),
            Err(Failure::Address(reason)) => {
                reasons.push(format!("{address}: {reason}"));
                continue;
            }
        }
        let found = sha256(&part.path)?;
        if let Some(expected) = download
            .sha256
            .as_ref()
            .filter(|expected| **expected != found)
        {
            part.clear()?;
            reasons.push(format!(
                "{address}: it has the SHA-256 {found}, and should have {expected}"
            ));
            continue;
        }
        let bytes = part.finish(&path)?;
        Sums::note(folder, name, &found)?;
        return Ok(Fetched {
            path,
            bytes,
            sha256: found,
            address: Some(address.clone()),
        });
    }
    Err(Error::NotFetched {
        name: name.clone(),
        reasons,
    })
}

/// An incomplete file, with the facts about the complete one.
struct Part {
    path: PathBuf,
}

enum Failure {
    /// This address does not provide the file.
    Address(String),
    /// The file cannot be saved, whichever address it comes from.
    Kept(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Kept(error)
    }
}

impl Part {
    fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self {
            path: path.with_file_name(format!(".{name}.part")),
        }
    }

    fn beside(&self, what: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(what);
        name.into()
    }

    fn length(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Returns the server's tag for the content of this partial file. Without a tag, the partial file is useless.
    fn tag(&self, address: &str) -> Option<String> {
        let text = fs::read_to_string(self.beside("from")).ok()?;
        let (from, tag) = text.split_once('\n')?;
        (from == address && !tag.is_empty()).then(|| tag.to_owned())
    }

    /// Sends requests to the address until the file is complete. Each time a response ends early, there must be more bytes than
    /// before; otherwise it gives up after some attempts.
    fn download(
        &self,
        address: &str,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), Failure> {
        let mut idle = 0;
        loop {
            let before = self.length();
            let reason = match self.ask(address, progress)? {
                Ended::Whole => return Ok(()),
                Ended::Refused(reason) => return Err(Failure::Address(reason)),
                Ended::Early(reason) => reason,
            };
            idle = if self.length() > before { 0 } else { idle + 1 };
            if idle == TRIES {
                return Err(Failure::Address(reason));
            }
            std::thread::sleep(PAUSE * idle);
        }
    }

    fn ask(
        &self,
        address: &str,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Ended, Failure> {
        let tag = self.tag(address);
        let start = if tag.is_some() { self.length() } else { 0 };
        let mut request = agent().get(address).header(ACCEPT_ENCODING, "identity");
        if let Some(tag) = tag.filter(|_| start > 0) {
            request = request
                .header(RANGE, format!("bytes={start}-"))
                .header(IF_RANGE, tag);
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Ended::Early(error.to_string())),
        };
        let status = response.status();
        // There is nothing left to send, or the server has other content. Start again.
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            self.clear()?;
            return Ok(Ended::Early(
                "the part that was there is longer than the file".to_owned(),
            ));
        }
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(Ended::Early(format!("the server answers {status}")));
        }
        if !status.is_success() {
            return Ok(Ended::Refused(format!("the server answers {status}")));
        }
        let start = match status {
            StatusCode::PARTIAL_CONTENT if begins_at(&response, start) => start,
            StatusCode::PARTIAL_CONTENT => {
                self.clear()?;
                return Ok(Ended::Early(
                    "the server sends another part than was asked for".to_owned(),
                ));
            }
            _ => 0,
        };
        self.receive(address, response, start, progress)
    }

    fn receive(
        &self,
        address: &str,
        response: Response<ureq::Body>,
        start: u64,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Ended, Failure> {
        let mut file = self.open(start)?;
        if start == 0 {
            // Weak tags do not guarantee the same bytes.
            let tag = response
                .headers()
                .get(ETAG)
                .and_then(|tag| tag.to_str().ok());
            let tag = tag.filter(|tag| !tag.starts_with("W/")).unwrap_or_default();
            let from = self.beside("from");
            fs::write(&from, format!("{address}\n{tag}")).map_err(Error::io("write", from))?;
        }
        let total = response
            .body()
            .content_length()
            .map(|length| start + length);
        let mut reader = response.into_body().into_reader();
        let (mut buffer, mut length) = (vec![0; 1 << 18], start);
        progress(length, total);
        let end = loop {
            match reader.read(&mut buffer) {
                Ok(0) => break None,
                Ok(count) => {
                    file.write_all(&buffer[..count])
                        .map_err(Error::io("write", &self.path))?;
                    length += count as u64;
                    progress(length, total);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(error.to_string()),
            }
        };
        file.sync_all().map_err(Error::io("sync", &self.path))?;
        Ok(match (end, total) {
            (Some(reason), _) => Ended::Early(reason),
            (None, Some(total)) if length != total => Ended::Early(format!(
                "the connection ended after {length} of {total} bytes"
            )),
            (None, _) => Ended::Whole,
        })
    }

    fn open(&self, start: u64) -> Result<File> {
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .write(true)
            .truncate(false)
            .open(&self.path)
            .map_err(Error::io("write", &self.path))?;
        let placed = file
            .set_len(start)
            .and_then(|()| file.seek(SeekFrom::Start(start)));
        placed.map_err(Error::io("write", &self.path))?;
        Ok(file)
    }

    fn clear(&self) -> Result<()> {
        for path in [&self.path, &self.beside("from")] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(&self, path: &Path) -> Result<u64> {
        let bytes = self.length();
        rename_durable(&self.path, path)?;
        self.clear()?;
        Ok(bytes)
    }
}

/// The way in which a response ended.
enum Ended {
    Whole,
    /// Another attempt may bring more.
    Early(String),
    /// Another attempt would be useless.
    Refused(String),
}

/// Returns whether a response is the part from this byte on.
fn begins_at<B>(response: &Response<B>, start: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {start}-")))
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .build()
        .into()
}

#[cfg(test)]
mod tests;
