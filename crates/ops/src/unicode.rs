//! The version of Unicode that an operator works by.

use coldpress_operator::ResolveContext;
use coldpress_pattern::Unicode;

/// Returns the version of Python 3.11, which Data-Juicer runs on, if Data-Juicer's quirks are wanted; otherwise the newest version.
pub(crate) fn version(context: &mut ResolveContext<'_>) -> Unicode {
    match context.compat() {
        true => Unicode::Python311,
        false => Unicode::Newest,
    }
}
