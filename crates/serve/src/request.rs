//! Reading a request: its first lines alone, within bounds of size and time.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::response::Status;

/// A request of a browser has about a kilobyte.
const MAX_HEAD_BYTES: usize = 16 << 10;

const MAX_HEADERS: usize = 64;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) is_head: bool,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) host: Option<String>,
}

/// Why there is no request to answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The client went away, or is too slow: there is nobody to answer.
    Silent,
    /// It gets this status.
    Status(Status),
}

/// Reads a request, within this time.
pub(crate) fn read(mut stream: &TcpStream, patience: Duration) -> Result<Request, Refusal> {
    let begun = Instant::now();
    let mut head = vec![0; MAX_HEAD_BYTES];
    let mut length = 0;
    loop {
        let left = patience.saturating_sub(begun.elapsed());
        // A time of 0 would mean without end.
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Err(Refusal::Silent);
        }
        match stream.read(&mut head[length..]) {
            Ok(read) if read > 0 => length += read,
            _ => return Err(Refusal::Silent),
        }
        if let Some(request) = parse(&head[..length])? {
            return Ok(request);
        }
        if length == head.len() {
            return Err(Refusal::Status(Status::HeadTooLarge));
        }
    }
}

/// Parses the lines so far; none if they are not complete.
fn parse(head: &[u8]) -> Result<Option<Request>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(head) {
        Ok(status) if status.is_complete() => {}
        Ok(_) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Refusal::Status(Status::HeadTooLarge));
        }
        Err(_) => return Err(Refusal::Status(Status::BadRequest)),
    }
    let is_head = match parsed.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return Err(Refusal::Status(Status::MethodNotAllowed)),
    };
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !path.starts_with('/') {
        return Err(Refusal::Status(Status::BadRequest));
    }
    let mut hosts = parsed
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("host"));
    let host = hosts.next().map(|header| header.value);
    // Two of them would mean one thing to us and another to somebody else.
    if hosts.next().is_some() {
        return Err(Refusal::Status(Status::BadRequest));
    }
    Ok(Some(Request {
        is_head,
        path: path.to_owned(),
        query: query.to_owned(),
        host: host.map(|value| String::from_utf8_lossy(value).trim().to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_once_it_is_complete() {
        let text =
            "GET /jobs/a?since=1-2 HTTP/1.1\r\nhost:  localhost:8080 \r\nAccept: */*\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(parse(&text.as_bytes()[..end]), Ok(None), "{end}");
        }
        let request = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(
            (request.path.as_str(), request.query.as_str()),
            ("/jobs/a", "since=1-2")
        );
        assert_eq!(request.host.as_deref(), Some("localhost:8080"));
        assert!(!request.is_head);
    }

    #[test]
    fn what_is_no_request_for_us_gets_a_status() {
        let many = format!(
            "GET / HTTP/1.1\r\n{}\r\n",
            "a: b\r\n".repeat(MAX_HEADERS + 1)
        );
        for (text, status) in [
            ("POST / HTTP/1.1\r\n\r\n", Status::MethodNotAllowed),
            ("DELETE /jobs/a HTTP/1.1\r\n\r\n", Status::MethodNotAllowed),
            ("GET http://other/ HTTP/1.1\r\n\r\n", Status::BadRequest),
            ("GET * HTTP/1.1\r\n\r\n", Status::BadRequest),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                Status::BadRequest,
            ),
            ("\u{0}\u{1}\u{2}", Status::BadRequest),
            ("\u{16}\u{3}\u{1}", Status::BadRequest),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", Status::BadRequest),
            (&many, Status::HeadTooLarge),
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                Err(Refusal::Status(status)),
                "{text:?}"
            );
        }
    }
}
