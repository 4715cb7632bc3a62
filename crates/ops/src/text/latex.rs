//! The parts of operators for LaTeX documents that are shared or have their own files.

pub mod citations;
pub mod comments;
pub mod environments;
pub mod expansion;
pub mod figures;
pub mod macros;
