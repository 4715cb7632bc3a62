//! What a driver and a worker process say to each other.
//!
//! Frames over two pipes: the length in bytes as a little-endian `u32`, then a JSON object. Both ends are the same
//! executable, so the form of the messages may change with every release.

use std::io::{self, Read, Write};

use coldpress_storage::WaitNews;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::death::InHand;
use crate::lease::LeaseTerms;
use crate::progress::AtWork;
use crate::queue::Answer;
use crate::spec::JobSpec;

/// The argument that makes a program a worker process. It is the first and only one.
pub const WORKER_ARGUMENT: &str = "--coldpress-worker";

/// What the driver says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// First of all, once the worker has said hello: what the job is.
    Begin {
        /// What is the same for all attempts.
        spec: Box<JobSpec>,
        /// Whether the worker is killed when the thread that started it ends: then no worker is left behind that the driver
        /// knows nothing of.
        #[serde(default)]
        dies_with_parent: bool,
        /// How long the worker may go on without a sign of the driver; none where it sees the driver's end at once.
        #[serde(default)]
        lease: Option<LeaseTerms>,
    },
    /// Run these, one after another.
    Run {
        /// The attempts. The results of those that may be packed are made durable together.
        attempts: Vec<Attempt>,
    },
    /// Leave the attempt at the next batch, and those that follow at once.
    Stop,
}

/// What the worker says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// First of all: that it is a worker, and listens.
    Hello,
    /// It knows the job and waits for attempts.
    Ready,
    /// The driver has renewed the worker's lease, which shows that both reach the job's store.
    Alive,
    /// What the attempt is at.
    AtWork {
        /// How far it is.
        at_work: AtWork,
    },
    /// It waits for a silent server, or the server answers again.
    Waits {
        /// The news about the server.
        news: WaitNews,
    },
    /// In an attempt that gives operators one record at a time: this one comes now.
    InHand {
        /// The record and the operator.
        record: InHand,
    },
    /// Attempts ended.
    Finished {
        /// What became of them.
        answers: Vec<Answer>,
    },
}

/// More is no message of ours.
const LONGEST: usize = 1 << 30;

/// Writes one message.
///
/// # Errors
/// When the other end is gone.
pub fn send(message: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - 4).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    out.write_all(&frame)?;
    out.flush()
}

/// Reads the next message; none when the other end is gone, also in the midst of a message.
///
/// # Errors
/// When what comes is no message.
pub fn receive<M: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    if !read_whole(input, &mut length)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(io::Error::other("no message begins so"));
    }
    let mut message = vec![0; length];
    if !read_whole(input, &mut message)? {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&message)?))
}

/// Fills the buffer; false if the input ends before that.
fn read_whole(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use coldpress_partition::Task;
    use coldpress_record::Origin;

    use super::*;
    use crate::error::AttemptError;

    #[test]
    fn messages_come_through_and_cut_ones_are_none() {
        let messages = [
            FromWorker::Hello,
            FromWorker::Ready,
            FromWorker::Alive,
            FromWorker::AtWork {
                at_work: AtWork {
                    task: Task::new(0, 7),
                    attempt: 1,
                    node: None,
                    records: u64::MAX,
                    read: 9,
                    operation: Some(1),
                    begun: vec![(0, 1.5), (1, 2.25)],
                    from: 0.25,
                    to: 1.0,
                },
            },
            FromWorker::InHand {
                record: InHand {
                    origin: Origin::new(3, 1 << 60).child(7),
                    operation: 2,
                },
            },
            FromWorker::Finished {
                answers: vec![Answer {
                    task: Task::new(1, 4),
                    number: 2,
                    seconds: 0.5,
                    result: Err(AttemptError::stopped()),
                }],
            },
        ];
        let mut stream = Vec::new();
        for message in &messages {
            send(message, &mut stream).unwrap();
        }
        for cut in 0..=stream.len() {
            let mut input = &stream[..cut];
            let mut count = 0;
            while let Some(message) = receive::<FromWorker>(&mut input).unwrap() {
                assert_eq!(message, messages[count]);
                count += 1;
            }
            assert_eq!(count == messages.len(), cut == stream.len());
        }
    }

    #[test]
    fn what_is_no_message_is_told() {
        for bytes in [&[255; 8][..], b"\x02\0\0\0[]", b"\x01\0\0\0{"] {
            assert!(receive::<ToWorker>(&mut &bytes[..]).is_err());
        }
    }
}
