//! What can be read from anywhere, by threads that know nothing of requests.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use coldpress_storage::Error;
use futures_util::future::BoxFuture;

use crate::blocks::Blocks;
use crate::failure::{Failure, Kind};
use crate::runtime::{self, Started};

/// How much the first request of a stream brings: many readers only look at the beginning.
const FIRST_BYTES: u64 = 512 << 10;
/// How much later ones bring. Four of them under way keep a connection of 300 MB/s busy at a latency of 50 ms.
const LONGEST_BYTES: u64 = 4 << 20;
const UNDER_WAY: usize = 4;

/// Gives the bytes of a range.
pub(crate) type Fetch =
    Arc<dyn Fn(Range<u64>) -> BoxFuture<'static, Result<Bytes, Failure>> + Send + Sync>;

/// Says what went wrong in the terms of stores.
pub(crate) type Explain = Arc<dyn Fn(Failure) -> Error + Send + Sync>;

/// An object of known length that is read by ranges.
pub(crate) struct Ranged {
    pub(crate) length: u64,
    pub(crate) fetch: Fetch,
    pub(crate) blocks: Blocks,
    /// What comes next where somebody reads on and on, and where that is.
    run: Mutex<Option<(u64, Ahead)>>,
}

impl Ranged {
    pub(crate) fn new(length: u64, fetch: Fetch) -> Self {
        Self {
            length,
            fetch,
            blocks: Blocks::default(),
            run: Mutex::default(),
        }
    }

    /// Fills `buffer` with the bytes from `offset` on.
    pub(crate) fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<(), Failure> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(Failure::new(
                Kind::OutOfRange,
                format!("it has {} bytes", self.length),
            ));
        }
        while !buffer.is_empty() {
            let read = self.blocks.read(offset, buffer);
            if read == 0 {
                let (start, bytes) = self.block(offset, buffer.len())?;
                self.blocks.keep(start, bytes);
            }
            offset += read as u64;
            buffer = &mut buffer[read..];
        }
        Ok(())
    }

    /// Gets a block with the bytes from `offset` on, and says where it begins.
    fn block(&self, offset: u64, wanted: usize) -> Result<(u64, Bytes), Failure> {
        // Who reads on has the requests for what comes next under way; another thread that does so too goes without.
        if let Ok(mut run) = self.run.try_lock() {
            if !matches!(&*run, Some((next, _)) if *next == offset) && self.blocks.is_run(offset) {
                *run = Some((offset, self.ahead(offset..self.length)));
            }
            if let Some((next, ahead)) = run.as_mut().filter(|(next, _)| *next == offset) {
                let bytes = ahead.next();
                match &bytes {
                    Ok(bytes) => *next += bytes.len() as u64,
                    Err(_) => *run = None,
                }
                return Ok((offset, bytes?));
            }
        }
        let range = self.blocks.next_range(offset, wanted, self.length);
        let start = range.start;
        Ok((start, runtime::run((self.fetch)(range))?))
    }

    fn ahead(&self, range: Range<u64>) -> Ahead {
        let end = range.end.min(self.length);
        Ahead {
            fetch: Arc::clone(&self.fetch),
            under_way: VecDeque::new(),
            taken: 0,
            next: range.start.min(end)..end,
        }
    }

    /// Gives the bytes of a range in their order.
    pub(crate) fn stream(&self, range: Range<u64>, explain: Explain) -> Stream {
        Stream {
            ahead: self.ahead(range),
            explain,
            current: Bytes::new(),
        }
    }
}

impl fmt::Debug for Ranged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ranged")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Gets a range with several requests under way. Those are given up when it is dropped.
struct Ahead {
    fetch: Fetch,
    under_way: VecDeque<Started<Bytes>>,
    /// How many requests were answered.
    taken: usize,
    /// What no request was made for yet.
    next: Range<u64>,
}

impl Ahead {
    /// The next bytes; none at the end of the range.
    fn next(&mut self) -> Result<Bytes, Failure> {
        // Whoever goes on reading gets more requests, and longer ones.
        while self.under_way.len() < UNDER_WAY.min(self.taken + 2) && !self.next.is_empty() {
            let begun = self.taken + self.under_way.len();
            let length = (FIRST_BYTES << begun.min(16)).min(LONGEST_BYTES);
            let end = self.next.start.saturating_add(length).min(self.next.end);
            let range = self.next.start..end;
            let started = runtime::start((self.fetch)(range))?;
            self.under_way.push_back(started);
            self.next.start = end;
        }
        let Some(oldest) = self.under_way.pop_front() else {
            return Ok(Bytes::new());
        };
        self.taken += 1;
        oldest.wait()
    }
}

