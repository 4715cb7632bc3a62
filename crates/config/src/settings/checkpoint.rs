//! Which progress is kept.

use super::storage::{StorageCompression, StorageFormat, StorageSettings};
use crate::codec::{AtLeast, Flag, OneOf, Optional, Seconds, Texts, choice};
use crate::error::Result;
use crate::given::Given;
use crate::section::{Written, section};

section! {
    /// The keys behind [`CheckpointSettings`].
    pub(crate) struct CheckpointKeys {
        /// False: as `strategy: disabled`.
        enabled: bool as Flag {
            "checkpoint.enabled" | "checkpointing.enabled" | "use_checkpoint", Value("true"), Run, Now
        }
        /// After which operators a checkpoint is written. `every_partition`'s checkpoint is the partition's result itself, not a second copy. `disabled` writes no checkpoint files; finished results still count on resume.
        strategy: Option<StrategyName> as Optional<OneOf> {
            "checkpoint.strategy" | "checkpointing.strategy",
            Derived("`every_partition`; `every_op` where there is a `checkpointing` section"), Run, Now
        }
        /// How many operators lie between two checkpoints, for `every_n_ops`.
        n_ops: u32 as AtLeast<1> { "checkpoint.n_ops" | "checkpointing.n_ops", Value("2"), Run, Now }
        /// The operators after which a checkpoint is written, for `manual`.
        op_names: Vec<String> as Texts { "checkpoint.op_names" | "checkpointing.op_names", Value("[]"), Run, Now }
        /// `delta` keeps what changed since the checkpoint before; `full` writes whole records.
        mode: CheckpointMode as OneOf {
            "checkpoint.mode", Value("delta"), Run, Now
        }
        /// Publish a partition's checkpoints before it is finished where more seconds of work than this would be redone otherwise; 0 = at every checkpoint.
        gate_seconds: f64 as Seconds {
            "checkpoint.gate_seconds", Value("2"), Run, Now
        }
        /// Checkpoint files kept per partition, of those that the recipe could go on from. The newest good one, and a base that a kept one needs, are never removed.
        max_per_partition: u32 as AtLeast<1> {
            "checkpoint.max_checkpoints_per_partition" | "checkpointing.max_checkpoints_per_partition",
            Value("10"), Run, Now
        }
        /// Remove a partition's older checkpoints beyond that number.
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
        /// After every so many operators.
        EveryNOps = "every_n_ops",
        /// After the operators that are named.
        Manual = "manual",
        /// Never.
        Disabled = "disabled",
    }
}

choice! {
    /// What a checkpoint file holds.
    pub enum CheckpointMode {
        /// What changed since the checkpoint before.
        Delta = "delta",
        /// Whole records.
        Full = "full",
    }
}

/// After which operators a checkpoint is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// After every operator.
    EveryOp,
    /// At the end of every partition: its result is its checkpoint.
    EveryPartition,
    /// After every so many operators.
    EveryNOps(u32),
    /// After the operators with these names.
    Manual(Vec<String>),
    /// Never; finished results still count on resume.
    Disabled,
}

/// Which progress is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointSettings {
    /// After which operators. Recipe keys: `checkpoint.enabled`, `.strategy`, `.n_ops`, `.op_names`.
    pub strategy: Strategy,
    /// What a file holds. Recipe key: `checkpoint.mode`.
    pub mode: CheckpointMode,
    /// Work worth a gate, in seconds. Recipe key: `checkpoint.gate_seconds`.
    pub gate_seconds: f64,
    /// Files kept per partition. Recipe key: `checkpoint.max_checkpoints_per_partition`.
    pub max_per_partition: u32,
    /// Whether older files beyond that are removed. Recipe key: `checkpoint.cleanup_old_checkpoints`.
    pub cleanup_old: bool,
    /// Recipe key: `checkpoint.format`.
    pub format: StorageFormat,
    /// Recipe key: `checkpoint.compression`.
    pub compression: StorageCompression,
    /// What was asked for, of which the strategy has no use for all.
    asked: Asked,
}

/// The keys that [`Strategy`] was made of.
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

    /// What must be asked for to get this strategy: what was, as far as it fits.
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

    /// The word for it in recipes.
    pub fn as_str(&self) -> &'static str {
        self.name().as_str()
    }
}

impl Default for CheckpointSettings {
    /// What holds where a recipe says nothing.
    fn default() -> Self {
        Self::read(&mut Given::nothing(), &StorageSettings::default())
            .expect("the defaults in the table of keys are valid, as a test of this crate shows")
    }
}
