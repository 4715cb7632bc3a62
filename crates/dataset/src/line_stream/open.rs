//! Opening the text of a source at a position.

use std::io::{self, Read};

use super::Reader;
use crate::convert::csv::CsvRows;
use crate::convert::{Convert, Converter, Elements, Joined, Texts};
use crate::decode::{Raw, decompress, decompress_lines, transcode};
use crate::error::{Error, Result};
use crate::format::{Encoding, Format};
use crate::source::{Location, MemberPlace, Source, open_stream};

/// Opens the text of `source` from `start` on. `seek` is where the record at `start` begins in the file, if that is known. In a
/// file that is itself text, nothing from `end` on need be read.
pub(super) fn reader(
    source: &Source,
    start: u64,
    seek: Option<u64>,
    end: Option<u64>,
    max_record_bytes: u64,
) -> Result<Reader> {
    let seek = seek.filter(|_| source.can_resume_inside());
    let reader = match &source.format {
        Format::Damaged(_) => Reader::Text(Box::new(io::empty())),
        _ if source.is_joined() => joined(source, start, seek, max_record_bytes)?,
        Format::Lines if source.is_addressable() => {
            return Ok(Reader::Text(open_stream(&source.path, start, end)?));
        }
        Format::Lines => Reader::Text(text_of(source, 0)?),
        Format::Array => elements(source, start, seek, Elements::of_array())?,
        Format::Values => elements(source, start, seek, Elements::of_values())?,
        Format::Field(field) => elements(source, start, seek, Elements::of_field(field))?,
        Format::Csv(dialect) => {
            let rows = CsvRows::new(dialect, &source.columns, max_record_bytes);
            match seek {
                Some(_) => converted(source, start, seek, rows.resumed())?,
                None => converted(source, start, seek, rows)?,
            }
        }
        Format::Text => {
            let first = seek.unwrap_or(0) as usize;
            let texts = Texts::new(
                source.texts(),
                first,
                source.compression,
                source.encoding,
                max_record_bytes,
            );
            Reader::Converted(Converter::new(Box::new(texts), seek.map_or(0, |_| start)))
        }
        Format::Parquet | Format::ArrowFile | Format::ArrowStream => {
            return Err(Error::Unsupported {
                path: source.path.display().to_string(),
                what: "a table of columns, which has no lines",
                help: "read it as a table",
            });
        }
    };
    if seek.is_some() {
        return Ok(reader);
    }
    skip(source, reader, start)
}

/// Joins the texts of the files of the source, from the place of the record at `start` on, if that is known.
fn joined(source: &Source, start: u64, seek: Option<u64>, max_record_bytes: u64) -> Result<Reader> {
    let place = MemberPlace::unpack(seek.unwrap_or(0));
    // The list of all files is left out, because it would be copied for each of them.
    let one = source.member(&source.path);
    let open = move |path: &Location| -> io::Result<Box<dyn Read + Send>> {
        let member = one.member(path);
        match reader(&member, 0, None, None, max_record_bytes) {
            Ok(Reader::Text(text)) => Ok(text),
            Ok(Reader::Converted(text)) => Ok(Box::new(text)),
            Err(Error::Io { source, .. }) => Err(source),
            Err(error) => Err(io::Error::other(error)),
        }
    };
    let joined = Joined::new(&source.members, place, Box::new(open));
    let joined = joined.map_err(Error::io("read", source.path.shown()))?;
    Ok(Reader::Converted(Converter::new(
        Box::new(joined),
        seek.map_or(0, |_| start),
    )))
}

/// Skips everything before `start`.
fn skip(source: &Source, mut reader: Reader, start: u64) -> Result<Reader> {
    let passed = match &mut reader {
        Reader::Text(text) => io::copy(&mut text.take(start), &mut io::sink()).map(|_| ()),
        Reader::Converted(converter) => converter.skip_to(start),
    };
    passed.map_err(Error::io("read", source.path.shown()))?;
    Ok(reader)
}

fn elements(source: &Source, start: u64, seek: Option<u64>, elements: Elements) -> Result<Reader> {
    let elements = match seek {
        Some(_) => elements.resumed(),
        None => elements,
    };
    converted(source, start, seek, elements)
}

/// Returns what `convert` makes of the source, from its beginning or from the place of the record at `start`.
fn converted(
    source: &Source,
    start: u64,
    seek: Option<u64>,
    convert: impl Convert + 'static,
) -> Result<Reader> {
    let offset = seek.unwrap_or(0);
    let raw = text_of(source, offset)?;
    let position = seek.map_or(0, |_| start);
    Ok(Reader::Converted(Converter::over(
        raw, offset, convert, position,
    )))
}

/// Returns the file's text in UTF-8; `offset` is 0 unless the file is plain.
fn text_of(source: &Source, offset: u64) -> Result<Raw<'static>> {
    let file = open_stream(&source.path, offset, None)?;
    // A converter would mistake the line that stands for a lost part for a part of the text.
    let has_lines = source.format == Format::Lines && source.encoding == Encoding::Utf8;
    let bytes = match has_lines {
        true => decompress_lines(file, source.compression),
        false => decompress(file, source.compression),
    };
    let bytes = bytes.map_err(Error::io("read", source.path.shown()))?;
    Ok(transcode(bytes, source.encoding))
}
