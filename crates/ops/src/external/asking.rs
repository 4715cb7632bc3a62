//! Mappers and filters that ask a program.

use std::sync::Arc;

use coldpress_external::{Answer, Code, Failure, Interpreter, Limits, Mode, Pace, Program, Python};
use coldpress_operator::{
    BatchFilter, BatchMapper, KnownStats, LoadError, MapAnswers, Record, RecordError, StatAnswers,
    StatValue,
};

use super::{apply, line, lines, replace};

/// The program that is asked about records.
pub(crate) enum Asked {
    /// No program: all records stay as they are.
    Nobody,
    /// A Python interpreter that is kept alive.
    Python(Box<Python>),
    /// A program that is started for each call and answers with whole records.
    Mapping(Program),
    /// A program that is started for each call and answers with `true` or `false`.
    Filtering(Program),
}

/// The answer about a record.
pub(crate) enum Reply {
    Of(Answer),
    Record(String),
}

impl Asked {
    /// Starts a Python interpreter.
    pub(crate) fn in_python(
        interpreter: &Interpreter,
        code: &Code,
        mode: Mode,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        let python = Python::start(interpreter.clone(), code, mode, limits.clone());
        let python = python.map_err(|failure| LoadError::new(failure.to_string()))?;
        Ok(Self::Python(Box::new(python)))
    }

    fn ask(&mut self, records: &[Record<'_>]) -> Result<Vec<Reply>, Failure> {
        match self {
            Self::Nobody => Ok(records.iter().map(|_| Reply::Of(Answer::Same)).collect()),
            Self::Python(python) => {
                let answers = python.ask(&lines(records), records.len())?;
                Ok(answers.into_iter().map(Reply::Of).collect())
            }
            Self::Mapping(program) => {
                let answers = program.ask(lines(records), records.len())?;
                Ok(answers.into_iter().map(Reply::Record).collect())
            }
            Self::Filtering(program) => {
                let answers = program.ask(lines(records), records.len())?;
                let keep = |line: String| match line.trim() {
                    "true" | "1" => Answer::Keep(true),
                    "false" | "0" => Answer::Keep(false),
                    other => Answer::Failed(format!(
                        "it must write `true` or `false`, and wrote `{other:.80}`"
                    )),
                };
                Ok(answers
                    .into_iter()
                    .map(|line| Reply::Of(keep(line)))
                    .collect())
            }
        }
    }
}

/// A mapper or filter that asks a program, at the pace that it allows.
pub(crate) struct Asker {
    asked: Asked,
    /// The limits that all threads of the process share.
    pace: Arc<Pace>,
}

impl Asker {
    pub(crate) fn new(asked: Asked, pace: &Arc<Pace>) -> Self {
        let pace = pace.clone();
        Self { asked, pace }
    }

    /// Asks about all records, and calls `each` with every answer and the index of its record.
    pub(crate) fn ask(
        &mut self,
        records: &[Record<'_>],
        mut each: impl FnMut(usize, Reply),
    ) -> Result<(), RecordError> {
        let at_once = match self.pace.counts_calls() {
            true => 1,
            false => records.len().max(1),
        };
        for (call, records) in records.chunks(at_once).enumerate() {
            let _turn = self.pace.turn();
            let replies = self.asked.ask(records);
            let replies = replies.map_err(|failure| RecordError::new(failure.to_string()));
            let replies = match replies {
                // The answers that were given before count, so those records are not sent again.
                Err(error) if self.pace.counts_calls() => {
                    vec![Reply::Of(Answer::Failed(error.to_string()))]
                }
                replies => replies?,
            };
            for (at, reply) in replies.into_iter().enumerate() {
                each(call * at_once + at, reply);
            }
        }
        Ok(())
    }
}

impl BatchMapper for Asker {
    fn map(&mut self, records: &[Record<'_>], answers: &mut MapAnswers) -> Result<(), RecordError> {
        self.ask(records, |at, reply| {
            let changed = match reply {
                Reply::Of(Answer::Same) => Ok(()),
                Reply::Of(Answer::Changed { removed, set }) => {
                    apply(&line(&records[at]), &removed, &set, answers.of(at).whole())
                }
                Reply::Record(new) => replace(&line(&records[at]), &new, answers.of(at).whole()),
                Reply::Of(Answer::Failed(error)) => Err(RecordError::new(error)),
                Reply::Of(_) => Err(RecordError::new("it did not answer as a mapper does")),
            };
            if let Err(error) = changed {
                answers.fail(at, error);
            }
        })
    }
}

impl BatchFilter for Asker {
    fn compute(
        &mut self,
        records: &[Record<'_>],
        answers: &mut StatAnswers,
    ) -> Result<(), RecordError> {
        self.ask(records, |at, reply| match reply {
            Reply::Of(Answer::Keep(keep)) => answers.of(at).set(0, StatValue::Bool(keep)),
            Reply::Of(Answer::Failed(error)) => answers.fail(at, RecordError::new(error)),
            _ => answers.fail(at, RecordError::new("it answered as a mapper does")),
        })
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0] == StatValue::Bool(true)
    }
}
