//! `coldpress assets verify`.

use std::path::{Path, PathBuf};

use coldpress::assets::{Download, SUMS, Sums, sha256};
use coldpress::report::quantity::plain;

use super::Asked;
use crate::failure::{Failure, code};
use crate::output;
use crate::recipe::RecipeArgs;

/// Check the files that a recipe needs against the digests that are known, and those noted when they were fetched
#[derive(Debug, clap::Args)]
#[command(override_usage = "coldpress assets verify --config <FILE> [--any.recipe.key VALUE ...]")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
}

pub(super) fn run(args: &Args, schemes: &coldpress::storage::StoreSchemes) -> Result<u8, Failure> {
    let asked = Asked::of(&args.recipe, schemes)?;
    let mut is_good = true;
    for (_, need) in &asked.needs {
        let name = plain(&need.name).to_string();
        let Some(asset) = &need.found else {
            is_good &= !need.is_unmet();
            let reason = match (&need.unreadable, need.is_optional) {
                (Some(reason), _) => reason,
                (None, true) => "missing; what is built in is used instead",
                (None, false) => "missing",
            };
            output::print(&format!("{name}: {}\n", plain(reason)))?;
            continue;
        };
        let path = plain(&asset.path.display().to_string()).to_string();
        if asset.path.is_dir() {
            output::print(&format!("{name}: {path} can be read\n"))?;
            continue;
        }
        let found = sha256(&asset.path)?;
        let expected = known(&need.name, &asset.path, asked.folders.places())?;
        output::print(&match &expected {
            Some(expected) if *expected == found => format!("{name}: {path} is as it should be\n"),
            Some(expected) => {
                is_good = false;
                format!("{name}: {path} has the SHA-256 {found}, and should have {expected}\n")
            }
            None => {
                format!(
                    "{name}: {path} has the SHA-256 {found}; there is none in {SUMS} to compare it with\n"
                )
            }
        })?;
    }
    Ok(if is_good { code::DONE } else { code::FAILED })
}

/// The digest that a file should have: the pinned one, else the one that was noted in its folder when it was fetched.
fn known(name: &str, path: &Path, places: &[PathBuf]) -> Result<Option<String>, Failure> {
    let pinned = Download::of(name).and_then(|download| download.sha256);
    if pinned.is_some() {
        return Ok(pinned);
    }
    for place in places {
        // Assets are found by absolute paths, and `assets_dir` may be relative.
        let whole = std::path::absolute(place).unwrap_or_else(|_| place.clone());
        if !path.starts_with(&whole) {
            continue;
        }
        if let Some(noted) = Sums::read(place)?.of(name) {
            return Ok(Some(noted.to_owned()));
        }
    }
    Ok(None)
}
