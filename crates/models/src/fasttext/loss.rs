//! Computes the probabilities of labels.
//!
//! Everything is rounded to 32 bits where the C++ library does that, and computed with 64 where it does.

use super::header::LossName;
use super::tree::Tree;
use crate::Fault;

/// The way that probabilities are computed from the output.
#[derive(Debug)]
pub(super) enum Loss {
    Softmax,
    /// Negative sampling, and one label versus all others: each label has a probability of its own, from this table.
    Sigmoid(Vec<f32>),
    /// A tree of decisions, whose leaves are the labels.
    Hierarchical(Tree),
}

#[derive(Debug, Default)]
pub(super) struct Scratch {
    output: Vec<f32>,
    nodes: Vec<(u32, f32)>,
}

/// A label with the logarithm of its probability.
type Candidate = Option<(usize, f32)>;

const SIGMOID_STEPS: usize = 512;
const SIGMOID_LIMIT: f32 = 8.0;

impl Loss {
    pub(super) fn new(name: LossName, label_counts: &[u64]) -> Result<Self, Fault> {
        if label_counts.is_empty() {
            return Err(Fault::damaged("it has no labels"));
        }
        Ok(match name {
            LossName::Softmax => Self::Softmax,
            LossName::NegativeSampling | LossName::OneVersusAll => Self::Sigmoid(sigmoid_table()),
            LossName::HierarchicalSoftmax => Self::Hierarchical(Tree::new(label_counts)?),
        })
    }

    /// Returns the best label and its probability. `output` returns the values of the output.
    ///
    /// If two labels are equally good, the later one is returned.
    pub(super) fn best(
        &self,
        output: impl Fn(usize) -> f32,
        labels: usize,
        scratch: &mut Scratch,
    ) -> Option<(usize, f32)> {
        let best = match self {
            Self::Hierarchical(tree) => best_leaf(tree, output, &mut scratch.nodes),
            Self::Softmax => {
                fill(&mut scratch.output, labels, output);
                softmax(&mut scratch.output);
                best_of(&scratch.output)
            }
            Self::Sigmoid(table) => {
                fill(&mut scratch.output, labels, |label| {
                    sigmoid(table, output(label))
                });
                best_of(&scratch.output)
            }
        };
        best.map(|(label, log)| (label, log.exp()))
    }
}

fn fill(values: &mut Vec<f32>, count: usize, value: impl Fn(usize) -> f32) {
    values.clear();
    values.extend((0..count).map(value));
}

/// Returns the logarithm of a probability, which may be 0.
fn log(probability: f32) -> f32 {
    (f64::from(probability) + 1e-5).ln() as f32
}

fn softmax(values: &mut [f32]) {
    let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in &mut *values {
        *value = f64::from(*value - max).exp() as f32;
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}

fn sigmoid_table() -> Vec<f32> {
    let entry = |step: usize| {
        let x = (step * 2 * SIGMOID_LIMIT as usize) as f32 / SIGMOID_STEPS as f32 - SIGMOID_LIMIT;
        (1.0 / (1.0 + f64::from((-x).exp()))) as f32
    };
    (0..=SIGMOID_STEPS).map(entry).collect()
}

fn sigmoid(table: &[f32], x: f32) -> f32 {
    if x < -SIGMOID_LIMIT {
        0.0
    } else if x > SIGMOID_LIMIT {
        1.0
    } else if x.is_nan() {
        x
    } else {
        table[((x + SIGMOID_LIMIT) * SIGMOID_STEPS as f32 / SIGMOID_LIMIT / 2.0) as usize]
    }
}

fn best_of(probabilities: &[f32]) -> Candidate {
    let mut best = None;
    for (label, &probability) in probabilities.iter().enumerate() {
        better(&mut best, label, log(probability));
    }
    best
}

/// Makes a label the best one unless it is worse than the best one so far.
fn better(best: &mut Candidate, label: usize, log: f32) {
    if !best.is_some_and(|(_, so_far)| log < so_far) {
        *best = Some((label, log));
    }
}

/// Goes down the tree from its root, left before right, skipping nodes that cannot be better than the best leaf so far.
fn best_leaf(tree: &Tree, output: impl Fn(usize) -> f32, nodes: &mut Vec<(u32, f32)>) -> Candidate {
    let floor = log(0.0);
    let mut best: Candidate = None;
    nodes.clear();
    nodes.push((tree.root(), 0.0));
    while let Some((node, score)) = nodes.pop() {
        if score < floor || best.is_some_and(|(_, so_far)| score < so_far) {
            continue;
        }
        match tree.decision(node) {
            Err(label) => better(&mut best, label, score),
            Ok(decision) => {
                let right = 1.0 + (-output(decision.row)).exp();
                let right = (1.0 / f64::from(right)) as f32;
                let left = (1.0 - f64::from(right)) as f32;
                // The last one that is pushed is visited next.
                nodes.push((decision.right, score + log(right)));
                nodes.push((decision.left, score + log(left)));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_of_equal_labels_is_taken() {
        assert_eq!(
            best_of(&[0.25, 0.5, 0.5, 0.1]).map(|(label, _)| label),
            Some(2)
        );
        assert_eq!(best_of(&[]), None);
    }

    #[test]
    fn sigmoids_keep_within_their_bounds() {
        let table = sigmoid_table();
        for (x, expected) in [(-9.0, 0.0), (9.0, 1.0), (0.0, 0.5)] {
            assert_eq!(sigmoid(&table, x), expected);
        }
        assert!(sigmoid(&table, 8.0) > 0.999 && sigmoid(&table, -8.0) < 0.001);
        assert!(sigmoid(&table, f32::NAN).is_nan());
    }
}
