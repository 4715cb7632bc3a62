//! `cargo xtask vectors`: how many vectors of Data-Juicer each operator has, and how many of them pass.

use anyhow::Result;

/// Runs the vectors of all operators and prints a table of them.
///
/// # Errors
/// Fails when an operator has none, or does not pass all of them.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    let test = [
        "test",
        "--quiet",
        "--package",
        "coldpress-ops",
        "--test",
        "vectors",
        "--",
        "--exact",
        "every_operator_passes_all_of_its_vectors",
        "--nocapture",
    ];
    crate::cargo(&test, &[])
}
