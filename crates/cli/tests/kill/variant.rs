//! What a run is like: strategy, input, export.

/// How a job is run; each is measured undisturbed before it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Variant {
    pub(crate) strategy: Strategy,
    pub(crate) input: Input,
    pub(crate) export: Export,
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
    Plain,
    /// A stream that one reader cuts, and copies partition by partition.
    Gzip,
}

/// The form of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Export {
    Plain,
    Zstd,
    Directory,
}

pub(crate) const EXPORTS: [Export; 3] = [Export::Plain, Export::Zstd, Export::Directory];

impl Variant {
    /// The arguments that make the program run so.
    pub(crate) fn arguments(self) -> Vec<String> {
        let mut words = self.strategy.arguments().to_vec();
        words.extend(["--dataset_path", self.input.path()]);
        let words = words.into_iter().map(str::to_owned);
        words.chain(self.export.arguments()).collect()
    }

    /// Whether it leaves checkpoint files.
    pub(crate) fn has_checkpoints(self) -> bool {
        !matches!(self.strategy, Strategy::EveryPartition | Strategy::Disabled)
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
    /// Where the dataset is, in the folder of the rounds.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Plain => "in.jsonl",
            Self::Gzip => "in.jsonl.gz",
        }
    }
}

impl Export {
    /// The name of the file or directory.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "clean.jsonl",
            Self::Zstd => "clean.jsonl.zst",
            Self::Directory => "clean",
        }
    }

    /// What a table calls it.
    pub(crate) fn form(self) -> &'static str {
        match self {
            Self::Plain => "`.jsonl`",
            Self::Zstd => "`.jsonl.zst`",
            Self::Directory => "directory",
        }
    }

    fn arguments(self) -> Vec<String> {
        match self {
            // Small shards, so that there are several.
            Self::Directory => vec!["--export_shard_size".to_owned(), "300000".to_owned()],
            Self::Plain | Self::Zstd => Vec::new(),
        }
    }

    /// The export path in this folder.
    pub(crate) fn path_in(self, folder: &str) -> String {
        let end = if self == Self::Directory { "/" } else { "" };
        format!("{folder}/{}{end}", self.name())
    }
}
