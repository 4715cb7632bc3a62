//! Keys of an analysis: the statistics of a dataset, without dropping anything.

use crate::codec::{Flag, Ratios};
use crate::section::{recipe_default, section};

section! {
    /// Settings for computing statistics of a dataset in addition to its records, or instead of them. `coldpress analyze` shows
    /// them.
    pub struct AnalysisSettings {
        /// Computes the statistics of all filters and drops nothing. Deduplicators, selectors and groupers are skipped. The output
        /// has the statistics of each record instead of the record. `coldpress analyze` sets it.
        analyze: bool as Flag { "analyze", Value("false"), Result, Now }
        /// If true, an analysis writes the records to `export_path`, each with its statistics, instead of the statistics alone.
        export_original_dataset: bool as Flag { "export_original_dataset", Value("false"), Result, Now }
        /// The quantiles that an analysis computes, in addition to 0.25, 0.5 and 0.75.
        percentiles: Vec<f64> as Ratios { "percentiles", Value("[]"), Run, Now }
    }
}

recipe_default!(AnalysisSettings);
