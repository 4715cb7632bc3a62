//! `coldpress serve` as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::bench::Bench;

/// A server that runs; ended with the test.
pub(crate) struct Server {
    child: Child,
    /// Its address, as `127.0.0.1:40123`.
    pub(crate) address: String,
}

impl Server {
    /// Serves the jobs of the bench at any port.
    pub(crate) fn start(bench: &Bench) -> Self {
        Self::start_at(bench, "127.0.0.1:0")
    }

    #[track_caller]
    pub(crate) fn start_at(bench: &Bench, listen: &str) -> Self {
        let mut command = bench.command(&format!("serve --base-dir jobs --listen {listen}"));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("Listening on http://");
        let address = address.expect("it says where it listens").to_owned();
        Self { child, address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the answer to a request, with its head.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it by a signal, and returns its exit code.
    pub(crate) fn end(mut self, signal: &str) -> Option<i32> {
        let line = format!("kill -{signal} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &line])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
