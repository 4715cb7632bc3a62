//! Objects of several parts.

use std::io::Write;
use std::sync::Arc;

use coldpress_storage::{FileStamp, ObjectName, ObjectStore, StoreWriter, verify_stamp};

use crate::RemoteStore;
use crate::testing::Server;

/// Three parts, the last one short.
const LENGTH: usize = (16 << 20) + 12_345;

fn bytes(seed: u8) -> Vec<u8> {
    (0..LENGTH).map(|at| (at / 7) as u8 ^ seed).collect()
}

fn write(store: &dyn ObjectStore, name: &ObjectName, bytes: &[u8]) -> Box<dyn StoreWriter> {
    let mut writer = store.put_new(name).unwrap();
    for piece in bytes.chunks(1 << 20) {
        writer.write_all(piece).unwrap();
    }
    writer
}

/// Writes what has several parts, and gives the store.
fn check(server: &Server) -> Arc<dyn ObjectStore> {
    let store: Arc<dyn ObjectStore> =
        Arc::new(RemoteStore::open(&format!("{}/jobs", server.url()), &server.options()).unwrap());
    let name = ObjectName::new("folder/long").unwrap();
    let (first, second) = (bytes(0), bytes(1));
    let slower = write(&*store, &name, &second);
    let stamp = write(&*store, &name, &first).finish().unwrap();
    assert_eq!(stamp, FileStamp::of(&first));
    assert!(slower.finish().unwrap_err().is_already_exists());
    verify_stamp(&*store.get(&name).unwrap(), &stamp).unwrap();
    drop(write(
        &*store,
        &ObjectName::new("dropped").unwrap(),
        &second,
    ));
    let listed = store.list("").unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0].length, LENGTH as u64);
    store
}

#[test]
fn s3_takes_several_parts_and_keeps_none_that_were_given_up() {
    let server = Server::s3();
    check(&server);
    let uploads = server.request("GET", "/data?uploads", b"");
    assert!(!uploads.contains("<UploadId>"), "{uploads}");
}

#[test]
fn google_takes_several_parts() {
    check(&Server::google());
}

#[test]
fn azure_takes_several_parts() {
    if let Some(azure) = Server::azure() {
        check(&azure);
    }
}
