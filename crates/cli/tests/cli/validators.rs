//! Validators: a dataset that is not what its recipe says is refused before work begins.

use crate::bench::Bench;

const RECIPE: &str = "\
dataset_path: [a.jsonl, b.jsonl]
export_path: out.jsonl
work_dir: jobs
validators:
  - {type: required_fields, required_fields: [text, meta.id], field_types: {meta.id: int}}
process:
  - whitespace_normalization_mapper:
";

#[test]
fn records_that_are_not_what_the_recipe_says_refuse_the_job() {
    let bench = Bench::new();
    let good = "{\"text\": \"a\", \"meta\": {\"id\": 1}}\n";
    bench.write("a.jsonl", good.repeat(200));
    bench.write(
        "b.jsonl",
        format!(
            "{}{}",
            good.repeat(20),
            "{\"text\": \"b\", \"meta\": {\"id\": \"2\"}}\n"
        ),
    );
    bench.write("recipe.yaml", RECIPE);
    let message = "b.jsonl` does not pass validator 1 of `validators`: field `meta.id` is a text in a record, and should be `int`";
    for command in [
        "check --config recipe.yaml",
        "process --config recipe.yaml --job_id j",
    ] {
        bench.run(command).expect(1).tells(&[message]);
        assert!(!bench.exists("out.jsonl"));
    }
    bench.write("b.jsonl", good);
    bench
        .run("process --config recipe.yaml --job_id k")
        .expect(0);
    assert_eq!(bench.read("out.jsonl").lines().count(), 201);
}
