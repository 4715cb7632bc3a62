//! Turns the signatures of all partitions into the answer of any rule.

use coldpress_operator::{Rule, Selection};

use crate::arrangement::Arrangement;
use crate::error::Result;
use crate::grouping::find_groups;
use crate::judge::{Judgement, judge};
use crate::order::Order;
use crate::read::ReadAt;
use crate::room::Room;
use crate::selection::select;
use crate::signature::SignatureReader;

/// The result for the records of a stage.
pub enum Answer<'r> {
    /// Each record stays in its place, or goes.
    InPlace(Judgement<'r>),
    /// Records move to other places, or become other records.
    Moved(Arrangement<'r>),
}

/// Applies a rule to the records of all these partitions, in order.
///
/// # Errors
/// As for [`judge`] and [`select`].
pub fn answer<'r, F: ReadAt + ?Sized>(
    partitions: &[SignatureReader<'_, F>],
    rule: &Rule,
    room: &'r Room<'r>,
) -> Result<Answer<'r>> {
    Ok(match rule {
        Rule::Select { selection, compat } => {
            match (select(partitions, selection, *compat, room)?, selection) {
                (Order::Unchanged, _) => Answer::InPlace(Judgement::selected(partitions, None)?),
                (Order::Ordinals(stay), Selection::Among { .. }) => {
                    Answer::InPlace(Judgement::selected(partitions, Some(stay))?)
                }
                (Order::Ordinals(order), _) => Answer::Moved(Arrangement::of_order(order, room)?),
            }
        }
        Rule::Group => {
            let groups = find_groups(partitions, room)?;
            Answer::Moved(Arrangement::of_groups(groups, room)?)
        }
        rule => Answer::InPlace(judge(partitions, rule, room)?),
    })
}
