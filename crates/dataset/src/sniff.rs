//! What a file holds, from its first bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::convert::Chunks;
use crate::convert::csv::{find_delimiter, survey};
use crate::decode::{Raw, decompress, transcode};
use crate::error::{Error, Result};
use crate::resolve::ResolveOptions;
use crate::source::{CsvColumn, CsvDialect, CsvKind, Format};

mod columnar;
mod json;
mod suffix;

use json::{Proof, json_format};
pub(crate) use suffix::{Claim, Suffix};
use suffix::{describe_compression, describe_format};

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// gzip (RFC 1952), one or more members.
    Gzip,
    /// Zstandard (RFC 8878), one or more frames.
    Zstd,
}

/// How the text of a file is encoded, once unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8 with lines that end in LF or CR LF.
    #[default]
    Utf8,
    /// UTF-8 with lines that end in CR alone.
    Utf8CarriageReturn,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// What a file holds, and what is odd about it.
#[derive(Default)]
pub(crate) struct Sniffed {
    pub(crate) compression: Compression,
    pub(crate) encoding: Encoding,
    pub(crate) format: Format,
    /// What each column of delimited text holds; `None` where all cells are empty.
    pub(crate) kinds: Vec<Option<CsvKind>>,
    pub(crate) notes: Vec<String>,
}

const SNIFF_BYTES: u64 = 64 * 1024;

/// Finds out what `file` holds: by its content, and where that could be many things, by its name.
///
/// Delimited text is read to its end, for what its columns hold.
pub(crate) fn sniff(path: &Path, file: &mut File, options: &ResolveOptions) -> Result<Sniffed> {
    let suffix = Suffix::of(path);
    let mut sniffed = Sniffed::default();
    let head = read_head(&mut *file).map_err(Error::io("read", path))?;
    if head.is_empty() {
        if suffix.claim == Claim::Text {
            sniffed.format = Format::Text;
        }
        return Ok(sniffed);
    }
    refuse_other_formats(path, &head)?;
    sniffed.compression = compression_of(&head);
    let unpacked = match sniffed.compression {
        Compression::None => head,
        packed => {
            rewind(path, file)?;
            let raw: Raw<'_> = Box::new(&mut *file);
            // What is damaged shows when the file is read.
            decompress(raw, packed)
                .and_then(read_head)
                .unwrap_or_default()
        }
    };
    refuse_other_formats(path, &unpacked)?;
    let mut is_blank = false;
    if let Some(what) = columnar::begins(&unpacked) {
        sniffed.format = match sniffed.compression {
            Compression::None => {
                columnar::examine(file, &unpacked).map_err(Error::io("read", path))?
            }
            _ => columnar::packed(what),
        };
    } else {
        is_blank = sniff_text(path, file, unpacked, suffix.claim, options, &mut sniffed)?;
    }
    note_surprises(path, suffix, is_blank, &mut sniffed);
    Ok(sniffed)
}

/// Returns whether the text is blank.
fn sniff_text(
    path: &Path,
    file: &mut File,
    unpacked: Vec<u8>,
    claim: Claim,
    options: &ResolveOptions,
    sniffed: &mut Sniffed,
) -> Result<bool> {
    let is_whole = (unpacked.len() as u64) < SNIFF_BYTES;
    sniffed.encoding = encoding_of(&unpacked);
    let mut head = Vec::new();
    transcode(Box::new(unpacked.as_slice()), sniffed.encoding)
        .read_to_end(&mut head)
        .map_err(Error::io("read", path))?;
    let is_blank = coldpress_record::trim_record(&head).is_empty();
    let proof = match claim {
        Claim::Json | Claim::Parquet | Claim::Arrow => Proof::Begins,
        Claim::Nothing if options.delimiter.is_none() => Proof::Begins,
        Claim::Nothing | Claim::Csv | Claim::Tsv => Proof::FirstRecord,
        Claim::Text => Proof::OnlyLines,
    };
    if let Some(format) = json_format(&head, is_whole, proof) {
        sniffed.format = format;
        return Ok(false);
    }
    // In these a CR alone ends no record.
    let encoding = sniffed.encoding;
    if encoding == Encoding::Utf8CarriageReturn && !matches!(claim, Claim::Json | Claim::Nothing) {
        sniffed.encoding = Encoding::Utf8;
    }
    let is_delimited = match claim {
        Claim::Csv | Claim::Tsv => true,
        Claim::Nothing => options.delimiter.is_some(),
        _ => false,
    };
    if claim == Claim::Text {
        sniffed.format = Format::Text;
    } else if is_delimited && !is_blank {
        let likely = if claim == Claim::Tsv { b'\t' } else { b',' };
        let delimiter = options
            .delimiter
            .unwrap_or_else(|| find_delimiter(&head, is_whole, likely));
        rewind(path, file)?;
        sniff_columns(path, file, delimiter, options, sniffed)?;
        if delimiter != likely && options.delimiter.is_none() {
            let delimiter = char::from(delimiter).escape_default();
            sniffed.notes.push(format!(
                "the cells of `{}` are read as delimited by `{delimiter}`",
                path.display()
            ));
        }
    } else if claim.is_columnar() && !is_blank {
        sniffed.format = columnar::not_what_it_is_named(claim);
    }
    Ok(is_blank)
}

