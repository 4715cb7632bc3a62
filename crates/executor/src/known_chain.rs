//! The chain hashes of a recipe, as far as they are known.

use coldpress_job::JobState;
use coldpress_operator::{ChainHash, Pipeline};

/// The chain hashes of the recipe over these first ones, as far as decisions that the journal knows lead.
pub(crate) fn known_chain(
    state: &JobState,
    pipeline: &Pipeline,
    first: Vec<ChainHash>,
) -> Vec<ChainHash> {
    let mut chain = first;
    for (stage, place) in (0..).zip(pipeline.barriers()) {
        let Some(last) = chain.last().copied() else {
            break;
        };
        let participants = state.participants_with(last);
        let mut earlier = state.barriers().iter().rev();
        let next = earlier.find_map(|earlier| {
            let after = pipeline.hashes_after(place, last, earlier.digest);
            let fits = earlier.stage == stage
                && Some(earlier.participants) == participants
                && earlier.chain.first() == after.first();
            fits.then_some(after)
        });
        match next {
            Some(next) => chain.extend(next),
            None => break,
        }
    }
    chain
}
