use std::path::Path;
use std::sync::Arc;

use coldpress_config::{Recipe, RecipeBuilder};
use coldpress_executor::ExecutorBuilder;
use coldpress_storage::{LocalStore, StoreSchemes};

use super::*;

#[track_caller]
fn plan_of(folder: &Path, change: impl FnOnce(RecipeBuilder) -> RecipeBuilder) -> PlanView {
    let path = |name: &str| folder.join(name).display().to_string();
    let recipe = Recipe::builder(path("in"), path("out.jsonl"))
        .operator("text_length_filter", [("min_len", 1)])
        .operator("text_length_filter", [("min_len", 2)]);
    let recipe = change(recipe).build().unwrap();
    plan(
        &ExecutorBuilder::new(recipe, coldpress_ops::builtin())
            .build()
            .unwrap(),
    )
    .unwrap()
}

fn folder_with(files: &[(&str, u32)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    for (name, records) in files {
        let lines: String = (0..*records)
            .map(|id| format!("{{\"text\": \"record {id:>100}\"}}\n"))
            .collect();
        std::fs::write(folder.path().join("in").join(name), lines).unwrap();
    }
    folder
}

#[test]
fn a_small_dataset_is_counted() {
    let folder = folder_with(&[("a.jsonl", 25), ("b.jsonl", 10), ("c.jsonl", 0)]);
    let view = plan_of(folder.path(), |recipe| {
        recipe
            .set("partition.size", 10)
            .set("checkpoint.strategy", "every_op")
    });
    assert!(view.exact);
    assert_eq!(
        (view.records, view.partitions, view.checkpoint_files),
        (35, 4, 8)
    );
    assert_eq!(view.disk.results, view.input_bytes);
    assert_eq!(view.disk.checkpoints, 2 * view.input_bytes);
    assert_eq!(view.sources.len(), 3);
    let text = view.render();
    for part in [
        "3 files",
        "Records      35",
        "Partitions   4 of up to 10 records",
        "1  text_length_filter  [checkpoint]",
        "every_op: 8 files",
        "Free         ",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(
        text.lines()
            .all(|line| line.chars().count() <= 80 || line.contains(" /") || line.contains("`/")),
        "{text}"
    );
}

#[test]
fn limits_and_asked_numbers_count() {
    let folder = folder_with(&[("a.jsonl", 25), ("b.jsonl", 10)]);
    let view = plan_of(folder.path(), |recipe| {
        recipe.set("partition.size", 10).set("limit", 27)
    });
    assert_eq!((view.records, view.partitions), (27, 4));
    let view = plan_of(folder.path(), |recipe| recipe.set("limit", 0));
    assert_eq!((view.records, view.partitions, view.input_bytes), (0, 0, 0));
    let view = plan_of(folder.path(), |recipe| {
        recipe.set("partition.num_of_partitions", 6)
    });
    assert_eq!(view.partitions, 6);
}

#[test]
fn a_large_dataset_is_estimated() {
    let folder = folder_with(&[("a.jsonl", 100_000)]);
    let view = plan_of(folder.path(), |recipe| recipe.set("partition.size", 10_000));
    assert!(!view.exact);
    assert!(
        (99_000..=101_000).contains(&view.records),
        "{}",
        view.records
    );
    assert!((10..=11).contains(&view.partitions), "{}", view.partitions);
    assert!(view.render().contains("about "));
}

#[test]
fn a_share_is_exact_where_records_are_estimated() {
    let folder = folder_with(&[("a.jsonl", 5)]);
    let mut view = plan_of(folder.path(), |recipe| recipe);
    let path = |path: &str, exact| PlannedPath {
        path: path.to_owned(),
        records: 7_000,
        readings: 1,
        drawn: 6_333,
        sampled: 13_333,
        exact,
    };
    (view.exact, view.records) = (false, 28_000);
    view.mixture = vec![path("a", true), path("b", true)];
    let text = view.render();
    for part in [
        "Mixture      a: 13,333 records: all once, and about 6,333 once more\n",
        "Records      about 28,000 read, 26,666 drawn\n",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    view.mixture[1].exact = false;
    let text = view.render();
    for part in [
        " b: about 13,333 records: all once",
        "read, about 26,666 drawn\n",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn what_lies_in_a_store_is_told_apart_from_what_is_here() {
    let folder = folder_with(&[("a.jsonl", 25)]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let schemes = StoreSchemes::default().with("disk", |url| {
        let folder = url.strip_prefix("disk://").unwrap_or(url);
        Ok(Arc::new(LocalStore::new(folder)))
    });
    let plan_of = |export: &str, work_dir: &str| {
        let recipe = Recipe::builder(path("in"), export)
            .operator("text_length_filter", [("min_len", 1)])
            .set("work_dir", work_dir)
            .build();
        let builder = ExecutorBuilder::new(recipe.unwrap(), coldpress_ops::builtin());
        let builder = builder
            .scratch_dir(path("scratch"))
            .schemes(schemes.clone());
        plan(&builder.build().unwrap()).unwrap()
    };
    let here = plan_of(&path("out.jsonl"), &path("jobs"));
    assert!(here.stores.is_empty() && here.scratch.is_none());
    assert!(
        here.render().contains("\nDisk         up to "),
        "{}",
        here.render()
    );
    let view = plan_of("disk://b/out.jsonl", "disk://b/jobs");
    let all = view.disk.total();
    let urls: Vec<_> = view
        .stores
        .iter()
        .map(|store| (store.url.as_str(), store.needed_bytes))
        .collect();
    assert_eq!(urls, [("disk://b", all)]);
    assert!(view.space.is_empty());
    let text = view.render();
    let size = crate::quantity::bytes(all);
    for part in [
        format!("\nWrites       up to {size} before compression\n"),
        format!("             up to {size} of it in disk://b\n"),
        format!(
            "Scratch      copies of the journal and the views of the job, in\n             {}",
            path("scratch")
        ),
    ] {
        assert!(text.contains(&part), "no {part:?} in:\n{text}");
    }
    let both = plan_of(&path("out.jsonl"), "disk://b/jobs");
    assert_eq!(
        both.stores[0].needed_bytes + both.space[0].needed_bytes,
        all
    );
}
