//! Runs a recipe that is made in Rust, without any YAML.
//!
//! ```text
//! $ cargo run --example embed -p coldpress
//! 2 of 3 records kept
//! {"id": 1, "text": "Read more at  today."}
//! {"id": 3, "text": "Questions? Mail us: "}
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use coldpress::prelude::*;

const INPUT: &str = r#"{"id": 1, "text": "Read more at https://example.org/news today."}
{"id": 2, "text": "ok"}
{"id": 3, "text": "Questions? Mail us: info@example.org"}
"#;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("in.jsonl"), INPUT)?;

    let recipe = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
        .call(OperatorCall::new("clean_links_mapper"))
        .call(OperatorCall::new("clean_email_mapper"))
        .operator("text_length_filter", [("min_len", 5)])
        .set("work_dir", path("jobs"))
        .build()?;
    let report = coldpress::executor(recipe).build()?.run()?;

    println!(
        "{} of {} records kept",
        report.ledger.exported(),
        report.ledger.records
    );
    print!("{}", std::fs::read_to_string(path("out.jsonl"))?);
    Ok(())
}
