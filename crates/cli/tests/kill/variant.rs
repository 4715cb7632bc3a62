//! What a run is like: strategy, input, export.

/// The file that lists duplicates.
pub(crate) const DUPLICATES: &str = "removed.parquet";

/// How a job is run; each is measured undisturbed before it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Variant {
    pub(crate) strategy: Strategy,
    pub(crate) input: Input,
    pub(crate) export: Export,
    /// True if statistics and dropped records are written beside the export, and records are traced.
    pub(crate) companions: bool,
    /// Whether checkpoints go, few being kept during the run and none after it.
    pub(crate) cleans: bool,
    /// What checkpoints are.
    pub(crate) stored: Stored,
    /// Whether workers are processes, which outlive their driver for a moment.
    pub(crate) processes: bool,
    /// Whether three operators need the whole dataset, one in the midst of the recipe and two at its end, of which the first
    /// places records.
    pub(crate) barriers: bool,
    /// True if there is so little memory that such operators sort on disk.
    pub(crate) sorts: bool,
    /// True if partitions are many and small, so that workers pack their results.
    pub(crate) packs: bool,
}

/// The mode and format of checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stored {
    DeltaParquet,
    DeltaArrow,
    DeltaLines,
    FullParquet,
    FullArrow,
    FullLines,
}

/// The checkpoint strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strategy {
    EveryOp,
    EveryPartition,
    EveryNOps,
    Manual,
    Disabled,
}

/// The form of the dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Input {
    /// A file in which partitions are ranges of bytes.
    Lines,
    /// A stream that one reader cuts, and copies partition by partition.
    Gzip,
    Csv,
    Array,
    Parquet,
    /// An Arrow IPC stream, which has no list of its batches.
    Stream,
    /// A folder of text files.
    Texts,
}

/// The form of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Export {
    Lines,
    Gzip,
    Zstd,
    Array,
    Csv,
    Parquet,
    Arrow,
    /// A directory of JSONL.
    Directory,
    /// A directory of Parquet files.
    ParquetDirectory,
}

impl Variant {
    /// How many differ in something else than the strategy.
    pub(crate) const FORMS: usize = 2 * Input::ALL.len() * Export::ALL.len();

    /// One after another, these have every input with every export, with and without companions.
    pub(crate) fn numbered(strategy: Strategy, number: usize) -> Self {
        // No two of the counts have a divisor in common.
        Self {
            strategy,
            input: Input::ALL[number % Input::ALL.len()],
            export: Export::ALL[number % Export::ALL.len()],
            companions: number.is_multiple_of(2),
            cleans: number % 5 == 2,
            stored: Stored::ALL[number % 11 % Stored::ALL.len()],
            processes: number % 13 % 2 == 1,
            barriers: number % 17 % 3 == 1,
            sorts: false,
            packs: false,
        }
    }

    /// The arguments that make the program run so, over the dataset in its form, with what it writes in this folder.
    pub(crate) fn arguments(self, dataset: &str, folder: &str) -> Vec<String> {
        let mut words: Vec<String> = self
            .strategy
            .arguments()
            .iter()
            .map(|&word| word.into())
            .collect();
        let mut add = |key: &str, value: String| words.extend([format!("--{key}"), value]);
        add("dataset_path", dataset.to_owned());
        let export = self.export;
        let end = if export.is_directory() { "/" } else { "" };
        add("export_path", format!("{folder}/{}{end}", export.name()));
        if export.is_directory() {
            // Small shards, so that there are several.
            add("export_shard_size", "300000".to_owned());
        }
        if export == Export::ParquetDirectory {
            add("export_type", "parquet".to_owned());
        }
        if self.companions {
            add("export_stats", "true".to_owned());
            add("export_dropped", format!("{folder}/dropped"));
            add("open_tracer", "true".to_owned());
        }
        if self.companions && self.barriers {
            add("duplicates_path", format!("{folder}/{DUPLICATES}"));
        }
        if self.sorts {
            add("memory_limit_mb", "1".to_owned());
        }
        let (mode, format) = self.stored.mode_and_format();
        add("checkpoint.mode", mode.to_owned());
        add("checkpoint.format", format.to_owned());
        if self.processes {
            add("executor_type", "process".to_owned());
        }
        if self.cleans {
            add("checkpoint.max_checkpoints_per_partition", "2".to_owned());
            add("intermediate_storage.cleanup_on_success", "true".to_owned());
        }
        words
    }

    /// Whether it leaves checkpoint files.
    pub(crate) fn has_checkpoints(self) -> bool {
        !matches!(self.strategy, Strategy::EveryPartition | Strategy::Disabled)
    }

    /// The statistics, a file for each filter, deduplicator and selector of the recipe, and the list of duplicates.
    pub(crate) fn companion_count(self) -> usize {
        let files = if self.barriers { 10 } else { 6 };
        if self.companions { files } else { 0 }
    }

    /// The stage whose results are exported.
    pub(crate) fn last_stage(self) -> u64 {
        if self.barriers { 3 } else { 0 }
    }

