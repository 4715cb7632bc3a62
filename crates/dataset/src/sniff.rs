//! Finding out from its first bytes what a file holds.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::decode::{Raw, decompress, transcode};
use crate::error::{Error, Result, is_of_reading};
use crate::format::{CsvKind, Encoding, FileCompression, Format};
use crate::options::ResolveOptions;

mod columnar;
mod delimited;
mod foreign;
mod json;
mod suffix;

use crate::source::InputFile;
pub(crate) use foreign::packing_of;
use json::{Proof, field_of_records, json_format};
pub(crate) use suffix::{Claim, Suffix};
use suffix::{describe_compression, describe_format};

/// The content of a file, and notes about anything odd.
#[derive(Default)]
pub(crate) struct Sniffed {
    pub(crate) compression: FileCompression,
    pub(crate) encoding: Encoding,
    pub(crate) format: Format,
    /// The kind of each column of delimited text; `None` if all cells are empty.
    pub(crate) kinds: Vec<Option<CsvKind>>,
    /// Fields of a columnar file that are bytes but that the recipe names as text.
    pub(crate) texts: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// True if the text was read whole and its last byte that isn't blank closes a bracket.
    pub(crate) ends_whole: bool,
}

/// The number of bytes at the start of a file from which its format is detected.
pub(crate) const SNIFF_BYTES: u64 = 64 * 1024;

/// Finds out what `file` holds, by its content, and by its name if the content is ambiguous.
///
/// Delimited text is read to its end, to find the kinds of its columns.
pub(crate) fn sniff(
    path: &Path,
    file: &mut InputFile,
    options: &ResolveOptions,
) -> Result<Sniffed> {
    let suffix = Suffix::of(path);
    let mut sniffed = Sniffed::default();
    let head = read_head(&mut *file).map_err(Error::io("read", path))?;
    if head.is_empty() {
        sniffed.format = of_nothing(suffix);
        if matches!(sniffed.format, Format::Damaged(_)) {
            note_surprises(path, suffix, true, &mut sniffed);
        }
        return Ok(sniffed);
    }
    foreign::refuse(path, &head)?;
    foreign::refuse_name(path, &head)?;
    sniffed.compression = compression_of(&head);
    let unpacked = match sniffed.compression {
        FileCompression::None => head,
        packed => {
            rewind(path, file)?;
            let raw: Raw<'_> = Box::new(&mut *file);
            match decompress(raw, packed).and_then(read_head) {
                Err(error) if is_of_reading(&error) => return Err(Error::io("read", path)(error)),
                // Damage is reported when the file is read.
                head => head.unwrap_or_default(),
            }
        }
    };
    foreign::refuse(path, &unpacked)?;
    let mut is_blank = false;
    if let Some(reason) = foreign::stands_for_another(&unpacked) {
        sniffed.format = Format::Damaged(reason.to_owned());
    } else if let Some(what) = columnar::begins(&unpacked) {
        match sniffed.compression {
            FileCompression::None => {
                columnar::examine(file, &unpacked, &options.text_keys, &mut sniffed)
                    .map_err(Error::io("read", path))?;
                let name = path.display();
                let notes = sniffed.notes.iter_mut();
                notes.for_each(|note| *note = format!("`{name}`: {note}"));
            }
            _ => sniffed.format = columnar::packed(what),
        }
    } else {
        is_blank = sniff_text(path, file, unpacked, suffix.claim, options, &mut sniffed)?;
    }
    note_surprises(path, suffix, is_blank, &mut sniffed);
    Ok(sniffed)
}

/// Returns the format of an empty file. If such files are never empty, the file has lost its content.
fn of_nothing(suffix: Suffix) -> Format {
    let what = match (suffix.claim, suffix.compression) {
        (Claim::Parquet | Claim::Arrow, _) => suffix.claim.describe(),
        (_, FileCompression::Gzip) => "gzip",
        (_, FileCompression::Zstd) => "zstd",
        (Claim::Text, _) => return Format::Text,
        _ => return Format::Lines,
    };
    Format::Damaged(format!(
        "it is empty, and a {what} file is not, even without records; write or copy it again"
    ))
}