/// Reads delimited text for the names of its columns and what they hold.
fn sniff_columns(
    path: &Path,
    file: &mut File,
    delimiter: u8,
    options: &ResolveOptions,
    sniffed: &mut Sniffed,
) -> Result<()> {
    let bytes = decompress(Box::new(file), sniffed.compression).map_err(Error::io("read", path))?;
    let chunks = Chunks::new(transcode(bytes, sniffed.encoding), 0);
    let is_text = |name: &str| {
        let is_chosen = options.columns.is_empty() || options.columns.iter().any(|c| c == name);
        !is_chosen || options.text_keys.iter().any(|key| key == name)
    };
    let survey = match survey(chunks, delimiter, is_text).map_err(Error::io("read", path))? {
        Ok(survey) => survey,
        Err(reason) => {
            sniffed.format = Format::Damaged(reason);
            return Ok(());
        }
    };
    let name = path.display();
    for note in survey.notes {
        sniffed.notes.push(format!("`{name}`: {note}"));
    }
    for column in &options.columns {
        if !survey.names.contains(column) {
            sniffed
                .notes
                .push(format!("`{name}` has no column `{column}`"));
        }
    }
    let columns = survey.names.into_iter().map(|name| CsvColumn {
        name,
        kind: CsvKind::Text,
    });
    sniffed.format = Format::Csv(CsvDialect {
        delimiter,
        columns: columns.collect(),
    });
    sniffed.kinds = survey.kinds;
    Ok(())
}

fn rewind(path: &Path, file: &mut File) -> Result<()> {
    file.seek(SeekFrom::Start(0))
        .map(|_| ())
        .map_err(Error::io("read", path))
}

fn read_head(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match reader.take(SNIFF_BYTES).read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

fn compression_of(head: &[u8]) -> Compression {
    match head {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

fn encoding_of(text: &[u8]) -> Encoding {
    match text {
        [0xFF, 0xFE, ..] | [b'{' | b'[', 0, ..] => Encoding::Utf16Le,
        [0xFE, 0xFF, ..] | [0, b'{' | b'[', ..] => Encoding::Utf16Be,
        _ if separated_by_carriage_returns(text) => Encoding::Utf8CarriageReturn,
        _ => Encoding::Utf8,
    }
}

/// A CR outside of a string ends a line only if no LF does: two records then meet as `}`, CR, `{`.
fn separated_by_carriage_returns(text: &[u8]) -> bool {
    !text.contains(&b'\n') && text.windows(3).any(|three| three == b"}\r{")
}

fn refuse_other_formats(path: &Path, head: &[u8]) -> Result<()> {
    let (what, help) = match head {
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => ("compressed with bzip2", "unpack it first"),
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => ("compressed with xz", "unpack it first"),
        [b'P', b'K', 3, 4, ..] => ("a ZIP archive", "unpack it first"),
        _ => return Ok(()),
    };
    Err(Error::Unsupported {
        path: path.display().to_string(),
        what,
        help,
    })
}

fn note_surprises(path: &Path, suffix: Suffix, is_blank: bool, sniffed: &mut Sniffed) {
    let name = path.display();
    let mut notes = Vec::new();
    let mut is_not_as_named = |what: &str| {
        notes.push(format!(
            "`{name}` is {what}, not what its suffix says; it is read as what it is"
        ));
    };
    if let Format::Damaged(reason) = &sniffed.format {
        notes.push(format!("`{name}` cannot be read: {reason}"));
        sniffed.notes.append(&mut notes);
        return;
    }
    if suffix.compression != sniffed.compression {
        is_not_as_named(describe_compression(sniffed.compression));
    }
    if !is_blank && !suffix.claim.fits(&sniffed.format) {
        is_not_as_named(describe_format(&sniffed.format));
    }
    match sniffed.encoding {
        Encoding::Utf8 => {}
        Encoding::Utf8CarriageReturn => notes.push(format!(
            "the lines of `{name}` end in CR alone; they are read so"
        )),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            notes.push(format!("`{name}` is UTF-16; the output is UTF-8"))
        }
    }
    sniffed.notes.append(&mut notes);
}
