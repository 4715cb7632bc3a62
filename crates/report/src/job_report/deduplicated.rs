//! What deduplicators removed, from their decisions in the journal.

use coldpress_executor::Deduplication;
use coldpress_job::JobState;

use super::places::Places;

/// Returns what the deduplicators of the recipe in force removed, as far as they are resolved.
pub(super) fn deduplication(state: &JobState, places: &Places) -> Vec<Deduplication> {
    let barriers = state.recipe().map_or(&[][..], |recipe| &recipe.barriers);
    let resolved = barriers.iter().zip(0..).filter_map(|(index, stage)| {
        let resolved = state.barrier(stage)?;
        let removals = resolved.removals.as_ref()?;
        let path = |source| places.path(source);
        let place = |source, position| places.place(source, position);
        Some(Deduplication::of(
            *index,
            &resolved.ledger,
            removals,
            path,
            place,
        ))
    });
    resolved.collect()
}
