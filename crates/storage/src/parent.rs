//! The folder that a name is in.

use std::path::{Path, PathBuf};

/// The folder that holds this name; `.` for a bare name.
pub(crate) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_bare_name_is_here() {
        assert_eq!(parent_of(Path::new("x")), Path::new("."));
        assert_eq!(parent_of(Path::new("a/x")), Path::new("a"));
        assert_eq!(parent_of(Path::new("/x")), Path::new("/"));
    }
}
