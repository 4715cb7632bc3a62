//! A filter: computes a statistic once, and decides by it.

use coldpress::prelude::*;

params! {
    /// Parameters of `question_filter`.
    pub struct QuestionParams {
        /// The greatest number of question marks.
        max_questions: u64 = 2;
    }
}

struct Question(QuestionParams);

impl Filter for Question {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        let questions = record.text(0)?.matches('?').count();
        stats.set(0, StatValue::Int(questions as i64));
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0].as_f64() <= self.0.max_questions as f64
    }
}

/// Drops texts with too many questions.
pub fn question_filter() -> OperatorSpec {
    OperatorSpec::filter(
        "question_filter",
        "Drops texts with too many questions.",
        |params: QuestionParams, _cx| Ok(Resolved::new(move || Question(params.clone())).stat("questions", StatKind::Int)),
    )
}
