//! A proxy that does to requests what networks and servers do to them.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::listener::{Listener, Reply, Request, answer};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not arrive: the connection ends.
    Lost,
    /// It arrives and is carried out, but its answer does not come back.
    AnswerLost,
    /// It is carried out twice; the second answer comes back.
    Twice,
    /// Its answer ends early.
    Truncated,
    /// It is not carried out, and the answer is this status.
    Refused(u16),
    /// It takes longer.
    Delayed(Duration),
}

/// Which requests meet with which faults.
#[derive(Debug)]
pub struct Faults {
    state: u64,
    /// Of a thousand requests.
    rate: u64,
    latency: Duration,
    /// Faults that come first, whatever chance says.
    planned: Vec<(String, Fault)>,
    one_at_a_time: bool,
}

impl Faults {
    /// No fault at all.
    #[must_use]
    pub fn none() -> Self {
        Self::random(0, 0)
    }

    /// Faults of all kinds at `rate` of a thousand requests; the same ones for the same seed and the same requests.
    #[must_use]
    pub fn random(seed: u64, rate: u64) -> Self {
        Self {
            state: seed,
            rate,
            latency: Duration::ZERO,
            planned: Vec::new(),
            one_at_a_time: false,
        }
    }

    /// Lets the server carry out one request after the other: one that looks and writes in two steps does not keep
    /// conditions where several come at once.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        self.one_at_a_time = true;
        self
    }

    /// Adds a time that every request takes.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Adds a fault for the next request whose method and target, as in `PUT /data/x?uploadId=…`, have `part` in them.
    #[must_use]
    pub fn next(mut self, part: &str, fault: Fault) -> Self {
        self.planned.push((part.to_owned(), fault));
        self
    }

    fn draw(&mut self, request: &str) -> Option<Fault> {
        if let Some(index) = self
            .planned
            .iter()
            .position(|(part, _)| request.contains(part))
        {
            return Some(self.planned.remove(index).1);
        }
        if self.number(1000) >= self.rate {
            return None;
        }
        Some(match self.number(8) {
            0 => Fault::Lost,
            1 | 2 => Fault::AnswerLost,
            3 => Fault::Twice,
            4 => Fault::Truncated,
            5 => Fault::Refused([500, 502, 503, 504][self.number(4) as usize]),
            6 => Fault::Refused(429),
            _ => Fault::Delayed(Duration::from_millis(self.number(200))),
        })
    }

    /// A number below `limit`, by splitmix64.
    fn number(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Requests, each with what happened to it.
type Seen = Vec<(String, Option<Fault>)>;

/// A proxy before a server of HTTP.
#[derive(Debug)]
pub struct Proxy {
    listener: Listener,
    seen: Arc<Mutex<Seen>>,
}

impl Proxy {
    /// Starts a proxy before the server that listens at this address, as `127.0.0.1:1234`.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(upstream: &str, faults: Faults) -> Self {
        let upstream = upstream.to_owned();
        let (latency, one_at_a_time) = (faults.latency, faults.one_at_a_time);
        let (faults, turn) = (Mutex::new(faults), Mutex::new(()));
        let seen = Arc::new(Mutex::new(Seen::new()));
        let record = Arc::clone(&seen);
        let listener = Listener::start(move |request| {
            let named = format!("{} {}", request.method, request.target);
            let fault = faults
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .draw(&named);
            record
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((named, fault));
            thread::sleep(latency);
            let turn = || turn.lock().unwrap_or_else(PoisonError::into_inner);
            let _turn = one_at_a_time.then(turn);
            // A server that is gone ends the connection too.
            pass(&upstream, &request, fault).unwrap_or(Reply::Nothing)
        });
        Self { listener, seen }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        self.listener.address()
    }

    /// The requests until now, as `GET /data/x`, each with what happened to it.
    #[must_use]
    pub fn seen(&self) -> Vec<(String, Option<Fault>)> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn pass(upstream: &str, request: &Request, fault: Option<Fault>) -> io::Result<Reply> {
    match fault {
        Some(Fault::Lost) => return Ok(Reply::Nothing),
        Some(Fault::Refused(status)) => {
            let headers = [
                ("Content-Length", "0".to_owned()),
                ("Retry-After", "0".to_owned()),
            ];
            return Ok(Reply::Bytes(answer(status, &headers, b"")));
        }
        Some(Fault::Delayed(time)) => thread::sleep(time),
        Some(Fault::Twice) => drop(forward(upstream, request)?),
        Some(Fault::AnswerLost | Fault::Truncated) | None => {}
    }
    let mut bytes = forward(upstream, request)?;
    match fault {
        Some(Fault::AnswerLost) => return Ok(Reply::Nothing),
        Some(Fault::Truncated) => {
            let head = bytes
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
                .map_or(0, |at| at + 4);
            // At least the last byte is missing.
            bytes.truncate((head + (bytes.len() - head) / 2).min(bytes.len().saturating_sub(1)));
        }
        _ => {}
    }
    Ok(Reply::Bytes(bytes))
}

/// The whole answer of the server.
fn forward(upstream: &str, request: &Request) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(upstream)?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        if name != "connection" {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str("connection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&request.body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}
