//! Manuals of operators, taken from where they are written.

/// The manual of an operator: the `//!` lines at the head of its file.
pub(crate) fn manual(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}
