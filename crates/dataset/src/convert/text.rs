//! Text files, each of which becomes one record.

use std::io::{self, Read};

use coldpress_record::{escape_into, rejected_line};

use super::{Make, Out};
use crate::decode::{Raw, decompress, transcode};
use crate::error::{Error, is_of_reading};
use crate::format::{Encoding, FileCompression};
use crate::source::{Location, open_stream};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const PIECE_BYTES: usize = 256 * 1024;

/// Makes a line `{"text": "<content>"}` of each file.
///
/// A file that is not UTF-8, or that cannot be unpacked, becomes a rejected line. An empty file gives no record.
pub(crate) struct Texts {
    members: Vec<Location>,
    compression: FileCompression,
    encoding: Encoding,
    max_text_bytes: u64,
    /// The number of the next file.
    next: usize,
    content: Vec<u8>,
    /// A file that is too long to be a record, while its pieces are read.
    long: Option<Raw<'static>>,
}

impl Texts {
    /// Reads the files from number `first` on. A file of more than `max_text_bytes` is not a record; it becomes a longer line.
    pub(crate) fn new(
        members: &[Location],
        first: usize,
        compression: FileCompression,
        encoding: Encoding,
        max_text_bytes: u64,
    ) -> Self {
        Self {
            members: members.to_vec(),
            compression,
            encoding,
            max_text_bytes,
            next: first,
            content: Vec::new(),
            long: None,
        }
    }

    fn make_record(&mut self, out: &mut Out) -> io::Result<()> {
        let path = &self.members[self.next];
        let place = self.next as u64;
        self.next += 1;
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
        };
        let file = open_stream(path, 0, None).map_err(|error| named(io_error(error)))?;
        let bytes = decompress(file, self.compression).map_err(named)?;
        let mut text = transcode(bytes, self.encoding);
        self.content.clear();
        let mark = (BYTE_ORDER_MARK.len()) as u64;
        let read = (&mut text)
            .take(self.max_text_bytes.saturating_add(mark + 1))
            .read_to_end(&mut self.content);
        let content = self
            .content
            .strip_prefix(BYTE_ORDER_MARK)
            .unwrap_or(&self.content);
        if content.len() as u64 > self.max_text_bytes {
            out.begin_record(place);
            out.text.extend_from_slice(b"{\"text\": \"");
            write_piece(content, out);
            self.long = Some(text);
            return Ok(());
        }
        match read {
            Err(error) if is_of_reading(&error) => return Err(named(error)),
            Err(error) => reject(path, place, content, &format!("breaks off: {error}"), out),
            Ok(_) if content.is_empty() => {}
            Ok(_) => write_text(path, place, content, out),
        }
        Ok(())
    }
}

impl Make for Texts {
    fn make(&mut self, out: &mut Out) -> io::Result<bool> {
        if let Some(text) = &mut self.long {
            self.content.clear();
            let read = text.take(PIECE_BYTES as u64).read_to_end(&mut self.content);
            write_piece(&self.content, out);
            if self.content.is_empty() || read.is_err() {
                // The record is too long anyway, whatever cut it off.
                out.text.extend_from_slice(b"\"}\n");
                self.long = None;
            }
            return Ok(true);
        }
        while self.next < self.members.len() && !out.is_full() && self.long.is_none() {
            self.make_record(out)?;
        }
        Ok(self.next < self.members.len() || self.long.is_some())
    }
}

/// Returns the answer of the system or the store.
fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io { source, .. } => source,
        Error::Storage(error) => error.into(),
        other => io::Error::other(other),
    }
}

fn write_text(path: &Location, place: u64, content: &[u8], out: &mut Out) {
    match std::str::from_utf8(content) {
        Ok(text) => {
            out.begin_record(place);
            out.text.extend_from_slice(b"{\"text\": ");
            escape_into(text, &mut out.text);
            out.text.extend_from_slice(b"}\n");
        }
        Err(error) => {
            let reason = format!("is not valid UTF-8 (byte {})", error.valid_up_to());
            reject(path, place, content, &reason, out);
        }
    }
}

fn reject(path: &Location, place: u64, content: &[u8], reason: &str, out: &mut Out) {
    out.begin_record(place);
    // The folder is left out of the line, so that a dataset that was moved gives the same lines.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let reason = format!("the text file `{name}` {reason}");
    rejected_line(&reason, content, &mut out.text);
    out.text.push(b'\n');
}

/// Writes a piece of a line that is too long to be read, without line breaks.
fn write_piece(bytes: &[u8], out: &mut Out) {
    let line = bytes.iter().map(|byte| match byte {
        b'\n' => b' ',
        other => *other,
    });
    out.text.extend(line);
}
