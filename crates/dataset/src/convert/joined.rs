//! Many small files of one kind, read as one.

use std::io::{self, Read};

use coldpress_record::lost_line;

use super::{Make, Out, Torn};
use crate::source::{Location, MemberPlace};

const PIECE_BYTES: usize = 64 * 1024;

/// Opens one of the files: the text that is made of it.
pub(crate) type OpenMember = Box<dyn Fn(&Location) -> io::Result<Box<dyn Read + Send>> + Send>;

/// Puts the texts of files one behind another, each from a line start to a line end.
///
/// The place of a record is the number of its file and where it is in that file's text. A file that breaks off gives a
/// line that stands for what is lost of it; the others are read.
pub(crate) struct Joined {
    members: Vec<Location>,
    open: OpenMember,
    /// Number of the next file.
    next: usize,
    /// The file that is read.
    text: Option<Box<dyn Read + Send>>,
    /// Position in its text of the next byte.
    position: u64,
    at_line_start: bool,
    piece: Vec<u8>,
}

impl Joined {
    /// The files from the record at `place` on.
    pub(crate) fn new(
        members: &[Location],
        place: MemberPlace,
        open: OpenMember,
    ) -> io::Result<Self> {
        let mut joined = Self {
            members: members.to_vec(),
            open,
            next: place.member,
            text: None,
            position: 0,
            at_line_start: true,
            piece: Vec::new(),
        };
        if place.position > 0 {
            joined.begin_member()?;
            if let Some(text) = &mut joined.text {
                io::copy(&mut text.take(place.position), &mut io::sink())?;
                joined.position = place.position;
            }
        }
        Ok(joined)
    }

    fn begin_member(&mut self) -> io::Result<()> {
        let path = &self.members[self.next];
        let text = (self.open)(path).map_err(|error| named(path, &error))?;
        (self.text, self.position, self.at_line_start) = (Some(text), 0, true);
        self.next += 1;
        Ok(())
    }

    /// Appends a piece of the file in hand.
    fn read_piece(&mut self, out: &mut Out) -> io::Result<()> {
        let Some(text) = &mut self.text else {
            return Ok(());
        };
        self.piece.clear();
        let read = text.take(PIECE_BYTES as u64).read_to_end(&mut self.piece);
        for line in self.piece.split_inclusive(|byte| *byte == b'\n') {
            if self.at_line_start {
                let place = MemberPlace {
                    member: self.next - 1,
                    position: self.position,
                };
                place.pack().inspect(|place| out.begin_record(*place));
            }
            out.text.extend_from_slice(line);
            self.position += line.len() as u64;
            self.at_line_start = line.ends_with(b"\n");
        }
        let is_at_end = read.as_ref().map_or(true, |length| *length == 0);
        if is_at_end {
            self.end_member(read.err(), out)?;
        }
        Ok(())
    }

    fn end_member(&mut self, error: Option<io::Error>, out: &mut Out) -> io::Result<()> {
        self.text = None;
        if !self.at_line_start {
            out.text.push(b'\n');
        }
        let Some(error) = error else { return Ok(()) };
        let path = &self.members[self.next - 1];
        if !error.get_ref().is_some_and(|inner| inner.is::<Torn>()) {
            return Err(named(path, &error));
        }
        // The folder is no part of the line: a dataset that was moved gives the same lines.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        lost_line(&format!("`{name}`: {error}"), &mut out.text);
        out.text.push(b'\n');
        Ok(())
    }
}

fn named(path: &Location, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

impl Make for Joined {
    fn make(&mut self, out: &mut Out) -> io::Result<bool> {
        while !out.is_full() {
            if self.text.is_some() {
                self.read_piece(out)?;
            } else if self.next < self.members.len() {
                self.begin_member()?;
            } else {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
