//! Keys of an analysis: the statistics of a dataset, without dropping anything.

use crate::codec::{Flag, Ratios};
use crate::section::{recipe_default, section};

section! {
    /// What is computed of a dataset besides, or instead of, its records. `coldpress analyze` shows it.
    pub struct AnalysisSettings {
        /// Computes the statistics of all filters and drops nothing. Deduplicators, selectors and groupers are passed over. The output holds the statistics of each record instead of the record. `coldpress analyze` sets it.
        analyze: bool as Flag { "analyze", Value("false"), Result, Now }
        /// Whether an analysis writes the records to `export_path`, each with its statistics, instead of the statistics alone.
        export_original_dataset: bool as Flag { "export_original_dataset", Value("false"), Result, Now }
        /// The quantiles that an analysis computes, besides 0.25, 0.5 and 0.75.
        percentiles: Vec<f64> as Ratios { "percentiles", Value("[]"), Run, Now }
    }
}

recipe_default!(AnalysisSettings);
