//! Tests of the server over plain sockets: what it answers, and how it treats hostile clients.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use coldpress_operator::Registry;
use coldpress_serve::{Error, ServeOptions, Server, StopHandle};
use coldpress_storage::{LocalStore, StoreSchemes};

/// Longer than any answer takes, even where many tests share a core.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs over a folder of its own.
struct Bench {
    folder: tempfile::TempDir,
    address: SocketAddr,
    stop: StopHandle,
    running: Option<JoinHandle<()>>,
}

impl Bench {
    fn new() -> Self {
        Self::with(|options| options)
    }

    fn with(change: impl FnOnce(ServeOptions) -> ServeOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = ServeOptions::new(folder.path(), free_port(), Registry::default());
        Self::of(folder, change(options))
    }

    fn of(folder: tempfile::TempDir, options: ServeOptions) -> Self {
        let server = Server::bind(options).unwrap();
        Self {
            folder,
            address: server.address(),
            stop: server.stop_handle(),
            running: Some(std::thread::spawn(move || server.run())),
        }
    }

    /// Writes the summary of a job that has no journal.
    fn job(&self, name: &str, summary: &str) {
        let dir = self.folder.path().join(name);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("job_summary.json"), summary).unwrap();
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes and returns all that comes back.
    fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may have had enough before all is sent.
        let _ = stream.write_all(bytes);
        rest(&mut stream)
    }

    fn get(&self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
    }

    #[track_caller]
    fn is_well(&self) {
        assert!(self.get("/healthz").ends_with("\r\n\r\nok\n"));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.stop();
        self.running.take().unwrap().join().unwrap();
    }
}

fn free_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Reads until the server closes the connection.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    String::from_utf8(bytes).unwrap()
}

#[track_caller]
fn check_status(answer: &str, status: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
}

