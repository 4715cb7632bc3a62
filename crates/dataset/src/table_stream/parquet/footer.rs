//! The footer of a Parquet file: found, and checked before the library decodes it.

use std::io::{Read, Seek, SeekFrom};

use super::thrift::{Malformed, Thrift, kind};
use crate::source::InputFile;
use crate::table_stream::flaw::{Checked, Flaw, ensure};
use crate::table_stream::limits::{MAX_METADATA_BYTES, ensure_fits};

/// The deepest nesting of columns. Each level is a recursion of the decoder.
const MAX_NESTING: usize = 64;
const MAGIC: &[u8; 4] = b"PAR1";
/// The magic of a file whose footer is encrypted.
const ENCRYPTED_MAGIC: &[u8; 4] = b"PARE";
/// The footer's length and the magic at the file's end.
const TAIL_BYTES: u64 = 8;

/// Reads the metadata in the footer and checks that decoding it is safe.
pub(super) fn read_footer(file: &mut InputFile, length: u64) -> Checked<Vec<u8>> {
    ensure(length >= MAGIC.len() as u64 + TAIL_BYTES, || {
        format!("{length} bytes are not a Parquet file")
    })?;
    let (mut head, mut tail) = ([0; 4], [0; TAIL_BYTES as usize]);
    file.rewind()?;
    file.read_exact(&mut head)?;
    file.seek(SeekFrom::Start(length - TAIL_BYTES))?;
    file.read_exact(&mut tail)?;
    let (footer_length, magic) = tail.split_at(4);
    ensure(magic != ENCRYPTED_MAGIC, || "it is encrypted".to_owned())?;
    ensure(magic == MAGIC, || {
        "it does not end as a Parquet file does (is it complete?)".to_owned()
    })?;
    ensure(head == *MAGIC, || {
        "it does not begin as a Parquet file does".to_owned()
    })?;
    let footer_length = u64::from(u32::from_le_bytes(
        footer_length.try_into().unwrap_or_default(),
    ));
    let end = length - TAIL_BYTES;
    let start = end.checked_sub(footer_length);
    let start = start
        .filter(|start| *start >= MAGIC.len() as u64)
        .ok_or_else(|| format!("{footer_length} bytes of metadata do not fit into {length}"))?;
    ensure_fits(footer_length, MAX_METADATA_BYTES, || {
        "the footer".to_owned()
    })?;
    file.seek(SeekFrom::Start(start))?;
    let mut footer = vec![0; footer_length as usize];
    file.read_exact(&mut footer)?;
    check_metadata(&footer)?;
    Ok(footer)
}

/// Checks what the library takes on trust: counts that it allocates for, and the depth that it descends to.
fn check_metadata(footer: &[u8]) -> Checked<()> {
    let mut schema = Vec::new();
    Thrift::new(footer).read_struct(|thrift, number, found| match (number, found) {
        (2, kind::LIST) => each_struct(thrift, |thrift| {
            schema.push(children_of(thrift)?);
            Ok(())
        }),
        _ => thrift.skip(found),
    })?;
    check_tree(&schema)
}

fn each_struct(
    thrift: &mut Thrift<'_>,
    mut read: impl FnMut(&mut Thrift<'_>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    match thrift.list()? {
        (kind::STRUCT, count) => (0..count).try_for_each(|_| read(thrift)),
        (_, 0) => Ok(()),
        _ => Err(Malformed::Invalid),
    }
}

/// Returns how many children an element of the schema has.
fn children_of(thrift: &mut Thrift<'_>) -> Result<i64, Malformed> {
    let mut children = 0;
    thrift.read_struct(|thrift, number, found| {
        if number != 5 {
            return thrift.skip(found);
        }
        children = thrift.int_of(found)?;
        Ok(())
    })?;
    Ok(children)
}

/// Checks the tree of columns; `children` are the numbers of children in depth-first order.
fn check_tree(children: &[i64]) -> Checked<()> {
    let broken = || Flaw::from("its schema is not a tree");
    let mut open: Vec<i64> = Vec::new();
    for (at, count) in children.iter().enumerate() {
        if at > 0 {
            while open.last() == Some(&0) {
                open.pop();
            }
            *open.last_mut().ok_or_else(broken)? -= 1;
        }
        ensure((0..=children.len() as i64).contains(count), || {
            "its schema is not a tree".to_owned()
        })?;
        open.push(*count);
        ensure(open.len() <= MAX_NESTING + 1, || {
            format!("its columns are nested deeper than {MAX_NESTING} levels")
        })?;
    }
    if children.is_empty() || open.iter().any(|left| *left > 0) {
        return Err(broken());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(children: &[i64], expected: bool) {
        assert_eq!(check_tree(children).is_ok(), expected, "{children:?}");
    }

    #[test]
    fn only_trees_of_modest_depth_pass() {
        check(&[2, 0, 1, 0], true);
        check(&[0], true);
        check(&[], false);
        check(&[2, 0], false);
        check(&[1, 0, 0], false);
        check(&[i64::from(i32::MAX), 0], false);
        check(&[-1], false);
        let mut deep = vec![1; 64];
        deep.push(0);
        check(&deep, true);
        deep.insert(0, 1);
        check(&deep, false);
    }
}