/// Reads a range with several requests under way.
pub(crate) struct Stream {
    ahead: Ahead,
    explain: Explain,
    current: Bytes,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty() && !buffer.is_empty() {
            let next = self.ahead.next();
            self.current = next.map_err(|failure| io_error((self.explain)(failure)))?;
        }
        let length = self.current.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = &self.ahead.next;
        f.debug_struct("Stream")
            .field("next", next)
            .finish_non_exhaustive()
    }
}

/// An error of a reader, with all that is known of it.
pub(crate) fn io_error(error: Error) -> io::Error {
    io::Error::new(error.kind(), error)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn explain() -> Explain {
        Arc::new(|failure| Error::store(&"a test", "read", "x", io::Error::from(failure)))
    }

    /// Bytes that tell their place, and how many were asked for and not yet taken.
    fn counted(length: u64, waiting: &Arc<AtomicUsize>) -> Ranged {
        let waiting = Arc::clone(waiting);
        let fetch = move |range: Range<u64>| -> BoxFuture<'static, Result<Bytes, Failure>> {
            waiting.fetch_add((range.end - range.start) as usize, Ordering::Relaxed);
            Box::pin(async move { Ok(range.map(|at| (at / 3) as u8).collect()) })
        };
        Ranged::new(length, Arc::new(fetch))
    }

    #[test]
    fn a_stream_gives_its_range_and_never_holds_much() {
        let asked = Arc::new(AtomicUsize::new(0));
        let ranged = counted(40 << 20, &asked);
        let range = 1_000..(37 << 20) + 5;
        let mut stream = ranged.stream(range.clone(), explain());
        let (mut at, mut buffer) = (range.start, vec![0; 70_001]);
        loop {
            let read = stream.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            for byte in &buffer[..read] {
                assert_eq!(*byte, (at / 3) as u8);
                at += 1;
            }
            let held = asked.load(Ordering::Relaxed) - (at - range.start) as usize;
            assert!(
                held <= UNDER_WAY * LONGEST_BYTES as usize,
                "{held} bytes are held at {at}"
            );
        }
        assert_eq!(at, range.end);
    }

    #[test]
    fn a_reader_of_the_beginning_asks_for_little() {
        let asked = Arc::new(AtomicUsize::new(0));
        let ranged = counted(1 << 30, &asked);
        let mut stream = ranged.stream(0..1 << 30, explain());
        stream.read_exact(&mut [0; 1000]).unwrap();
        assert!(asked.load(Ordering::Relaxed) <= 2 << 20);
    }

    #[test]
    fn who_reads_on_has_requests_under_way_and_gets_every_byte() {
        let asked = Arc::new(AtomicUsize::new(0));
        let length = 30 << 20;
        let ranged = counted(length, &asked);
        let mut buffer = vec![0; 50_000];
        let (mut at, mut most) = (0, 0);
        while at < length {
            let piece = &mut buffer[..(length - at).min(50_000) as usize];
            ranged.read_at(at, piece).unwrap();
            let is_right = |(index, byte): (u64, &u8)| *byte == ((at + index) / 3) as u8;
            assert!(
                (at..length)
                    .map(|place| place - at)
                    .zip(&*piece)
                    .all(is_right)
            );
            at += piece.len() as u64;
            most = most.max(asked.load(Ordering::Relaxed) - at as usize);
        }
        assert!(most > 8 << 20 && most <= 24 << 20, "{most} bytes ahead");
        assert_eq!(asked.load(Ordering::Relaxed), length as usize);
        ranged.read_at(7, &mut buffer).unwrap();
        assert_eq!(buffer[..3], [2, 2, 3]);
    }

    #[test]
    fn a_failure_is_an_error_of_the_reader() {
        let fetch: Fetch = Arc::new(|_| Box::pin(async { Err(Failure::other("no luck")) }));
        let ranged = Ranged::new(10, fetch);
        let error = ranged
            .stream(0..10, explain())
            .read(&mut [0; 5])
            .unwrap_err();
        assert_eq!(error.to_string(), "cannot read `x` in a test");
        assert!(ranged.read_at(0, &mut [0; 5]).is_err());
        assert_eq!(
            ranged.read_at(8, &mut [0; 5]).unwrap_err().kind,
            Kind::OutOfRange
        );
    }
}
