//! The settings of a recipe in the terms of the crates that do the work.

use std::num::NonZeroU32;

use coldpress_checkpoint::Strategy;
use coldpress_config::{Backoff, ExportCompression, ExportSettings, Materialize, Recipe};
use coldpress_export::{ExportTarget, ParquetCodec};
use coldpress_failure::{RetryPolicy, full_message};
use coldpress_partition::{Copying, CutSettings};
use coldpress_storage::StoreSchemes;

use super::MAX_WORKERS;
use crate::error::{Error, ErrorKind, Result};

pub(super) fn strategy(recipe: &Recipe) -> Strategy {
    use coldpress_config::Strategy as Asked;
    match &recipe.checkpoint.strategy {
        Asked::EveryOp => Strategy::EveryOp,
        Asked::EveryPartition => Strategy::EveryPartition,
        Asked::EveryNOps(count) => {
            Strategy::EveryNOps(NonZeroU32::new(*count).unwrap_or(NonZeroU32::MIN))
        }
        Asked::Manual(names) => Strategy::Manual(names.clone()),
        Asked::Disabled => Strategy::Disabled,
    }
}

pub(super) fn cut(recipe: &Recipe) -> CutSettings {
    CutSettings {
        max_records: recipe.partition.size,
        max_bytes: recipe.partition.max_size_bytes,
        max_record_bytes: recipe.failure.max_record_bytes,
        limit: recipe.limit,
        copying: match recipe.partition.materialize {
            Materialize::Auto => Copying::Auto,
            Materialize::Always => Copying::Always,
            Materialize::Never => Copying::Never,
        },
        shares: Vec::new(),
    }
}

/// Where the export goes, in which form.
pub(crate) fn target(export: &ExportSettings, schemes: &StoreSchemes) -> Result<ExportTarget> {
    let named = |key: &'static str| {
        move |error| {
            Error::new(
                ErrorKind::Recipe,
                format!("{key}: {}", full_message(&error)),
            )
        }
    };
    let form = export.export_type.as_deref();
    let target = ExportTarget::open(&export.path, form, export.shard_size_bytes, schemes);
    let target = target.map_err(named("export_path"))?;
    let Some(compression) = export.compression else {
        return Ok(target);
    };
    let target = target.compressed(match compression {
        ExportCompression::Snappy => ParquetCodec::Snappy,
        ExportCompression::Zstd => ParquetCodec::Zstd,
        ExportCompression::Gzip => ParquetCodec::Gzip,
        ExportCompression::Lz4 => ParquetCodec::Lz4,
        ExportCompression::None => ParquetCodec::None,
    });
    target.map_err(named("export_compression"))
}

/// What is mapped into memory is not compressed.
pub(super) fn checkpoint_compression(recipe: &Recipe) -> coldpress_checkpoint::Compression {
    let is_mapped = recipe.storage.arrow_memory_mapping
        && recipe.checkpoint.format == coldpress_config::StorageFormat::Arrow;
    match is_mapped {
        true => coldpress_checkpoint::Compression::None,
        false => storage_compression(recipe.checkpoint.compression),
    }
}

pub(super) fn storage_compression(
    asked: coldpress_config::StorageCompression,
) -> coldpress_checkpoint::Compression {
    use coldpress_config::StorageCompression as Asked;
    match asked {
        Asked::None => coldpress_checkpoint::Compression::None,
        Asked::Snappy => coldpress_checkpoint::Compression::Snappy,
        Asked::Zstd => coldpress_checkpoint::Compression::Zstd,
        Asked::Gzip => coldpress_checkpoint::Compression::Gzip,
        Asked::Lz4 => coldpress_checkpoint::Compression::Lz4,
        Asked::Auto => coldpress_checkpoint::Compression::Auto,
    }
}

pub(super) fn storage_format(
    asked: coldpress_config::StorageFormat,
) -> coldpress_checkpoint::Format {
    use coldpress_config::StorageFormat as Asked;
    match asked {
        Asked::Parquet => coldpress_checkpoint::Format::Parquet,
        Asked::Arrow => coldpress_checkpoint::Format::Arrow,
        Asked::Jsonl => coldpress_checkpoint::Format::Jsonl,
    }
}

pub(super) fn retry(recipe: &Recipe) -> RetryPolicy {
    let asked = &recipe.retry;
    RetryPolicy {
        max_retries: if recipe.failure.fault_tolerance {
            asked.max_retries
        } else {
            0
        },
        backoff: match asked.backoff {
            Backoff::Exponential => coldpress_failure::Backoff::Exponential,
            Backoff::Linear => coldpress_failure::Backoff::Linear,
            Backoff::Fixed => coldpress_failure::Backoff::Fixed,
        },
        delay_seconds: asked.delay_seconds,
        max_delay_seconds: asked.max_delay_seconds,
    }
}

pub(super) fn workers(recipe: &Recipe) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let asked = recipe
        .executor
        .workers
        .map_or(cores, |workers| workers as usize);
    let limit = recipe
        .partition
        .max_concurrent_partitions
        .map_or(usize::MAX, |limit| limit as usize);
    asked.min(limit).clamp(1, MAX_WORKERS)
}
