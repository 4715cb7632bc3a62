use std::fs;

use proptest::prelude::*;

use super::super::memory::MemoryStore;
use super::super::object::StoredObject;
use super::*;

fn name() -> ObjectName {
    let suffix = ComposedWriter::suffix(".jsonl");
    ObjectName::new(format!("partition_000000.e1.a1{suffix}")).unwrap()
}

struct Bench {
    folder: tempfile::TempDir,
    memory: MemoryStore,
    moved: MovedInputs,
    store: Arc<dyn ObjectStore>,
}

impl Bench {
    fn new(input: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("input"), input).unwrap();
        let memory = MemoryStore::new();
        let moved = MovedInputs::default();
        let store = Arc::new(ComposingStore::new(Arc::new(memory.clone()), moved.clone()));
        Self {
            folder,
            memory,
            moved,
            store,
        }
    }

    fn input(&self) -> PathBuf {
        self.folder.path().join("input")
    }

    fn writer(&self) -> ComposedWriter {
        ComposedWriter::new(self.store.put_new(&name()).unwrap(), (3, &self.input()))
    }

    fn object(&self, stamp: FileStamp) -> StoredObject {
        StoredObject::new(Arc::clone(&self.store), name(), stamp)
    }

    fn stored_bytes(&self) -> u64 {
        self.store.list("").unwrap()[0].length
    }
}

/// Bytes of which no two stretches are the same.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * at / 97 + at) as u8).collect()
}

proptest! {
    #[test]
    fn what_is_composed_is_read_wherever_it_is_cut(
        parts in prop::collection::vec((0usize..20_000, 0usize..9000, any::<bool>()), 0..8), cut in 1usize..7000,
    ) {
        let input = bytes(40_000);
        let bench = Bench::new(&input);
        let (mut writer, mut expected) = (bench.writer(), Vec::new());
        for (start, length, is_cited) in parts {
            let part = &input[start..start + length];
            match is_cited {
                true => writer.cite(start as u64, part).unwrap(),
                false => writer.own(part).unwrap(),
            }
            expected.extend_from_slice(part);
        }
        prop_assert_eq!(writer.bytes(), expected.len() as u64);
        let stamp = writer.finish().unwrap();
        prop_assert_eq!(stamp, FileStamp::of(&expected));
        let object = bench.object(stamp);
        object.verify().unwrap();
        let reader = object.open().unwrap();
        for (at, part) in expected.chunks(cut).enumerate() {
            let mut read = vec![0; part.len()];
            reader.read_at((at * cut) as u64, &mut read).unwrap();
            prop_assert!(read == part, "from {} on", at * cut);
        }
        prop_assert!(reader.read_at(expected.len() as u64, &mut [0]).is_err());
    }
}

#[test]
fn long_ranges_are_cited_and_short_ones_copied() {
    let input = bytes(1 << 20);
    let bench = Bench::new(&input);
    let mut writer = bench.writer();
    // In pieces of one range each is as good as the range.
    for (at, piece) in input.chunks(5000).enumerate() {
        writer.cite(at as u64 * 5000, piece).unwrap();
    }
    writer.cite(10, &input[10..20]).unwrap();
    let stamp = writer.finish().unwrap();
    assert_eq!(stamp.length, (1 << 20) + 10);
    assert!(bench.stored_bytes() < 300, "{}", bench.stored_bytes());
    bench.object(stamp).verify().unwrap();
    assert_eq!(bench.object(stamp).path(), None);
}

#[test]
fn a_changed_input_and_a_damaged_object_are_found() {
    let input = bytes(30_000);
    let bench = Bench::new(&input);
    let mut writer = bench.writer();
    writer.cite(100, &input[100..20_000]).unwrap();
    writer.own(b"its own").unwrap();
    let object = bench.object(writer.finish().unwrap());
    object.verify().unwrap();

    // The number of the input counts only where one was moved.
    let mut number = 0;
    bench.memory.tamper(&name(), |bytes| {
        let key = b"\"input\":";
        let found = bytes.windows(key.len()).position(|part| part == key);
        number = found.unwrap() + key.len();
    });
    for at in (0..bench.stored_bytes() as usize).filter(|at| *at != number) {
        bench.memory.tamper(&name(), |bytes| bytes[at] ^= 1);
        let is_found = object.verify().is_err();
        bench.memory.tamper(&name(), |bytes| bytes[at] ^= 1);
        assert!(is_found, "byte {at}");
    }
    object.verify().unwrap();

    let mut changed = input.clone();
    changed[10_000] ^= 1;
    fs::write(bench.input(), &changed).unwrap();
    assert!(object.verify().is_err());
    fs::write(bench.input(), &input[..15_000]).unwrap();
    let error = object.verify().unwrap_err();
    assert!(
        error.to_string().contains("the input that is cited by"),
        "{error}"
    );
    fs::remove_file(bench.input()).unwrap();
    let error = object.open().unwrap_err();
    let gone = bench.input();
    assert!(
        matches!(&error, Error::InputGone { input, .. } if *input == gone),
        "{error}"
    );
    assert!(!error.is_not_found(), "the object is there");
    let elsewhere = bench.folder.path().join("elsewhere");
    fs::write(&elsewhere, &input).unwrap();
    bench.moved.add(2, &elsewhere);
    assert!(object.open().is_err(), "another one was moved");
    bench.moved.add(3, &elsewhere);
    object.verify().unwrap();
}

#[test]
fn hostile_objects_are_refused() {
    let bench = Bench::new(&bytes(100));
    let path = bench.input();
    let table = |version: u32, parts: &str| {
        let line =
            format!("{{\"version\":{version},\"input\":3,\"file\":{path:?},\"parts\":{parts}}}\n");
        format!("{line}{:016x}\n", line.len())
    };
    let max = u64::MAX;
    for (stored, is_opened) in [
        (table(1, "[]"), true),
        (table(2, "[]"), false),
        (table(1, &format!("[[{max},null],[{max},0]]")), false),
        // These are found when they are read.
        (table(1, &format!("[[1,{max}]]")), true),
        (table(1, &format!("[[{max},0]]")), true),
        (table(1, "[[1,0],[9999,null]]"), true),
        ("ffffffffffffffff\n".to_owned(), false),
        ("0000000000000000\n".to_owned(), false),
        ("short".to_owned(), false),
        (String::new(), false),
    ] {
        let _ = bench.store.delete(&name());
        let mut writer = bench.store.put_new(&name()).unwrap();
        writer.put(stored.as_bytes()).unwrap();
        writer.finish().unwrap();
        let opened = bench.store.get(&name());
        assert_eq!(opened.is_ok(), is_opened, "{stored}");
        if let Some(reader) = opened.ok().filter(|reader| !reader.is_empty()) {
            let mut buffer = vec![0; 200];
            assert!(reader.read_at(0, &mut buffer).is_err(), "{stored}");
            assert!(reader.read_at(max - 1, &mut buffer).is_err(), "{stored}");
        }
    }
}
