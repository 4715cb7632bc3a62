//! One operator of a chain.

use std::fmt;
use std::sync::Arc;

use coldpress_record::{Batch, Stat, Stats};

use crate::assets::Shared;
use crate::decision::Decision;
use crate::filter::KnownStats;
use crate::pipeline::Pipeline;
use crate::record::Record;
use crate::resolved::{Body, ResolvedOperator};

/// An operator with its position.
pub(super) struct Step {
    pub(super) site: Site,
    pub(super) body: Body,
    /// The decision about the rows of the partition, for an operator that needs the whole dataset.
    pub(super) decided: Option<Decided>,
}

/// A decision, and the progress in applying it.
pub(super) struct Decided {
    pub(super) decision: Arc<Decision>,
    /// The next row.
    pub(super) next: u64,
}

/// The position of an operator in the recipe and in the batch.
pub(super) struct Site {
    /// Its place in the recipe.
    pub(super) index: u32,
    pub(super) operator: ResolvedOperator,
    /// The batch's columns for the fields that the operator declared.
    pub(super) columns: Vec<usize>,
    /// The index of the text among these fields, if it is one of them.
    pub(super) text: Option<usize>,
    /// The batch's columns for its statistics.
    pub(super) stat_columns: Vec<usize>,
    /// The batch's column for its verdicts, for a filter that drops nothing.
    pub(super) verdict_column: Option<usize>,
    /// The number of the batch's columns for statistics of it and the operators before it, which come first.
    pub(super) stats_so_far: usize,
}

impl Step {
    /// Returns the `index`-th operator of the pipeline, with its body.
    pub(super) fn new(pipeline: &Pipeline, index: usize, body: Body) -> Self {
        let operator = pipeline.operators()[index].clone();
        let names = operator.fields.iter();
        let columns = names.filter_map(|name| pipeline.fields().column(name));
        let column = |stat: &Stat| {
            let mut known = pipeline.stats().iter();
            known.position(|known| known.name == stat.name)
        };
        let stat_columns = operator.stats.iter().filter_map(column);
        let so_far = pipeline.operators()[..=index].iter();
        let so_far = so_far.flat_map(|operator| operator.stats.iter().chain(&operator.verdict));
        let stats_so_far = so_far.filter_map(column).max().map_or(0, |last| last + 1);
        let mut fields = operator.fields.iter();
        let text = fields.position(|name| *name == operator.text_key);
        let site = Site {
            index: index as u32,
            text,
            columns: columns.collect(),
            stat_columns: stat_columns.collect(),
            verdict_column: operator.verdict.as_ref().and_then(column),
            stats_so_far,
            operator,
        };
        Self {
            site,
            body,
            decided: None,
        }
    }

    /// Skips a row that the operator isn't given, so that the next decision goes to the next row.
    pub(super) fn pass_over(&mut self) {
        if let Some(decided) = &mut self.decided {
            decided.next += 1;
        }
    }

    /// Makes the operator again, because after a panic its memory cannot be trusted.
    ///
    /// It could be made before, so the old one stays only if a file has disappeared since.
    pub(super) fn remake(&mut self, shared: &Shared) {
        if let Ok(body) = (self.site.operator.make)(shared) {
            self.body = body;
        }
    }
}

impl Site {
    /// Returns whether the operator is a splitter that makes whole records.
    pub(super) fn splits_records(&self) -> bool {
        self.operator.fields.is_empty()
    }

    /// Returns the record of a row as the operator sees it.
    pub(super) fn record<'a>(&'a self, batch: &'a Batch, row: u32) -> Record<'a> {
        let Self {
            operator, columns, ..
        } = self;
        Record::new(
            batch,
            row as usize,
            columns,
            &operator.fields,
            operator.compat,
        )
    }

    /// Returns the operator's statistics of a row; `None` unless all of them are there.
    pub(super) fn known_stats<'a>(&'a self, stats: &'a Stats, row: u32) -> Option<KnownStats<'a>> {
        let row = row as usize;
        let mut columns = self.stat_columns.iter();
        columns
            .all(|column| stats.get(*column, row).is_some())
            .then(|| KnownStats::new(stats, &self.stat_columns, row, self.operator.compat))
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("index", &self.site.index)
            .field("operator", &self.site.operator)
            .finish_non_exhaustive()
    }
}
