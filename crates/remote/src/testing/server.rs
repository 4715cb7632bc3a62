//! Servers that run as long as a test does.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use coldpress_storage::StorageOptions;

use sha2::{Digest, Sha256};

use super::faults::{Faults, Proxy};
use super::listener::Listener;
use super::{google, install};

/// How long a server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The key of buckets in S3, and their region.
const S3_KEY: [&str; 2] = ["tester", "hush-hush-hush"];
const S3_REGION: &str = "us-east-1";

/// The account of the emulator of Azure, which everybody knows.
const AZURE_ACCOUNT: &str = "devstoreaccount1";
const AZURE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A server with an empty bucket `data`. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// What answers; it ends when this is dropped.
    _running: Running,
    /// What stands before it.
    _before: Option<Proxy>,
    address: String,
    url: &'static str,
    options: Vec<(&'static str, String)>,
}

/// What answers.
#[derive(Debug)]
enum Running {
    Program {
        process: Child,
        /// Where it keeps its objects, and what it prints.
        _folder: tempfile::TempDir,
    },
    Listener {
        _listener: Listener,
    },
}

impl Server {
    /// S3, by `moto`.
    ///
    /// # Panics
    /// When it cannot be installed or started; the message says what to do.
    #[must_use]
    pub fn s3() -> Self {
        let [key, secret] = S3_KEY;
        let options = [
            ("region", S3_REGION),
            ("access_key_id", key),
            ("secret_access_key", secret),
            // It answers 500 where an upload was given up, and no try helps.
            ("max_retries", "6"),
        ];
        let program = install::python().join("moto_server");
        let server = Self::start("s3://data", &program, |port, _| {
            vec![
                "-H".into(),
                "127.0.0.1".into(),
                "-p".into(),
                port.to_string(),
            ]
        });
        let server = server.one_at_a_time();
        server.request("PUT", "/data", &[]);
        let endpoint = server.endpoint();
        server.with(options).with([("endpoint", endpoint.as_str())])
    }

    /// S3, by `s3s-fs`: another implementation, whose bucket is a folder. It checks signatures, and conditions of uploads too,
    /// but lists no uploads.
    ///
    /// # Panics
    /// As [`s3`](Self::s3).
    #[must_use]
    pub fn s3_of_files() -> Self {
        let program = install::rust().join("s3s-fs");
        let server = Self::start("s3://data", &program, |port, folder| {
            let root = folder.join("buckets");
            std::fs::create_dir_all(root.join("data")).expect("a temporary folder");
            let [port, root] = [port.to_string(), root.display().to_string()];
            let [key, secret] = S3_KEY;
            let host = "127.0.0.1";
            let named = [
                ("host", host),
                ("port", &port),
                ("access-key", key),
                ("secret-key", secret),
            ];
            let named = named.map(|(name, value)| format!("--{name}={value}"));
            named.into_iter().chain([root]).collect()
        });
        let server = server.one_at_a_time();
        let endpoint = server.endpoint();
        let [key, secret] = S3_KEY;
        server.with([
            ("region", S3_REGION),
            ("access_key_id", key),
            ("secret_access_key", secret),
            ("endpoint", endpoint.as_str()),
        ])
    }

    /// The same, which carries out one request after the other.
    fn one_at_a_time(self) -> Self {
        let proxy = Proxy::start(&self.address, Faults::none().one_at_a_time());
        Self {
            address: proxy.address().to_owned(),
            _before: Some(proxy),
            ..self
        }
    }

    /// Azure's store of blobs, by Azurite; none where there is no npm to install it with, unless
    /// `COLDPRESS_SERVERS_REQUIRED` is set.
    ///
    /// # Panics
    /// As [`s3`](Self::s3).
    #[must_use]
    pub fn azure() -> Option<Self> {
        let program = install::node()?.join("azurite-blob");
        let server = Self::start("az://data", &program, |port, folder| {
            let arguments = [
                "--silent",
                "--skipApiVersionCheck",
                "--disableTelemetry",
                "--blobHost",
                "127.0.0.1",
                "--blobPort",
            ];
            let mut arguments: Vec<String> = arguments.map(str::to_owned).into();
            arguments.extend([
                port.to_string(),
                "--location".into(),
                folder.display().to_string(),
            ]);
            arguments
        });
        server.make_azure_container();
        let endpoint = format!("{}/{AZURE_ACCOUNT}", server.endpoint());
        server
            .with([
                ("endpoint", endpoint.as_str()),
                ("account_name", AZURE_ACCOUNT),
                ("account_key", AZURE_KEY),
            ])
            .into()
    }

