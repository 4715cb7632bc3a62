//! Sources: the files that make up a dataset, in plan order.

use coldpress_storage::StoreSchemes;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::format::{Encoding, FileCompression, Format};

mod blocks;
mod file;
mod identity;
mod location;
mod place;

pub use file::{InputFile, open_source};
pub(crate) use file::{ReadAt, check_sealed, open_stream};
pub use identity::{SourceIdentity, Touched};
pub use location::{Location, Remote, Sealed};
pub(crate) use place::MemberPlace;

/// One file of a dataset, or several that are read as one: text files, or many small files of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The place of the file.
    pub path: Location,
    /// The identity of the file when the job was planned.
    pub identity: SourceIdentity,
    /// The compression of its bytes.
    pub compression: FileCompression,
    /// The encoding of its text.
    pub encoding: Encoding,
    /// The format of its unpacked bytes.
    #[serde(default, skip_serializing_if = "is_lines")]
    pub format: Format,
    /// The columns to read from CSV and columnar files; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// The fields of a columnar file that hold bytes and are read as text, because the recipe names them as text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
    /// The files of the source, if there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Location>,
}

fn is_lines(format: &Format) -> bool {
    *format == Format::Lines
}

impl Source {
    /// Returns whether it is read as a table of columns, not as lines.
    pub fn is_columnar(&self) -> bool {
        matches!(
            self.format,
            Format::Parquet | Format::ArrowFile | Format::ArrowStream
        )
    }

    /// Returns whether any byte of its text can be sought, which holds for plain UTF-8 JSONL. The text of anything else is made
    /// while it is read.
    pub fn is_addressable(&self) -> bool {
        self.is_plain()
            && self.format == Format::Lines
            && self.members.is_empty()
            && self.path.is_seekable()
    }

    /// Returns whether it consists of several files that are not one record each.
    pub fn is_joined(&self) -> bool {
        !self.members.is_empty() && self.format != Format::Text
    }

    /// Returns the suffix of its file, in lower case and with the dot, as in `.jsonl`. For a packed file it includes the suffix
    /// before it, as in `.jsonl.gz`. It is empty if the file has none.
    ///
    /// For several files it is the suffix of the first. Files of different suffixes are combined only if nobody asks for their
    /// suffixes ([`ResolveOptions::by_suffix`](crate::ResolveOptions::by_suffix)).
    pub fn suffix(&self) -> String {
        let file = self.members.first().unwrap_or(&self.path);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        // A dot at the start or the end of a name doesn't begin a suffix.
        let begin = name.len() - name.trim_start_matches('.').len();
        let parts = match self.compression {
            FileCompression::None => 1,
            FileCompression::Gzip | FileCompression::Zstd => 2,
        };
        let dots = name[begin..].rmatch_indices('.').take(parts);
        let suffix = match dots.last() {
            Some((dot, _)) if !name.ends_with('.') => &name[begin + dot..],
            _ => "",
        };
        suffix.to_lowercase()
    }

    /// Returns the file that holds the record at `seek`, for a source that [is joined](Self::is_joined).
    pub fn member_at(&self, seek: u64) -> Option<&Location> {
        self.members.get(MemberPlace::unpack(seek).member)
    }

    /// Returns one of its files as a source of its own.
    pub(crate) fn member(&self, path: &Location) -> Self {
        Self {
            path: path.clone(),
            members: Vec::new(),
            ..self.clone()
        }
    }

    /// Returns whether reading can begin at a record whose place in the file is known; see
    /// [`LineStream::open_at`](crate::LineStream::open_at).
    pub fn can_resume_inside(&self) -> bool {
        match self.format {
            Format::Lines | Format::Array | Format::Values | Format::Field(_) | Format::Csv(_) => {
                self.is_plain() && self.texts().iter().all(Location::is_seekable)
            }
            // The place is the number of a file.
            Format::Text => true,
            _ => false,
        }
    }

    /// Returns whether the file is its text, without packing or conversion.
    pub(crate) fn is_plain(&self) -> bool {
        self.compression == FileCompression::None && self.encoding == Encoding::Utf8
    }

    /// Makes a source from another process readable in this one.
    ///
    /// # Errors
    /// Fails like [`Location::reach`].
    pub fn reach(&mut self, schemes: &StoreSchemes) -> Result<()> {
        let members = self.members.iter_mut();
        members
            .chain([&mut self.path])
            .try_for_each(|location| location.reach(schemes))
    }

    /// Returns the files of this source.
    pub(crate) fn texts(&self) -> &[Location] {
        if self.members.is_empty() {
            std::slice::from_ref(&self.path)
        } else {
            &self.members
        }
    }

    /// Compares the file with its state when the job was planned.
    ///
    /// # Errors
    /// [`Error::Changed`] when its length or its sample differ; [`Error::Io`] when it cannot be read.
    pub fn check_unchanged(&self) -> Result<Touched> {
        let files = self.texts().iter().map(Location::as_it_is_now);
        let files = files.collect::<Result<Vec<_>>>()?;
        let now = SourceIdentity::of(&self.identity.path, &files)?;
        let changed = |what: String| {
            Err(Error::Changed {
                path: self.identity.path.clone(),
                what,
            })
        };
        if now.length != self.identity.length {
            return changed(format!(
                "{} bytes, now {}",
                self.identity.length, now.length
            ));
        }
        if now.sample != self.identity.sample {
            return changed("its content is another".to_owned());
        }
        let touched = now.modified_nanos != self.identity.modified_nanos;
        Ok(if touched {
            Touched::Touched
        } else {
            Touched::Same
        })
    }
}
