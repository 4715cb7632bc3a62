//! Many small files of one kind, read as one.

use std::io::{self, Read};

use coldpress_record::lost_line;

use super::{Make, Out, Torn};
use crate::source::{Location, MemberPlace};

const PIECE_BYTES: usize = 64 * 1024;

/// A function that opens one of the files and returns the text made of it.
pub(crate) type OpenMember = Box<dyn Fn(&Location) -> io::Result<Box<dyn Read + Send>> + Send>;

/// Joins the texts of files, each from a line start to a line end.
///
/// The place of a record is the number of its file and its position in that file's text. A file that breaks off leaves a line that
/// stands for the part that is lost, and the others are still read.
pub(crate) struct Joined {
    members: Vec<Location>,
    open: OpenMember,
    /// The number of the next file.
    next: usize,
    /// The file that is being read.
    text: Option<Box<dyn Read + Send>>,
    /// The position in its text of the next byte.
    position: u64,
    at_line_start: bool,
    piece: Vec<u8>,
}

impl Joined {
    /// Joins the files from the record at `place` on.
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

    /// Appends a piece of the current file.
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
        // The folder is left out of the line, so that a dataset that was moved gives the same lines.
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
