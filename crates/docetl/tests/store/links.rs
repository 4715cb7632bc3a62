use std::fs;
use std::os::unix::fs::symlink;

use coldpress_docetl::{Error, Format, IntermediateStore};

use crate::{records, store_in};

#[test]
fn names_lead_nowhere_else() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("dir");
    let store = store_in(&dir, Format::Parquet);
    for name in ["..", "../outside", "/tmp/outside", "a/../../b", "a\0b", ""] {
        for (step, operation) in [(name, "o"), ("s", name)] {
            assert!(
                matches!(store.save(step, operation, &[]), Err(Error::Name { .. })),
                "{name:?}"
            );
            assert!(
                matches!(store.load(step, operation), Err(Error::Name { .. })),
                "{name:?}"
            );
        }
    }
    assert_eq!(
        fs::read_dir(outer.path()).unwrap().count(),
        0,
        "nothing was written"
    );
}

#[test]
fn links_out_of_the_directory_are_refused() {
    let outer = tempfile::tempdir().unwrap();
    let (dir, outside) = (outer.path().join("dir"), outer.path().join("outside"));
    let there = store_in(&outside, Format::Json);
    there
        .save("s", "o", &records(&[r#"{"secret": 1}"#]))
        .unwrap();
    fs::create_dir_all(dir.join("t")).unwrap();
    symlink(outside.join("s"), dir.join("s")).unwrap();
    symlink(outside.join("s/o.json"), dir.join("t/o.json")).unwrap();
    symlink(outer.path().join("nowhere"), dir.join("t/gone.json")).unwrap();
    let store = IntermediateStore::open(&dir).unwrap();
    for (step, operation) in [("s", "o"), ("t", "o"), ("t", "gone")] {
        let error = store.load(step, operation).unwrap_err();
        assert!(matches!(error, Error::Outside { .. }), "{error}");
    }
    assert!(matches!(
        store.save("s", "new", &[]),
        Err(Error::Outside { .. })
    ));
    assert_eq!(store.list().unwrap(), []);
    assert_eq!(fs::read_dir(outside.join("s")).unwrap().count(), 1);
}

#[test]
fn links_within_the_directory_and_to_it_are_followed() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("dir");
    store_in(&dir, Format::Json)
        .save("s", "o", &records(&["{}"]))
        .unwrap();
    symlink("s", dir.join("linked")).unwrap();
    symlink(&dir, outer.path().join("link")).unwrap();
    let store = IntermediateStore::open(outer.path().join("link")).unwrap();
    assert_eq!(
        store.load("linked", "o").unwrap().unwrap(),
        records(&["{}"])
    );
    assert_eq!(store.list().unwrap().len(), 2);
}
