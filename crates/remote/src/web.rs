//! Files of web servers.

/// The options of `http://`, `https://` and `hf://`.
pub(crate) const OPTIONS: [&str; 0] = [];
