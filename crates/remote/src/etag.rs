//! Names of contents.

/// An ETag without its quotes, which Azure leaves out in listings.
pub(crate) fn bare(etag: &str) -> &str {
    etag.trim_matches('"')
}
