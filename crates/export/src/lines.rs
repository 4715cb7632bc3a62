//! JSONL and JSON outputs, which are copied from the rows of partitions as they come.

use std::io::Write;

use coldpress_dataset::{FileCompression, RowsEncoder};
use memchr::memchr;

use crate::error::{Error, Result};
use crate::form::ExportForm;
use crate::output_file::{FinishedFile, OutputFile};
use crate::output_files::OutputFiles;
use crate::staged::Staged;
use crate::target::ExportTarget;

/// Writes lines to one file or to shards. The end of a shard depends on the lines alone: it is after the line that reaches the
/// limit.
pub(crate) struct LinesOutput {
    // This comes before the files, so that an unfinished file is closed before its directory is removed.
    current: Option<LinesFile>,
    is_array: bool,
    /// The compression of lines here. Those of a JSONL file arrive compressed.
    packing: FileCompression,
    /// The compression of an output without lines.
    empty_packing: FileCompression,
    files: OutputFiles,
}

struct LinesFile {
    out: RowsEncoder<OutputFile>,
    array: Option<Array>,
    /// The bytes of lines in this file.
    taken: u64,
}

/// The brackets and commas of a JSON array of lines.
#[derive(Default)]
struct Array {
    has_records: bool,
    /// True if the end of the last line was not seen yet.
    inside: bool,
}

impl LinesOutput {
    pub(crate) fn new(target: &ExportTarget, files: OutputFiles) -> Self {
        let form = target.file_form();
        let is_array = form.form == ExportForm::Json;
        let comes_packed = !is_array && !target.is_directory();
        Self {
            current: None,
            is_array,
            packing: if comes_packed {
                FileCompression::None
            } else {
                form.packing
            },
            empty_packing: form.packing,
            files,
        }
    }

    /// Takes the bytes of lines, cut anywhere; for a packed JSONL file, the packed bytes.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        let limit = self.files.limit_bytes();
        while !bytes.is_empty() {
            let taken = self.current(self.packing)?.taken;
            // The byte at this index reaches the limit, so its line is the last in the file.
            let reaching = usize::try_from(limit.saturating_sub(taken + 1)).unwrap_or(usize::MAX);
            let line_end = bytes
                .get(reaching..)
                .and_then(|rest| memchr(b'\n', rest))
                .map(|end| reaching + end + 1);
            let (inside, rest) = bytes.split_at(line_end.unwrap_or(bytes.len()));
            self.current(self.packing)?.write(inside)?;
            if line_end.is_some() {
                self.end_file()?;
            }
            bytes = rest;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Staged> {
        if self.files.is_empty() && self.current.is_none() {
            self.current(self.empty_packing)?;
        }
        self.end_file()?;
        Ok(self.files.finish())
    }

    fn current(&mut self, packing: FileCompression) -> Result<&mut LinesFile> {
        let file = match self.current.take() {
            Some(file) => file,
            None => {
                let file = self.files.next_file()?;
                let path = file.shown().to_owned();
                let out = RowsEncoder::new(file, packing).map_err(Error::io("write", &path))?;
                LinesFile {
                    out,
                    array: self.is_array.then(Array::default),
                    taken: 0,
                }
            }
        };
        Ok(self.current.insert(file))
    }

    fn end_file(&mut self) -> Result<()> {
        if let Some(file) = self.current.take() {
            self.files.ended(file.finish()?);
        }
        Ok(())
    }
}

impl LinesFile {
    fn write(&mut self, lines: &[u8]) -> Result<()> {
        self.taken += lines.len() as u64;
        let written = match &mut self.array {
            None => self.out.write_all(lines),
            Some(array) => array.write(lines, &mut self.out),
        };
        written.map_err(Error::io("write", self.out.get_ref().shown()))
    }

    fn finish(mut self) -> Result<FinishedFile> {
        let path = self.out.get_ref().shown().to_owned();
        if let Some(array) = &self.array {
            self.out
                .write_all(array.end())
                .map_err(Error::io("write", &path))?;
        }
        let file = self.out.finish().map_err(Error::io("write", &path))?;
        file.end()
    }
}

impl Array {
    fn write(&mut self, mut lines: &[u8], out: &mut impl Write) -> std::io::Result<()> {
        while !lines.is_empty() {
            if !self.inside {
                out.write_all(if self.has_records { b",\n" } else { b"[\n" })?;
                self.has_records = true;
            }
            let end = memchr(b'\n', lines);
            out.write_all(&lines[..end.unwrap_or(lines.len())])?;
            self.inside = end.is_none();
            lines = end.map_or(&[], |end| &lines[end + 1..]);
        }
        Ok(())
    }

    fn end(&self) -> &'static [u8] {
        match self.has_records {
            true => b"\n]\n",
            false => b"[]\n",
        }
    }
}
