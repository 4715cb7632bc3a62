//! `cargo xtask fuzz`: the fuzz targets build.

use anyhow::Result;

/// Checks the targets with the Rust of the workspace and without libFuzzer, which only running them needs.
///
/// # Errors
/// Fails when a target does not build, or when `fuzz/Cargo.lock` does not match the crates that it uses.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    // The folder is that of the ordinary build, which already has most of the crates.
    let check = [
        "check",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--target-dir",
        "target",
        "--locked",
        "--bins",
        "--no-default-features",
    ];
    crate::cargo(&check, &[])
}
