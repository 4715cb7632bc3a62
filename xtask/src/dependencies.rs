//! `cargo xtask dependencies`: every dependency is used and permitted.

use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Dependency, Metadata, MetadataCommand, Package};
use spdx::{Expression, LicenseReq};

/// The licences that a dependency may have. They only require their texts to be passed on.
///
/// Two are here because of TLS. ISC, of `ring`, `rustls-webpki` and `untrusted`, requires what MIT requires. CDLA-Permissive-2.0,
/// of the root certificates in `webpki-roots`, is for data: those who pass the data on must pass on its text, and what is made with
/// the data is free.
const LICENCES: [&str; 12] = [
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Checks the dependencies of the workspace and of everything that it depends on.
///
/// # Errors
/// Fails when one has a licence that is not on the list, or when a crate of the workspace does not use one that it names.
pub(crate) fn run(args: &[String]) -> Result<()> {
    crate::no_arguments(args)?;
    let metadata = MetadataCommand::new()
        .manifest_path(crate::root().join("Cargo.toml"))
        .exec()
        .context("cargo metadata failed")?;
    let mut faults = unlicensed(&metadata);
    for package in metadata.workspace_packages() {
        faults.extend(unused(package, &metadata.packages)?);
    }
    if faults.is_empty() {
        println!(
            "{} packages, all licensed, and none unused",
            metadata.packages.len()
        );
        return Ok(());
    }
    bail!("{}", faults.join("\n"));
}

fn unlicensed(metadata: &Metadata) -> Vec<String> {
    let faults = metadata.packages.iter().filter_map(|package| {
        let reason = reason_against(package.license.as_deref())?;
        let (name, version) = (&package.name, &package.version);
        Some(format!(
            "{name} {version} {reason}; the list of licences is in xtask/src/dependencies.rs"
        ))
    });
    faults.collect()
}

/// Returns why a package with this licence may not be used; none if it may.
fn reason_against(licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else {
        return Some("names no licence".to_owned());
    };
    // Older packages write `MIT/Apache-2.0`.
    let Ok(expression) = Expression::parse_mode(licence, spdx::ParseMode::LAX) else {
        return Some(format!(
            "has the licence `{licence}`, which is no SPDX expression"
        ));
    };
    let is_allowed = |asked: &LicenseReq| {
        let id = asked.license.id();
        // An exception such as LLVM's only removes conditions.
        id.is_some_and(|id| LICENCES.contains(&id.name))
    };
    (!expression.evaluate(is_allowed)).then(|| format!("has the licence `{licence}`"))
}

/// Returns the dependencies that no source file of the package mentions.
///
/// One that is needed only for the features that it enables is listed in `package.metadata.cargo-machete.ignored`, as for the tool
/// of that name.
fn unused(package: &Package, all: &[Package]) -> Result<Vec<String>> {
    let folder = package
        .manifest_path
        .parent()
        .context("a manifest lies in a folder")?;
    let mut sources = String::new();
    append_sources(folder.as_std_path(), &mut sources)?;
    // Examples are elsewhere. Their paths begin with the folder and go up from it.
    for target in &package.targets {
        let path = std::fs::canonicalize(&target.src_path)?;
        if !path.starts_with(folder) {
            sources.push_str(&std::fs::read_to_string(path)?);
        }
    }
    let ignored = &package.metadata["cargo-machete"]["ignored"];
    let is_ignored = |one: &Dependency| {
        let names = ignored.as_array().into_iter().flatten();
        names
            .filter_map(serde_json::Value::as_str)
            .any(|name| name == one.name)
    };
    let dependencies = package.dependencies.iter();
    let faults = dependencies
        .filter(|one| !is_mentioned(&name_in_code(one, all), &sources) && !is_ignored(one));
    let (name, fault) = (
        &package.name,
        "is in Cargo.toml, and no source file mentions it",
    );
    Ok(faults
        .map(|one| format!("{name}: `{}` {fault}", one.name))
        .collect())
}

fn append_sources(folder: &Path, sources: &mut String) -> Result<()> {
    let read = || format!("cannot read {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(read)? {
        let path = entry.with_context(read)?.path();
        if path.is_dir() {
            append_sources(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).with_context(read)?);
        }
    }
    Ok(())
}

/// Returns the name by which code refers to the dependency. A package may give its library another name than its own.
fn name_in_code(dependency: &Dependency, all: &[Package]) -> String {
    let mut packages = all.iter();
    let package = packages.find(|package| package.name.as_str() == dependency.name);
    let targets = package.into_iter().flat_map(|package| &package.targets);
    let mut libraries = targets.filter(|target| target.is_lib() || target.is_proc_macro());
    let library = libraries.next().map(|library| &library.name);
    let name = dependency.rename.as_ref().or(library);
    name.unwrap_or(&dependency.name).replace('-', "_")
}

/// Returns whether the name is a word of the sources.
fn is_mentioned(name: &str, sources: &str) -> bool {
    let is_of_word = |char: char| char.is_alphanumeric() || char == '_';
    sources.match_indices(name).any(|(at, _)| {
        let before = sources[..at].chars().next_back();
        let after = sources[at + name.len()..].chars().next();
        !before.is_some_and(is_of_word) && !after.is_some_and(is_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_licences_of_the_list_pass() {
        for (licence, passes) in [
            (Some("MIT"), true),
            (Some("MIT/Apache-2.0"), true),
            (Some("GPL-3.0-only OR Zlib"), true),
            (Some("Apache-2.0 WITH LLVM-exception"), true),
            (Some("MIT AND GPL-3.0-only"), false),
            (Some("proprietary"), false),
            (None, false),
        ] {
            assert_eq!(reason_against(licence).is_none(), passes, "{licence:?}");
        }
    }

    #[test]
    fn a_dependency_is_used_where_its_name_is_a_word() {
        let name = |rename: Option<&str>| {
            let dependency = serde_json::from_value(serde_json::json!({
                "name": "some-crate", "req": "*", "kind": null, "optional": false,
                "uses_default_features": true, "features": [], "rename": rename,
            }));
            name_in_code(&dependency.unwrap(), &[])
        };
        assert!(is_mentioned(&name(None), "use some_crate::Thing;"));
        assert!(!is_mentioned(
            &name(None),
            "use some_crates::Thing; my_some_crate"
        ));
        assert!(is_mentioned(&name(Some("other")), "other::run()"));
        assert!(!is_mentioned(
            &name(Some("other")),
            "use some_crate::Thing;"
        ));
    }
}