    /// Google's store, by a stand-in of this crate.
    #[must_use]
    pub fn google() -> Self {
        let listener = google::start();
        let server = Self {
            address: listener.address().to_owned(),
            _before: None,
            _running: Running::Listener {
                _listener: listener,
            },
            url: "gs://data",
            options: Vec::new(),
        };
        let endpoint = server.endpoint();
        server.with([
            ("endpoint", endpoint.as_str()),
            ("bearer_token", "token-of-nobody"),
        ])
    }

    /// The URL of its bucket.
    #[must_use]
    pub fn url(&self) -> &'static str {
        self.url
    }

    /// Where it listens, as `127.0.0.1:1234`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The options to reach it with.
    #[must_use]
    pub fn options(&self) -> StorageOptions {
        self.options_at(&self.address)
    }

    /// The same for what forwards to it from another address.
    #[must_use]
    pub fn options_at(&self, address: &str) -> StorageOptions {
        let options = self.options.iter();
        options.fold(StorageOptions::default(), |options, (key, value)| {
            options.with(self.url, *key, value.replace(&self.address, address))
        })
    }

    /// Returns the variables by which a program finds the bucket of a server of S3.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 4] {
        let [key, secret] = S3_KEY.map(str::to_owned);
        [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", S3_REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ]
    }

    fn start(
        url: &'static str,
        program: &Path,
        arguments: impl Fn(u16, &Path) -> Vec<String>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let log = folder.path().join("log");
        let file = || {
            Stdio::from(
                File::options()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .expect("a temporary file"),
            )
        };
        let mut command = Command::new(program);
        command
            .args(arguments(port, folder.path()))
            .stdin(Stdio::null())
            .stdout(file())
            .stderr(file());
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let address = format!("127.0.0.1:{port}");
        let begun = Instant::now();
        while TcpStream::connect(&address).is_err() {
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            let ended = process.try_wait().expect("a process can be asked");
            assert!(
                ended.is_none(),
                "{command:?} ended ({ended:?}):\n{}",
                said()
            );
            if begun.elapsed() > START_LIMIT {
                let _ = process.kill();
                panic!("{command:?} does not answer:\n{}", said());
            }
            sleep(Duration::from_millis(20));
        }
        let _running = Running::Program {
            process,
            _folder: folder,
        };
        Self {
            _running,
            _before: None,
            address,
            url,
            options: Vec::new(),
        }
    }

    /// Makes the container, with the only request of tests that must be signed.
    fn make_azure_container(&self) {
        let now: DateTime<Utc> = SystemTime::now().into();
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT");
        let headers = format!("x-ms-date:{date}\nx-ms-version:2023-11-03\n");
        let resource = format!("/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/data\nrestype:container");
        let to_sign = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}{resource}");
        let key = STANDARD.decode(AZURE_KEY).expect("the key is in Base64");
        let signature = STANDARD.encode(hmac(&key, to_sign.as_bytes()));
        let headers = format!(
            "x-ms-date: {date}\r\nx-ms-version: 2023-11-03\r\nAuthorization: SharedKey {AZURE_ACCOUNT}:{signature}\r\n"
        );
        self.request_with(
            "PUT",
            &format!("/{AZURE_ACCOUNT}/data?restype=container"),
            &headers,
            b"",
        );
    }

    fn with<const N: usize>(mut self, options: [(&'static str, &str); N]) -> Self {
        self.options
            .extend(options.map(|(key, value)| (key, value.to_owned())));
        self
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a request, without credentials, that must succeed, and gives the answer.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> String {
        self.request_with(method, path, "", body)
    }

    fn request_with(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("the server reads");
        stream.write_all(body).expect("the server reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the server answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(
            answer.starts_with("HTTP/1.1 2"),
            "{method} {path}: {answer}"
        );
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Program { process, .. } = self {
            // One that has ended cannot be killed, and need not be.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

/// HMAC-SHA256, for a key that is not longer than a block.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> {
        let key = key.iter().copied().chain(std::iter::repeat(0));
        key.take(64).map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(text)
        .finalize();
    Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}
