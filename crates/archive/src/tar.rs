//! Reads tar files: blocks of 512 bytes, a header and then the content of the file.

use std::io::{self, Read};

use super::{Members, Verdict, invalid};

const BLOCK: usize = 512;

/// The length of the longest name of a file, and of the longest list of its attributes, that is read.
const MOST_NAME_BYTES: u64 = 1 << 20;

/// Reads the wanted files.
///
/// # Errors
/// If the first header is damaged, or the archive ends within a file. A damaged header further on is the end, as in Python.
pub(super) fn read(
    mut archive: impl Read,
    members: &mut Members,
    wanted: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    // The real name and length of the next file, if a header before it has them.
    let (mut long_name, mut long_length) = (None, None);
    let mut is_first = true;
    while let Some(header) = read_header(&mut archive, is_first)? {
        is_first = false;
        let length = long_length.take().unwrap_or(header.length);
        let padding = (BLOCK as u64 - length % BLOCK as u64) % BLOCK as u64;
        match header.kind {
            b'L' | b'x' => {
                if length > MOST_NAME_BYTES {
                    return Err(invalid("a file in it has a name that is too long"));
                }
                let mut bytes = Vec::new();
                (&mut archive).take(length).read_to_end(&mut bytes)?;
                skip(&mut archive, padding)?;
                if header.kind == b'L' {
                    bytes.truncate(
                        bytes
                            .iter()
                            .position(|byte| *byte == 0)
                            .unwrap_or(bytes.len()),
                    );
                    long_name = Some(bytes);
                } else {
                    let (name, length) = attributes(&bytes);
                    long_name = name.or(long_name);
                    long_length = length;
                }
                continue;
            }
            // Attributes of all files, and the target of a link.
            b'g' | b'K' => skip(&mut archive, length.saturating_add(padding))?,
            // Regular files. Only these and the kinds above have content.
            b'0' | 0 | b'7' => {
                let name = long_name.take().unwrap_or(header.name);
                // A name that ends in a slash is an old form of a folder.
                let is_folder = name.ends_with(b"/");
                match (!is_folder && wanted(&name)).then(|| members.judge(length)) {
                    Some(Verdict::Stop) => return Ok(()),
                    Some(Verdict::Read) => {
                        members.take(&name, length, &mut archive)?;
                        skip(&mut archive, padding)?;
                    }
                    Some(Verdict::LeaveOut) | None => {
                        skip(&mut archive, length.saturating_add(padding))?
                    }
                }
            }
            b'1'..=b'6' => long_name = None,
            _ => {
                long_name = None;
                skip(&mut archive, length.saturating_add(padding))?;
            }
        }
    }
    Ok(())
}

struct Header {
    name: Vec<u8>,
    length: u64,
    kind: u8,
}

/// Reads the next header; `None` at the end.
fn read_header(archive: &mut impl Read, is_first: bool) -> io::Result<Option<Header>> {
    let mut block = [0; BLOCK];
    let mut filled = 0;
    while filled < BLOCK {
        match archive.read(&mut block[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    let header = parse(&block).filter(|_| filled == BLOCK);
    // An archive without files consists of zeros.
    let is_empty = filled == BLOCK && block.iter().all(|byte| *byte == 0);
    match header {
        None if is_first && !is_empty => Err(invalid("it is not a tar file")),
        header => Ok(header),
    }
}

fn parse(block: &[u8; BLOCK]) -> Option<Header> {
    let sum = number(&block[148..156])?;
    let bytes = block.iter().enumerate();
    // The field of the checksum counts as blanks. The sum may be of signed bytes.
    let counted = bytes.map(|(place, byte)| {
        if (148..156).contains(&place) {
            b' '
        } else {
            *byte
        }
    });
    let unsigned: u64 = counted.clone().map(u64::from).sum();
    let signed: i64 = counted.map(|byte| i64::from(byte as i8)).sum();
    if sum != unsigned && i64::try_from(sum) != Ok(signed) {
        return None;
    }
    let text = |range: std::ops::Range<usize>| {
        let bytes = &block[range];
        &bytes[..bytes
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(bytes.len())]
    };
    let mut name = text(0..100).to_vec();
    let prefix = text(345..500);
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
        name = [prefix, b"/", &name].concat();
    }
    Some(Header {
        name,
        length: number(&block[124..136])?,
        kind: block[156],
    })
}

/// Reads a number in octal digits, or in binary if its first byte marks it so.
fn number(field: &[u8]) -> Option<u64> {
    if let [0x80, digits @ ..] = field {
        let mut digits = digits.iter();
        return digits.try_fold(0_u64, |number, digit| {
            number.checked_mul(256)?.checked_add(u64::from(*digit))
        });
    }
    let digits = std::str::from_utf8(field).ok()?;
    let digits = digits.split('\0').next().unwrap_or_default().trim();
    match digits {
        "" => Some(0),
        digits => u64::from_str_radix(digits, 8).ok(),
    }
}

/// Reads the name and the length from a list of lines, each of which begins with its own length.
fn attributes(mut bytes: &[u8]) -> (Option<Vec<u8>>, Option<u64>) {
    let (mut name, mut length) = (None, None);
    while let Some(blank) = bytes.iter().position(|byte| *byte == b' ') {
        let size = std::str::from_utf8(&bytes[..blank]).ok();
        let size = size.and_then(|size| size.parse::<usize>().ok());
        let Some(line) = size.and_then(|size| bytes.get(blank + 1..size.checked_sub(1)?)) else {
            break;
        };
        if let Some(path) = line.strip_prefix(b"path=") {
            name = Some(path.to_vec());
        } else if let Some(digits) = line.strip_prefix(b"size=") {
            length = std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| digits.parse().ok());
        }
        bytes = &bytes[blank + 1 + line.len() + 1..];
    }
    (name, length)
}

fn skip(archive: &mut impl Read, length: u64) -> io::Result<()> {
    let skipped = io::copy(&mut archive.take(length), &mut io::sink())?;
    match skipped == length {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
