//! The files of a job by kind, and what may come of damage to each.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harm::Harm;
use crate::state::State;

/// What may come of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum May {
    /// The run exports what an undisturbed one does.
    Mend,
    /// So it does, but it may refuse what is no such file at all.
    RefuseStrangers,
    /// It may refuse.
    Refuse,
}

/// Each kind of file, with `#` for numbers.
const KINDS: &[(&str, May)] = &[
    ("jobs/j/checkpoints/checkpoint_#.json", May::Mend),
    (
        "jobs/j/checkpoints/partition_#_deltas.e#.a#.parquet",
        May::Mend,
    ),
    (
        "jobs/j/checkpoints/partition_#_op_#_clean_links_mapper.e#.a#.parquet",
        May::Mend,
    ),
    (
        "jobs/j/checkpoints/partition_#_op_#_text_length_filter.e#.a#.parquet",
        May::Mend,
    ),
    (
        "jobs/j/checkpoints/partition_#_op_#_whitespace_normalization_mapper.e#.a#.parquet",
        May::Mend,
    ),
    ("jobs/j/event_logs/events.jsonl", May::RefuseStrangers),
    ("jobs/j/event_logs/events.log", May::RefuseStrangers),
    ("jobs/j/events.jsonl", May::RefuseStrangers),
    ("jobs/j/job.heartbeat", May::Refuse),
    ("jobs/j/job.lock", May::RefuseStrangers),
    ("jobs/j/job_summary.json", May::Mend),
    ("jobs/j/journal/#.jsonl", May::Refuse),
    ("jobs/j/lineage.jsonl", May::Mend),
    ("jobs/j/metadata/dataset_mapping.json", May::Mend),
    ("jobs/j/metadata/final_mapping_report.json", May::Mend),
    ("jobs/j/metadata/schema.json", May::Mend),
    ("jobs/j/partitions/partition_#.e#.jsonl", May::Mend),
    ("jobs/j/quarantine/partition_#.e#.a#.op#.jsonl", May::Mend),
    ("jobs/j/recipe.resolved.yaml", May::RefuseStrangers),
    ("jobs/j/recipe.yaml", May::RefuseStrangers),
    ("jobs/j/report.html", May::Mend),
    ("jobs/j/results/partition_#.e#.a#.index.parquet", May::Mend),
    ("jobs/j/results/partition_#_placed.e#.a#.jsonl", May::Mend),
    (
        "jobs/j/results/partition_#_placed.e#.a#.index.parquet",
        May::Mend,
    ),
    (
        "jobs/j/results/partition_#_placed.e#.a#.dropped.op#.jsonl",
        May::Mend,
    ),
    ("jobs/j/results/partition_#.e#.a#.jsonl", May::Mend),
    (
        "jobs/j/results/partition_#.e#.a#.dropped.op#.jsonl",
        May::Mend,
    ),
    (
        "jobs/j/results/stage_#_partition_#.e#.a#.index.parquet",
        May::Mend,
    ),
    ("jobs/j/results/stage_#_partition_#.e#.a#.jsonl", May::Mend),
    (
        "jobs/j/results/stage_#_partition_#.e#.a#.dropped.op#.jsonl",
        May::Mend,
    ),
    (
        "jobs/j/signatures/partition_#_decisions.e#.a#.pack",
        May::Mend,
    ),
    ("jobs/j/signatures/partition_#.e#.a#.duplicates", May::Mend),
    ("jobs/j/signatures/partition_#.e#.a#.signatures", May::Mend),
    ("out/.clean.jsonl.coldpress.j.e#.m#.tmp", May::Mend),
    ("out/.clean.jsonl.coldpress.json", May::Refuse),
    ("out/.clean.jsonl.coldpress.lock", May::RefuseStrangers),
    ("out/.clean_stats.jsonl.coldpress.j.e#.m#.tmp", May::Mend),
    ("out/.clean_stats.jsonl.coldpress.json", May::Refuse),
    (
        "out/.clean_stats.jsonl.coldpress.lock",
        May::RefuseStrangers,
    ),
    ("out/clean.jsonl", May::Refuse),
    ("out/clean_stats.jsonl", May::Refuse),
    (
        "out/dropped/.export_dropped.coldpress.lock",
        May::RefuseStrangers,
    ),
    (
        "out/dropped/.op_#_text_length_filter.jsonl.coldpress.j.e#.m#.tmp",
        May::Mend,
    ),
    (
        "out/dropped/.op_#_text_length_filter.jsonl.coldpress.json",
        May::Refuse,
    ),
    ("out/dropped/op_#_text_length_filter.jsonl", May::Refuse),
];

/// Files of one kind, in their order.
pub(crate) struct Kind {
    pub(crate) may: May,
    pub(crate) files: Vec<String>,
}

/// Puts the files of a place under their kinds; each file that a job writes must be of a known kind.
pub(crate) fn by_kind(files: Vec<String>, state: State) -> Vec<Kind> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        found.entry(kind_of(&file)).or_default().push(file);
    }
    let found = found.into_iter().filter(|(name, _)| state.concerns(name));
    let kind = |(name, files): (String, Vec<String>)| {
        let known = KINDS.iter().find(|(known, _)| *known == name);
        let (_, may) = known.unwrap_or_else(|| panic!("{name} is of no known kind"));
        Kind { may: *may, files }
    };
    found.map(kind).collect()
}

/// The name of a file with `#` for each number.
fn kind_of(file: &str) -> String {
    let mut kind = String::new();
    for letter in file.chars() {
        match letter {
            '0'..='9' if kind.ends_with('#') => {}
            '0'..='9' => kind.push('#'),
            _ => kind.push(letter),
        }
    }
    kind
}

impl May {
    pub(crate) fn refuse(self, harm: &Harm) -> bool {
        match self {
            Self::Mend => false,
            Self::RefuseStrangers => matches!(harm, Harm::Directory | Harm::FileForLink),
            Self::Refuse => true,
        }
    }
}

/// What a refusal may name: the file, or what its ownership file says it is.
pub(crate) fn names_of(file: &str) -> impl Iterator<Item = String> {
    let name = Path::new(file).file_name().unwrap().to_string_lossy();
    let owned = name
        .strip_prefix('.')
        .and_then(|name| name.strip_suffix(".coldpress.json"));
    let owned = owned.map(str::to_owned);
    [Some(name.into_owned()), owned].into_iter().flatten()
}
