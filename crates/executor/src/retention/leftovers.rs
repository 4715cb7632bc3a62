//! Files of dead drivers that nothing cites. Pure: over the job's state and listings of its stores.

use std::collections::HashSet;

use coldpress_job::JobState;
use coldpress_storage::{AttemptName, ObjectKey, ObjectRef, Place};
use coldpress_worker::PLACED;

use super::decide::JobFile;
use crate::barrier::{DECISION, DUPLICATES};

/// The places in which attempts and the planner leave files.
pub(crate) const ATTEMPT_PLACES: [Place; 6] = Place::ALL;

/// Of the files that are there, those of drivers of epochs before this one that nothing cites: of attempts that never
/// published anything, decisions and placed rows that were never recorded, and slices of the input that were copied and never planned.
///
/// What bears the name of an attempt that did publish, and is not cited, was put there by someone else: a migrated
/// checkpoint, for one.
pub(crate) fn uncited(state: &JobState, epoch: u64, there: Vec<JobFile>) -> Vec<JobFile> {
    let known = Known::of(state);
    let is_dead = |file: &JobFile| known.is_dead(epoch, &file.key);
    there.into_iter().filter(is_dead).collect()
}

/// What the journal knows of files by their names.
struct Known<'a> {
    /// Stage, partition, epoch and attempt of what was published.
    published: HashSet<(u32, u32, u64, u32)>,
    /// What was decided and placed at barriers. These files have names like those of attempts, but none made them.
    decisions: HashSet<&'a ObjectKey>,
    /// The copies of slices that were planned.
    copies: HashSet<&'a ObjectKey>,
    epochs: HashSet<u64>,
}

impl<'a> Known<'a> {
    fn of(state: &'a JobState) -> Self {
        let cited = state.cited_files();
        let is_of_barrier = |file: &&ObjectRef| is_of_barrier(&file.key);
        let (decisions, others): (Vec<&ObjectRef>, Vec<&ObjectRef>) =
            cited.partition(is_of_barrier);
        let decisions = decisions.into_iter().map(|file| &file.key);
        let names = others.into_iter();
        let names = names.filter_map(|file| file.name().own().parse::<AttemptName>().ok());
        let copies = state.partitions();
        let copies = copies.filter_map(|planned| planned.slice.copy.as_deref());
        Self {
            published: names.filter_map(|name| made_by(&name)).collect(),
            decisions: decisions.collect(),
            copies: copies.map(|copy| &copy.key).collect(),
            epochs: state.epochs().iter().map(|epoch| epoch.epoch).collect(),
        }
    }

    /// Whether a file is that of a driver before this epoch, which left it to nobody.
    fn is_dead(&self, epoch: u64, key: &ObjectKey) -> bool {
        let Ok(name) = key.name.own().parse::<AttemptName>() else {
            return false;
        };
        // Of a driver that is at work, or that the journal does not know.
        if name.epoch() >= epoch || !self.epochs.contains(&name.epoch()) {
            return false;
        }
        if is_of_barrier(key) {
            return !self.decisions.contains(key);
        }
        match (made_by(&name), key.place) {
            (None, Place::Partitions) => name.label().is_empty() && !self.copies.contains(key),
            (None, _) | (Some(_), Place::Partitions) => false,
            // That the attempt began need not be in the journal: a driver that was fenced off did not get to write it down.
            (Some(made_by), _) => !self.published.contains(&made_by),
        }
    }
}

/// Returns whether the name of a file says that it was made as a barrier was resolved.
fn is_of_barrier(key: &ObjectKey) -> bool {
    if key.place == Place::Signatures {
        let name = key.name.as_str();
        return name.ends_with(DECISION) || name.ends_with(DUPLICATES);
    }
    let name = key.name.own().parse::<AttemptName>();
    name.is_ok_and(|name| name.label() == PLACED)
}

fn made_by(name: &AttemptName) -> Option<(u32, u32, u64, u32)> {
    Some((
        name.stage(),
        name.partition(),
        name.epoch(),
        name.attempt()?,
    ))
}
