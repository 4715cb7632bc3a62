//! Reading the recipe that a command is given, and telling what is wrong with it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use coldpress::config::{Diagnostic, Error as RecipeError};
use coldpress::prelude::{ExecutorBuilder, Overrides, Recipe};

use crate::failure::{Failure, chain};
use crate::{output, snippet, storage_options};

/// The value of `--config` where a command needs no recipe file.
pub(crate) const NO_FILE: &str = "<none>";

/// The recipe of a command.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RecipeArgs {
    /// The recipe, a YAML file
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The job's id; a job that exists is resumed
    #[arg(long, value_name = "ID")]
    job_id: Option<String>,
    /// Like --job-id, but fail if there is nothing to resume
    #[arg(long, value_name = "ID")]
    resume: Option<String>,
    /// Process only the first N records
    #[arg(long, value_name = "N")]
    limit: Option<String>,
    #[arg(skip)]
    pub(crate) overrides: Vec<OsString>,
    /// Returns the command that resumes the job.
    #[arg(skip)]
    pub(crate) command: Option<String>,
}

impl RecipeArgs {
    /// Reads the recipe and tells its warnings.
    pub(crate) fn load(&self) -> Result<Recipe, Failure> {
        let overrides = self.overrides()?;
        let recipe = match self.is_without_file() {
            // Without a file, everything is in the overrides.
            true => Recipe::parse("process: []\n", "recipe", &overrides),
            false => coldpress::load_recipe(&self.config, &overrides),
        };
        let recipe = recipe.map_err(|error| self.refused(&error))?;
        for warning in &recipe.warnings {
            output::tell(&format!(
                "warning: {}",
                coldpress::report::quantity::plain(&warning.to_string())
            ));
        }
        Ok(recipe)
    }

    /// Returns whether the command line alone says what to do.
    pub(crate) fn is_without_file(&self) -> bool {
        self.config.as_os_str() == NO_FILE
    }

    /// An executor of the recipe, not built yet.
    pub(crate) fn executor(&self, recipe: Recipe) -> ExecutorBuilder {
        let executor = coldpress::executor(recipe)
            .asset_folders(crate::assets::folders())
            .scratch_dir(crate::assets::scratch())
            .resumption(self.resumption());
        match self.is_without_file() {
            true => executor,
            false => executor.config_path(&self.config),
        }
    }

    /// The command that goes on with a job, but for its id: with all that was overridden, since the recipe alone may be
    /// another.
    fn resumption(&self) -> String {
        let command = self.command.as_deref().unwrap_or("coldpress process");
        let mut words = vec![command.to_owned()];
        if !self.is_without_file() {
            words.extend(["--config".to_owned(), quoted(&self.origin())]);
        }
        words.extend(
            self.limit
                .as_ref()
                .map(|limit| format!("--limit {}", quoted(limit))),
        );
        words.extend(self.shown_overrides());
        words.join(" ")
    }

