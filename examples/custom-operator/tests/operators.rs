//! The operators through the engine, as a recipe uses them.

use coldpress::prelude::*;
use custom_operator::{mask_digits_mapper, question_filter};

/// Runs one operator over one text and gives what comes out.
fn run(operator: OperatorCall, text: &str) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("in.jsonl"), format!("{{\"text\":\"{text}\"}}\n"))?;
    let recipe = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
        .set("work_dir", path("jobs"))
        .call(operator);
    let builder = coldpress::executor(recipe.build()?);
    let report = builder
        .operator(mask_digits_mapper())
        .operator(question_filter())
        .build()?
        .run()?;
    assert_eq!(report.ledger.quarantined(), 0);
    Ok(std::fs::read_to_string(path("out.jsonl"))?)
}

#[test]
fn digits_are_masked() -> anyhow::Result<()> {
    let call = || OperatorCall::new("mask_digits_mapper");
    assert_eq!(
        run(call(), "a 12 b 345 ä 6789")?,
        "{\"text\":\"a 12 b # ä #\"}\n"
    );
    assert_eq!(
        run(call().with("min_digits", 2).with("mask", ""), "a 12")?,
        "{\"text\":\"a \"}\n"
    );
    let error = run(call().with("min_digits", 0), "a").unwrap_err();
    assert!(error.to_string().contains("min_digits"), "{error}");
    Ok(())
}

#[test]
fn questions_are_counted() -> anyhow::Result<()> {
    let call = OperatorCall::new("question_filter");
    assert_eq!(run(call.clone(), "a? b?")?, "{\"text\":\"a? b?\"}\n");
    assert_eq!(run(call, "a? b? c?")?, "");
    Ok(())
}
