//! The formats of checkpoints, and options for writing them.

use std::fmt;

/// The format of a checkpoint's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Parquet: columns with the types of the records in the file's metadata.
    #[default]
    Parquet,
    /// JSON, as DocETL writes it.
    Json,
}

impl Format {
    /// Both formats, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Parquet, Self::Json];

    /// Returns the extension of its files, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Json => "json",
        }
    }

    /// Returns the format whose files have this extension.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == extension)
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Parquet => Self::Json,
            Self::Json => Self::Parquet,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parquet => "Parquet",
            Self::Json => "JSON",
        })
    }
}

/// The compression of the pages of Parquet files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// No compression.
    None,
    /// Snappy, as in DocETL's own Parquet files.
    Snappy,
    /// LZ4 without frames.
    Lz4,
    /// Zstandard at this level, from 1 to 22.
    Zstd(i32),
}

/// Zstandard at level 1.
impl Default for Compression {
    fn default() -> Self {
        Self::Zstd(1)
    }
}

/// Options for writing and reading with a store.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) threads: Option<usize>,
    pub(crate) restore: Restore,
}

impl Options {
    /// Returns the defaults: Parquet with Zstandard at level 1, and one thread per processor.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the format of checkpoints that are saved.
    #[must_use]
    #[doc(alias = "enable_arrow")]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Sets the compression of Parquet files.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets the number of threads that encode and decode a checkpoint. Files are the same for any number.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads.max(1));
        self
    }

    /// Sets which texts in files of other programs become objects and lists.
    #[must_use]
    pub fn restore(mut self, restore: Restore) -> Self {
        self.restore = restore;
        self
    }

    pub(crate) fn thread_count(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or(processors)
    }
}

/// The text columns, in Parquet files of other programs, whose JSON texts become objects and lists.
///
/// Files of this crate have this information themselves, so the option doesn't affect them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restore {
    /// Columns that the file declares as JSON, and columns all of whose values are objects or lists in JSON, unless the file
    /// declares them as text, as files of pandas do.
    #[default]
    AsTheFileSays,
    /// All columns all of whose values are objects or lists in JSON.
    Always,
    /// No columns.
    Never,
}
