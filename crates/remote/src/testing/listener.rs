//! A server of HTTP that is as simple as can be: one request per connection, each in a thread.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// A longer request is none that a test makes.
const MAX_BODY_BYTES: usize = 256 << 20;
/// A client that says nothing for so long is gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(120);

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path with its query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What a client gets.
#[derive(Debug)]
pub(super) enum Reply {
    /// These bytes, head and body, and then the end of the connection.
    Bytes(Vec<u8>),
    /// The end of the connection at once.
    Nothing,
}

impl Request {
    /// The value of a header, whose name is in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(own, _)| own == name);
        header.map(|(_, value)| value.as_str())
    }

    fn read(stream: &TcpStream) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split(' ').map(str::to_owned);
        let (method, target) = words.next().zip(words.next()).ok_or_else(invalid)?;
        let mut request = Self {
            method,
            target,
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            request
                .headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = request.header("content-length").map_or(Ok(0), str::parse);
        let length = length.map_err(|_| invalid())?;
        if length > MAX_BODY_BYTES {
            return Err(invalid());
        }
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body)?;
        Ok(request)
    }
}

/// The bytes of an answer.
pub(super) fn answer(status: u16, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} Test\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"Connection: close\r\n\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// Answers requests until it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    address: String,
    is_over: Arc<AtomicBool>,
}

impl Listener {
    pub(super) fn start(handle: impl Fn(Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener
            .local_addr()
            .expect("it has an address")
            .to_string();
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, handle) = (Arc::clone(&is_over), Arc::new(handle));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let handle = Arc::clone(&handle);
                thread::spawn(move || serve(&stream, &*handle));
            }
        });
        Self { address, is_over }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // It waits for a connection.
        let _ = TcpStream::connect(&self.address);
    }
}

fn serve(mut stream: &TcpStream, handle: &(dyn Fn(Request) -> Reply + Send + Sync)) {
    let _ = stream.set_read_timeout(Some(SILENCE_LIMIT));
    let Ok(request) = Request::read(stream) else {
        return;
    };
    if let Reply::Bytes(bytes) = handle(request) {
        // A client that has gone does not want them.
        let _ = stream.write_all(&bytes);
    }
    let _ = stream.shutdown(std::net::Shutdown::Both);
}
