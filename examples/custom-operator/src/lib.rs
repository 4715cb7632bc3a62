//! Two operators of one's own. They go through the same door as the built-in ones: a struct of parameters, a struct
//! that does the work, an [`OperatorSpec`] that tells a registry about both.

mod mask_digits;
mod question;

pub use mask_digits::mask_digits_mapper;
pub use question::question_filter;
