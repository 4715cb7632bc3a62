//! Settings for checkpoints.

use super::storage::{StorageCompression, StorageFormat, StorageSettings};
use crate::codec::{AtLeast, Flag, OneOf, Optional, Seconds, Texts, choice};
use crate::error::Result;
use crate::given::Given;
use crate::section::{Written, section};

section! {
    /// The keys from which [`CheckpointSettings`] are made.
    pub(crate) struct CheckpointKeys {
        /// If false, the same as `strategy: disabled`.
        enabled: bool as Flag {
            "checkpoint.enabled" | "checkpointing.enabled" | "use_checkpoint", Value("true"), Run, Now
        }
        /// The operators after which a checkpoint is written. With `every_partition`, the checkpoint is the partition's result
        /// itself, not a second copy. With `disabled`, no checkpoint files are written; finished results still count on resume.
        strategy: Option<StrategyName> as Optional<OneOf> {
            "checkpoint.strategy" | "checkpointing.strategy",
            Derived("`every_partition`; `every_op` where there is a `checkpointing` section"), Run, Now
        }
        /// The number of operators from one checkpoint to the next, for `every_n_ops`.
        n_ops: u32 as AtLeast<1> { "checkpoint.n_ops" | "checkpointing.n_ops", Value("2"), Run, Now }
        /// The operators after which a checkpoint is written, for `manual`.
        op_names: Vec<String> as Texts { "checkpoint.op_names" | "checkpointing.op_names", Value("[]"), Run, Now }
        /// `delta` keeps the changes since the checkpoint before; `full` writes whole records.
        mode: CheckpointMode as OneOf {
            "checkpoint.mode", Value("delta"), Run, Now
        }
        /// The seconds of work worth protecting: a partition's checkpoints are published before it is finished if more work than
        /// this would otherwise be redone; 0 = at every checkpoint.
        gate_seconds: f64 as Seconds {
            "checkpoint.gate_seconds", Value("2"), Run, Now
        }
        /// The number of checkpoint files to keep per partition, of those from which the recipe could continue. The newest good one
        /// is never removed, and neither is a base that a kept one needs.
        max_per_partition: u32 as AtLeast<1> {
            "checkpoint.max_checkpoints_per_partition" | "checkpointing.max_checkpoints_per_partition",
            Value("10"), Run, Now
        }
        /// If true, a partition's older checkpoints beyond that number are removed.
        cleanup_old: bool as Flag {
            "checkpoint.cleanup_old_checkpoints" | "checkpointing.cleanup_old_checkpoints", Value("true"), Run, Now
        }
        /// The format of checkpoint files.
        format: Option<StorageFormat> as Optional<OneOf> {
            "checkpoint.format" | "checkpointing.storage_format", Derived("`intermediate_storage.format`"), Run, Now
        }
        /// The compression of checkpoint files.
        compression: Option<StorageCompression> as Optional<OneOf> {
            "checkpoint.compression" | "checkpointing.compression", Derived("`intermediate_storage.compression`"), Run, Now
        }
    }
}

choice! {
    /// The names of the strategies.
    pub(crate) enum StrategyName {
        /// After every operator.
        EveryOp = "every_op",
        /// At the end of every partition.
        EveryPartition = "every_partition",
        /// After every so many operators, as `n_ops` says.
        EveryNOps = "every_n_ops",
        /// After the named operators.
        Manual = "manual",
        /// Never.
        Disabled = "disabled",
    }
}

choice! {
    /// The content of a checkpoint file.
    pub enum CheckpointMode {
        /// The changes since the checkpoint before.
        Delta = "delta",
        /// Whole records.
        Full = "full",
    }
}

/// The operators after which a checkpoint is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// After every operator.
    EveryOp,
    /// At the end of every partition, whose result is its checkpoint.
    EveryPartition,
    /// After every given number of operators.
    EveryNOps(u32),
    /// After the operators with these names.
    Manual(Vec<String>),
    /// Never; finished results still count on resume.
    Disabled,
}

