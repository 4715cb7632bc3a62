//! Datasets on web servers.

use std::io::Read;
use std::sync::Arc;

use coldpress_storage::{Error, RemoteFiles};

use crate::schemes;
use crate::testing::{Fault, Faults, Proxy, WebKind, WebServer};

fn bytes() -> Vec<u8> {
    (0..3_000_000u32).map(|at| (at / 7) as u8).collect()
}

fn files() -> Arc<dyn RemoteFiles> {
    schemes().files("http://localhost").unwrap()
}

/// Reads a file of such a server in all ways.
fn check(kind: WebKind) {
    let (server, bytes) = (WebServer::start(kind), bytes());
    server.put("/a.jsonl", &bytes);
    server.put("/empty", b"");
    let url = |path: &str| format!("http://{}{path}", server.address());
    let file = files().examine(&url("/a.jsonl")).unwrap();
    assert_eq!((file.length, file.seekable), (3_000_000, kind.ranges));
    assert_eq!(file.version.is_some(), kind.versions);
    let open = files().open(&file).unwrap();
    for range in [0..3_000_000, 1_000_000..1_000_001, 17..2_999_999, 5..5] {
        let mut read = Vec::new();
        open.stream(range.clone())
            .unwrap()
            .read_to_end(&mut read)
            .unwrap();
        assert!(
            read == bytes[range.start as usize..range.end as usize],
            "{range:?} of {kind:?}"
        );
    }
    let mut part = [0; 100];
    open.read_at(2_000_000, &mut part).unwrap();
    assert_eq!(part, bytes[2_000_000..2_000_100]);
    let empty = files().examine(&url("/empty")).unwrap();
    assert_eq!(empty.length, 0);
    assert!(files().examine(&url("/x")).unwrap_err().is_not_found());
    server.put("/a.jsonl", &vec![0; 3_000_000]);
    let changed = files().open(&file).unwrap().read_at(0, &mut part);
    assert_eq!(matches!(changed, Err(Error::Changed { .. })), kind.versions);
    server.put("/a.jsonl", b"shorter");
    let changed = files().open(&file).unwrap().read_at(0, &mut part);
    assert!(matches!(changed, Err(Error::Changed { .. })), "{changed:?}");
}

#[test]
fn a_server_alone_is_no_file() {
    let server = WebServer::start(WebKind::good());
    server.put("/", b"<html>");
    for end in ["", "/"] {
        let url = format!("http://{}{end}", server.address());
        let error = files().examine(&url).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        let told = format!("{error}: {source}");
        assert!(told.contains("a server and no file"), "{told}");
        assert!(told.starts_with("cannot read `http://"), "{told}");
        assert!(!told.contains("` in "), "{told}");
    }
}

#[test]
fn a_server_with_ranges_is_read_anywhere() {
    check(WebKind::good());
    check(WebKind {
        versions: false,
        ..WebKind::good()
    });
}

#[test]
fn a_server_without_ranges_is_read_from_the_start() {
    let kind = WebKind {
        ranges: false,
        ..WebKind::good()
    };
    let server = WebServer::start(kind);
    server.put("/a", b"0123456789");
    let file = files()
        .examine(&format!("http://{}/a", server.address()))
        .unwrap();
    assert!(!file.seekable);
    let mut read = String::new();
    files()
        .open(&file)
        .unwrap()
        .stream(3..8)
        .unwrap()
        .read_to_string(&mut read)
        .unwrap();
    assert_eq!(read, "34567");
}

#[test]
fn a_server_without_lengths_is_refused_with_what_to_do() {
    let server = WebServer::start(WebKind {
        lengths: false,
        ranges: false,
        versions: true,
    });
    server.put("/a", b"0123456789");
    let error = files()
        .examine(&format!("http://{}/a", server.address()))
        .unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        source.contains("does not tell how long") && source.contains("download it"),
        "{source}"
    );
    let listed = files().list("http://localhost/", &mut |_| Ok(()));
    assert_eq!(listed.unwrap_err().kind(), std::io::ErrorKind::Unsupported);
}

/// Reads through a proxy that ends several answers early.
fn check_broken(kind: WebKind) {
    let (server, bytes) = (WebServer::start(kind), bytes());
    server.put("/a", &bytes);
    let faults = Faults::none()
        .next("HEAD", Fault::Lost)
        .next("GET", Fault::Refused(503))
        .next("GET", Fault::Delayed(std::time::Duration::ZERO))
        .next("GET", Fault::Truncated)
        .next("GET", Fault::Truncated)
        .next("GET", Fault::Lost);
    let proxy = Proxy::start(server.address(), faults);
    let file = files()
        .examine(&format!("http://{}/a", proxy.address()))
        .unwrap();
    let mut read = Vec::new();
    files()
        .open(&file)
        .unwrap()
        .stream(0..3_000_000)
        .unwrap()
        .read_to_end(&mut read)
        .unwrap();
    assert!(read == bytes);
    let faults = proxy
        .seen()
        .into_iter()
        .filter(|(_, fault)| fault.is_some())
        .count();
    assert_eq!(faults, 5);
}

#[test]
fn a_download_goes_on_where_it_broke() {
    check_broken(WebKind::good());
    check_broken(WebKind {
        ranges: false,
        ..WebKind::good()
    });
}

/// A server that is started again is away for a moment; one that was never there is not waited for.
#[test]
fn a_server_that_has_answered_is_waited_for() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::{Duration, Instant};

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nAccept-Ranges: bytes\r\nETag: \"1\"\r\nConnection: close\r\n\r\n";
    let answer_once = |listener: &TcpListener| {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(ANSWER).unwrap();
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/a.jsonl");
    let files = schemes().files(&url).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| answer_once(&listener));
        assert_eq!(files.examine(&url).unwrap().length, 3);
    });
    drop(listener);
    // Five tries would be over by then.
    let away = Duration::from_secs(4);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(away);
            answer_once(&TcpListener::bind(address).unwrap());
        });
        let asked = Instant::now();
        assert_eq!(files.examine(&url).unwrap().length, 3);
        assert!(asked.elapsed() >= away / 2);
    });
}