#[test]
fn jobs_behind_a_url_are_shown_as_those_in_a_folder_are() {
    let bucket = tempfile::tempdir().unwrap();
    let schemes = StoreSchemes::default().with("disk", |url| {
        let folder = url.strip_prefix("disk://").unwrap_or(url);
        Ok(Arc::new(LocalStore::new(folder)))
    });
    let jobs = format!("disk://{}", bucket.path().display());
    let options = ServeOptions::new(jobs, free_port(), Registry::default()).schemes(schemes);
    let behind_url = Bench::of(bucket, options);
    let in_folder = Bench::new();
    for bench in [&behind_url, &in_folder] {
        bench.job(
            "web",
            r#"{"status": "completed", "start_time": 2.0, "end_time": 4.0}"#,
        );
    }
    let listed = behind_url.get("/");
    check_status(&listed, "200");
    assert!(
        listed.contains(r#""job_id":"web","status":"completed""#),
        "{listed}"
    );
    for path in ["/jobs/web", "/jobs/none", "/metrics"] {
        let first_line = |bench: &Bench| {
            let answer = bench.get(path);
            answer.lines().next().unwrap().to_owned()
        };
        assert_eq!(first_line(&behind_url), first_line(&in_folder), "{path}");
    }
    assert!(behind_url.get("/metrics").contains("web"));
}

/// A store that says nothing must not keep those waiting who ask for a page, or for metrics.
#[test]
fn a_silent_store_is_told_within_seconds() {
    const SILENCE: Duration = Duration::from_secs(12);
    let bucket = tempfile::tempdir().unwrap();
    let schemes = StoreSchemes::default().with("disk", |url| {
        std::thread::sleep(SILENCE);
        let folder = url.strip_prefix("disk://").unwrap_or(url);
        Ok(Arc::new(LocalStore::new(folder)))
    });
    let jobs = format!("disk://{}", bucket.path().display());
    let options = ServeOptions::new(jobs, free_port(), Registry::default()).schemes(schemes);
    let bench = Bench::of(bucket, options);
    for path in ["/jobs/web", "/metrics"] {
        let begun = Instant::now();
        let answer = bench.get(path);
        assert!(
            begun.elapsed() < SILENCE / 2,
            "{path}: {:?}",
            begun.elapsed()
        );
        check_status(&answer, "503");
        assert!(answer.contains("has not answered yet"), "{answer}");
    }
    bench.is_well();
}

#[test]
fn pages_have_a_policy_and_are_kept_by_nobody() {
    let bench = Bench::new();
    bench.job(
        "web",
        r#"{"status": "completed", "start_time": 2.0, "end_time": 4.0}"#,
    );
    for path in ["/", "/jobs/web", "/jobs/none", "/none"] {
        let answer = bench.get(path);
        let (head, page) = answer.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let values: Vec<_> = lines.filter(|(found, _)| *found == name).collect();
            assert_eq!(values.len(), 1, "{name} in {head}");
            values[0].1
        };
        let policy = header("Content-Security-Policy");
        let own = policy.strip_suffix("; frame-ancestors 'none'").unwrap();
        assert!(own.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        // A page says the same as its header, so that one that was saved is as safe.
        assert!(
            page.contains(&format!("content=\"{own}\"")),
            "{path}: {policy}"
        );
        assert_eq!(
            own.contains("connect-src 'self'"),
            path == "/",
            "{path}: {policy}"
        );
        assert_eq!(header("X-Content-Type-Options"), "nosniff");
        assert_eq!(header("Cache-Control"), "no-store");
        assert_eq!(header("Content-Length"), page.len().to_string());
    }
}

#[test]
fn every_path_has_its_answer() {
    let bench = Bench::new();
    bench.job("web", r#"{"status": "completed", "start_time": 2.0, "end_time": 4.0, "error_message": "</script><b>"}"#);
    bench.job("odd", "nonsense");
    fs::create_dir_all(bench.folder.path().join("new/journal")).unwrap();
    for (path, status, part) in [
        ("/", "200", "\"job_id\":\"web\""),
        ("/jobs/web", "200", "<title>web – Coldpress</title>"),
        ("/jobs/web/report.json", "200", "\"schema_version\":1"),
        ("/jobs/web/live", "200", "event: over\ndata: "),
        (
            "/metrics",
            "200",
            "coldpress_job_status{job_id=\"web\",status=\"completed\"",
        ),
        ("/healthz?a=b", "200", "ok"),
        ("/jobs/none", "404", "No such job"),
        ("/jobs/none/live", "404", "none"),
        ("/jobs/none/report.json", "404", "none"),
        ("/jobs/new", "404", "Refresh: 3"),
        ("/jobs/odd", "500", "This job cannot be shown"),
        ("/favicon.ico", "404", "There is no page /favicon.ico"),
        ("/jobs/../web", "404", "Not found"),
        ("/jobs/%2e%2e", "404", "Not found"),
        ("/jobs/web/../../../etc/passwd", "404", "Not found"),
        (
            "/jobs/<script>",
            "404",
            "There is no page /jobs/&lt;script&gt;",
        ),
    ] {
        let answer = bench.get(path);
        check_status(&answer, status);
        assert!(answer.contains(part), "no {part} at {path} in {answer}");
    }
    let page = bench.get("/");
    assert!(!page.contains("</script><b>"), "{page}");
    // A head has the length of what it is the head of.
    let head = bench.send(b"HEAD /jobs/web HTTP/1.1\r\nHost: localhost\r\n\r\n");
    check_status(&head, "200");
    assert!(
        head.ends_with("\r\n\r\n") && !head.contains("<html"),
        "{head}"
    );
}

#[test]
fn what_is_no_request_gets_an_error_and_harms_nobody() {
    let bench = Bench::new();
    let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    let path = format!("GET /{} HTTP/1.1\r\n\r\n", "../".repeat(100_000));
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], "400"),
        (b"\0\0\0\0\0\0\0\0\r\n\r\n", "400"),
        (b"GET / HTTP/9.9\r\n\r\n", "400"),
        (
            b"GET http://example.org/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "400",
        ),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\n\r\n",
            "400",
        ),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
            "405",
        ),
        (
            b"DELETE /jobs/web HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "405",
        ),
        (long.as_bytes(), "431"),
        (many.as_bytes(), "431"),
        (path.as_bytes(), "431"),
    ] {
        let answer = bench.send(bytes);
        // A client that keeps sending may find the connection closed before it gets the answer.
        assert!(
            answer.is_empty() && bytes.len() > 100_000
                || answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        bench.is_well();
    }
}

