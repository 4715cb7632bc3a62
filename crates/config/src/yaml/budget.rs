//! The limits on a recipe after its aliases are expanded.

use crate::error::{Error, Place, Result};
use crate::node::{Node, Span, Value};

/// The number of values, at most.
const MAX_NODES: usize = 200_000;
/// The number of bytes of text, at most.
const MAX_TEXT_BYTES: usize = 16 << 20;
/// The depth of nesting, at most.
const MAX_DEPTH: usize = 64;

/// The amounts that have been used.
#[derive(Default)]
pub(super) struct Budget {
    nodes: usize,
    text_bytes: usize,
}

/// The cost of a value.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) nodes: usize,
    pub(super) text_bytes: usize,
    pub(super) depth: usize,
}

impl Budget {
    /// Counts a value at `depth` levels.
    pub(super) fn spend(
        &mut self,
        cost: Cost,
        depth: usize,
        origin: &str,
        span: Span,
    ) -> Result<()> {
        self.nodes = self.nodes.saturating_add(cost.nodes);
        self.text_bytes = self.text_bytes.saturating_add(cost.text_bytes);
        let limit = if depth + cost.depth > MAX_DEPTH {
            format!("{MAX_DEPTH} levels of nesting")
        } else if self.nodes > MAX_NODES {
            format!("{MAX_NODES} values, aliases expanded")
        } else if self.text_bytes > MAX_TEXT_BYTES {
            format!("{} MiB of text, aliases expanded", MAX_TEXT_BYTES >> 20)
        } else {
            return Ok(());
        };
        Err(Error::TooLarge {
            place: Place::new(origin, span),
            limit,
        })
    }
}

impl Cost {
    /// Returns the cost of a scalar.
    pub(super) fn scalar(text: &str) -> Self {
        Self {
            nodes: 1,
            text_bytes: text.len(),
            depth: 0,
        }
    }

    /// Returns the cost of a list or a map without its contents.
    pub(super) fn collection() -> Self {
        Self {
            nodes: 1,
            text_bytes: 0,
            depth: 1,
        }
    }

    /// Returns the cost of a whole value. The recursion is as deep as the value, which is bounded.
    pub(super) fn of(node: &Node) -> Self {
        let (mut cost, inner) = match &node.value {
            Value::Null => return Self::scalar(""),
            Value::Scalar { text, .. } => return Self::scalar(text),
            Value::List(items) => (
                Self::collection(),
                items.iter().map(Self::of).collect::<Vec<_>>(),
            ),
            Value::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| {
                    let mut cost = Self::of(node);
                    cost.nodes += 1;
                    cost.text_bytes += key.name.len();
                    cost
                });
                (Self::collection(), entries.collect())
            }
        };
        let deepest = inner.iter().map(|cost| cost.depth).max().unwrap_or(0);
        cost.depth += deepest;
        cost.nodes += inner.iter().map(|cost| cost.nodes).sum::<usize>();
        cost.text_bytes += inner.iter().map(|cost| cost.text_bytes).sum::<usize>();
        cost
    }
}
