//! What an error says, with everything it came from.

use std::error::Error;

/// Returns the messages of an error and of its sources, in one line: `cannot read a.jsonl: permission denied`.
///
/// Transparent errors say the same as their source, which is said once.
#[must_use]
pub fn full_message(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let inner = error.to_string();
        if !text.ends_with(&inner) {
            text.push_str(&format!(": {inner}"));
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug)]
    struct Outer(&'static str, io::Error);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.1)
        }
    }

    #[test]
    fn sources_are_told_once() {
        let of = |text| full_message(&Outer(text, io::Error::other("disk full")));
        assert_eq!(of("cannot write"), "cannot write: disk full");
        assert_eq!(of("disk full"), "disk full");
    }
}
