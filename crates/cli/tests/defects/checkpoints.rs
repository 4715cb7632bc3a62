//! Checkpoints that a crash tore, and those of other jobs.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use crate::bench::{Bench, EXPORT, RECIPE, dataset};

/// How a crash can leave a checkpoint.
type Tear = fn(&Path);

const TORN: [(&str, Tear); 4] = [
    ("an empty file", |path| fs::write(path, "").unwrap()),
    ("an empty directory", |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    }),
    ("a part of the file", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("nothing", |path| fs::remove_file(path).unwrap()),
];

/// The checkpoints of the job, in the order in which they were made.
fn checkpoints(bench: &Bench) -> Vec<PathBuf> {
    let paths = bench.paths_in("jobs/a/checkpoints").into_iter();
    let is_checkpoint = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "parquet");
    paths.filter(is_checkpoint).collect()
}

/// Data-Juicer took a checkpoint for good because its directory was there, and where it could not be loaded
/// applied the later operators to the raw records, so that every other crash gave wrong data and exit 0; a torn
/// checkpoint must cost the work that it held and nothing else.
#[test]
fn d1_a_torn_checkpoint_costs_work_and_no_data() {
    for mode in ["delta", "full"] {
        let more = format!("--checkpoint.mode {mode}");
        let scene = Bench::new();
        let undisturbed = scene.undisturbed();
        scene.crash_midway(&more);
        let whole = scene.copy();
        let report = whole.process(&more).expect(0).json();
        assert_eq!(
            (&report["partitions_reused"], &report["partitions_resumed"]),
            (&2.into(), &2.into())
        );
        assert_eq!(whole.read(EXPORT), undisturbed, "{mode}");
        let count = checkpoints(&scene).len();
        for (left, tear) in TORN {
            // Each by itself, and all of them.
            let each = (0..count).map(|at| at..at + 1);
            for torn in each.chain(iter::once(0..count)) {
                let bench = scene.copy();
                checkpoints(&bench)[torn.clone()]
                    .iter()
                    .for_each(|path| tear(path));
                bench.process(&more).expect(0);
                assert!(
                    bench.read(EXPORT) == undisturbed,
                    "{mode}: of the checkpoints {torn:?} of {count} there is {left}"
                );
            }
        }
    }
}

/// In Data-Juicer a job took over the checkpoints of another job with another recipe from a shared
/// `checkpoint_dir` and exported its records; each job has a folder of its own there.
#[test]
fn d5_another_recipe_with_the_same_checkpoint_dir_is_another_job() {
    let bench = Bench::new();
    let shared = "--checkpoint_dir shared";
    bench.process(shared).expect(0);
    let first = bench.read(EXPORT);
    let other = RECIPE.replace("min_len: 16", "min_len: 18");
    bench.write("recipe.yaml", other);
    let expected = bench.undisturbed();
    assert_ne!(first, expected, "the recipes give the same");
    let line =
        format!("process --config recipe.yaml --job_id b --export_path out/b.jsonl {shared}");
    bench.run(&line).expect(0);
    assert_eq!(bench.read("out/b.jsonl"), expected);
    assert_eq!(bench.read(EXPORT), first);
}

/// In Data-Juicer a job with another input removed a shared `checkpoint_dir` with the checkpoints of all other
/// jobs and whatever lay there; a job leaves alone what is not its own.
#[test]
fn d5_another_input_with_the_same_checkpoint_dir_removes_nothing() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let shared = "--checkpoint_dir shared";
    bench.crash_midway(shared);
    bench.write("shared/theirs.txt", "precious\n");
    let before = bench.files("shared/a");
    assert!(!before.is_empty(), "no checkpoints");
    bench.write("other.jsonl", dataset(120));
    let other = "--dataset_path other.jsonl --export_path out/b.jsonl";
    for more in ["", "--fresh"] {
        let line = format!("process --config recipe.yaml --job_id b {shared} {other} {more}");
        bench.run(&line).expect(0);
    }
    assert_eq!(bench.files("shared/a"), before);
    assert_eq!(bench.read("shared/theirs.txt"), "precious\n");
    let report = bench.process(shared).expect(0).json();
    assert_eq!(report["partitions_resumed"], 2);
    assert_eq!(bench.read(EXPORT), undisturbed);
}
