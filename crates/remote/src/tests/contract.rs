//! The contract of stores, over servers that others wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use coldpress_storage::suite;

use crate::RemoteStore;
use crate::testing::Server;

/// Runs the suite; each clause has a prefix of its own in the bucket.
fn check(server: &Server) {
    let clauses = AtomicU32::new(0);
    suite::run_all(&|| {
        let clause = clauses.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}/jobs/{clause}", server.url());
        Arc::new(RemoteStore::open(&url, &server.options()).unwrap())
    });
    suite::uploads::run_all(&|| {
        let clause = clauses.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}/jobs/{clause}", server.url());
        Arc::new(RemoteStore::open(&url, &server.options()).unwrap())
    });
}

#[test]
fn s3_keeps_the_contract() {
    check(&Server::s3());
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
