//! Opening Parquet files of any program.

use std::fs::File;
use std::os::unix::fs::FileExt;

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::Fault;
use super::metadata::{KEY, Metadata, VERSION};
use super::own::OwnFile;
use super::seal::{TAIL_BYTES, is_sealed, seal_of};

const MAGIC: &[u8] = b"PAR1";
/// The size of the largest footer. A file with a larger one isn't Parquet with records.
const MAX_FOOTER_BYTES: u64 = 1 << 30;

/// A Parquet file, with its footer read.
pub(crate) enum OpenParquet {
    /// A file of this crate.
    Own(OwnFile),
    /// A file of another program.
    Foreign(File, ParquetMetaData),
}

/// Reads the footer of a file, and determines which program wrote it.
pub(crate) fn open(file: File) -> Result<OpenParquet, Fault> {
    let length = file.metadata()?.len();
    let footer = read_footer(&file, length)?;
    let sealed = is_sealed(&footer);
    if sealed == Some(false) {
        return Err(Fault::Damaged(
            "its footer is not the one that was written".into(),
        ));
    }
    let end = footer.len() - TAIL_BYTES;
    let parquet = ParquetMetaDataReader::decode_metadata(&footer[..end])?;
    let pairs = parquet.file_metadata().key_value_metadata();
    let own = pairs.into_iter().flatten().find(|pair| pair.key == KEY);
    match (own, sealed) {
        (None, None) => Ok(OpenParquet::Foreign(file, parquet)),
        (Some(own), Some(_)) => {
            let text = own.value.as_deref().unwrap_or_default();
            let metadata = own_metadata(text)?;
            let body = length - footer.len() as u64;
            let seal = seal_of(&footer).unwrap_or_default();
            OwnFile::new(file, body, parquet, metadata, seal).map(OpenParquet::Own)
        }
        _ => Err(Fault::Damaged(
            "its footer is not the one that was written".into(),
        )),
    }
}

/// Reads the footer with the bytes after it.
fn read_footer(file: &File, length: u64) -> Result<Vec<u8>, Fault> {
    if length == 0 {
        return Err(Fault::Damaged("the file is empty".into()));
    }
    let no_parquet = || Fault::Damaged("it is cut off, or no Parquet file".into());
    // The magic number at the start, and the tail.
    let least = (MAGIC.len() + TAIL_BYTES) as u64;
    if length < least {
        return Err(no_parquet());
    }
    let mut tail = [0; TAIL_BYTES];
    file.read_exact_at(&mut tail, length - TAIL_BYTES as u64)?;
    let (footer, magic) = tail.split_at(4);
    let footer = u64::from(u32::from_le_bytes([
        footer[0], footer[1], footer[2], footer[3],
    ]));
    if magic != MAGIC || footer > length - least {
        return Err(no_parquet());
    }
    if footer > MAX_FOOTER_BYTES {
        return Err(Fault::Damaged(format!("its footer has {footer} bytes")));
    }
    let whole = footer as usize + TAIL_BYTES;
    let mut bytes = vec![0; whole];
    file.read_exact_at(&mut bytes, length - whole as u64)?;
    Ok(bytes)
}

fn own_metadata(text: &str) -> Result<Metadata, Fault> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |error: serde_json::Error| Fault::Damaged(format!("its metadata: {error}"));
    let Versioned { version } = serde_json::from_str(text).map_err(damaged)?;
    if version > VERSION {
        return Err(Fault::Newer(version));
    }
    serde_json::from_str(text).map_err(damaged)
}
