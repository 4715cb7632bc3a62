//! How far the job has come before its files are damaged.

use std::fs;

use crate::bench::{Bench, Place};

/// Where the job stands. In every state two drivers have written to its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Some partitions are published and others are on their way; an older export stands.
    Killed,
    /// The export is made, and was to take the place of an older one.
    Staged,
    Complete,
    /// Complete, and the export was removed.
    WithoutExport,
    /// Complete, and the export and all results were removed: what is left are checkpoints and copied slices.
    WithoutResults,
    /// The same, with checkpoints of whole records.
    FullCheckpoints,
    /// All that a deduplicator judges by is there, and nothing is decided.
    Signed,
    /// What it decided is there, and some of it is applied.
    Decided,
    /// The rows that a selector placed are there, and some of them went on.
    Placed,
}

impl State {
    /// What is told to the program besides the recipe.
    pub(crate) fn arguments(self) -> &'static str {
        match self {
            Self::FullCheckpoints => "--checkpoint.mode full",
            _ => "",
        }
    }

    /// The operators that follow in the recipe, and how many files a run of it writes.
    pub(crate) fn more_operators(self) -> (&'static str, usize) {
        match self {
            Self::Signed | Self::Decided => (
                "  - document_deduplicator:\n  - clean_email_mapper:\nduplicates_path: out/removed.parquet\n",
                5,
            ),
            Self::Placed => (
                "  - random_selector: {select_ratio: 0.8}\n  - clean_email_mapper:\n",
                4,
            ),
            _ => ("", 3),
        }
    }

    /// Whether a run from this state has a use for files of this kind, or should have none.
    pub(crate) fn concerns(self, kind: &str) -> bool {
        let is_in = |folder: &&str| kind.starts_with(&format!("jobs/j/{folder}/"));
        let leading = ["checkpoints", "partitions", "quarantine"];
        match self {
            Self::Killed | Self::WithoutExport => true,
            Self::Staged | Self::Complete => !leading.iter().any(is_in),
            Self::WithoutResults => leading.iter().any(is_in),
            Self::FullCheckpoints => is_in(&"checkpoints"),
            Self::Signed | Self::Decided | Self::Placed => {
                is_in(&"signatures") || is_in(&"results")
            }
        }
    }

    /// Brings a job into this state.
    pub(crate) fn set(self, bench: &Bench) -> Place {
        let place = bench.place("scene");
        if matches!(self, Self::Killed | Self::Staged) {
            let ran = place.process_job("older", "--work_dir older --limit 20", None);
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            fs::remove_dir_all(place.path("older")).unwrap();
        }
        let run = |crash: Option<&str>| {
            let ran = place.process(self.arguments(), crash);
            assert_eq!(ran.code.is_none(), crash.is_some(), "{}", ran.stderr);
        };
        run(Some(match self {
            // What was decided here is cited nowhere.
            Self::Decided | Self::Placed => "barrier.publish",
            _ => "driver.publish:5",
        }));
        match self {
            Self::Killed => {
                run(Some("driver.publish:6"));
                let results = fs::read_dir(place.path("jobs/j/results")).unwrap().count();
                assert!(results > 0, "nothing was published");
            }
            Self::Staged => run(Some("export.intent")),
            Self::Signed => run(Some("barrier.judge")),
            Self::Decided | Self::Placed => run(Some("driver.publish:3")),
            _ => run(None),
        }
        if matches!(
            self,
            Self::WithoutExport | Self::WithoutResults | Self::FullCheckpoints
        ) {
            fs::remove_file(place.path("out/clean.jsonl")).unwrap();
        }
        if matches!(self, Self::WithoutResults | Self::FullCheckpoints) {
            for entry in fs::read_dir(place.path("jobs/j/results")).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }
        place
    }
}
