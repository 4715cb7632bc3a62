//! Turns the recipe of a job into that of an analysis of its dataset.

use crate::recipe::Recipe;
use crate::settings::RetentionPolicy;

/// The suffix of the job ids of analyses.
const SUFFIX: &str = "_analysis";

impl Recipe {
    /// Turns the recipe into that of an analysis: nothing is dropped, and the statistics go to `analysis/statistics.parquet` in
    /// the job's folder. With `export_original_dataset`, the records go to `export_path` with their statistics.
    ///
    /// A job id that the recipe names gets the suffix `_analysis`, so that an analysis never resumes the job that it is about.
    ///
    /// ```
    /// use coldpress_config::Recipe;
    /// let recipe = Recipe::builder("in.jsonl", "out.jsonl").set("job_id", "web").build()?.into_analysis();
    /// assert_eq!(recipe.job.job_id.as_deref(), Some("web_analysis"));
    /// assert_eq!(recipe.export.path, "{work_dir}/{job_id}/analysis/statistics.parquet");
    /// # Ok::<(), coldpress_config::Error>(())
    /// ```
    #[must_use]
    pub fn into_analysis(mut self) -> Self {
        self.analysis.analyze = true;
        self.job.resume_from = None;
        if let Some(id) = &mut self.job.job_id
            && !id.ends_with(SUFFIX)
        {
            id.push_str(SUFFIX);
        }
        let export = &mut self.export;
        if !self.analysis.export_original_dataset {
            export.path = "{work_dir}/{job_id}/analysis/statistics.parquet".to_owned();
            export.export_type = None;
            export.compression = None;
            export.shard_size_bytes = 0;
            export.stats = Some(false);
            export.keep_stats = false;
        }
        // The views of the statistics are made from the results right after the run.
        self.storage.cleanup_on_success = false;
        self.storage.retention_policy = RetentionPolicy::KeepAll;
        self
    }
}
