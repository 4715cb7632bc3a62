//! Where the records of an attempt come from: its slice, or what an earlier attempt made of it.

mod delta;
mod drawing;
mod earlier;
mod lines;
mod needed;
mod records;
mod slice;
mod suffix;
mod table;

use coldpress_failure::ErrorClass;

use crate::attempt::{Assignment, Start};
use crate::error::{AttemptError, FailureKind};
use delta::DeltaInput;
use earlier::EarlierInput;
use slice::open_slice;

pub(crate) use earlier::{LineRows, open_lines};
pub(crate) use needed::has_needed;
pub(crate) use records::{Found, Records};
pub(crate) use slice::open_whole_slice;

/// Opens the best start from the `first`-th on that is good, and says which it is; the reasons why others were not go
/// to `set_aside`. The slice itself counts as the last.
pub(crate) fn open<'a>(
    work: Assignment<'a>,
    first: usize,
    set_aside: &mut Vec<String>,
) -> Result<(Box<dyn Records + 'a>, usize), AttemptError> {
    for (at, start) in work.attempt.starts.iter().enumerate().skip(first) {
        match open_start(work, start) {
            Ok(input) => return Ok((input, at)),
            // A slice that is not what was planned has nothing to do with the checkpoint, and neither has an obstacle.
            Err(error) if error.is_of_every_start() => return Err(error),
            Err(error) => set_aside.push(error.message),
        }
    }
    if work.attempt.task.stage > 0 {
        let message = format!(
            "what the stage before made of the partition cannot be used: {}",
            set_aside.join("; ")
        );
        return Err(AttemptError {
            kind: FailureKind::LostStage,
            ..AttemptError::new(ErrorClass::System, message)
        });
    }
    if !work.attempt.from_input {
        let message = "no checkpoint can be used, and the recipe does not allow starting over; set \
                       `recovery.restart_from_beginning_if_no_checkpoint: true` or run with `--fresh`";
        return Err(AttemptError::new(ErrorClass::Config, message));
    }
    Ok((open_slice(work)?, work.attempt.starts.len()))
}

fn open_start<'a>(
    work: Assignment<'a>,
    start: &Start,
) -> Result<Box<dyn Records + 'a>, AttemptError> {
    let input: Box<dyn Records + 'a> = match start {
        Start::Delta { operation, files } => Box::new(DeltaInput::open(work, *operation, files)?),
        _ => Box::new(EarlierInput::open(work, start)?),
    };
    // What is taken over besides rows must be whole too.
    if let Some(manifest) = input.manifest() {
        let dropped = manifest.dropped.iter().flatten().map(|rows| &rows.file);
        let dropped = dropped.filter(|_| work.spec.keep_dropped);
        let traced = manifest.trace.iter().flat_map(|traced| &traced.files);
        let traced = traced.filter(|_| work.spec.trace.is_some());
        let traced = traced.map(|traced| &traced.file);
        let mut taken = manifest.quarantine.iter().chain(dropped).chain(traced);
        taken.try_for_each(|file| work.stores.verify(file))?;
    }
    Ok(input)
}
