use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::super::{MemoryStore, ObjectStore, Place, StoreSchemes, StoreSpecs, Stores, suite};
use super::*;
use crate::{Error, ObjectKey, ObjectRef};

fn stores(folder: &Path) -> Stores {
    Stores::open(StoreSpecs::in_folder(folder), &StoreSchemes::default()).unwrap()
}

fn attempt(partition: u32) -> AttemptName {
    AttemptName::new(partition, 1, 1).suffix(".jsonl")
}

fn text_of(partition: u32) -> String {
    "x".repeat(partition as usize % 7) + &partition.to_string()
}

/// Packs a file for each partition and gives their citations.
fn pack(stores: &Stores, partitions: std::ops::Range<u32>) -> Vec<ObjectRef> {
    let mut packing = Packing::default();
    let put = |partition: u32| {
        let (name, mut file) = packing
            .put_new(Place::Results, &attempt(partition))
            .unwrap();
        file.write_all(text_of(partition).as_bytes()).unwrap();
        ObjectRef::new(Place::Results, name, file.finish().unwrap())
    };
    let cited = partitions.map(put).collect();
    assert_eq!(stores.list(Place::Results, "").unwrap(), []);
    packing
        .finish(|place, name| stores.put_new(place, name))
        .unwrap();
    cited
}

fn names(stores: &Stores) -> Vec<ObjectName> {
    let objects = stores.list(Place::Results, "").unwrap().into_iter();
    objects.map(|object| object.name).collect()
}

#[test]
fn members_are_objects_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let written = stores(folder.path());
    let cited = pack(&written, 3..103);
    let file = folder.path().join("results/partition_000003.e1.a1.pack");
    assert_eq!(
        fs::read_dir(folder.path().join("results")).unwrap().count(),
        1
    );
    assert!(file.is_file());
    // Another process sees the same.
    for stores in [written, stores(folder.path())] {
        for (partition, cited) in (3..).zip(&cited) {
            stores.verify(cited).unwrap();
            assert_eq!(stores.path_of(&cited.key), None);
            let mut text = String::new();
            let object = stores.object(cited);
            std::io::Read::read_to_string(&mut object.read().unwrap(), &mut text).unwrap();
            assert_eq!(text, text_of(partition));
            let own = cited.name().own().parse::<AttemptName>().unwrap();
            assert_eq!(own.partition(), partition);
        }
        let expected: Vec<_> = cited.iter().map(|cited| cited.name().clone()).collect();
        assert_eq!(names(&stores), expected);
        let prefix = "partition_000003.e1.a1.pack/partition_000007";
        let found = stores.list(Place::Results, prefix).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].length, text_of(7).len() as u64);
        let other = ObjectName::new("partition_000003.e1.a1.pack/partition_000200.e1.a1.jsonl");
        let other = ObjectKey::new(Place::Results, other.unwrap());
        assert!(stores.get(&other).unwrap_err().is_not_found());
    }
}

#[test]
fn a_pack_goes_with_the_last_of_its_members() {
    let folder = tempfile::tempdir().unwrap();
    let first = stores(folder.path());
    let cited = pack(&first, 0..5);
    first.delete(&cited[1].key).unwrap();
    first.delete(&cited[1].key).unwrap();
    assert!(first.verify(&cited[1]).unwrap_err().is_not_found());
    assert_eq!(names(&first).len(), 4);
    for kept in [0, 2, 3, 4] {
        first.verify(&cited[kept]).unwrap();
    }
    // Who comes later knows it too.
    let second = stores(folder.path());
    assert!(second.verify(&cited[1]).unwrap_err().is_not_found());
    assert_eq!(names(&second).len(), 4);
    let keys: Vec<&ObjectKey> = cited[..4].iter().map(|cited| &cited.key).collect();
    assert_eq!(second.delete_all(&keys).len(), 0);
    second.verify(&cited[4]).unwrap();
    second.delete(&cited[4].key).unwrap();
    assert_eq!(
        fs::read_dir(folder.path().join("results")).unwrap().count(),
        0
    );
    second.delete(&cited[4].key).unwrap();
    assert!(second.verify(&cited[4]).unwrap_err().is_not_found());
}

/// What says which members are gone goes with the pack, also where nobody can read what is in that any more.
#[test]
fn notes_go_with_a_corrupt_pack() {
    for by_member in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let cited = pack(&stores(folder.path()), 0..5);
        for gone in [1, 3] {
            stores(folder.path()).delete(&cited[gone].key).unwrap();
        }
        let files = || fs::read_dir(folder.path().join("results")).unwrap().count();
        assert_eq!(files(), 3);
        let path = folder.path().join("results/partition_000000.e1.a1.pack");
        fs::write(path, b"damaged").unwrap();
        let stores = stores(folder.path());
        match by_member {
            true => stores.delete(&cited[0].key).unwrap(),
            false => {
                let left = names(&stores).into_iter();
                left.for_each(|name| {
                    stores
                        .delete(&ObjectKey::new(Place::Results, name))
                        .unwrap();
                });
            }
        }
        assert_eq!(files(), 0, "by member: {by_member}");
    }
}

#[test]
fn every_changed_byte_is_found_by_some_member() {
    let folder = tempfile::tempdir().unwrap();
    let cited = pack(&stores(folder.path()), 0..3);
    let path = folder.path().join("results/partition_000000.e1.a1.pack");
    let whole = fs::read(&path).unwrap();
    let members: u64 = cited.iter().map(ObjectRef::length).sum();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        let stores = stores(folder.path());
        let damaged = cited.iter().filter(|cited| stores.verify(cited).is_err());
        // Damage of one member leaves the others, damage of the directory leaves none.
        let expected = if (at as u64) < members { 1 } else { 3 };
        assert_eq!(damaged.count(), expected, "byte {at}");
        // The last byte is the version: what a newer release wrote is not deleted.
        if expected == 3 && at + 1 < whole.len() {
            let pack = pack_of(&attempt(0), "").unwrap();
            assert_eq!(names(&stores), [pack], "byte {at}");
        }
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let stores = stores(folder.path());
        let error = stores.verify(&cited[0]).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{length}: {error}");
        // It is no use to anyone, and can be deleted.
        assert_eq!(names(&stores).len(), 1);
    }
    let stores = stores(folder.path());
    stores.delete(&cited[1].key).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_member_that_is_made_twice_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let stores = stores(folder.path());
    let mut packing = Packing::default();
    let mut put = |text: &str| {
        let (name, mut file) = packing.put_new(Place::Signatures, &attempt(1)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        ObjectRef::new(Place::Signatures, name, file.finish().unwrap())
    };
    let (before, counts) = (put("before"), put("counts"));
    drop(packing.put_new(Place::Results, &attempt(1)).unwrap());
    assert_eq!(packing.bytes(), 12);
    packing
        .finish(|place, name| stores.put_new(place, name))
        .unwrap();
    assert!(stores.verify(&before).is_err());
    stores.verify(&counts).unwrap();
    // Of a member that was never finished nothing is left, and a pack without members is not written.
    assert_eq!(names(&stores), []);
}

#[test]
fn a_store_with_packs_is_a_store_like_others() {
    let store = || Arc::new(PackStore::new(Arc::new(MemoryStore::new()))) as Arc<dyn ObjectStore>;
    suite::run_all(&store);
}
