//! Removing what dead drivers left: files that their journal names and nobody cites.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use coldpress_storage::atomic::TEMPORARY_SUFFIX;

use super::Driver;

impl Driver<'_> {
    /// Removes the files of attempts that never published, and outputs that were never put in place.
    ///
    /// What cannot be removed is left: nobody cites it.
    pub(super) fn clean_up_after_the_dead(&mut self) {
        if !self.executor.prepared.recipe.storage.cleanup_temp_files {
            return;
        }
        self.remove_leftovers();
        let cited: HashSet<String> = self
            .state
            .cited_files()
            .map(|file| file.path.clone())
            .collect();
        let layout = &self.executor.layout;
        for (folder, name) in [
            (layout.results_dir(), "results"),
            (layout.quarantine_dir(), "quarantine"),
        ] {
            self.remove_uncited(&folder, |file| format!("{name}/{file}"), &cited);
        }
        self.remove_uncited(layout.checkpoint_dir(), str::to_owned, &cited);
    }

    fn remove_uncited(
        &self,
        folder: &Path,
        cite: impl Fn(&str) -> String,
        cited: &HashSet<String>,
    ) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.is_of_dead_attempt(&name) && !cited.contains(&cite(&name)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Whether a file carries partition, epoch and attempt of an attempt that the journal knows and that is over.
    fn is_of_dead_attempt(&self, name: &str) -> bool {
        let Some((partition, epoch, attempt)) = parse_attempt(name) else {
            return false;
        };
        epoch < self.journal.epoch() && attempt <= self.state.last_attempt(partition, epoch)
    }

    /// Removes what killed writers left beside the export and in the job's folder, but for an output that waits for its
    /// place.
    pub(super) fn remove_leftovers(&self) {
        if !self.executor.prepared.recipe.storage.cleanup_temp_files {
            return;
        }
        let pending = self
            .state
            .export()
            .intent
            .as_ref()
            .map(|intent| Path::new(&intent.temporary));
        self.executor.prepared.target.remove_leftovers(pending);
        let intent = self.state.export().intent.as_ref();
        for companion in &self.executor.prepared.companions {
            let mut intended = intent.into_iter().flat_map(|intent| &intent.companions);
            let path = companion.target.path();
            let pending = intended.find(|one| Path::new(&one.path) == path);
            let pending = pending.map(|one| Path::new(&one.temporary));
            companion.target.remove_leftovers(pending);
        }
        let layout = &self.executor.layout;
        for folder in [
            layout.job_dir(),
            &layout.metadata_dir(),
            layout.checkpoint_dir(),
        ] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with('.') && name.ends_with(TEMPORARY_SUFFIX) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }
}

/// Partition, epoch and attempt of `partition_000003.e1.a2.jsonl` or `partition_000003_op_002_name.e1.a2.parquet`.
fn parse_attempt(name: &str) -> Option<(u32, u64, u32)> {
    let rest = name.strip_prefix("partition_")?;
    let partition = rest.get(..6)?.parse().ok()?;
    let mut parts = rest.split('.').skip(1);
    let epoch = parts.next()?.strip_prefix('e')?.parse().ok()?;
    let attempt = parts.next()?.strip_prefix('a')?.parse().ok()?;
    Some((partition, epoch, attempt))
}

#[cfg(test)]
mod tests {
    use super::parse_attempt;

    #[test]
    fn names_tell_whose_they_are() {
        assert_eq!(
            parse_attempt("partition_000003.e1.a2.jsonl.gz"),
            Some((3, 1, 2))
        );
        assert_eq!(
            parse_attempt("partition_000003_op_002_clean_links_mapper.e10.a1.parquet"),
            Some((3, 10, 1))
        );
        assert_eq!(parse_attempt("partition_000003.e1.jsonl"), None);
        assert_eq!(parse_attempt("notes.txt"), None);
    }
}
