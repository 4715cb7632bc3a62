//! How records become columns, and columns records.
