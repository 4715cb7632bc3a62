//! The files from which deduplicators removed records, if a dataset has very many.

use coldpress_executor::Deduplication;

/// The most files that are named for each deduplicator.
const FILES: usize = 1_000;

/// Keeps the files that lost the most, and adds a remark if there are others.
pub(super) fn shorten(deduplication: &mut [Deduplication], remarks: &mut Vec<String>) {
    for one in deduplication {
        let files = one.by_file.len();
        if files > FILES {
            one.by_file.truncate(FILES);
            remarks.push(format!(
                "of the {files} files that came to {}, the {FILES} that lost most are listed",
                one.operator
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use coldpress_executor::RemovedFrom;

    use super::*;

    #[test]
    fn of_very_many_files_the_first_stay_and_it_is_said() {
        let of_file = |at: usize| RemovedFrom {
            source: at.to_string(),
            records: 1,
            removed: 1,
            of_one_reading: 1,
        };
        let mut all = [3, FILES, FILES + 7].map(|files| Deduplication {
            by_file: (0..files).map(of_file).collect(),
            ..Deduplication::default()
        });
        let mut remarks = Vec::new();
        shorten(&mut all, &mut remarks);
        assert_eq!(all.map(|one| one.by_file.len()), [3, FILES, FILES]);
        assert_eq!(remarks.len(), 1);
    }
}
