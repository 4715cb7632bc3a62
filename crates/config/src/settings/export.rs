//! The destination of the records.

use crate::codec::{AtLeast, Flag, OneOf, Optional, PathOrUrl, Text, choice};
use crate::section::section;

section! {
    /// The output.
    pub struct ExportSettings {
        /// The file that is written, or the object of a URL such as `s3://bucket/out/clean.jsonl`: `.jsonl`, `.json`, `.csv` or
        /// `.tsv`, each optionally with `.gz` or `.zst`, or `.parquet`, `.arrow` or `.feather`. A path that ends in `/` is a
        /// directory of shards, and such a URL is a prefix of objects. A path without an extension gets JSON lines: a file, or with
        /// a Ray executor a directory of shards.
        path: String as PathOrUrl { "export_path", Required, Run, Now }
        /// The format, if it isn't given by the suffix: `jsonl`, `json`, `parquet`, `arrow`, `csv`, `tsv`.
        export_type: Option<String> as Optional<Text> { "export_type", Derived("from the suffix"), Run, Now }
        /// The compression inside of Parquet: `snappy`, `zstd`, `gzip`, `lz4` or `none`. Other formats are compressed according to
        /// their suffix.
        compression: Option<ExportCompression> as Optional<OneOf> {
            "export_compression", Derived("`snappy`"), Run, Now
        }
        /// The size in bytes at which a shard of a directory is complete; 0 = 256 MiB. Shards keep the order of the records:
        /// part-00000, part-00001 and so on.
        shard_size_bytes: u64 as AtLeast<0> { "export_shard_size", Value("0"), Run, Now }
        /// Accepted for compatibility with other systems' recipes.
        in_parallel: bool as Flag {
            "export_in_parallel", Value("false"), Run, NoEffect("one writer keeps the records in order")
        }
        /// The files that may be replaced at the export path. `own`: an export that Coldpress made and nobody has changed since;
        /// `always`: anything; `never`: nothing.
        overwrite: Overwrite as OneOf { "export_overwrite", Value("own"), Run, Now }
        /// The treatment of an earlier export at the export path that has more records, if partitions failed. `keep`: it stays, and
        /// the run is refused; `replace`: it is replaced.
        partial: Partial as OneOf { "export_partial", Value("keep"), Run, Now }
        /// If true, records keep the statistics that filters computed.
        keep_stats: bool as Flag { "keep_stats_in_res_ds", Value("false"), Result, Now }
        /// If true, records keep the hashes that deduplicators computed.
        keep_hashes: bool as Flag {
            "keep_hashes_in_res_ds", Value("false"), Result, DefaultOnly("the output has no columns of hashes")
        }
        /// A directory, or a URL of a folder in a store, for the records that each filter and deduplicator dropped, one file per
        /// operator. It belongs to one export: files from an earlier run of that export that this one doesn't write are removed.
        dropped_dir: Option<String> as Optional<PathOrUrl> { "export_dropped", Value("null"), Run, Now }
        /// A Parquet file, or the URL of an object, with a row for each record that a deduplicator removed: its position, its id,
        /// the record that was kept instead, and the similarity of the two.
        duplicates_path: Option<String> as Optional<PathOrUrl> { "duplicates_path", Value("null"), Run, Now }
        /// The field with a record's id for `duplicates_path`. A dotted name reaches into objects.
        duplicates_id_key: String as Text { "duplicates_id_key", Value("id"), Run, Now }
        /// A field, such as `source`, by whose values the report counts the records that deduplicators removed; null to count only
        /// by file.
        duplicates_source_key: Option<String> as Optional<Text> { "duplicates_source_key", Value("null"), Run, Now }
        /// If true, the statistics that filters computed for each exported record are written to `<export>_stats.jsonl`.
        stats: Option<bool> as Optional<Flag> { "export_stats", Derived("`true` with `compat`, else `false`"), Run, Now }
    }
}

choice! {
    /// A compression inside of Parquet.
    pub enum ExportCompression {
        /// Snappy.
        Snappy = "snappy",
        /// Zstandard.
        Zstd = "zstd",
        /// Gzip.
        Gzip = "gzip",
        /// LZ4 blocks without a frame.
        Lz4 = "lz4",
        /// No compression.
        None = "none",
    }
}

choice! {
    /// The treatment of an earlier export that has more records than the new one.
    pub enum Partial {
        /// The earlier export stays.
        Keep = "keep",
        /// The earlier export is replaced.
        Replace = "replace",
    }
}

choice! {
    /// The files that may be replaced at the export path.
    pub enum Overwrite {
        /// An export that Coldpress made and nobody has changed since.
        Own = "own",
        /// Anything.
        Always = "always",
        /// Nothing.
        Never = "never",
    }
}
