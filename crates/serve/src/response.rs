//! Writing a response.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use coldpress_report::Page;

/// The status of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    BadRequest,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    HeadTooLarge,
    Failed,
    Busy,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::Failed => "500 Internal Server Error",
            Self::Busy => "503 Service Unavailable",
        }
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: Status,
    kind: &'static str,
    policy: Option<String>,
    /// Seconds after which a browser asks again.
    again_after: Option<u32>,
    body: String,
}

impl Response {
    fn new(status: Status, kind: &'static str, body: String) -> Self {
        Self {
            status,
            kind,
            policy: None,
            again_after: None,
            body,
        }
    }

    pub(crate) fn text(status: Status, text: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text.into())
    }

    pub(crate) fn json(json: String) -> Self {
        Self::new(Status::Ok, "application/json", json)
    }

    /// The content type of Prometheus' text format.
    pub(crate) fn metrics(text: String) -> Self {
        Self::new(Status::Ok, "text/plain; version=0.0.4; charset=utf-8", text)
    }

    pub(crate) fn page(status: Status, page: Page) -> Self {
        Self {
            policy: Some(page.policy),
            ..Self::new(status, "text/html; charset=utf-8", page.html)
        }
    }

    /// Makes browsers ask again, for something that is not there yet.
    pub(crate) fn again_after(mut self, seconds: u32) -> Self {
        self.again_after = Some(seconds);
        self
    }

    fn head(&self) -> String {
        let mut head = head(self.status, self.kind, self.policy.as_deref());
        // Writing to a text cannot fail.
        let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        if let Some(seconds) = self.again_after {
            let _ = write!(head, "Refresh: {seconds}\r\n");
        }
        if self.status == Status::MethodNotAllowed {
            head.push_str("Allow: GET, HEAD\r\n");
        }
        head + "\r\n"
    }
}

/// The lines that all responses begin with. Nothing is kept by browsers, framed by other sites, or taken for what it is not.
pub(crate) fn head(status: Status, kind: &str, policy: Option<&str>) -> String {
    let policy = policy.unwrap_or("default-src 'none'");
    format!(
        "HTTP/1.1 {}\r\nContent-Type: {kind}\r\nContent-Security-Policy: {policy}; frame-ancestors 'none'\r\n\
         X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: no-referrer\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n",
        status.line()
    )
}

/// Writes bytes to a client that takes a part of them within this time, and all of them within ten times as much.
pub(crate) fn put(mut stream: &TcpStream, bytes: &[u8], patience: Duration) -> io::Result<()> {
    const PART: usize = 64 << 10;
    let begun = Instant::now();
    stream.set_write_timeout(Some(patience))?;
    for part in bytes.chunks(PART) {
        if begun.elapsed() > 10 * patience {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.write_all(part)?;
    }
    Ok(())
}

/// Sends a response, without its body where only the head was asked for, and ends the connection.
pub(crate) fn send(stream: &TcpStream, response: &Response, is_head: bool, patience: Duration) {
    let mut bytes = response.head().into_bytes();
    if !is_head {
        bytes.extend_from_slice(response.body.as_bytes());
    }
    // A client that went away misses nothing.
    if put(stream, &bytes, patience).is_ok() {
        finish(stream);
    }
}

/// Ends a connection so that what was sent arrives: closing it with unread bytes would throw it away.
pub(crate) fn finish(mut stream: &TcpStream) {
    const MOST_READ: usize = 256 << 10;
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let begun = Instant::now();
    let (mut buffer, mut total) = ([0; 4096], 0);
    while begun.elapsed() < Duration::from_secs(1) && total < MOST_READ {
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => total += read,
            _ => return,
        }
    }
}
