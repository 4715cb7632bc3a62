//! What operators decide that need the whole dataset, by its plain definition: every record is compared with every other.

use std::collections::BTreeMap;
use std::sync::Arc;

use coldpress_operator::{Chain, Decision, Guard, Rule, Signature, Tally};
use coldpress_record::Batch;

use crate::selecting;

/// Runs all operators over all records, of which each has a batch: to the first barrier, to the next, and to the end.
pub(crate) fn run(chain: &mut Chain, batches: &mut Vec<Batch>, tally: &mut Tally) {
    let (mut decisions, mut begin) = (Vec::new(), 0);
    let barriers = chain.pipeline().barriers();
    let ends = barriers.iter().map(|barrier| *barrier as usize);
    for end in ends.chain([chain.len()]) {
        for batch in &mut *batches {
            chain.run(batch, begin..end, tally).unwrap();
        }
        begin = end;
        if end == chain.len() {
            break;
        }
        let signatures = sign(chain, batches, end);
        let rule = chain.pipeline().operators()[end]
            .barrier()
            .unwrap()
            .rule
            .clone();
        let mut decision = Decision::keep_all(signatures.len() as u64);
        for (row, signature) in (0..).zip(&signatures) {
            if signature.is_none() {
                decision.push_unsigned(row);
            }
        }
        let order = match &rule {
            Rule::FrequentParts { threshold } => {
                cut_frequent(&signatures, *threshold, &mut decision);
                None
            }
            Rule::Select { selection, .. } => {
                let order = selecting::order(selection, &signatures);
                for row in (0..signatures.len()).filter(|row| !order.contains(row)) {
                    if signatures[row].is_some() {
                        decision.remove(row as u64);
                    }
                }
                Some(order.into_iter().map(|row| vec![row]).collect())
            }
            Rule::Group => Some(selecting::groups(&signatures)),
            rule => {
                remove_duplicates(&signatures, rule, &mut decision);
                None
            }
        };
        decisions.push(Some(Arc::new(decision)));
        chain.decide(&decisions);
        if let Some(order) = order {
            for batch in &mut *batches {
                chain.run(batch, end..end + 1, tally).unwrap();
            }
            let is_grouped = rule == Rule::Group;
            *batches = selecting::arranged(chain, batches, &signatures, &order, is_grouped);
            let ledger = &mut tally.ledger.operators[end];
            ledger.absorbed = ledger.out - order.len() as u64;
            ledger.out = order.len() as u64;
            begin = end + 1;
        }
    }
}

/// The signatures of the records that are left, for the operator at this place.
fn sign(chain: &mut Chain, batches: &[Batch], place: usize) -> Vec<Option<Signature>> {
    let mut signatures = Vec::new();
    for batch in batches {
        chain
            .sign(batch, place, &Guard::default(), |signature| {
                signatures.push(signature.cloned());
            })
            .unwrap();
    }
    signatures
}

/// Of each cluster the first stays, or the one that the rule says: who resembles one of it belongs to it.
fn remove_duplicates(signatures: &[Option<Signature>], rule: &Rule, decision: &mut Decision) {
    let mut clusters: Vec<usize> = (0..signatures.len()).collect();
    for (at, one) in signatures.iter().enumerate() {
        for (before, other) in signatures.iter().enumerate().take(at) {
            let (Some(one), Some(other)) = (one, other) else {
                continue;
            };
            if resemble(one, other, rule) {
                let (from, to) = (clusters[at], clusters[before]);
                let (first, second) = (from.min(to), from.max(to));
                clusters
                    .iter_mut()
                    .filter(|cluster| **cluster == second)
                    .for_each(|cluster| *cluster = first);
            }
        }
    }
    for (row, cluster) in clusters.iter().enumerate() {
        let mut members = (0..clusters.len()).filter(|member| clusters[*member] == *cluster);
        let kept = match rule {
            Rule::EqualKeepLeast => members.min_by_key(|member| least_key(&signatures[*member])),
            _ => members.next(),
        };
        if kept != Some(row) {
            decision.remove(row as u64);
        }
    }
}

/// The key by which one of a cluster is chosen.
fn least_key(signature: &Option<Signature>) -> Option<u64> {
    signature.as_ref()?.keys.last().copied()
}

fn resemble(one: &Signature, other: &Signature, rule: &Rule) -> bool {
    // The last column of some says which record stays.
    let compared = one.keys.len() - usize::from(*rule == Rule::EqualKeepLeast);
    let mut keys = one.keys.iter().zip(&other.keys).take(compared);
    match rule {
        Rule::Near { distance } => match (one.keys[1], other.keys[1]) {
            (0, 0) => (one.keys[0] ^ other.keys[0]).count_ones() <= *distance,
            (one, other) => one == other,
        },
        _ if one.digests.is_empty() => keys.any(|(one, other)| one == other && *one != 0),
        _ => one.digests == other.digests,
    }
}

fn cut_frequent(signatures: &[Option<Signature>], threshold: u64, decision: &mut Decision) {
    let mut records: BTreeMap<u128, u64> = BTreeMap::new();
    for signature in signatures.iter().flatten() {
        let mut digests = signature.digests.clone();
        digests.sort_unstable();
        digests.dedup();
        digests
            .into_iter()
            .for_each(|digest| *records.entry(digest).or_default() += 1);
    }
    for (row, signature) in (0..).zip(signatures) {
        let digests = signature.iter().flat_map(|signature| &signature.digests);
        for (part, digest) in (0..).zip(digests) {
            if records[digest] > threshold {
                decision.push_cut(row, part);
            }
        }
    }
}
