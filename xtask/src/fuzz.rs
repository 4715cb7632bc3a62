//! `cargo xtask fuzz`: the fuzz targets build.

use anyhow::Result;

/// Checks the targets with the Rust of the workspace and without libFuzzer, which only running them needs.
///
/// # Errors
/// When a target does not build, or `fuzz/Cargo.lock` does not fit the crates that it uses.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    // Into the folder of the ordinary build, which has most of the crates already.
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
