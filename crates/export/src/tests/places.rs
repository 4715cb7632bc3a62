//! The owner of an output, and how the output is put into place.

use super::*;

#[test]
fn only_what_is_ours_and_unchanged_is_ours() {
    let mut bench = Bench::new();
    bench.plain("{}\n");
    let target = bench.target("a.jsonl", 0);
    assert_eq!(target.standing().unwrap(), Standing::Free);
    let staged = bench.export(&target, 1).unwrap().staged;
    let check = |expected: &str| {
        let standing = target.standing().unwrap();
        assert!(
            matches!(&standing, Standing::Foreign(reason) if reason.contains(expected)),
            "{standing:?}"
        );
    };
    check("not made by Coldpress");
    let ownership = Ownership::new("job", staged.length, staged.digest);
    target.sign(&ownership, Placed::default()).unwrap();
    assert_eq!(
        target.standing().unwrap(),
        Standing::Ours(ownership.clone())
    );
    fs::write(target.path().unwrap(), "{ }\n").unwrap();
    check("was changed");
    let newer = Ownership {
        schema_version: 2,
        ..ownership
    };
    target.sign(&newer, Placed::default()).unwrap();
    check("newer Coldpress");
    fs::write(target.ownership_path().unwrap(), "{").unwrap();
    check("cannot be read");
}

#[test]
fn shards_and_companions_have_owners_too() {
    let mut bench = Bench::new();
    bench.plain("{\"a\": 1}\n");
    let shards = bench.typed("shards/", "parquet", 0);
    for target in [shards.stats().unwrap(), shards] {
        let staged = bench.export(&target, 1).unwrap().staged;
        let ownership = Ownership::new("job", staged.length, staged.digest);
        target.sign(&ownership, Placed::default()).unwrap();
        assert_eq!(target.standing().unwrap(), Standing::Ours(ownership));
    }
}

#[test]
fn a_directory_of_shards_is_exchanged() {
    let (mut old, mut new) = (Bench::new(), Bench::new());
    old.plain("{\"old\": 1}\n");
    new.plain("{\"new\": 1}\n");
    let target = old.target("s/", 0);
    old.export(&target, 1).unwrap();
    new.export(&target, 1).unwrap();
    assert_eq!(
        files(&target),
        [("part-00000.jsonl".to_owned(), b"{\"new\": 1}\n".to_vec())]
    );
    let left = fs::read_dir(old.folder.path()).unwrap().count();
    assert_eq!(left, 2, "the export and the rows");
}

#[test]
fn a_file_where_a_directory_should_be_is_told() {
    let bench = Bench::new();
    let target = bench.target("d.jsonl", 0);
    fs::create_dir(target.path().unwrap()).unwrap();
    assert!(
        matches!(target.standing().unwrap(), Standing::Foreign(reason) if reason.contains("end it in `/`"))
    );
}

#[cfg(unix)]
#[test]
fn what_no_file_can_replace_is_special() {
    let bench = Bench::new();
    let link = bench.target("link.jsonl", 0);
    std::os::unix::fs::symlink("/dev/null", link.path().unwrap()).unwrap();
    let device = ExportTarget::lines("/dev/null");
    for target in [link, device] {
        assert_eq!(target.standing().unwrap(), Standing::Special("is a device"));
    }
}

#[test]
fn only_places_of_this_export_are_its_leftovers() {
    let bench = Bench::new();
    let (target, shards) = (bench.target("a.jsonl", 0), bench.target("s/", 0));
    let at = |name: &str| bench.folder.path().join(name);
    fs::write(at(".a.jsonl.coldpress.j.e1.m1.tmp"), "").unwrap();
    fs::write(at(".a.jsonl.coldpress.json"), "").unwrap();
    fs::write(at(".b.jsonl.coldpress.j.e1.m1.tmp"), "").unwrap();
    fs::create_dir_all(at(".s.coldpress.j.e1.m1.tmp")).unwrap();
    let found = target.leftovers();
    assert_eq!(
        found,
        [(at(".a.jsonl.coldpress.j.e1.m1.tmp"), "j.e1.m1".to_owned())]
    );
    target.remove_leftover(&found[0].0);
    assert!(!found[0].0.exists());
    // A directory that holds anything but shards is somebody else's.
    let left = at(".s.coldpress.j.e1.m1.tmp");
    fs::write(left.join("part-00000.jsonl"), "").unwrap();
    fs::write(left.join("notes.txt"), "precious").unwrap();
    shards.remove_leftover(&left);
    assert!(left.join("notes.txt").exists());
    fs::remove_file(left.join("notes.txt")).unwrap();
    shards.remove_leftover(&left);
    assert!(!left.exists());
}
