//! Runs operators that need the whole dataset: it signs records at the end of a stage, and applies the decision in the next.

use coldpress_failure::catch;
use coldpress_record::Batch;

use super::guard::Guard;
use super::label;
use super::step::{Decided, Step};
use super::trace::change;
use super::work::Work;
use crate::mapper::Changes;
use crate::record::RecordError;
use crate::resolved::Body;
use crate::signer::{Signature, Signer};

/// Applies the decision to the rows, which come in the order in which they were signed.
pub(super) fn apply_decision(
    signer: &mut dyn Signer,
    decided: &mut Option<Decided>,
    work: Work<'_>,
) {
    let Work {
        site,
        batch,
        rows,
        progress,
        mut sample,
    } = work;
    let mut changes = Changes::for_fields(site.columns.len());
    let mut signature = Signature::default();
    while let Some(row) = rows.get(progress.at) {
        let Some(decided) = decided else {
            // The driver starts no attempt before its barrier has been decided.
            progress
                .failed
                .push((*row, "nothing was decided yet".to_owned()));
            progress.at += 1;
            continue;
        };
        // Counted before the operator runs, because a row that it fails on still counts as a row.
        let at = decided.next;
        decided.next += 1;
        let record = site.record(batch, *row);
        let decision = &decided.decision;
        if decision.unsigned().binary_search(&at).is_ok() {
            let error = signer.sign(&record, &mut signature).err();
            let error = error.map_or("it could not be signed".to_owned(), |error| {
                error.to_string()
            });
            progress.failed.push((*row, error));
        } else if decision.stays(at) {
            changes.clear();
            let parts: Vec<u64> = decision.cuts_of(at).collect();
            let cut = match parts.is_empty() {
                true => Ok(()),
                false => signer.cut(&record, &parts, &mut changes).and_then(|()| {
                    change(&changes, site, batch, *row as usize, sample.as_deref_mut())
                }),
            };
            match cut {
                Ok(()) => progress.kept.push(*row),
                Err(error) => progress.failed.push((*row, error.to_string())),
            }
        }
        progress.at += 1;
    }
}

/// Signs the alive rows of a batch, and calls `take` with the signature of each; `None` if the signer fails on the row or must not
/// get it.
///
/// Returns the first of these failed rows, with its error.
pub(super) fn sign(
    step: &mut Step,
    batch: &Batch,
    labels: &[usize],
    guard: &Guard<'_>,
    remake: impl Fn(&mut Step),
    mut take: impl FnMut(Option<&Signature>),
) -> Option<(u32, String)> {
    let is_guarded = guard.is_needed(step);
    let mut signature = Signature::default();
    signature.labels.resize(labels.len(), Vec::new());
    let mut first_failed = None;
    for row in batch.selection() {
        let refused = is_guarded.then(|| guard.refuse(step, batch, *row));
        let error = match refused.flatten() {
            Some(reason) => reason,
            None => match sign_row(step, batch, *row, &mut signature, &remake) {
                Ok(()) => {
                    for (label, column) in signature.labels.iter_mut().zip(labels) {
                        label.clear();
                        let json = batch.json(*column, *row as usize);
                        label::write(json.as_deref().unwrap_or_default(), label);
                    }
                    take(Some(&signature));
                    continue;
                }
                Err(error) => error,
            },
        };
        take(None);
        first_failed.get_or_insert((*row, error));
    }
    first_failed
}

fn sign_row(
    step: &mut Step,
    batch: &Batch,
    row: u32,
    signature: &mut Signature,
    remake: impl Fn(&mut Step),
) -> Result<(), String> {
    signature.clear();
    let signed = catch(|| {
        let record = step.site.record(batch, row);
        match &mut step.body {
            Body::Signer(signer) => signer.sign(&record, signature),
            _ => Err(RecordError::new("the operator signs no records")),
        }
    });
    let barrier = step.site.operator.barrier.as_ref();
    match signed {
        Ok(Ok(())) if barrier.is_some_and(|barrier| signature.is_of(barrier.form)) => Ok(()),
        Ok(Ok(())) => Err("the signature has another form than declared".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            remake(step);
            Err(panic.to_string())
        }
    }
}
