//! The memory of one thread that cuts texts, reused from text to text.

use super::bpe::Agenda;
use super::pieces::Pieces;
use super::unigram::Step;

/// The memory that one thread needs to cut texts. It can be used with several models in turn.
#[derive(Default)]
pub struct Scratch {
    pub(super) pieces: Pieces,
    /// Room for the pieces that are made from others.
    pub(super) spare: Pieces,
    pub(super) steps: Vec<Step>,
    pub(super) agenda: Agenda,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}
