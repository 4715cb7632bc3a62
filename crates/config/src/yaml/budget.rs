//! How much a recipe may hold once its aliases are expanded.

use crate::error::{Error, Place, Result};
use crate::node::{Node, Span, Value};

/// Most values.
const MAX_NODES: usize = 200_000;
/// Most bytes of text.
const MAX_TEXT_BYTES: usize = 16 << 20;
/// Deepest nesting.
const MAX_DEPTH: usize = 64;

/// What has been spent.
#[derive(Default)]
pub(super) struct Budget {
    nodes: usize,
    text_bytes: usize,
}

/// What a value costs.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) nodes: usize,
    pub(super) text_bytes: usize,
    pub(super) depth: usize,
}

impl Budget {
    /// Pays for a value at `depth` levels.
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
    /// A scalar.
    pub(super) fn scalar(text: &str) -> Self {
        Self {
            nodes: 1,
            text_bytes: text.len(),
            depth: 0,
        }
    }

    /// A list or a map without what is in it.
    pub(super) fn collection() -> Self {
        Self {
            nodes: 1,
            text_bytes: 0,
            depth: 1,
        }
    }

    /// A whole value. The recursion is as deep as the value, which is bounded.
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
