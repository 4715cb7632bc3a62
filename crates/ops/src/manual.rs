//! Takes the manual of an operator from its source file.

/// Returns the manual of an operator: the `//!` lines at the top of its file.
pub(crate) fn manual(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}
