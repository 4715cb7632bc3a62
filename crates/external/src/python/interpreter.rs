//! The choice of the Python interpreter.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Code, Mode, check};
use crate::failure::Failure;

/// A Python interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Interpreter {
    path: PathBuf,
}

/// The results of checks, by interpreter and code.
type Checked = HashMap<(Interpreter, String), Result<(), Failure>>;

impl Interpreter {
    /// Finds the interpreter that is `asked` for; otherwise that of the variable `COLDPRESS_PYTHON`, that of the active virtual
    /// environment, or `python3`.
    pub fn find(asked: Option<&str>) -> Self {
        Self::among(asked, |name| {
            env::var_os(name).filter(|value| !value.is_empty())
        })
    }

    fn among(asked: Option<&str>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let asked = asked.map(PathBuf::from);
        let own = || variable("COLDPRESS_PYTHON").map(PathBuf::from);
        let environment =
            || variable("VIRTUAL_ENV").map(|folder| Path::new(&folder).join("bin/python"));
        let path = asked.or_else(own).or_else(environment);
        Self {
            path: path.unwrap_or_else(|| PathBuf::from("python3")),
        }
    }

    /// Returns its path, or its name if it is searched for on `PATH`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that it can be started, once per process.
    ///
    /// # Errors
    /// [`Failure::NotStarted`].
    pub fn check_itself(&self) -> Result<(), Failure> {
        self.check(
            &Code::Lambda("lambda record: record".to_owned()),
            Mode::Record,
            "",
        )
    }

    /// Checks, without running it, that the code can be what it must be. It is checked once per process, and again if the code has
    /// another `identity`.
    ///
    /// # Errors
    /// [`Failure::NotStarted`].
    pub fn check(&self, code: &Code, mode: Mode, identity: &str) -> Result<(), Failure> {
        static CHECKED: Mutex<Option<Checked>> = Mutex::new(None);
        let key = (self.clone(), format!("{code:?} {mode:?} {identity}"));
        let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
        let checked = checked.get_or_insert_default();
        checked
            .entry(key)
            .or_insert_with(|| check(self, code, mode))
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_comes_first_and_the_path_last() {
        let both = |name: &str| match name {
            "COLDPRESS_PYTHON" => Some("/own".into()),
            "VIRTUAL_ENV" => Some("/venv".into()),
            _ => None,
        };
        let active = |name: &str| both(name).filter(|_| name == "VIRTUAL_ENV");
        let path = |asked, variable: &dyn Fn(&str) -> Option<OsString>| {
            Interpreter::among(asked, variable).path
        };
        assert_eq!(path(Some("p"), &both), Path::new("p"));
        assert_eq!(path(None, &both), Path::new("/own"));
        assert_eq!(path(None, &active), Path::new("/venv/bin/python"));
        assert_eq!(path(None, &|_| None), Path::new("python3"));
    }
}
