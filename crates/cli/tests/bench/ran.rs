//! A run of the program.

use std::process::Output;

use serde_json::Value;

/// How a run of the program ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; -1 if it was killed.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It ended with this exit code, and nothing panicked.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        assert_eq!(self.code, code, "stdout: {stdout}\nstderr: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        self
    }

    /// Standard output has all of these.
    #[track_caller]
    pub(crate) fn prints(self, parts: &[&str]) -> Self {
        check(&self.stdout, parts);
        self
    }

    /// Standard error has all of these.
    #[track_caller]
    pub(crate) fn tells(self, parts: &[&str]) -> Self {
        check(&self.stderr, parts);
        self
    }

    /// Standard error and standard output together have all of these.
    #[track_caller]
    pub(crate) fn says_all(self, parts: &[&str]) -> Self {
        check(&format!("{}{}", self.stderr, self.stdout), parts);
        self
    }

    /// Standard error or standard output has this.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        self.says_all(&[part])
    }

    /// The first line of standard error is this error.
    #[track_caller]
    pub(crate) fn begins_with_error(self, message: &str) -> Self {
        let first = self.stderr.lines().next().unwrap_or_default();
        assert_eq!(first, format!("error: {message}"), "{}", self.stderr);
        self
    }

    /// The only line of standard error that is an error; empty where there is none.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        let lines = self.stderr.lines();
        let mut errors = lines.filter_map(|line| line.strip_prefix("error: "));
        let first = errors.next().unwrap_or_default();
        assert_eq!(errors.next(), None, "{}", self.stderr);
        first
    }

    /// Standard output, which is one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

#[track_caller]
fn check(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}