    /// The overrides as a shell reads them back, without secrets: they have no part in what a job does.
    fn shown_overrides(&self) -> Vec<String> {
        let mut shown = Vec::new();
        let words = self.overrides.iter().map(|word| word.to_string_lossy());
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let name = word.trim_start_matches('-').replace('-', "_");
            let (name, has_value) = match name.split_once('=') {
                Some((name, _)) => (name, true),
                None => (name.as_str(), false),
            };
            if name == "storage_options" {
                let value = match word.split_once('=') {
                    Some((_, value)) => Some(value.to_owned()),
                    None => words
                        .next_if(|next| !next.starts_with("--"))
                        .map(String::from),
                };
                // Secrets are refused in this form, and may be in others.
                let pair = value.filter(|value| storage_options::pair(value).is_some());
                shown.extend(pair.map(|pair| {
                    let pair = coldpress::config::shown_address(&pair);
                    format!("--storage-options {}", quoted(&pair))
                }));
            } else if !coldpress::config::is_secret(name) {
                shown.push(quoted(&coldpress::config::shown_address(&word)));
            } else if !has_value {
                words.next_if(|next| !next.starts_with("--"));
            }
        }
        shown
    }

    /// The failure of an error that may have its place in the recipe.
    pub(crate) fn failure(&self, error: coldpress::executor::Error, source_text: &str) -> Failure {
        let span = error.span();
        let failure = Failure::from(error);
        match span {
            Some(span) => {
                failure.with_details(snippet::render(source_text, &self.origin(), span, None))
            }
            None => failure,
        }
    }

    fn overrides(&self) -> Result<Overrides, Failure> {
        let mut words = Vec::new();
        for (name, value) in [
            ("--job_id", &self.job_id),
            ("--resume", &self.resume),
            ("--limit", &self.limit),
        ] {
            words.extend(value.as_ref().map(|value| format!("{name}={value}")));
        }
        for word in &self.overrides {
            let word = word
                .to_str()
                .ok_or_else(|| Failure::usage(format!("{} is not UTF-8", word.display())))?;
            words.push(word.to_owned());
        }
        refuse_secrets(&words)?;
        Overrides::from_args(&words).map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &RecipeError) -> Failure {
        let Diagnostic {
            span, help, origin, ..
        } = error.diagnostic();
        let failure = Failure::usage(chain(error));
        // A pipe cannot be read twice, and an error of the command line has no line in the recipe.
        let in_file = span.line > 0 && origin == self.origin();
        let text = in_file.then(|| read_again(&self.config)).flatten();
        let text = text.and_then(|text| coldpress::config::shown_text(&text));
        failure.with_details(snippet::render(
            &text.unwrap_or_default(),
            &origin,
            span,
            help.as_deref(),
        ))
    }

    fn origin(&self) -> String {
        self.config.display().to_string()
    }
}

/// Refuses secrets in `--storage-options`, as other commands do.
fn refuse_secrets(words: &[String]) -> Result<(), Failure> {
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (&**word, words.peek().map(|next| &***next)),
        };
        if !name.starts_with("--") || name[2..].replace('-', "_") != "storage_options" {
            continue;
        }
        if let Some((key, _)) = value.and_then(storage_options::pair) {
            storage_options::refuse_secret(key)?;
        }
    }
    Ok(())
}

/// The word as a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn read_again(path: &Path) -> Option<String> {
    path.is_file()
        .then(|| std::fs::read_to_string(path).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        for (word, expected) in [
            ("a/b-c_1.yaml", "a/b-c_1.yaml"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's $HOME", r"'it'\''s $HOME'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn secrets_are_refused_on_command_lines() {
        let refused = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            refuse_secrets(&words).is_err()
        };
        assert!(refused(&["--storage-options", "secret_access_key=x"]));
        assert!(refused(&[
            "--np=1",
            "--storage_options=secret_access_key=x"
        ]));
        assert!(!refused(&["--storage-options", "region=x", "--np=1"]));
    }

    #[test]
    fn the_command_that_goes_on_shows_no_secrets() {
        use clap::Parser as _;

        #[derive(clap::Parser)]
        struct Words {
            #[command(flatten)]
            recipe: RecipeArgs,
        }
        let mut given = Words::parse_from(["coldpress", "--config", "r.yaml"]).recipe;
        let overrides = [
            "--dataset_path",
            "http://me:hush@h/a.jsonl",
            "--dataset.configs=[{path: https://h/b.jsonl?sig=hush}]",
            "--storage_options",
            "{token: hush}",
            "--storage-options",
            "region=here",
            "--np=2",
        ];
        given.overrides = overrides.map(OsString::from).to_vec();
        assert_eq!(
            given.resumption(),
            "coldpress process --config r.yaml --dataset_path http://h/a.jsonl \
             '--dataset.configs=[{path: https://h/b.jsonl}]' \
             --storage-options region=here --np=2"
        );
    }
}
