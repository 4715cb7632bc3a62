//! `cargo xtask features`: crates that have features build with each of them and with none.

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

/// Checks each crate that has features on its own. A check of the whole workspace would build it with everything that any other
/// crate, or a test, asks for, and so hide what is missing without that.
///
/// # Errors
/// Fails when a crate does not build.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    let metadata = MetadataCommand::new()
        .manifest_path(crate::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata failed")?;
    for package in metadata.workspace_packages() {
        let features: Vec<&str> = package.features.keys().map(String::as_str).collect();
        for chosen in selections(&features) {
            println!("-- {} --features '{chosen}'", package.name);
            let check = ["check", "--quiet", "--no-default-features", "--package"];
            let selected = [package.name.as_str(), "--features", &chosen];
            crate::cargo(&[&check[..], &selected].concat(), &[])?;
        }
    }
    Ok(())
}

/// Returns the arguments for no feature, for each alone, and for all together; none for a crate without features.
fn selections(features: &[&str]) -> Vec<String> {
    if features.is_empty() {
        return Vec::new();
    }
    let mut selections = vec![String::new()];
    selections.extend(features.iter().map(|feature| (*feature).to_owned()));
    if features.len() > 1 {
        selections.push(features.join(","));
    }
    selections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_built_alone_and_with_the_others() {
        assert_eq!(selections(&[]), [""; 0]);
        assert_eq!(selections(&["a"]), ["", "a"]);
        assert_eq!(selections(&["a", "b"]), ["", "a", "b", "a,b"]);
    }
}
