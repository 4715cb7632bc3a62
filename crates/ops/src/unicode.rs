//! The version of Unicode that an operator works by.

use coldpress_operator::ResolveContext;
use coldpress_pattern::Unicode;

/// Returns the version of Python 3.11 where Data-Juicer's quirks are wanted, which is what it runs on, and else the newest.
pub(crate) fn version(context: &mut ResolveContext<'_>) -> Unicode {
    match context.compat() {
        true => Unicode::Python311,
        false => Unicode::Newest,
    }
}
