//! The clauses about objects that take the place of others; for stores that outputs go to.

use std::io::Write;
use std::sync::Arc;
use std::thread;

use super::{check_bytes, check_missing, name, pattern, put};
use crate::{Error, Expected, FileStamp, ObjectStore, SealedUpload, put_if};

/// Every clause with its name.
pub const CLAUSES: [(&str, super::Clause); 5] = [
    (
        "an_upload_is_seen_when_it_is_completed",
        an_upload_is_seen_when_it_is_completed as super::Clause,
    ),
    (
        "an_upload_takes_the_place_of_what_is_expected_alone",
        an_upload_takes_the_place_of_what_is_expected_alone,
    ),
    (
        "of_uploads_that_expect_the_same_one_is_completed",
        of_uploads_that_expect_the_same_one_is_completed,
    ),
    ("versions_tell_contents_apart", versions_tell_contents_apart),
    (
        "uploads_that_are_given_up_leave_nothing",
        uploads_that_are_given_up_leave_nothing,
    ),
];

/// Runs every clause, each against a new, empty store.
///
/// # Panics
/// When the store breaks a clause.
pub fn run_all(make: &dyn Fn() -> Arc<dyn ObjectStore>) {
    for (_, clause) in CLAUSES {
        clause(&*make());
    }
}

fn sealed(store: &dyn ObjectStore, object: &str, bytes: &[u8]) -> Box<dyn SealedUpload> {
    let mut upload = store.upload(&name(object)).expect("an upload begins");
    for piece in bytes.chunks(777_777) {
        upload.write_all(piece).expect("a write succeeds");
    }
    assert_eq!(upload.name(), &name(object), "an upload knows its name");
    upload.seal().expect("an upload is sealed")
}

fn is_refused(result: Result<String, Error>) -> bool {
    matches!(
        result,
        Err(Error::AlreadyExists { .. } | Error::Changed { .. })
    )
}

/// Nothing is seen of an upload before it is completed; then all of it is.
///
/// # Panics
/// When the store breaks this.
pub fn an_upload_is_seen_when_it_is_completed(store: &dyn ObjectStore) {
    // More than a part of an upload in parts.
    for (index, length) in [0, 1, 1000, (17 << 20) + 3].into_iter().enumerate() {
        let object = format!("folder/object_{index}");
        let bytes = pattern(length, index);
        let upload = sealed(store, &object, &bytes);
        assert_eq!(
            upload.stamp(),
            FileStamp::of(&bytes),
            "an upload has a stamp"
        );
        check_missing(store, &name(&object));
        assert_eq!(store.versions(&object).expect("versions are listed"), []);
        let version = upload.complete(&Expected::Nothing);
        let version = version.expect("an upload is completed");
        check_bytes(store, &name(&object), &bytes);
        let found = store.version_of(&name(&object)).expect("it is examined");
        let found = found.expect("it is found");
        assert_eq!(
            (found.version, found.length),
            (version, length as u64),
            "the version is that of what was completed"
        );
    }
}

/// A condition that does not hold leaves everything as it is.
///
/// # Panics
/// When the store breaks this.
pub fn an_upload_takes_the_place_of_what_is_expected_alone(store: &dyn ObjectStore) {
    let object = name("a");
    let put = |bytes: &[u8], expected: &Expected| put_if(store, &object, bytes, expected);
    let of = |version: &str| Expected::Version(version.to_owned());
    assert!(is_refused(put(b"0", &of("none"))), "nothing has no version");
    check_missing(store, &object);
    let first = put(b"1", &Expected::Nothing).expect("a free name is taken");
    assert!(is_refused(put(b"2", &Expected::Nothing)), "it is taken");
    check_bytes(store, &object, b"1");
    let second = put(b"2", &of(&first)).expect("the version is the one expected");
    assert!(is_refused(put(b"3", &of(&first))), "that version is gone");
    check_bytes(store, &object, b"2");
    put(b"3", &Expected::Anything).expect("anything is replaced");
    assert!(is_refused(put(b"4", &of(&second))), "that version is gone");
    check_bytes(store, &object, b"3");
    store.delete(&object).expect("it is deleted");
    assert!(is_refused(put(b"5", &of(&second))), "nothing is there");
    put(b"5", &Expected::Anything).expect("nothing is replaced, too");
    check_bytes(store, &object, b"5");
    // The same of what is uploaded in parts.
    let long = |seed: usize, expected: &Expected| {
        sealed(store, "long", &pattern(9 << 20, seed)).complete(expected)
    };
    let first = long(1, &Expected::Nothing).expect("a free name is taken");
    assert!(is_refused(long(2, &Expected::Nothing)), "it is taken");
    long(2, &of(&first)).expect("the version is the one expected");
    assert!(is_refused(long(3, &of(&first))), "that version is gone");
    check_bytes(store, &name("long"), &pattern(9 << 20, 2));
}

