//! One operator of a chain.

use std::fmt;

use crate::assets::Shared;
use crate::pipeline::Pipeline;
use crate::resolved::{Body, ResolvedOperator};

pub(super) struct Step {
    pub(super) index: u32,
    pub(super) operator: ResolvedOperator,
    /// The batch's columns of the fields that the operator declared.
    pub(super) columns: Vec<usize>,
    /// The batch's columns of its statistics.
    pub(super) stat_columns: Vec<usize>,
    pub(super) body: Body,
}

impl Step {
    /// The `index`-th operator of the pipeline, with its body.
    pub(super) fn new(pipeline: &Pipeline, index: usize, body: Body) -> Self {
        let operator = pipeline.operators()[index].clone();
        let names = operator.fields.iter();
        let columns = names.filter_map(|name| pipeline.fields().column(name));
        let stats = operator.stats.iter();
        let stat_columns = stats.filter_map(|stat| {
            let mut known = pipeline.stats().iter();
            known.position(|known| known.name == stat.name)
        });
        Self {
            index: index as u32,
            columns: columns.collect(),
            stat_columns: stat_columns.collect(),
            operator,
            body,
        }
    }

    /// Makes the operator anew: after a panic its memory cannot be trusted.
    ///
    /// It could be made before, so the old one stays only where a file vanished since.
    pub(super) fn remake(&mut self, shared: &Shared) {
        if let Ok(body) = (self.operator.make)(shared) {
            self.body = body;
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("index", &self.index)
            .field("operator", &self.operator)
            .finish_non_exhaustive()
    }
}
