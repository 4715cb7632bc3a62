//! Nothing that is shown holds a secret.

use std::error::Error as _;

use coldpress_storage::{ObjectName, ObjectStore, StorageOptions};

use crate::testing::{Faults, Proxy, Server, WebKind, WebServer};
use crate::{RemoteStore, schemes};

const SECRET: &str = "wJalrXUtnFEMI-hush";

/// All that can be shown of an error.
fn shown(error: &coldpress_storage::Error) -> String {
    let mut text = format!("{error:?}\n{error}");
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(&format!("\n{source:?}\n{source}"));
        next = source.source();
    }
    text
}

fn options(server: &str, region: &str) -> StorageOptions {
    let options = [
        ("endpoint", server),
        ("region", region),
        ("access_key_id", "AKIAIOSFODNN7EXAMPLE"),
        ("secret_access_key", SECRET),
        ("session_token", "token-hush-hush"),
        ("account_name", "account"),
        ("account_key", "d0phbHJYVXRuRkVNSS1odXNo"),
        ("max_retries", "0"),
    ];
    options
        .into_iter()
        .fold(StorageOptions::default(), |all, (key, value)| {
            all.with("", key, value)
        })
}

fn check(text: &str) {
    for secret in [SECRET, "hush", "d0phbHJYVXRuRkVNSS1odXNo", "Signature="] {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
}

#[test]
fn errors_and_debug_output_hold_no_secret() {
    // One that answers every request with what it was asked, as S3 does when a signature is wrong.
    let server = crate::testing::echo(403);
    let address = format!("http://{}", server.address());
    for url in ["s3://bucket/jobs", "az://bucket/jobs"] {
        let options = options(&address, "us-1");
        check(&format!("{options:?}"));
        let store = RemoteStore::open(url, &options).unwrap();
        check(&format!("{store:?} {store}"));
        let name = ObjectName::new("a").unwrap();
        let writer = store.put_new(&name).unwrap();
        check(&format!("{writer:?}"));
        let errors = [
            store.get(&name).unwrap_err(),
            writer.finish().unwrap_err(),
            store.list("").unwrap_err(),
            store.delete(&name).unwrap_err(),
        ];
        for error in errors {
            let text = shown(&error);
            check(&text);
            assert!(
                text.contains("403") && text.contains("check the credentials"),
                "{text}"
            );
            assert!(text.contains("bucket/jobs"), "{text}");
        }
    }
}

#[test]
fn signed_urls_are_read_and_never_shown() {
    let server = WebServer::start(WebKind::good());
    server.put("/a", b"0123");
    let url = format!(
        "http://{}/a?X-Amz-Date=1&X-Amz-Signature={SECRET}",
        server.address()
    );
    let files = schemes().files(&url).unwrap();
    let file = files.examine(&url).unwrap();
    check(&format!("{file:?} {files:?}"));
    let open = files.open(&file).unwrap();
    check(&format!("{open:?}"));
    open.read_at(0, &mut [0; 4]).unwrap();
    // Whoever reads what another one planned has what is shown, and needs the signature all the same.
    let proxy = Proxy::start(server.address(), Faults::none());
    let url = url.replace(server.address(), proxy.address());
    let file = schemes().files(&url).unwrap().examine(&url).unwrap();
    let files = schemes().files(&file.url).unwrap();
    files.open(&file).unwrap().read_at(0, &mut [0; 4]).unwrap();
    let seen = proxy.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter().all(|(request, _)| request.contains(SECRET)),
        "{seen:?}"
    );
    let echo = crate::testing::echo(403);
    let url = format!("http://me:{SECRET}@{}/a?sig={SECRET}", echo.address());
    let refused = files.examine(&url).unwrap_err();
    check(&shown(&refused));
    let gone = format!("http://127.0.0.1:1/a?sig={SECRET}");
    check(&shown(&files.examine(&gone).unwrap_err()));
}

#[test]
fn errors_say_what_to_do() {
    let server = Server::s3();
    let source = |error: coldpress_storage::Error| error.source().unwrap().to_string();
    let name = ObjectName::new("a").unwrap();
    let missing = RemoteStore::open(
        "s3://nothere/jobs",
        &server.options_at(server.address()).with("", "x", "y"),
    );
    assert!(source(missing.unwrap_err()).contains("there is no option `x`"));
    let endpoint = format!("http://{}", server.address());
    let missing = RemoteStore::open("s3://nothere/jobs", &options(&endpoint, "us-1")).unwrap();
    let error = missing.get(&name).unwrap_err();
    assert!(!error.is_not_found());
    assert!(source(error).contains("there is no such bucket"));
    let nobody = RemoteStore::open("s3://b/jobs", &options("http://127.0.0.1:1", "us-1")).unwrap();
    let error = nobody.get(&name).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(source(error).contains("no answer from `127.0.0.1:1`: Connection refused"));
}
