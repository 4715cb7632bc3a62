//! Exports that lack records because partitions failed: they replace better ones only if the recipe says so.

use crate::bench::{Bench, kept, records};

/// In its last file is a record without a text, which fails its partition unless it may be quarantined.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("ins/b.jsonl", records("b", 20) + "{\"id\": 1}\n");
    bench
}

const STRICT: &str = "--skip_op_error false --retry.max_retries 0";

#[test]
fn an_export_with_fewer_records_needs_a_word() {
    let bench = bench();
    bench.process("").expect(0);
    let good = bench.read("out/o.jsonl");
    for id in ["j", "other"] {
        for more in ["", "--export_overwrite always"] {
            let ran = bench.job(id, &format!("{STRICT} {more}")).expect(4);
            ran.says_all(&[
                "a partition failed (partition 1: ",
                "so the export would have 30 records where `out/o.jsonl` has 45; that file stays",
                "`export_partial: replace`",
            ]);
            assert_eq!(bench.read("out/o.jsonl"), good, "{id} {more}");
        }
    }
    let summary = bench.read("jobs/j/job_summary.json");
    assert!(summary.contains("\"failed\""), "{summary}");
    // With the cause mended, or with the word.
    bench.process("").expect(0);
    assert_eq!(bench.read("out/o.jsonl"), good);
    bench
        .process(&format!("{STRICT} --export_partial replace"))
        .expect(3);
    assert_eq!(bench.read("out/o.jsonl"), kept(&bench.read("ins/a.jsonl")));
    // A better one takes its place without a word.
    bench.process("").expect(0);
    assert_eq!(bench.read("out/o.jsonl"), good);
}

#[test]
fn a_first_export_lacks_what_it_lacks() {
    let bench = bench();
    bench.process(STRICT).expect(3);
    assert_eq!(bench.read("out/o.jsonl"), kept(&bench.read("ins/a.jsonl")));
    // The same again replaces nothing better.
    bench.process(STRICT).expect(3);
    bench.job("other", STRICT).expect(3);
    // Nor does a stricter recipe, which keeps fewer of the same partitions.
    let recipe = bench
        .read("recipe.yaml")
        .replace("min_len: 3", "min_len: 13");
    bench.write("recipe.yaml", recipe);
    bench.process(STRICT).expect(3);
    assert!(bench.read("out/o.jsonl").len() < kept(&bench.read("ins/a.jsonl")).len());
}
