//! Builds recipes in code.

use crate::call::OperatorCall;
use crate::error::Result;
use crate::node::{Key, Node};
use crate::overrides::Overrides;
use crate::recipe::Recipe;
use crate::render;
use crate::resolved;

/// Makes a [`Recipe`] without YAML. [`RecipeBuilder::build`] checks the settings just like those of a file.
///
/// ```
/// use coldpress_config::Recipe;
/// let recipe = Recipe::builder("data.jsonl", "out.jsonl")
///     .operator("text_length_filter", [("min_len", 10)])
///     .operator("clean_links_mapper", [("repl", "<link>")])
///     .set("partition.size", 500)
///     .set("text_keys", vec!["text", "title"])
///     .build()?;
/// assert_eq!(recipe.partition.size, 500);
/// assert_eq!(recipe.process.len(), 2);
/// assert!(Recipe::builder("data.jsonl", "out.jsonl").set("partition.size", 0).build().is_err());
/// # Ok::<(), coldpress_config::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct RecipeBuilder {
    settings: Vec<(Key, Node)>,
    process: Vec<OperatorCall>,
}

impl Recipe {
    /// Starts a recipe in code; see [`RecipeBuilder`].
    pub fn builder(
        dataset_path: impl Into<String>,
        export_path: impl Into<String>,
    ) -> RecipeBuilder {
        RecipeBuilder::new(dataset_path.into(), export_path.into())
    }
}

impl RecipeBuilder {
    fn new(dataset_path: String, export_path: String) -> Self {
        let builder = Self {
            settings: Vec::new(),
            process: Vec::new(),
        };
        builder
            .set("dataset_path", dataset_path)
            .set("export_path", export_path)
    }

    /// Sets a key by any of its spellings. The last value for a spelling counts.
    pub fn set(mut self, key: &str, value: impl Into<Node>) -> Self {
        self.settings.retain(|(known, _)| known.name != key);
        self.settings.push((Key::from(key), value.into()));
        self
    }

    /// Adds an operator with parameters. For one without, see [`RecipeBuilder::call`].
    pub fn operator<K, V>(mut self, name: &str, params: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<str>,
        V: Into<Node>,
    {
        let call = params
            .into_iter()
            .fold(OperatorCall::new(name), |call, (key, value)| {
                call.with(key.as_ref(), value)
            });
        self.process.push(call);
        self
    }

    /// Adds a call, which [`OperatorCall::new`] and [`OperatorCall::with`] make.
    pub fn call(mut self, call: OperatorCall) -> Self {
        self.process.push(call);
        self
    }

    /// Checks everything and applies defaults. If a project name is set, it also replaces the stem of a recipe file.
    ///
    /// # Errors
    ///
    /// As for [`Recipe::parse`]. Places are lines of the text that [`Recipe::source_text`] would have.
    pub fn build(self) -> Result<Recipe> {
        let name = self
            .settings
            .iter()
            .find(|(key, _)| key.name == "project_name");
        let stem = name.and_then(|(_, node)| node.as_str()).unwrap_or("recipe");
        Recipe::parse_named(
            &self.text(),
            "recipe made in code",
            stem,
            &Overrides::default(),
        )
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (key, node) in &self.settings {
            text.push_str(&format!(
                "{}: {}\n",
                render::text(&key.name),
                render::flow(node)
            ));
        }
        if !self.settings.iter().any(|(key, _)| key.name == "process") {
            text.push_str(&resolved::process_text(&self.process));
        }
        text
    }
}