#[test]
fn a_name_of_another_site_is_refused() {
    let bench = Bench::new();
    for (host, status) in [
        ("Host: localhost:9\r\n", "200"),
        ("Host: 127.0.0.1\r\n", "200"),
        ("host: [::1]:80\r\n", "200"),
        ("Host: example.org\r\n", "403"),
        ("Host: 127.0.0.1.example.org\r\n", "403"),
        ("Host:\r\n", "403"),
        ("", "403"),
    ] {
        for path in ["/", "/live", "/jobs/a/report.json", "/healthz", "/metrics"] {
            let mut stream = bench.connect();
            write!(stream, "GET {path} HTTP/1.1\r\n{host}\r\n").unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).unwrap();
            let answer = String::from_utf8_lossy(&answer);
            let is_refused = answer.ends_with("403");
            assert_eq!(is_refused, status == "403", "{host} {path}: {answer}");
        }
    }
}

#[test]
fn who_is_too_slow_is_cut_off() {
    let bench = Bench::with(|options| options.patience(Duration::from_millis(300)));
    let begun = Instant::now();
    let mut silent = bench.connect();
    let mut half = bench.connect();
    half.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
    assert_eq!(rest(&mut silent), "");
    assert_eq!(rest(&mut half), "");
    // A byte now and then gives no more time.
    let mut dripping = bench.connect();
    let mut is_open = true;
    for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
        .iter()
        .cycle()
    {
        is_open &= dripping.write_all(&[*byte]).is_ok();
        if !is_open || begun.elapsed() > PATIENCE {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!is_open, "it is still open");
    bench.is_well();
}

#[test]
fn two_hundred_idle_clients_do_not_keep_others_out() {
    let bench = Bench::new();
    let mut idle: Vec<TcpStream> = (0..200).map(|_| bench.connect()).collect();
    let begun = Instant::now();
    bench.is_well();
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "it waited until they were cut off"
    );
    // The oldest of them had to go.
    assert_eq!(rest(&mut idle[0]), "");
}

#[test]
fn those_that_follow_leave_room_for_others_and_end_with_the_server() {
    let bench = Bench::with(|options| options.connections(8));
    let mut following = Vec::new();
    for _ in 0..6 {
        let mut stream = bench.connect();
        stream
            .write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        following.push(stream);
    }
    check_status(&bench.get("/live"), "503");
    check_status(&bench.get("/"), "200");
    // A client that keeps talking is not a browser.
    following[0].write_all(b"x").unwrap();
    rest(&mut following[0]);
    bench.stop.stop();
    for mut stream in following.drain(1..) {
        let text = rest(&mut stream);
        assert!(
            text.contains("event: changed\ndata: {\"base_dir\":"),
            "{text}"
        );
    }
}

#[test]
fn who_follows_the_list_hears_of_a_new_job() {
    let bench = Bench::new();
    let mut stream = bench.connect();
    stream
        .write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    let mut read_until = |part: &str| {
        let begun = Instant::now();
        while !text.contains(part) {
            assert!(begun.elapsed() < PATIENCE, "{text}");
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    };
    read_until("\"jobs\":[]");
    bench.job("late", r#"{"status": "stopped", "start_time": 2.0}"#);
    read_until("\"job_id\":\"late\",\"status\":\"stopped\"");
}

#[test]
fn a_port_in_use_is_an_error_that_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = Server::bind(ServeOptions::new(
        folder.path(),
        address,
        Registry::default(),
    ));
    let error = error.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("another program does; name another port")
    );
}
