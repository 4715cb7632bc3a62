//! Uses the operators of this crate in a recipe, beside built-in ones.
//!
//! ```text
//! $ cargo run
//! {"text":"Order  # is on its way."}
//! question_filter dropped 1
//! ```

use coldpress::prelude::*;
use custom_operator::{mask_digits_mapper, question_filter};

const INPUT: &str = r#"{"text":"Order  77123 is on its way."}
{"text":"What? When? Who?"}
"#;

const PROCESS: &str = "
process:
  - whitespace_normalization_mapper:
  - mask_digits_mapper:
      min_digits: 5
  - question_filter:
      max_questions: 1
";

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("in.jsonl"), INPUT)?;
    let recipe = format!(
        "dataset_path: {}\nexport_path: {}\nwork_dir: {}{PROCESS}",
        path("in.jsonl"),
        path("out.jsonl"),
        path("jobs")
    );
    let recipe = Recipe::parse(&recipe, "recipe.yaml", &Overrides::default())?;
    let executor = coldpress::executor(recipe)
        .operator(mask_digits_mapper())
        .operator(question_filter())
        .build()?;
    let report = executor.run()?;
    print!("{}", std::fs::read_to_string(path("out.jsonl"))?);
    for operator in report
        .ledger
        .operators
        .iter()
        .filter(|operator| operator.dropped > 0)
    {
        println!("{} dropped {}", operator.name, operator.dropped);
    }
    Ok(())
}
