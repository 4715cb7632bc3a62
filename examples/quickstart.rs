//! Runs a recipe file and prints where its records went.
//!
//! ```text
//! $ cargo run --example quickstart -p coldpress
//! completed: 484 records in, 426 kept, 58 dropped, 0 quarantined
//!   text_length_filter dropped 1
//!   alphanumeric_filter dropped 14
//!   special_characters_filter dropped 24
//!   character_repetition_filter dropped 6
//!   word_repetition_filter dropped 13
//! output: outputs/quickstart/clean.jsonl
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use coldpress::prelude::*;

fn main() -> anyhow::Result<()> {
    let recipe = coldpress::load_recipe("configs/quickstart.yaml", &Overrides::default())?;
    let report = coldpress::executor(recipe).build()?.run()?;

    let ledger = &report.ledger;
    println!(
        "{}: {} records in, {} kept, {} dropped, {} quarantined",
        report.status,
        ledger.records,
        ledger.exported(),
        ledger.dropped(),
        ledger.quarantined()
    );
    for operator in ledger
        .operators
        .iter()
        .filter(|operator| operator.dropped > 0)
    {
        println!("  {} dropped {}", operator.name, operator.dropped);
    }
    println!("output: {}", report.export_path.display());
    Ok(())
}
