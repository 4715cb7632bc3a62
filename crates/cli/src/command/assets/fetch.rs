//! `coldpress assets fetch`.

use std::time::{Duration, Instant};

use coldpress::assets::{Download, fetch};
use coldpress::report::quantity::{bytes, counted, plain};

use super::Asked;
use crate::failure::{Failure, chain, code};
use crate::output;
use crate::recipe::RecipeArgs;

const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Download what a recipe needs and is not there, from where Data-Juicer downloads it
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "coldpress assets fetch --config <FILE> [--mirror <URL>] [--any.recipe.key VALUE ...]"
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
    /// The address of a folder that has the files, instead of the addresses that are known
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
}

pub(super) fn run(args: &Args, schemes: &coldpress::storage::StoreSchemes) -> Result<u8, Failure> {
    let asked = Asked::of(&args.recipe, schemes)?;
    let missing = asked.needs.iter().filter(|(_, need)| need.found.is_none());
    let missing: Vec<&str> = missing.map(|(_, need)| need.name.as_str()).collect();
    if missing.is_empty() {
        output::print("nothing is missing\n")?;
        return Ok(code::DONE);
    }
    let (folder, mut failed) = (asked.folder()?, Vec::new());
    for name in &missing {
        let download = match &args.mirror {
            Some(mirror) => Some(Download::from_mirror(name, mirror)),
            None => Download::of(name),
        };
        let Some(download) = download else {
            failed.push(format!(
                "there is no known address for {}; put it into {}, or name a folder that has it with `--mirror URL`",
                name,
                folder.display()
            ));
            continue;
        };
        let mut told = Instant::now();
        let fetched = fetch(&download, &folder, &mut |there, total| {
            if told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                let total = total.map_or_else(String::new, |total| format!(" of {}", bytes(total)));
                output::tell(&format!("{}: {}{total}", plain(name), bytes(there)));
            }
        });
        match fetched {
            Ok(fetched) => {
                let from = match &fetched.address {
                    Some(address) => address.clone(),
                    None => "the archive that was there".to_owned(),
                };
                output::print(&format!(
                    "fetched {} ({}, SHA-256 {}) from {}\n",
                    plain(&fetched.path.display().to_string()),
                    bytes(fetched.bytes),
                    fetched.sha256,
                    plain(&from)
                ))?;
            }
            Err(error) => failed.push(chain(&error)),
        }
    }
    if failed.is_empty() {
        return Ok(code::DONE);
    }
    let (failures, all) = (failed.len(), counted(missing.len() as u64, "file"));
    let failure = Failure::failed(format!("{failures} of {all} could not be fetched"));
    let lines = failed.iter().map(|reason| format!("  {}\n", plain(reason)));
    Err(failure.with_details(lines.collect::<String>()))
}
