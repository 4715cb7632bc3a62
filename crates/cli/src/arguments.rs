//! From the words of the command line to what clap reads and what are settings of the recipe.
//!
//! Any recipe key is a flag of the commands that take a recipe. Only the recipe knows all of them, and they may stand
//! among the command's own flags, so they are parted before clap sees them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use clap::{ArgAction, Command};

/// The words for clap, and those that are recipe keys and their values.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Parted {
    pub(crate) own: Vec<OsString>,
    pub(crate) overrides: Vec<OsString>,
}

/// Parts the words. `takes_keys` names the commands that take recipe keys.
///
/// Underscores in the names of flags become hyphens, so that both spellings are the same.
pub(crate) fn part(
    words: impl IntoIterator<Item = OsString>,
    command: &Command,
    takes_keys: &[&str],
) -> Parted {
    let mut words = words.into_iter().peekable();
    let mut parted = Parted::default();
    parted.own.extend(words.next());
    let mut flags: Option<BTreeMap<String, bool>> = None;
    let mut is_known = false;
    while let Some(word) = words.next() {
        if !is_known && !word.as_encoded_bytes().starts_with(b"-") {
            is_known = true;
            let found = command.find_subcommand(&word);
            flags = found
                .filter(|found| takes_keys.contains(&found.get_name()))
                .map(flags_of);
            parted.own.push(word);
            continue;
        }
        let Some((name, value)) = flag(&word) else {
            parted.own.push(word);
            continue;
        };
        let takes_value = match &flags {
            None => {
                parted.own.push(joined(&name, value));
                continue;
            }
            Some(flags) => flags.get(&name),
        };
        let has_value = value.is_some();
        match takes_value {
            Some(takes_value) => {
                parted.own.push(joined(&name, value));
                if *takes_value && !has_value {
                    parted.own.extend(words.next());
                }
            }
            None => {
                parted.overrides.push(word);
                if !has_value {
                    let is_value = |next: &OsString| !next.as_encoded_bytes().starts_with(b"--");
                    parted.overrides.extend(words.next_if(is_value));
                }
            }
        }
    }
    parted
}

/// The command's own flags and those of its subcommands, and whether each takes a value. Flags that all commands have are
/// recipe keys here.
fn flags_of(command: &Command) -> BTreeMap<String, bool> {
    let takes_value = |action: &ArgAction| action.takes_values();
    let own = command
        .get_arguments()
        .filter(|argument| !argument.is_global_set())
        .filter_map(|argument| Some((argument.get_long()?, takes_value(argument.get_action()))));
    let own = own.map(|(name, takes_value)| (name.to_owned(), takes_value));
    let below = command.get_subcommands().flat_map(flags_of);
    own.chain(below)
        .chain([("help".to_owned(), false), ("version".to_owned(), false)])
        .collect()
}

/// The name of a long flag with hyphens, and its value if it stands in the same word.
fn flag(word: &OsStr) -> Option<(String, Option<&OsStr>)> {
    let bytes = word
        .as_encoded_bytes()
        .strip_prefix(b"--")
        .filter(|rest| !rest.is_empty())?;
    let end = bytes
        .iter()
        .position(|byte| *byte == b'=')
        .unwrap_or(bytes.len());
    let name = std::str::from_utf8(&bytes[..end]).ok()?.replace('_', "-");
    // The flag's dashes, its name and the `=` are ASCII or whole UTF-8, so the rest is a whole text of its own.
    let value = (end < bytes.len()).then(|| suffix(word, 2 + end + 1));
    Some((name, value))
}

#[cfg(unix)]
fn suffix(word: &OsStr, start: usize) -> &OsStr {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(&word.as_bytes()[start..])
}

#[cfg(not(unix))]
fn suffix(word: &OsStr, start: usize) -> &OsStr {
    OsStr::new(word.to_str().map_or("", |word| &word[start..]))
}

fn joined(name: &str, value: Option<&OsStr>) -> OsString {
    let mut word = OsString::from(format!("--{name}"));
    if let Some(value) = value {
        word.push("=");
        word.push(value);
    }
    word
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[track_caller]
    fn check(line: &str, own: &str, overrides: &str) {
        let command = Command::new("c")
            .subcommand(
                Command::new("process")
                    .arg(Arg::new("config").long("config"))
                    .arg(
                        Arg::new("no-progress")
                            .long("no-progress")
                            .action(ArgAction::SetTrue),
                    ),
            )
            .subcommand(Command::new("jobs").arg(Arg::new("base-dir").long("base-dir")));
        let words = |line: &str| {
            line.split_whitespace()
                .map(OsString::from)
                .collect::<Vec<_>>()
        };
        let parted = part(words(line), &command, &["process"]);
        assert_eq!(
            parted,
            Parted {
                own: words(own),
                overrides: words(overrides)
            }
        );
    }

    #[test]
    fn recipe_keys_may_stand_anywhere() {
        check(
            "c process --np 2 --config r.yaml --partition.size=5 --no_progress --skip_op_error --limit -1",
            "c process --config r.yaml --no-progress",
            "--np 2 --partition.size=5 --skip_op_error --limit -1",
        );
        check(
            "c process --config=a_b.yaml --help",
            "c process --config=a_b.yaml --help",
            "",
        );
        check("c process --config", "c process --config", "");
        check("c process stray --np", "c process stray", "--np");
    }

    #[test]
    fn other_commands_get_all_words() {
        check(
            "c jobs --base_dir a_b --odd_one",
            "c jobs --base-dir a_b --odd-one",
            "",
        );
        check("c --help", "c --help", "");
        check("c", "c", "");
    }
}
