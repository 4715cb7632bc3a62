//! # What it does
//! Copies the LaTeX files of an archive into the text of the record that has the path of the archive.
//!
//! The archive is a ZIP file (`.zip`), or a tar file that is plain or compressed by gzip (`.tar`, `.tar.gz`, `.tgz`). All of its
//! files whose names end with `.tex`, in lower case, are joined in the order of the archive. They are read as UTF-8; other bytes
//! become U+FFFD. Nothing is written to disk, and only the ends of the files' names matter.
//!
//! A file that is too large is left out, and reading stops at the first file that makes the total too large. An archive that cannot
//! be read sends its record to quarantine; with `compat: data_juicer`, the text is empty instead.
//!
//! # Parameters
//! See below. Relative paths start at the program's working directory. With limits of 0 or null, at most 1 GiB is read. Reading
//! always stops when 4 GiB have been unpacked.
//!
//! # Example
//! `{"compressed_file": "papers/1.tar.gz"}` gets a field `text` with all the LaTeX of that paper.
//!
//! # Notes on determinism
//! The result depends on the archives as well. Their content is kept, and not read again as long as it is intact.

use std::path::Path;

use coldpress_archive::{Limits, read_members};
use coldpress_operator::{
    Changes, Determinism, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext,
    Resolved, params,
};

params! {
    /// Parameters of `latex_merge_tex_mapper`.
    pub(crate) struct LatexMergeTexParams {
        /// The field with the path of the archive.
        compressed_file_key: String = "compressed_file".to_owned();
        /// The separator between the files.
        separator: String = "\n\n".to_owned();
        /// The size of a file in bytes, at most; 0 or null for no limit.
        max_file_size: Option<u64> = Some(50 << 20);
        /// The size of all files together in bytes, at most; 0 or null for no limit.
        max_total_size: Option<u64> = Some(100 << 20);
    }
}

/// Returns the description of `latex_merge_tex_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "latex_merge_tex_mapper",
        "Copies the LaTeX files of an archive into the text of the record that has its path.",
        resolve,
    )
    .determinism(Determinism::External)
    .doc(&super::manual(include_str!("latex_merge_tex.rs")))
}

/// The number of bytes that are read if the recipe sets no limit.
const MOST_BYTES: u64 = 1 << 30;

fn resolve(
    params: LatexMergeTexParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<LatexMergeTexMapper>, ParamError> {
    let limit = |bytes: Option<u64>| bytes.filter(|bytes| *bytes > 0).unwrap_or(MOST_BYTES);
    let mapper = LatexMergeTexMapper {
        separator: params.separator,
        limits: Limits {
            member_bytes: limit(params.max_file_size),
            total_bytes: limit(params.max_total_size),
        },
        unreadable_is_empty: context.compat(),
    };
    let fields = [params.compressed_file_key, context.text_key.clone()];
    let resolved = Resolved::new(move || mapper.clone());
    Ok(resolved.fields(fields).sets_values())
}

#[derive(Clone)]
struct LatexMergeTexMapper {
    separator: String,
    limits: Limits,
    /// True if an unreadable archive gives an empty text, as in Data-Juicer.
    unreadable_is_empty: bool,
}

impl Mapper for LatexMergeTexMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let path = record.text(0)?;
        let members = read_members(Path::new(path), self.limits, |name| name.ends_with(b".tex"));
        let members = match members {
            Ok(members) => members,
            Err(_) if self.unreadable_is_empty => Vec::new(),
            Err(error) => {
                let message = format!("the archive `{path}` cannot be read: {error}");
                return Err(RecordError::new(message));
            }
        };
        let texts = members.iter();
        let texts = texts.map(|member| String::from_utf8_lossy(&member.bytes));
        changes.set(1, texts.collect::<Vec<_>>().join(&self.separator));
        Ok(())
    }
}
