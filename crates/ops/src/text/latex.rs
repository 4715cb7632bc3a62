//! What operators for LaTeX documents share or keep out of their own files.

pub mod citations;
pub mod comments;
pub mod environments;
pub mod expansion;
pub mod figures;
pub mod macros;
