//! Handing out sorted records to threads, each of which writes the rows of one partition at a time.
//!
//! The records come in one stream, from the first partition to the last. What takes time is to write them, so the stream is
//! read by one thread and only cut there. A partition's file depends on its records alone, not on the thread that writes it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use coldpress_barrier::{Arranged, ArrangedRecords};
use coldpress_storage::{crash_point, spawn_scoped};

use super::arriving::Arriving;
use super::slices::Slices;
use super::write::Writing;
use super::{PlacedPartition, Placing, PlacingError, SetAside, failed};

/// Records are handed out in pieces of about so many bytes, and so many pieces wait for a thread.
const PIECE_BYTES: usize = 256 << 10;
const PIECES_AHEAD: usize = 4;

/// The rows of a partition that are to be written.
struct Task {
    partition: u32,
    set_aside: SetAside,
    records: Arriving,
}

/// Writes the rows of all partitions with at most so many threads.
pub(super) fn write_all(
    placing: &Placing<'_>,
    mut records: ArrangedRecords<'_>,
    is_grouped: bool,
    slices: Slices,
    set_aside: Vec<SetAside>,
) -> Result<Vec<PlacedPartition>, PlacingError> {
    // Groups are held in memory, and one of them may take all that there is.
    let threads = if is_grouped {
        1
    } else {
        placing.threads.max(1)
    };
    let (tasks, queue) = channel::<Task>();
    let queue = Mutex::new(queue);
    let written = Mutex::new(Vec::with_capacity(set_aside.len()));
    let has_failed = AtomicBool::new(false);
    let write = || {
        while let Some(task) = next_task(&queue) {
            // Records that still wait are dropped, so that the reading thread does not block on handing them over.
            if has_failed.load(Ordering::Relaxed) {
                continue;
            }
            let positions = slices.of(u64::from(task.partition));
            // Its end tells that no more records are wanted.
            let writing = Writing::new(placing, task.records, is_grouped);
            let placed = writing.write(task.partition, positions, task.set_aside);
            has_failed.fetch_or(placed.is_err(), Ordering::Relaxed);
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            written.push((task.partition, placed));
            drop(written);
            crash_point!("barrier.placed");
        }
    };
    let handed_out = std::thread::scope(|scope| {
        // Moved in, so that the threads end with this one, however that ends.
        let tasks = tasks;
        for number in 0..threads {
            match spawn_scoped(scope, "coldpress-place", write) {
                Ok(_) => {}
                // Fewer threads take longer, and that is all.
                Err(_) if number > 0 => break,
                Err(error) => return Err(failed(&error)),
            }
        }
        let mut next = records.next_record().map_err(|error| failed(&error))?;
        for (partition, set_aside) in (0..).zip(set_aside) {
            let (pieces, arriving) = sync_channel(PIECES_AHEAD);
            let task = Task {
                partition,
                set_aside,
                records: Arriving::new(arriving),
            };
            let end = slices.of(u64::from(partition)).end;
            if tasks.send(task).is_err() || has_failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            while next.as_ref().is_some_and(|next| next.position < end) {
                let piece = take_piece(&mut records, &mut next, end)?;
                // A thread that has failed takes no more.
                if pieces.send(piece).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    });
    let mut written = written.into_inner().unwrap_or_else(PoisonError::into_inner);
    written.sort_by_key(|(partition, _)| *partition);
    // Where the records came to an end too early, that is why nothing could be written.
    handed_out?;
    written.into_iter().map(|(_, placed)| placed).collect()
}

/// Takes the next records before a position, about as many as a piece holds.
fn take_piece(
    records: &mut ArrangedRecords<'_>,
    next: &mut Option<Arranged>,
    end: u64,
) -> Result<Vec<Arranged>, PlacingError> {
    let (mut piece, mut bytes) = (Vec::new(), 0);
    while bytes < PIECE_BYTES
        && let Some(record) = next.take_if(|next| next.position < end)
    {
        bytes += record.bytes.len() + size_of::<Arranged>();
        piece.push(record);
        *next = records.next_record().map_err(|error| failed(&error))?;
    }
    Ok(piece)
}

fn next_task(queue: &Mutex<Receiver<Task>>) -> Option<Task> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.recv().ok()
}