/// Of two programs that saw the same, one replaces it.
///
/// # Panics
/// When the store breaks this.
pub fn of_uploads_that_expect_the_same_one_is_completed(store: &dyn ObjectStore) {
    const RACERS: usize = 4;
    let uploads: Vec<_> = (0..RACERS)
        .map(|racer| sealed(store, "a", &pattern(1000, racer)))
        .collect();
    let won: Vec<bool> = thread::scope(|scope| {
        let racing: Vec<_> = uploads
            .into_iter()
            .map(|upload| scope.spawn(move || upload.complete(&Expected::Nothing)))
            .collect();
        let ended = racing.into_iter().map(|racer| racer.join());
        let ended = ended.map(|result| result.expect("a racer does not panic"));
        ended
            .map(|result| match result {
                Ok(_) => true,
                error => {
                    assert!(is_refused(error), "who loses is told so");
                    false
                }
            })
            .collect()
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "one wins");
    let winner = won.iter().position(|won| *won).unwrap_or_default();
    check_bytes(store, &name("a"), &pattern(1000, winner));
}

/// Every change has a version of its own, and a listing has all of them in order.
///
/// # Panics
/// When the store breaks this.
pub fn versions_tell_contents_apart(store: &dyn ObjectStore) {
    put(store, &name("p/b"), b"1");
    put(store, &name("p/a"), b"22");
    put(store, &name("q"), b"3");
    let listed = store.versions("p/").expect("versions are listed");
    let names: Vec<_> = listed.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["p/a", "p/b"], "they are sorted");
    let lengths: Vec<u64> = listed.iter().map(|found| found.length).collect();
    assert_eq!(lengths, [2, 1], "they have lengths");
    let again = put_if(store, &name("p/a"), b"33", &Expected::of(listed.first()));
    let again = again.expect("a version that was listed is one to expect");
    let now = store.versions("p/").expect("versions are listed");
    assert_ne!(listed[0].version, now[0].version, "another content");
    assert_eq!(now[0].version, again, "the same content");
    assert_eq!(listed[1], now[1], "the same content");
    let none = store.version_of(&name("p")).expect("it is examined");
    assert_eq!(none, None, "a folder is no object");
}

/// Uploads that are dropped or abandoned are gone, whatever else is there.
///
/// # Panics
/// When the store breaks this.
pub fn uploads_that_are_given_up_leave_nothing(store: &dyn ObjectStore) {
    put(store, &name("p/a"), b"1");
    drop(sealed(store, "p/a", b"2"));
    drop(store.upload(&name("p/b")).expect("an upload begins"));
    assert_eq!(
        store.abandon_uploads("p/").expect("nothing is left"),
        0,
        "who drops an upload ends it"
    );
    let upload = sealed(store, "p/a", b"3");
    let other = sealed(store, "q/a", b"4");
    let abandoned = store.abandon_uploads("p/").expect("one is abandoned");
    assert_eq!(abandoned, 1, "one is abandoned");
    let failed = upload.complete(&Expected::Anything);
    assert!(failed.is_err(), "an abandoned upload fails");
    check_bytes(store, &name("p/a"), b"1");
    let completed = other.complete(&Expected::Nothing);
    completed.expect("an upload elsewhere goes on");
    check_bytes(store, &name("q/a"), b"4");
}
