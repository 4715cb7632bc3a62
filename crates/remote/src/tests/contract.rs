//! The contract of stores, over servers that others wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use coldpress_storage::{ObjectStore, suite};

use crate::RemoteStore;
use crate::testing::Server;

/// Runs the suite but for some clauses of uploads; each clause has a prefix of its own in the bucket.
fn check_but(left_out: &[&str], server: &Server) {
    let clauses = AtomicU32::new(0);
    let make = || -> Arc<dyn ObjectStore> {
        let clause = clauses.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}/jobs/{clause}", server.url());
        Arc::new(RemoteStore::open(&url, &server.options()).unwrap())
    };
    suite::run_all(&make);
    let of_uploads = suite::uploads::CLAUSES.into_iter();
    for (_, clause) in of_uploads.filter(|(name, _)| !left_out.contains(name)) {
        clause(&*make());
    }
}

fn check(server: &Server) {
    check_but(&[], server);
}

#[test]
fn s3_keeps_the_contract() {
    check(&Server::s3());
}

#[test]
fn another_s3_keeps_the_contract() {
    let left_out = [
        // It lists no uploads, so none can be found that another process began.
        "uploads_that_are_given_up_leave_nothing",
        // Its buckets are folders, and it answers 500 where the name of a folder is examined.
        "versions_tell_contents_apart",
    ];
    check_but(&left_out, &Server::s3_of_files());
}

#[test]
fn google_keeps_the_contract() {
    check(&Server::google());
}

#[test]
fn azure_keeps_the_contract() {
    if let Some(azure) = Server::azure() {
        check(&azure);
    }
}
