//! Settings on the command line.

use crate::error::{Error, Place, Result};
use crate::foreign;
use crate::keys::Kind;
use crate::node::{Key, Node, Span, Value};
use crate::settings::KEYS;
use crate::yaml;

/// Settings that take precedence over those of the recipe: any recipe key as a flag with its whole dotted name.
///
/// Underscores and hyphens are the same. A value is read according to its key: text and paths as they are, lists with commas or as
/// `[a, b]`, options as `key=value` or as a map, everything else as YAML. `null` unsets the recipe's value.
///
/// ```
/// use coldpress_config::{Overrides, Recipe};
/// let args = ["--partition.size=5", "--checkpoint.op-names", "a,b", "--checkpoint.strategy", "manual"];
/// let overrides = Overrides::from_args(&args.map(String::from))?;
/// let recipe = Recipe::parse("{dataset_path: a, export_path: b.jsonl, process: [a, b]}", "r.yaml", &overrides)?;
/// assert_eq!(recipe.partition.size, 5);
/// assert_eq!(Overrides::from_args(&["--np".to_string()]).unwrap_err().to_string(), "command line: a value is missing after: `--np`");
/// # Ok::<(), coldpress_config::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    entries: Vec<(Key, Node)>,
}

impl Overrides {
    /// Reads `--name value` and `--name=value` pairs. A true-or-false key without a value means true. If a name has several values,
    /// the last one counts.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownKey`] for a name that isn't a recipe key, [`Error::Argument`] for an argument that isn't a flag or lacks its
    /// value, [`Error::EmptyValue`] for an empty value, and [`Error::Syntax`] for unreadable YAML. Types are checked when the
    /// recipe is read.
    pub fn from_args(args: &[String]) -> Result<Self> {
        let mut overrides = Self::default();
        let mut args = args.iter().peekable();
        while let Some(arg) = args.next() {
            let flag = arg
                .strip_prefix("--")
                .filter(|flag| !flag.is_empty())
                .ok_or_else(|| bad_argument(arg, "expected `--key value`, found"))?;
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (flag, args.next_if(|next| !next.starts_with("--")).cloned()),
            };
            let name = name.replace('-', "_");
            let kind = kind_of(&name)?;
            // Most likely, a script's variable isn't set, and an empty value wasn't intended.
            if value.as_ref().is_some_and(|value| is_blank(kind, value)) {
                return Err(Error::EmptyValue {
                    place: Place::command_line(),
                    argument: format!("--{name}"),
                });
            }
            if let (Some(Kind::Options), Some(value)) = (kind, &value)
                && let Some(options) = pairs(value)
            {
                let named =
                    |(option, value)| (Key::from(format!("{name}.{option}").as_str()), value);
                overrides.entries.extend(options.into_iter().map(named));
                continue;
            }
            let node = match value {
                Some(value) => read_value(kind, &value)?,
                None if matches!(
                    kind,
                    Some(Kind::Flag | Kind::AutoOrManual | Kind::FlagOrTexts)
                ) =>
                {
                    Node::from(true)
                }
                None => return Err(bad_argument(arg, "a value is missing after")),
            };
            overrides.entries.push((Key::from(name.as_str()), node));
        }
        Ok(overrides)
    }

    /// Adds an override whose value is already typed. It takes precedence over earlier ones.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownKey`] for a name that isn't a recipe key.
    pub fn with(mut self, name: &str, value: impl Into<Node>) -> Result<Self> {
        kind_of(name)?;
        let mut node = value.into();
        forget_places(&mut node);
        self.entries.push((Key::from(name), node));
        Ok(self)
    }

    /// Returns whether there are no overrides.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the dotted names and values, in the order given.
    pub(crate) fn entries(&self) -> &[(Key, Node)] {
        &self.entries
    }
}

/// Returns the kind of values that the key takes; `None` for sections and for keys without effect.
fn kind_of(name: &str) -> Result<Option<Kind>> {
    if let Some(spec) = KEYS.spelled(name) {
        return Ok(Some(spec.kind));
    }
    if KEYS.option(name).is_some() {
        return Ok(Some(Kind::Text));
    }
    if foreign::effect(name).is_some() || KEYS.is_section(name) {
        return Ok(None);
    }
    Err(KEYS.unknown(name.to_string(), Place::command_line()))
}

fn read_value(kind: Option<Kind>, value: &str) -> Result<Node> {
    let listed = value.trim_start().starts_with('[');
    match kind {
        Some(
            Kind::Text
            | Kind::Path
            | Kind::Location
            | Kind::JobId
            | Kind::Address
            | Kind::Choice(_),
        ) => Ok(Node::plain(value)),
        Some(Kind::Sources) if !listed => Ok(Node::plain(value)),
        Some(Kind::Texts) if !listed => Ok(Node::from(Value::List(
            split(value).map(Node::from).collect(),
        ))),
        Some(Kind::Ratios) if !listed => Ok(Node::from(Value::List(
            split(value).map(Node::plain).collect(),
        ))),
        Some(
            Kind::Texts
            | Kind::Ratios
            | Kind::Sources
            | Kind::Operators
            | Kind::Alerts
            | Kind::Validators
            | Kind::Options,
        )
        | None => read_yaml(value),
        // A number or a word that isn't valid YAML still gets the better message about its type.
        Some(_) => Ok(read_yaml(value).unwrap_or_else(|_| Node::plain(value))),
    }
}

/// Reads options written as `key=value,key=value`. Returns none if they are written as a map.
fn pairs(value: &str) -> Option<Vec<(&str, Node)>> {
    let pair = |item| {
        let (key, value) = str::split_once(item, '=')?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        key.bytes().all(is_name).then(|| (key, Node::plain(value)))
    };
    split(value).map(pair).collect()
}

fn is_blank(kind: Option<Kind>, value: &str) -> bool {
    match kind {
        // A blank or a tab may separate the cells of a file.
        Some(Kind::Text) => value.is_empty(),
        _ => value.trim().is_empty(),
    }
}

fn split(value: &str) -> impl Iterator<Item = &str> {
    let items = value.split(',').map(str::trim);
    items.filter(|item| !item.is_empty())
}

fn read_yaml(value: &str) -> Result<Node> {
    let mut node = yaml::parse(value, "command line").map_err(Error::without_span)?;
    forget_places(&mut node);
    Ok(node)
}

/// Removes lines and columns, because those of an argument could be mistaken for the recipe's.
fn forget_places(node: &mut Node) {
    node.span = Span::default();
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(forget_places),
        Value::Map(entries) => {
            for (key, node) in entries {
                key.span = Span::default();
                forget_places(node);
            }
        }
        Value::Null | Value::Scalar { .. } => {}
    }
}

fn bad_argument(argument: &str, message: &str) -> Error {
    Error::Argument {
        place: Place::command_line(),
        argument: argument.to_string(),
        message: message.to_string(),
    }
}
