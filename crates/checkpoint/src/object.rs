//! Checkpoint files of any kind and format: describing them, verifying them, and rewriting them in another format.

mod describe;
mod kind;
mod measured;
mod rewrite;
mod verify;

pub use describe::{Description, ObjectKind, SectionDescription, describe};
pub use rewrite::rewrite;
pub(crate) use rewrite::{is_same, measure};
pub use verify::{Verified, verify};

#[cfg(test)]
mod tests;
