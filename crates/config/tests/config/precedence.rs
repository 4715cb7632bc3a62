use crate::{load, load_with, warnings};

#[test]
fn earlier_spellings_win_with_one_warning() {
    let recipe = load(
        "max_retries: 1\nrecovery: {max_retries: 2}\npartition: {max_retries: 3}\nretry: {max_retries: 4}\n",
    );
    assert_eq!(recipe.retry.max_retries, 4);
    assert_eq!(
        warnings(&recipe),
        [
            "r.yaml:4:1: `retry.max_retries` and `max_retries` are one setting and differ: `retry.max_retries` counts",
            "r.yaml:5:12: `retry.max_retries` and `recovery.max_retries` are one setting and differ: `retry.max_retries` counts",
            "r.yaml:6:13: `retry.max_retries` and `partition.max_retries` are one setting and differ: `retry.max_retries` counts",
        ]
    );
    let both = load("dataset: {configs: [{path: b, weight: 2}]}\n");
    assert_eq!(
        warnings(&both),
        [
            "r.yaml:4:11: `dataset_path` and `dataset.configs` are one setting and differ: `dataset_path` counts; the paths \
             and weights of `dataset.configs` are not used"
        ]
    );
    assert_eq!(
        load("max_retries: 1\nrecovery: {max_retries: 2}")
            .retry
            .max_retries,
        2
    );
    assert_eq!(
        load("recovery: {max_retries: 2}\npartition: {max_retries: 3}")
            .retry
            .max_retries,
        3
    );
    assert_eq!(
        load("checkpointing: {enabled: true}\nuse_checkpoint: false")
            .checkpoint
            .strategy
            .as_str(),
        "every_op"
    );
}

#[test]
fn equal_values_are_no_contradiction() {
    let recipe = load(
        "partition_size: 1_000\npartition: {size: 1000}\nuse_arrow_batches: yes\nperformance: {use_arrow_batches: true}",
    );
    assert_eq!(recipe.partition.size, 1000);
    assert_eq!(warnings(&recipe), [""; 0]);
}

#[test]
fn nothing_given_is_no_value() {
    let recipe = load("partition: {size: ~}\npartition_size: 7\nnp:\nretry:\n");
    assert_eq!(recipe.partition.size, 7);
    assert_eq!(recipe.executor.workers, None);
    assert_eq!(warnings(&recipe), [""; 0]);
}

#[test]
fn the_command_line_comes_before_all() {
    let recipe = load_with(
        "partition: {size: 5}\nmax_retries: 1",
        &["--partition-size", "6", "--retry.max_retries=2"],
    );
    assert_eq!((recipe.partition.size, recipe.retry.max_retries), (6, 2));
    assert_eq!(
        warnings(&recipe),
        [""; 0],
        "overriding is meant, not a contradiction"
    );
    let recipe = load_with("limit: 5", &["--limit", "null"]);
    assert_eq!(recipe.limit, None);
}
