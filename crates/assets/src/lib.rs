//! The files that operators need in addition to the recipe: models, tokenizers, word lists.
//!
//! - [`AssetFolders`] finds a file by its name in a list of folders, and identifies it by a digest of its content. A large file is
//!   hashed once; the digest is remembered with its size and times.
//! - [`Needs`] notes the files that a recipe asks for, whether they are found or not.
//! - [`Download`] has the addresses from which Data-Juicer gets a file, and [`fetch`](crate::fetch()) (feature `fetch`) downloads
//!   one. Downloads are resumable, and a file only appears under its name when it is complete. A folder comes as an archive, and is
//!   unpacked beside it.
//! - [`Sums`] is the list of digests beside the files, for checking them later.
//!
//! While a job runs, only [`AssetFolders`] is used: a run never downloads anything.
//!
//! ```
//! use coldpress_assets::AssetFolders;
//! use coldpress_operator::Assets;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("lid.176.bin"), "a model")?;
//! let assets = AssetFolders::new([folder.path()]);
//! assert_eq!(assets.find("lid.176.bin")?.path, folder.path().join("lid.176.bin"));
//! assert!(assets.find("en.sp.model").unwrap_err().to_string().contains("en.sp.model"));
//! # Ok(())
//! # }
//! ```

mod catalog;
mod digest;
mod error;
#[cfg(feature = "fetch")]
mod fetch;
mod folders;
mod needs;
mod sums;
#[cfg(feature = "fetch")]
mod unpack;

pub use catalog::Download;
pub use error::{Error, Result};
#[cfg(feature = "fetch")]
pub use fetch::{Fetched, fetch};
pub use folders::AssetFolders;
pub use needs::{Need, Needs};
pub use sums::{SUMS, Sums, sha256};
