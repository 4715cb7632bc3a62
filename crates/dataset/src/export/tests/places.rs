//! Whose an output is, and how it takes its place.

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
    let ownership = Ownership {
        schema_version: OWNERSHIP_SCHEMA,
        job_id: "job".into(),
        length: staged.length,
        digest: staged.digest,
    };
    ownership.write(&target).unwrap();
    assert_eq!(
        target.standing().unwrap(),
        Standing::Ours(ownership.clone())
    );
    fs::write(target.path(), "{ }\n").unwrap();
    check("was changed");
    let newer = Ownership {
        schema_version: 2,
        ..ownership
    };
    newer.write(&target).unwrap();
    check("newer Coldpress");
    fs::write(target.ownership_path(), "{").unwrap();
    check("cannot be read");
}

#[test]
fn shards_and_companions_have_owners_too() {
    let mut bench = Bench::new();
    bench.plain("{\"a\": 1}\n");
    let shards = bench.typed("shards/", "parquet", 0);
    for target in [ExportTarget::lines(shards.stats_path()), shards] {
        let staged = bench.export(&target, 1).unwrap().staged;
        let ownership = Ownership {
            schema_version: OWNERSHIP_SCHEMA,
            job_id: "job".into(),
            length: staged.length,
            digest: staged.digest,
        };
        ownership.write(&target).unwrap();
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
    fs::create_dir(target.path()).unwrap();
    assert!(
        matches!(target.standing().unwrap(), Standing::Foreign(reason) if reason.contains("end it in `/`"))
    );
}
