//! Removing what dead drivers left: files that their journal names and nobody cites.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::Driver;

impl Driver<'_> {
    /// Removes the files of attempts that never published, and outputs that were never put in place.
    ///
    /// What cannot be removed is left: nobody cites it.
    pub(super) fn clean_up_after_the_dead(&mut self) {
        if !self.executor.prepared.recipe.storage.cleanup_temp_files {
            return;
        }
        self.remove_dead_outputs();
        let cited: HashSet<String> = self
            .state
            .publications()
            .flat_map(|publication| publication.files().map(|file| file.path.clone()))
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

    /// Removes outputs that dead drivers of this job left beside the export.
    pub(super) fn remove_dead_outputs(&self) {
        if !self.executor.prepared.recipe.storage.cleanup_temp_files {
            return;
        }
        const MERGES: u32 = 4;
        let target = &self.executor.prepared.target;
        for epoch in self
            .state
            .epochs()
            .iter()
            .map(|epoch| epoch.epoch)
            .filter(|epoch| *epoch < self.journal.epoch())
        {
            for number in 1..=MERGES {
                let path = target.temporary_path(&self.merge_token(epoch, number));
                let _ = if path.is_dir() {
                    fs::remove_dir_all(&path)
                } else {
                    fs::remove_file(&path)
                };
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
