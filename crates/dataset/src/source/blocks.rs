//! Reading parts of a file at a URL. The file is fetched in blocks, and the latest are kept.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use coldpress_storage::RemoteFile;

/// The least that one request fetches. A request costs as much time as a megabyte.
const BLOCK_BYTES: u64 = 1 << 20;
/// The number of blocks that one request fetches if the block before was read too.
const AHEAD_BLOCKS: u64 = 8;
/// The number of blocks that are kept. A table may have many columns, and each is read at its own place.
const KEPT_BLOCKS: usize = 64;

/// The most recently read blocks of a file, shared by all handles.
#[derive(Debug)]
pub(crate) struct Blocks {
    file: Arc<dyn RemoteFile>,
    /// The blocks by number, the latest last.
    kept: Mutex<VecDeque<(u64, Bytes)>>,
    /// The file from its start, as far as it was read, for servers that cannot give ranges.
    whole: Mutex<Option<Whole>>,
}

/// A file that is read from its start.
struct Whole {
    position: u64,
    bytes: Box<dyn Read + Send>,
}

impl std::fmt::Debug for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Whole({})", self.position)
    }
}

impl Blocks {
    pub(crate) fn new(file: Arc<dyn RemoteFile>) -> Self {
        Self {
            file,
            kept: Mutex::default(),
            whole: Mutex::default(),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.file.meta().length
    }

    pub(crate) fn file(&self) -> &Arc<dyn RemoteFile> {
        &self.file
    }

    /// Reads some bytes from `offset` on; none at the end.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.len() || buffer.is_empty() {
            return Ok(0);
        }
        let number = offset / BLOCK_BYTES;
        let block = match self.find(number) {
            Ok(block) => block,
            Err(follows) => self.fetch(number, follows)?,
        };
        let from = (offset - number * BLOCK_BYTES) as usize;
        let Some(found) = block.get(from..).filter(|found| !found.is_empty()) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let length = found.len().min(buffer.len());
        buffer[..length].copy_from_slice(&found[..length]);
        Ok(length)
    }

    /// Returns the block of this number, or else whether the one before it is there.
    fn find(&self, number: u64) -> Result<Bytes, bool> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = kept.iter().position(|(one, _)| *one == number) else {
            return Err(kept.iter().any(|(one, _)| *one + 1 == number));
        };
        let Some(block) = kept.remove(at) else {
            return Err(false);
        };
        let bytes = block.1.clone();
        kept.push_back(block);
        Ok(bytes)
    }

    fn fetch(&self, number: u64, follows: bool) -> io::Result<Bytes> {
        let start = number * BLOCK_BYTES;
        let blocks = if follows { AHEAD_BLOCKS } else { 1 };
        let length = (self.len() - start).min(blocks * BLOCK_BYTES) as usize;
        let mut bytes = vec![0; length];
        match self.file.meta().seekable {
            true => self.file.read_at(start, &mut bytes)?,
            false => self.read_on(start, &mut bytes)?,
        }
        let bytes = Bytes::from(bytes);
        let pieces = (0..length).step_by(BLOCK_BYTES as usize);
        let pieces = pieces.map(|at| bytes.slice(at..length.min(at + BLOCK_BYTES as usize)));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, piece) in (number..).zip(pieces.clone()) {
            kept.retain(|(one, _)| *one != number);
            kept.push_back((number, piece));
        }
        while kept.len() > KEPT_BLOCKS {
            kept.pop_front();
        }
        Ok(pieces.into_iter().next().unwrap_or_default())
    }

    /// Reads a file that can only be read from its start: continues, or starts over.
    fn read_on(&self, start: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = match whole.take().filter(|whole| whole.position <= start) {
            Some(open) => open,
            None => Whole {
                position: 0,
                bytes: self.file.stream(0..self.len())?,
            },
        };
        let skipped = start - open.position;
        io::copy(&mut (&mut open.bytes).take(skipped), &mut io::sink())?;
        open.bytes.read_exact(buffer)?;
        open.position = start + buffer.len() as u64;
        *whole = Some(open);
        Ok(())
    }
}
