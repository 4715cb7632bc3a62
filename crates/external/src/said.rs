//! The output of a process that isn't an answer.

use std::fs::OpenOptions;
use std::io::{Read, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The number of bytes that are kept from the end of what a process printed.
const KEPT: usize = 4096;

/// The most bytes that one process may put into the log.
const LOGGED: u64 = 64 << 20;

/// The end of what a process printed.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<Vec<u8>>);

impl Said {
    /// Reads everything that a process prints, on a thread of its own, so that the process never has to wait for a reader.
    pub(crate) fn listen(mut output: impl Read + Send + 'static, log: Option<&Path>) -> Arc<Self> {
        let said = Arc::new(Self::default());
        let (kept, log) = (said.clone(), log.map(Path::to_owned));
        let listen = move || {
            let mut log =
                log.and_then(|path| OpenOptions::new().append(true).create(true).open(path).ok());
            let (mut buffer, mut room) = (vec![0; 1 << 14], LOGGED);
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                kept.keep(&buffer[..length]);
                // A log that cannot be written to is no reason to stop.
                if let Some(file) = log.as_mut().filter(|_| room > 0) {
                    let _ = file.write_all(&buffer[..length]);
                    room = room.saturating_sub(length as u64);
                }
            }
        };
        // Without a thread, the output is lost, and the process gets an error when it prints.
        let _ = std::thread::Builder::new()
            .name("printed".to_owned())
            .spawn(listen);
        said
    }

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }

    /// Adds the last lines that the process printed to a message.
    pub(crate) fn after(&self, message: String) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        match text.trim() {
            "" => message,
            text => format!("{message}; it printed last:\n{text}"),
        }
    }
}
