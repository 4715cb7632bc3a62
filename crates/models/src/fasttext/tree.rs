//! The tree of hierarchical softmax: a Huffman code of the labels.

use crate::Fault;

/// A binary tree whose leaves are labels and whose other nodes are decisions.
///
/// Nodes are numbered: first the labels, then the decisions. Each decision comes after its children, and the root is last.
#[derive(Debug)]
pub(super) struct Tree {
    labels: usize,
    /// The children of each decision, left and right.
    children: Vec<(u32, u32)>,
}

/// A node that has children.
pub(super) struct Decision {
    /// The row of the output matrix that decides.
    pub(super) row: usize,
    pub(super) left: u32,
    pub(super) right: u32,
}

/// The weight of a node before its children are known, which is more than that of any label.
const UNKNOWN: u64 = 1_000_000_000_000_000;

impl Tree {
    /// Joins the two lightest nodes again and again, with labels from the last one on.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if the counts would make a node its own child.
    pub(super) fn new(label_counts: &[u64]) -> Result<Self, Fault> {
        let labels = label_counts.len();
        let decisions = labels.saturating_sub(1);
        let mut counts = label_counts.to_vec();
        counts.resize(labels + decisions, UNKNOWN);
        let mut children = Vec::with_capacity(decisions);
        let (mut labels_left, mut node) = (labels, labels);
        for decision in labels..labels + decisions {
            let mut lightest = || {
                let label = labels_left.checked_sub(1);
                match label
                    .filter(|&label| counts.get(node).is_some_and(|node| counts[label] < *node))
                {
                    Some(label) => {
                        labels_left = label;
                        Some(label)
                    }
                    None => {
                        node += 1;
                        (node - 1 < decision).then_some(node - 1)
                    }
                }
            };
            let (Some(left), Some(right)) = (lightest(), lightest()) else {
                return Err(Fault::damaged("its labels have counts that make no tree"));
            };
            counts[decision] = counts[left].saturating_add(counts[right]);
            children.push((left as u32, right as u32));
        }
        Ok(Self { labels, children })
    }

    pub(super) fn root(&self) -> u32 {
        (self.labels + self.children.len() - 1) as u32
    }

    /// Returns the decision at a node, or its label.
    pub(super) fn decision(&self, node: u32) -> Result<Decision, usize> {
        let node = node as usize;
        let row = node.checked_sub(self.labels).ok_or(node)?;
        let (left, right) = self.children[row];
        Ok(Decision { row, left, right })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of decisions above each label.
    fn depths(counts: &[u64]) -> Vec<u32> {
        let tree = Tree::new(counts).unwrap();
        let mut depths = vec![0; counts.len()];
        let mut nodes = vec![(tree.root(), 0)];
        while let Some((node, depth)) = nodes.pop() {
            match tree.decision(node) {
                Ok(decision) => {
                    nodes.extend([(decision.left, depth + 1), (decision.right, depth + 1)])
                }
                Err(label) => depths[label] = depth,
            }
        }
        depths
    }

    #[test]
    fn frequent_labels_are_near_the_root() {
        assert_eq!(depths(&[5]), [0]);
        assert_eq!(depths(&[8, 4, 2, 1]), [1, 2, 3, 3]);
        assert_eq!(depths(&[1, 1, 1, 1]), [2, 2, 2, 2]);
    }

    #[test]
    fn counts_of_no_training_end_in_an_error_or_a_tree() {
        assert!(Tree::new(&[UNKNOWN; 3]).is_err());
        assert!(Tree::new(&[u64::MAX, 1]).is_err());
        // A chain that is as deep as there are labels.
        assert_eq!(depths(&[0; 1000]).len(), 1000);
    }
}
