//! Where the records go.

use crate::codec::{AtLeast, Flag, OneOf, Optional, Path, Text, choice};
use crate::settings::section;

section! {
    /// The output.
    pub struct ExportSettings {
        /// The file that is written: `.jsonl`, also `.jsonl.gz` and `.jsonl.zst`. A path that ends in `/` is a directory of shards.
        path: String as Path {
            "export_path", Required, Run, Partly("Parquet, Arrow, CSV and JSON exports come with a later release")
        }
        /// The format, where it is not to be taken from the suffix.
        export_type: Option<String> as Optional<Text> {
            "export_type", Derived("from the suffix"), Run, Partly("only `jsonl`; Parquet, Arrow, CSV and JSON exports come with a later release")
        }
        /// The greatest size of a shard in bytes; 0 = one file. Shards keep the order of the records: part-00000, part-00001 and so on.
        shard_size_bytes: u64 as AtLeast<0> { "export_shard_size", Value("0"), Run, Now }
        /// Accepted for the sake of other systems' recipes.
        in_parallel: bool as Flag {
            "export_in_parallel", Value("false"), Run, NoEffect("one writer keeps the records in order")
        }
        /// What may be replaced at the export path. `own`: an export that Coldpress made and nobody changed since; `always`; `never`.
        overwrite: Overwrite as OneOf { "export_overwrite", Value("own"), Run, Now }
        /// Whether records keep the statistics that filters computed.
        keep_stats: bool as Flag { "keep_stats_in_res_ds", Value("false"), Result, Now }
        /// Whether records keep the hashes that deduplicators computed.
        keep_hashes: bool as Flag {
            "keep_hashes_in_res_ds", Value("false"), Result, DefaultOnly("hashes are not part of the records")
        }
        /// A directory for what each filter and deduplicator dropped, a file per operator.
        dropped_dir: Option<String> as Optional<Path> {
            "export_dropped", Value("null"), Run, DefaultOnly("dropped records are counted, not kept")
        }
    }
}

choice! {
    /// What may be replaced at the export path.
    pub enum Overwrite {
        /// An export that Coldpress made and nobody changed since.
        Own = "own",
        /// Anything.
        Always = "always",
        /// Nothing.
        Never = "never",
    }
}
