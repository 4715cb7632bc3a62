use proptest::prelude::*;

use super::*;
use crate::delta::tests::world::*;
use crate::{ContainerOptions, DeltaBase, rewrite};
use coldpress_storage::MemoryStore;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn shares_add_up_and_copies_are_told(
        batches in any_batches(), sections in any_sections(), format in any_format(), other in any_format(),
    ) {
        let store = MemoryStore::new();
        let attempt = Attempt {
            object: "deltas.jsonl",
            base: DeltaBase::default(),
            before: &[],
            sections: &sections,
            tag: "chain",
            format,
            buffer_bytes: 1000,
        };
        let (stamp, _) = attempt.run(&store, &batches);
        let once = analyze(&store).unwrap();
        let options = ContainerOptions { format: other.0, compression: other.1 };
        rewrite(&store, (&name("deltas.jsonl"), &stamp), &store, &name("copy.arrow"), &options).unwrap();
        let twice = analyze(&store).unwrap();
        let count = sections.len() as u64;
        prop_assert_eq!((once.total.files, once.total.checkpoints), (1, count));
        prop_assert_eq!((twice.total.files, twice.total.checkpoints), (2, 2 * count));
        prop_assert_eq!((once.repeated.files, twice.repeated.files), (0, 1));
        let stored: u64 = store.list("").unwrap().iter().map(|object| object.length).sum();
        prop_assert_eq!(twice.total.stored_bytes, stored);
        let bytes = |share: &Share| share.stored_bytes;
        prop_assert_eq!(twice.formats.values().map(bytes).sum::<u64>(), stored);
        prop_assert_eq!(twice.partitions.values().map(bytes).sum::<u64>(), stored);
        // Footers do not belong to any operator.
        prop_assert!(twice.operators.values().map(bytes).sum::<u64>() <= stored);
        let saved = twice.total.plain_bytes as i64 - stored as i64;
        prop_assert_eq!(twice.total.saved_bytes, saved);
    }
}

#[test]
fn what_is_no_checkpoint_is_told_or_passed_over() {
    use std::io::Write as _;
    let store = MemoryStore::new();
    for object in ["notes.txt", "checkpoint_1.json", "odd.parquet"] {
        let mut writer = store.put_new(&name(object)).unwrap();
        writer.write_all(b"no checkpoint").unwrap();
        writer.finish().unwrap();
    }
    let found = analyze(&store).unwrap();
    assert_eq!(found.total, Share::default());
    assert_eq!(found.unreadable.keys().collect::<Vec<_>>(), ["odd.parquet"]);
}
