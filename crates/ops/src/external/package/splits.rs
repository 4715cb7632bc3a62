//! Mappers of the package that may make any number of records of one.

use coldpress_external::Answer;
use coldpress_operator::{Children, Edits, Record, RecordError, Splitter};

use crate::external::{Asker, Reply, apply, line};

/// A mapper that is given one record at a time, so that it is known which records came of it.
pub(super) struct Splits(Asker);

impl Splits {
    pub(super) fn new(asker: Asker) -> Self {
        Self(asker)
    }
}

impl Splitter for Splits {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        let mut split = Ok(());
        self.0.ask(std::slice::from_ref(record), |_, reply| {
            split = match reply {
                Reply::Of(Answer::Split(answers)) => answers.iter().try_for_each(|answer| {
                    children.push(child(record, answer)?);
                    Ok(())
                }),
                Reply::Of(Answer::Failed(error)) => Err(RecordError::new(error)),
                _ => Err(RecordError::new("it did not answer as a mapper does")),
            };
        })?;
        split
    }
}

/// The line of a record that came of another. What is as it was keeps its bytes.
fn child(record: &Record<'_>, answer: &Answer) -> Result<String, RecordError> {
    let before = line(record);
    let Answer::Changed { removed, set } = answer else {
        return Ok(before);
    };
    let (mut edits, mut after) = (Edits::default(), String::new());
    apply(&before, removed, set, &mut edits)?;
    edits
        .apply(&before, &mut after)
        .map_err(|error| RecordError::new(error.to_string()))?;
    Ok(after)
}