/// Returns whether the text is blank.
fn sniff_text(
    path: &Path,
    file: &mut InputFile,
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
    let record = coldpress_record::trim_record(&head);
    let is_blank = record.is_empty();
    sniffed.ends_whole = is_whole && matches!(head[record].last(), Some(b'}' | b']'));
    let proof = match claim {
        Claim::Json | Claim::Parquet | Claim::Arrow => Proof::Begins,
        Claim::Nothing if options.delimiter.is_none() => Proof::Begins,
        Claim::Nothing | Claim::Csv | Claim::Tsv => Proof::FirstRecord,
        Claim::Text => Proof::OnlyLines,
    };
    if let Some(format) = json_format(&head, is_whole, proof) {
        sniffed.format = in_field(path, &head, is_whole, format, options, &mut sniffed.notes);
        return Ok(false);
    }
    // In these formats a CR alone does not end a record.
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
        let syntax = delimited::find_syntax(&head, is_whole, likely, options);
        rewind(path, file)?;
        delimited::sniff_columns(path, file, syntax, options, sniffed)?;
        sniffed
            .notes
            .extend(delimited::syntax_notes(path, syntax, likely, options));
    } else if claim.is_columnar() && !is_blank {
        sniffed.format = columnar::not_what_it_is_named(claim);
    }
    Ok(is_blank)
}

/// Returns the format of a JSON file whose records may be in a field of one object.
fn in_field(
    path: &Path,
    head: &[u8],
    is_whole: bool,
    format: Format,
    options: &ResolveOptions,
    notes: &mut Vec<String>,
) -> Format {
    let is_object = head[coldpress_record::trim_record(head)].starts_with(b"{");
    if !is_object {
        return format;
    }
    if let Some(field) = &options.field {
        return Format::Field(field.clone());
    }
    if let Some(field) = field_of_records(head, is_whole, &options.text_keys) {
        notes.push(format!(
            "`{}` is one JSON object whose field `{field}` holds a list of objects; if these are the records, set \
             `load_dataset_kwargs.field: {field}`",
            path.display()
        ));
    }
    format
}

fn rewind(path: &Path, file: &mut InputFile) -> Result<()> {
    file.seek(SeekFrom::Start(0))
        .map(|_| ())
        .map_err(Error::io("read", path))
}

fn read_head(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match reader.take(SNIFF_BYTES).read_to_end(&mut head) {
        Err(error) if head.is_empty() || is_of_reading(&error) => Err(error),
        _ => Ok(head),
    }
}

fn compression_of(head: &[u8]) -> FileCompression {
    match head {
        [0x1F, 0x8B, ..] => FileCompression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => FileCompression::Zstd,
        _ if foreign::skip_frames(head).is_some_and(is_zstd_or_end) => FileCompression::Zstd,
        _ => FileCompression::None,
    }
}

/// Returns whether these bytes, after frames that any decoder skips, are zstd or nothing. If nothing, the name of the file decides;
/// of the formats with such frames, only zstd is supported.
fn is_zstd_or_end(rest: &[u8]) -> bool {
    rest.is_empty() || rest.starts_with(&[0x28, 0xB5, 0x2F, 0xFD])
}

fn encoding_of(text: &[u8]) -> Encoding {
    match text {
        [0xFF, 0xFE, ..] | [b'{' | b'[', 0, ..] => Encoding::Utf16Le,
        [0xFE, 0xFF, ..] | [0, b'{' | b'[', ..] => Encoding::Utf16Be,
        _ if separated_by_carriage_returns(text) => Encoding::Utf8CarriageReturn,
        _ => Encoding::Utf8,
    }
}

/// Returns whether records are separated by CR alone. A CR outside a string ends a line only if no LF does: two records then meet
/// as `}`, CR, `{`.
fn separated_by_carriage_returns(text: &[u8]) -> bool {
    !text.contains(&b'\n') && text.windows(3).any(|three| three == b"}\r{")
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