    /// Whether undisturbed runs must write the same: neither the strategy nor the packing of the input may be seen.
    pub(crate) fn agrees_with(self, other: Self) -> bool {
        let like = |one: Self| {
            let content = (one.input.content(), one.barriers);
            // A packed export depends on where partitions end.
            (content, one.export, one.companions, one.packs)
        };
        // Behind a null an Arrow export has what its source has there.
        let is_free = self.export == Export::Arrow && self.input != other.input;
        like(self) == like(other) && !is_free
    }
}

impl Stored {
    const ALL: [Self; 6] = [
        Self::DeltaParquet,
        Self::DeltaArrow,
        Self::DeltaLines,
        Self::FullParquet,
        Self::FullArrow,
        Self::FullLines,
    ];

    pub(crate) fn mode_and_format(self) -> (&'static str, &'static str) {
        match self {
            Self::DeltaParquet => ("delta", "parquet"),
            Self::DeltaArrow => ("delta", "arrow"),
            Self::DeltaLines => ("delta", "jsonl"),
            Self::FullParquet => ("full", "parquet"),
            Self::FullArrow => ("full", "arrow"),
            Self::FullLines => ("full", "jsonl"),
        }
    }
}

impl Strategy {
    pub(crate) const ALL: [Self; 5] = [
        Self::EveryOp,
        Self::EveryPartition,
        Self::EveryNOps,
        Self::Manual,
        Self::Disabled,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EveryOp => "every_op",
            Self::EveryPartition => "every_partition",
            Self::EveryNOps => "every_n_ops",
            Self::Manual => "manual",
            Self::Disabled => "disabled",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::EveryOp => &["--checkpoint.strategy", "every_op"],
            Self::EveryPartition => &["--checkpoint.strategy", "every_partition"],
            Self::EveryNOps => &[
                "--checkpoint.strategy",
                "every_n_ops",
                "--checkpoint.n_ops",
                "3",
            ],
            Self::Manual => {
                const OPERATORS: &str = "fix_unicode_mapper,alphanumeric_filter";
                &[
                    "--checkpoint.strategy",
                    "manual",
                    "--checkpoint.op_names",
                    OPERATORS,
                ]
            }
            Self::Disabled => &["--checkpoint.strategy", "disabled"],
        }
    }
}

impl Input {
    pub(crate) const ALL: [Self; 7] = [
        Self::Lines,
        Self::Gzip,
        Self::Csv,
        Self::Array,
        Self::Parquet,
        Self::Stream,
        Self::Texts,
    ];

    /// Where the dataset is, in the folder of the rounds.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Lines => "in.jsonl",
            Self::Gzip => "in.jsonl.gz",
            Self::Csv => "in.csv",
            Self::Array => "in.json",
            Self::Parquet => "in.parquet",
            Self::Stream => "in.arrows",
            Self::Texts => "texts",
        }
    }

    /// What a table calls it.
    pub(crate) fn form(self) -> &'static str {
        match self {
            Self::Lines => "`.jsonl`",
            Self::Gzip => "`.jsonl.gz`",
            Self::Csv => "`.csv`",
            Self::Array => "`.json`",
            Self::Parquet => "`.parquet`",
            Self::Stream => "`.arrows`",
            Self::Texts => "`.txt`",
        }
    }

    /// Which inputs hold the same records, spelled the same.
    fn content(self) -> u32 {
        match self {
            Self::Lines | Self::Gzip | Self::Array => 0,
            Self::Csv => 1,
            Self::Parquet | Self::Stream => 2,
            Self::Texts => 3,
        }
    }
}

impl Export {
    pub(crate) const ALL: [Self; 9] = [
        Self::Lines,
        Self::Gzip,
        Self::Zstd,
        Self::Array,
        Self::Csv,
        Self::Parquet,
        Self::Arrow,
        Self::Directory,
        Self::ParquetDirectory,
    ];

    /// The name of the file or directory.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lines => "clean.jsonl",
            Self::Gzip => "clean.jsonl.gz",
            Self::Zstd => "clean.jsonl.zst",
            Self::Array => "clean.json",
            Self::Csv => "clean.csv",
            Self::Parquet => "clean.parquet",
            Self::Arrow => "clean.arrow",
            Self::Directory | Self::ParquetDirectory => "clean",
        }
    }

    /// What a table calls it.
    pub(crate) fn form(self) -> &'static str {
        match self {
            Self::Lines => "`.jsonl`",
            Self::Gzip => "`.jsonl.gz`",
            Self::Zstd => "`.jsonl.zst`",
            Self::Array => "`.json`",
            Self::Csv => "`.csv`",
            Self::Parquet => "`.parquet`",
            Self::Arrow => "`.arrow`",
            Self::Directory => "directory of `.jsonl`",
            Self::ParquetDirectory => "directory of `.parquet`",
        }
    }

    pub(crate) fn is_directory(self) -> bool {
        matches!(self, Self::Directory | Self::ParquetDirectory)
    }
}
