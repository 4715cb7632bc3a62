//! The list of the records that a deduplicator removes.

use coldpress_barrier::{Gone, Room, list_duplicates};
use coldpress_storage::ObjectRef;

use super::case::{DUPLICATES, Unresolved};
use super::names::Names;

/// Writes the list of the records that go, each with the one that stays for it.
pub(super) fn list(
    names: &Names<'_, '_>,
    gone: &mut Gone,
    room: &Room<'_>,
) -> Result<ObjectRef, Unresolved> {
    let case = names.case;
    let mut file = case.begin(0, DUPLICATES)?;
    let each_name = |each: &mut dyn FnMut(&[u8]) -> coldpress_barrier::Result<()>| {
        let mut name = Vec::new();
        names.each(|named| {
            name.clear();
            named.write(&mut name);
            each(&name)
        })
    };
    let listed = list_duplicates(
        names.readers,
        &case.rule,
        gone,
        room,
        each_name,
        &mut std::io::BufWriter::new(&mut file),
    );
    listed.map_err(|nameless| nameless.into_unresolved(case))?;
    Ok(case.finish(file)?)
}
