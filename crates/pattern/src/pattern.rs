//! Patterns that are ready to search with.

use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use crate::linear::linear;
use crate::options::Options;
use crate::parse::parse;
use crate::program::{Program, compile};
use crate::runs::Runs;

/// A pattern, read once and shared by all threads.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) engine: Engine,
    groups: usize,
    names: HashMap<String, usize>,
}

#[derive(Debug)]
pub(crate) enum Engine {
    /// For patterns that are a set of characters.
    Runs(Runs),
    Linear {
        regex: Regex,
        /// The numbers that the groups have in the engine, the match itself first.
        groups: Vec<usize>,
        /// The groups that mark where the match ends.
        end_marks: Vec<usize>,
    },
    Backtracking(Program),
}

/// The longest pattern that the linear engine is asked to take: it needs many times as much memory to find out that it cannot.
const MOST_SOURCE_BYTES: usize = 1 << 20;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, or what is not supported, in one line.
    pub fn new(pattern: &str, options: Options) -> Result<Self, String> {
        let parsed = parse(pattern, options)?;
        if let Some(runs) = Runs::of(&parsed.node) {
            return Ok(Self::of(Engine::Runs(runs), parsed.groups, parsed.names));
        }
        let linear = linear(&parsed.node, parsed.groups)
            .filter(|linear| linear.source.len() <= MOST_SOURCE_BYTES);
        let linear = linear.and_then(|linear| {
            // What is too large for this engine is left to the other.
            let regex = Regex::new(&linear.source).ok()?;
            Some(Engine::Linear {
                regex,
                groups: linear.groups,
                end_marks: linear.end_marks,
            })
        });
        let engine =
            linear.unwrap_or_else(|| Engine::Backtracking(compile(&parsed.node, options.dialect)));
        Ok(Self::of(engine, parsed.groups, parsed.names))
    }

    fn of(engine: Engine, groups: usize, names: HashMap<String, usize>) -> Self {
        let inner = Inner {
            engine,
            groups,
            names,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// How many groups there are, the match itself included.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.inner.groups + 1
    }

    /// The number of the group with a name.
    #[must_use]
    pub fn group_named(&self, name: &str) -> Option<usize> {
        self.inner.names.get(name).copied()
    }

    /// Returns whether it is searched for in linear time.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        !matches!(self.inner.engine, Engine::Backtracking(_))
    }
}