/// Settings for checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointSettings {
    /// The operators after which a checkpoint is written. Recipe keys: `checkpoint.enabled`, `.strategy`, `.n_ops`, `.op_names`.
    pub strategy: Strategy,
    /// The content of a checkpoint file. Recipe key: `checkpoint.mode`.
    pub mode: CheckpointMode,
    /// The seconds of work for which checkpoints are published early. Recipe key: `checkpoint.gate_seconds`.
    pub gate_seconds: f64,
    /// The number of files to keep per partition. Recipe key: `checkpoint.max_checkpoints_per_partition`.
    pub max_per_partition: u32,
    /// True if older files beyond that number are removed. Recipe key: `checkpoint.cleanup_old_checkpoints`.
    pub cleanup_old: bool,
    /// The format of the files. Recipe key: `checkpoint.format`.
    pub format: StorageFormat,
    /// The compression of the files. Recipe key: `checkpoint.compression`.
    pub compression: StorageCompression,
    /// The keys as given, because the strategy doesn't use all of them.
    asked: Asked,
}

/// The keys that a [`Strategy`] is made from.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    enabled: bool,
    strategy: StrategyName,
    n_ops: u32,
    op_names: Vec<String>,
}

impl Asked {
    fn strategy(&self) -> Strategy {
        match self.strategy {
            _ if !self.enabled => Strategy::Disabled,
            StrategyName::EveryOp => Strategy::EveryOp,
            StrategyName::EveryPartition => Strategy::EveryPartition,
            StrategyName::EveryNOps => Strategy::EveryNOps(self.n_ops),
            StrategyName::Manual => Strategy::Manual(self.op_names.clone()),
            StrategyName::Disabled => Strategy::Disabled,
        }
    }

    /// Returns keys that give this strategy, keeping the given ones as far as they fit.
    fn to_get(&self, strategy: &Strategy) -> Self {
        let mut asked = self.clone();
        if asked.strategy() == *strategy {
            return asked;
        }
        (asked.enabled, asked.strategy) = (true, strategy.name());
        match strategy {
            Strategy::EveryNOps(n_ops) => asked.n_ops = *n_ops,
            Strategy::Manual(op_names) => asked.op_names.clone_from(op_names),
            _ => {}
        }
        asked
    }
}

impl CheckpointSettings {
    pub(crate) fn read(given: &mut Given, storage: &StorageSettings) -> Result<Self> {
        let keys = CheckpointKeys::read(given)?;
        let name = keys
            .strategy
            .unwrap_or(if given.has_section("checkpointing") {
                StrategyName::EveryOp
            } else {
                StrategyName::EveryPartition
            });
        let asked = Asked {
            enabled: keys.enabled,
            strategy: name,
            n_ops: keys.n_ops,
            op_names: keys.op_names,
        };
        Ok(Self {
            strategy: asked.strategy(),
            mode: keys.mode,
            gate_seconds: keys.gate_seconds,
            max_per_partition: keys.max_per_partition,
            cleanup_old: keys.cleanup_old,
            format: keys.format.unwrap_or(storage.format),
            compression: keys.compression.unwrap_or(storage.compression),
            asked,
        })
    }

    pub(crate) fn write(&self, out: &mut Written) {
        let asked = self.asked.to_get(&self.strategy);
        CheckpointKeys {
            enabled: asked.enabled,
            strategy: Some(asked.strategy),
            n_ops: asked.n_ops,
            op_names: asked.op_names,
            mode: self.mode,
            gate_seconds: self.gate_seconds,
            max_per_partition: self.max_per_partition,
            cleanup_old: self.cleanup_old,
            format: Some(self.format),
            compression: Some(self.compression),
        }
        .write(out);
    }
}

impl Strategy {
    fn name(&self) -> StrategyName {
        match self {
            Self::EveryOp => StrategyName::EveryOp,
            Self::EveryPartition => StrategyName::EveryPartition,
            Self::EveryNOps(_) => StrategyName::EveryNOps,
            Self::Manual(_) => StrategyName::Manual,
            Self::Disabled => StrategyName::Disabled,
        }
    }

    /// Returns the word for it in recipes.
    pub fn as_str(&self) -> &'static str {
        self.name().as_str()
    }
}

impl Default for CheckpointSettings {
    /// Returns the settings of a recipe without these keys.
    fn default() -> Self {
        Self::read(&mut Given::nothing(), &StorageSettings::default())
            .expect("the defaults in the table of keys are valid, as a test of this crate shows")
    }
}
