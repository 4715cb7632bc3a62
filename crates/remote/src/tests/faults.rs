//! What happens on a network that does harm.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use coldpress_storage::{FileStamp, ObjectName, ObjectStore, suite, verify_stamp};

use crate::testing::{Fault, Faults, Proxy, Server};
use crate::{RemoteStore, schemes};

/// So many of a thousand requests meet with a fault.
const RATE: u64 = 100;

fn store(server: &Server, proxy: &Proxy, folder: &str) -> RemoteStore {
    let url = format!("{}/{folder}", server.url());
    RemoteStore::open(&url, &server.options_at(proxy.address())).unwrap()
}

/// Runs a suite through faults, and checks that there were some.
fn check(server: &Server, seed: u64, run: fn(&dyn Fn() -> Arc<dyn ObjectStore>)) {
    let proxy = Proxy::start(server.address(), Faults::random(seed, RATE));
    let clauses = AtomicU32::new(0);
    run(&|| {
        let clause = clauses.fetch_add(1, Ordering::Relaxed);
        Arc::new(store(server, &proxy, &format!("{seed}/{clause}")))
    });
    let seen = proxy.seen();
    let faults = seen.iter().filter(|(_, fault)| fault.is_some()).count();
    assert!(faults > 5, "{faults} faults in {} requests", seen.len());
}

#[test]
fn the_contract_holds_through_faults() {
    check(&Server::s3(), 1, suite::run_all);
}

#[test]
fn the_contract_of_uploads_holds_through_faults() {
    check(&Server::s3(), 2, |make| {
        // An upload whose number got lost, or that was begun twice, is one that nobody can end but `abandon_uploads`.
        let left = "uploads_that_are_given_up_leave_nothing";
        let clauses = suite::uploads::CLAUSES.into_iter();
        for (_, clause) in clauses.filter(|(name, _)| *name != left) {
            clause(&*make());
        }
    });
}

#[test]
fn the_contract_holds_through_faults_on_azure_and_google() {
    for server in [Server::azure(), Some(Server::google())]
        .into_iter()
        .flatten()
    {
        check(&server, 3, suite::run_all);
        check(&server, 4, suite::uploads::run_all);
    }
}

/// Writes an object of some parts with one fault, and reads it back.
fn check_write(server: &Server, at: &str, fault: Fault, length: usize) {
    let proxy = Proxy::start(server.address(), Faults::none().next(at, fault));
    let folder = format!(
        "{:?}-{length}-{}",
        fault,
        at.replace(['/', '?', ' ', '='], "-")
    );
    let folder: String = folder
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let store = store(server, &proxy, &folder);
    let bytes: Vec<u8> = (0..length).map(|at| (at / 11) as u8).collect();
    let name = ObjectName::new("a").unwrap();
    let mut writer = store.put_new(&name).unwrap();
    writer.write_all(&bytes).unwrap();
    let stamp = writer.finish().unwrap();
    assert_eq!(stamp, FileStamp::of(&bytes));
    verify_stamp(&*store.get(&name).unwrap(), &stamp).unwrap();
    assert_eq!(store.list("").unwrap().len(), 1);
    let met = proxy
        .seen()
        .into_iter()
        .filter(|(_, fault)| fault.is_some())
        .count();
    assert_eq!(met, 1, "{at} {fault:?}");
    let mut rival = store.put_new(&name).unwrap();
    rival.write_all(&bytes).unwrap();
    assert!(rival.finish().unwrap_err().is_already_exists());
}

#[test]
fn a_lost_or_doubled_request_makes_one_object() {
    let faults = [
        Fault::Lost,
        Fault::AnswerLost,
        Fault::Twice,
        Fault::Refused(503),
    ];
    let (s3, azure, google) = (Server::s3(), Server::azure(), Server::google());
    for fault in faults {
        check_write(&s3, "PUT /", fault, 1_000);
        check_write(&s3, "?uploads", fault, 9 << 20);
        check_write(&s3, "partNumber=2", fault, 9 << 20);
        check_write(&s3, "POST /data/", fault, 9 << 20);
        if let Some(azure) = &azure {
            check_write(azure, "PUT /", fault, 1_000);
            check_write(azure, "comp=blocklist", fault, 9 << 20);
        }
        check_write(&google, "PUT /", fault, 1_000);
        check_write(&google, "?uploadId", fault, 9 << 20);
    }
}

#[test]
fn an_upload_that_was_begun_twice_is_abandoned() {
    let server = Server::s3();
    for fault in [Fault::Twice, Fault::AnswerLost] {
        let proxy = Proxy::start(server.address(), Faults::none().next("?uploads", fault));
        let store = store(&server, &proxy, &format!("{fault:?}"));
        let name = ObjectName::new("a").unwrap();
        let mut writer = store.put_new(&name).unwrap();
        writer.write_all(&vec![7; 9 << 20]).unwrap();
        writer.finish().unwrap();
        assert_eq!(store.abandon_uploads("").unwrap(), 1);
        assert_eq!(store.abandon_uploads("").unwrap(), 0);
        assert_eq!(store.list("").unwrap().len(), 1);
    }
}

#[test]
fn a_stream_gives_the_same_bytes_through_faults() {
    let server = Server::s3();
    let bytes: Vec<u8> = (0..20_000_000u32).map(|at| (at / 3) as u8).collect();
    let quiet = Proxy::start(server.address(), Faults::none());
    let name = ObjectName::new("a").unwrap();
    let mut writer = store(&server, &quiet, "in").put_new(&name).unwrap();
    writer.write_all(&bytes).unwrap();
    writer.finish().unwrap();
    for seed in 10..14 {
        let proxy = Proxy::start(server.address(), Faults::random(seed, 200));
        let schemes = schemes().with_options(server.options_at(proxy.address()));
        let files = schemes.files(server.url()).unwrap();
        let file = files.examine("s3://data/in/a").unwrap();
        let mut read = Vec::new();
        files
            .open(&file)
            .unwrap()
            .stream(0..20_000_000)
            .unwrap()
            .read_to_end(&mut read)
            .unwrap();
        assert!(read == bytes, "seed {seed}");
    }
}

#[test]
fn what_no_other_try_helps_is_tried_once() {
    let server = Server::s3();
    let proxy = Proxy::start(
        server.address(),
        Faults::none().next("GET", Fault::Refused(403)),
    );
    let store = store(&server, &proxy, "jobs");
    assert!(
        store
            .get(&ObjectName::new("a").unwrap())
            .unwrap_err()
            .is_permission_denied()
    );
    assert!(
        store
            .get(&ObjectName::new("a").unwrap())
            .unwrap_err()
            .is_not_found()
    );
    assert_eq!(proxy.seen().len(), 2);
}

#[test]
fn small_reads_are_few_requests() {
    let server = Server::s3();
    let proxy = Proxy::start(server.address(), Faults::none());
    let store = store(&server, &proxy, "jobs");
    let name = ObjectName::new("a").unwrap();
    let bytes: Vec<u8> = (0..3_000_000u32).map(|at| (at / 3) as u8).collect();
    let mut writer = store.put_new(&name).unwrap();
    writer.write_all(&bytes).unwrap();
    writer.finish().unwrap();
    assert_eq!(proxy.seen().len(), 1);
    let reader = store.get(&name).unwrap();
    let mut read = vec![0; bytes.len()];
    for (at, piece) in read.chunks_mut(8_192).enumerate() {
        reader.read_at(at as u64 * 8_192, piece).unwrap();
    }
    assert!(read == bytes);
    assert!(proxy.seen().len() <= 6, "{:?}", proxy.seen());
}
