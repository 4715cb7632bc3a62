//! Which checkpoint files of a partition are more than are to be kept.

use std::collections::HashSet;
use std::hash::Hash;

/// A checkpoint file of one partition, as retention sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredFile<N> {
    /// Its name.
    pub(crate) name: N,
    /// The files that it cannot be read without.
    pub(crate) bases: Vec<N>,
    /// Whether it is one of those that are counted: the recipe in force could go on from it, and it is not known to be
    /// damaged.
    pub(crate) counts: bool,
}

/// The files that may go so that no more than `most` of those that count stay, as far as those that stay do not need
/// them. `files` are those of one partition, the newest first.
///
/// What does not count is neither removed nor made useless, and the newest that counts always stays.
pub(crate) fn surplus<N: Copy + Eq + Hash>(files: &[StoredFile<N>], most: u32) -> Vec<N> {
    let most = most.max(1) as usize;
    let mut counted = 0;
    let (mut stay, mut beyond) = (Vec::new(), Vec::new());
    for file in files {
        counted += usize::from(file.counts);
        if file.counts && counted > most {
            beyond.push(file);
        } else {
            stay.push(file);
        }
    }
    let mut needed: HashSet<N> = stay.iter().map(|file| file.name).collect();
    while let Some(file) = stay.pop() {
        for base in &file.bases {
            // A base may have bases of its own.
            if needed.insert(*base) {
                stay.extend(files.iter().filter(|file| file.name == *base));
            }
        }
    }
    let goes = beyond.into_iter().map(|file| file.name);
    goes.filter(|name| !needed.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_oldest_goes_unless_it_is_needed() {
        let file = |name, bases: &[&'static str]| StoredFile {
            name,
            bases: bases.to_vec(),
            counts: true,
        };
        let files = [
            file("third", &["second"]),
            file("second", &[]),
            file("first", &[]),
        ];
        assert_eq!(surplus(&files, 1), ["first"]);
        assert!(surplus(&files, 3).is_empty());
    }

    const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

    /// Files whose bases are older ones.
    fn any_files() -> impl Strategy<Value = Vec<StoredFile<&'static str>>> {
        let file = (any::<bool>(), prop::collection::vec(0usize..12, 0..3));
        prop::collection::vec(file, 0..12).prop_map(|files| {
            let count = files.len();
            let file = |(at, (counts, bases)): (usize, (bool, Vec<usize>))| StoredFile {
                name: NAMES[at],
                bases: bases
                    .into_iter()
                    .filter(|base| *base > at && *base < count)
                    .map(|base| NAMES[base])
                    .collect(),
                counts,
            };
            files.into_iter().enumerate().map(file).collect()
        })
    }

    fn without(
        files: &[StoredFile<&'static str>],
        removed: &[&'static str],
    ) -> Vec<StoredFile<&'static str>> {
        let stays = |file: &&StoredFile<&'static str>| !removed.contains(&file.name);
        files.iter().filter(stays).cloned().collect()
    }

    proptest! {
        #[test]
        fn what_stays_can_be_read(files in any_files(), most in 0u32..6) {
            let removed = surplus(&files, most);
            for file in without(&files, &removed) {
                prop_assert!(file.bases.iter().all(|base| !removed.contains(base)), "{file:?}");
            }
        }

        #[test]
        fn what_does_not_count_and_the_newest_that_does_stay(files in any_files(), most in 0u32..6) {
            let removed = surplus(&files, most);
            let newest = files.iter().find(|file| file.counts).map(|file| file.name);
            prop_assert!(newest.is_none_or(|newest| !removed.contains(&newest)));
            prop_assert!(files.iter().all(|file| file.counts || !removed.contains(&file.name)));
        }

        #[test]
        fn beyond_the_number_only_bases_stay(files in any_files(), most in 1u32..6) {
            let removed = surplus(&files, most);
            let left = without(&files, &removed);
            let counted = left.iter().filter(|file| file.counts);
            for beyond in counted.skip(most as usize) {
                let is_base = left.iter().any(|file| file.bases.contains(&beyond.name));
                prop_assert!(is_base, "{beyond:?}");
            }
            prop_assert!(surplus(&left, most).is_empty(), "once is enough");
        }

        #[test]
        fn without_bases_exactly_the_number_stays(files in any_files(), most in 1u32..6) {
            let plain: Vec<_> = files.into_iter().map(|file| StoredFile { bases: Vec::new(), ..file }).collect();
            let counted = plain.iter().filter(|file| file.counts).count();
            let removed = surplus(&plain, most).len();
            prop_assert_eq!(removed, counted.saturating_sub(most as usize));
        }
    }
}
