//! Datasets in buckets.

use std::io::{Read, Write};
use std::sync::Arc;

use coldpress_storage::{Error, ObjectName, ObjectStore, RemoteFiles, RemoteMeta};

use crate::testing::Server;
use crate::{RemoteStore, schemes};

fn put(server: &Server, name: &str, bytes: &[u8]) {
    let store = RemoteStore::open(&format!("{}/in", server.url()), &server.options()).unwrap();
    let name = ObjectName::new(name).unwrap();
    store.delete(&name).unwrap();
    let mut writer = store.put_new(&name).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap();
}

fn listed(files: &dyn RemoteFiles, prefix: &str) -> Vec<RemoteMeta> {
    let mut found = Vec::new();
    let each = &mut |file| {
        found.push(file);
        Ok(())
    };
    files.list(prefix, each).unwrap();
    found
}

/// Examines, lists and reads a file, and finds out that it was replaced.
fn check(server: &Server) {
    let url = server.url();
    let bytes: Vec<u8> = (0..3_000_000u32).map(|at| (at / 5) as u8).collect();
    put(server, "a.jsonl", &bytes);
    put(server, "b/c.jsonl", b"{}\n");
    put(server, "b/empty", b"");
    let schemes = schemes().with_options(server.options());
    let files: Arc<dyn RemoteFiles> = schemes.files(url).unwrap();

    let file = files.examine(&format!("{url}/in/a.jsonl")).unwrap();
    assert_eq!((file.length, file.seekable), (3_000_000, true));
    assert!(
        file.version.is_some() && file.modified_nanos > 1_600_000_000_000_000_000,
        "{file:?}"
    );
    let all = listed(&*files, &format!("{url}/in/"));
    let names: Vec<&str> = all
        .iter()
        .map(|file| file.url.rsplit_once("/in/").unwrap().1)
        .collect();
    assert_eq!(names, ["a.jsonl", "b/c.jsonl", "b/empty"]);
    assert_eq!(all[0].version, file.version);
    assert_eq!(listed(&*files, &format!("{url}/in/b/c.jsonl")).len(), 1);
    assert_eq!(listed(&*files, &format!("{url}/out")), []);
    let missing = files.examine(&format!("{url}/in/x")).unwrap_err();
    assert!(missing.is_not_found(), "{missing}");

    let open = files.open(&file).unwrap();
    let mut read = Vec::new();
    open.stream(5..2_999_999)
        .unwrap()
        .read_to_end(&mut read)
        .unwrap();
    assert!(read == bytes[5..2_999_999]);
    let mut tail = [0; 7];
    open.read_at(2_999_993, &mut tail).unwrap();
    assert_eq!(tail, bytes[2_999_993..]);
    assert_eq!(
        open.read_at(2_999_994, &mut tail).unwrap_err().kind(),
        std::io::ErrorKind::UnexpectedEof
    );
    let mut none = Vec::new();
    files
        .open(&all[2])
        .unwrap()
        .stream(0..0)
        .unwrap()
        .read_to_end(&mut none)
        .unwrap();

    // Of the same length, as an etag shows.
    put(server, "a.jsonl", &vec![0; 3_000_000]);
    let open = files.open(&file).unwrap();
    let changed = open.read_at(0, &mut tail).unwrap_err();
    assert!(matches!(changed, Error::Changed { .. }), "{changed}");
    let error = open.stream(0..10).unwrap().read(&mut tail).unwrap_err();
    let error = error.into_inner().unwrap().downcast::<Error>().unwrap();
    assert!(matches!(*error, Error::Changed { .. }), "{error}");
}

#[test]
fn datasets_of_s3_are_listed_and_read() {
    check(&Server::s3());
}

#[test]
fn datasets_of_google_are_listed_and_read() {
    check(&Server::google());
}

#[test]
fn datasets_of_azure_are_listed_and_read() {
    if let Some(azure) = Server::azure() {
        check(&azure);
    }
}

#[test]
fn a_long_listing_comes_by_pages() {
    let server = Server::s3();
    for number in 0..1_100 {
        server.request("PUT", &format!("/data/many/{number:05}"), b"x");
    }
    let files = schemes()
        .with_options(server.options())
        .files(server.url())
        .unwrap();
    let all = listed(&*files, "s3://data/many/");
    assert_eq!(all.len(), 1_100);
    assert!(all.is_sorted_by(|left, right| left.url < right.url));
    let stopped = files.list("s3://data/many/", &mut |file| {
        Err(Error::Changed {
            url: file.url,
            what: "enough".into(),
        })
    });
    assert!(stopped.unwrap_err().to_string().contains("enough"));
}
