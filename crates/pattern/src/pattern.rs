//! Patterns that are ready to search with.

use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use crate::error::Result;
use crate::linear::linear;
use crate::options::{Dialect, Options};
use crate::parse::{Parsed, parse};
use crate::program::{Program, compile};
use crate::runs::Runs;
use crate::sets::CharSet;

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
    Linear(LinearEngine),
    Backtracking(Program),
}

/// An engine that does not backtrack.
#[derive(Debug)]
pub(crate) struct LinearEngine {
    pub(crate) regex: Regex,
    /// The numbers that the groups have in the engine, the match itself first.
    pub(crate) groups: Vec<usize>,
    /// The groups that mark where the match ends.
    pub(crate) end_marks: Vec<usize>,
    /// For texts in which this engine would take other places for the boundaries of words.
    otherwise: Option<Box<Otherwise>>,
}

/// How such texts are searched.
#[derive(Debug)]
struct Otherwise {
    /// The characters that such texts have.
    disputed: Runs,
    program: Program,
}

/// How a text is searched.
pub(crate) enum Way<'a> {
    Runs(&'a Runs),
    Linear(&'a LinearEngine),
    Backtracking(&'a Program),
}

impl LinearEngine {
    /// Returns the engine for a pattern; none if it would find other matches, or the pattern is too large for it.
    fn new(parsed: &Parsed, dialect: Dialect) -> Option<Self> {
        let linear = linear(&parsed.node, parsed.groups)
            .filter(|linear| linear.source.len() <= MOST_SOURCE_BYTES)?;
        let is_disputed = linear.disputed != CharSet::empty();
        let otherwise = is_disputed.then(|| Otherwise {
            disputed: Runs::each_of(&linear.disputed),
            program: compile(&parsed.node, dialect),
        });
        Some(Self {
            regex: Regex::new(&linear.source).ok()?,
            groups: linear.groups,
            end_marks: linear.end_marks,
            otherwise: otherwise.map(Box::new),
        })
    }
}

impl Engine {
    /// Returns how a text is searched.
    pub(crate) fn way(&self, text: &str) -> Way<'_> {
        match self {
            Self::Runs(runs) => Way::Runs(runs),
            Self::Linear(engine) => match &engine.otherwise {
                Some(otherwise) if otherwise.disputed.is_in(text) => {
                    Way::Backtracking(&otherwise.program)
                }
                _ => Way::Linear(engine),
            },
            Self::Backtracking(program) => Way::Backtracking(program),
        }
    }
}

/// The longest pattern that the linear engine is asked to take: it needs many times as much memory to find out that it cannot.
const MOST_SOURCE_BYTES: usize = 1 << 20;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`Error::Pattern`](crate::Error::Pattern) where it is wrong, [`Error::Unsupported`](crate::Error::Unsupported) where it is
    /// more than this crate can do.
    pub fn new(pattern: &str, options: Options) -> Result<Self> {
        let parsed = parse(pattern, options)?;
        if let Some(runs) = Runs::of(&parsed.node) {
            return Ok(Self::of(Engine::Runs(runs), parsed.groups, parsed.names));
        }
        let engine = match LinearEngine::new(&parsed, options.dialect) {
            Some(engine) => Engine::Linear(engine),
            None => Engine::Backtracking(compile(&parsed.node, options.dialect)),
        };
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

    /// Returns whether it is searched for in linear time, at least in texts without characters that Unicode assigned of late.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        !matches!(self.inner.engine, Engine::Backtracking(_))
    }
}
