//! Turns a recipe (YAML) and overrides into a validated [`Recipe`].
//!
//! A recipe names a dataset, an export and a list of operators, and may set any of the keys that [`keys()`] lists. Every key is
//! declared once, in the section that uses it (`settings/`): spellings, type, default, class and documentation. Loading checks
//! names, types and ranges, applies defaults, and either returns a [`Recipe`] whose fields are all typed or an [`Error`] that names
//! the key and its place in the file.
//!
//! Main types: [`Recipe`] (with one struct of settings per topic), [`Overrides`] (from the command line), [`RecipeBuilder`] (from
//! Rust), [`OperatorCall`] (an operator's name and parameters as written), [`Node`] (a YAML value with its place, typed when it is
//! read), [`Diagnostic`].
//!
//! ```
//! use coldpress_config::{Overrides, Recipe};
//!
//! let text = "
//! dataset_path: data.jsonl
//! export_path: out.jsonl
//! partition: {size: 500}
//! process:
//!   - text_length_filter: {min_len: 50}
//! ";
//! let overrides = Overrides::from_args(&["--partition.size".to_string(), "200".to_string()])?;
//! let recipe = Recipe::parse(text, "demo.yaml", &overrides)?;
//! assert_eq!(recipe.partition.size, 200);
//! assert_eq!(recipe.project_name, "demo");
//! assert_eq!(recipe.process[0].name, "text_length_filter");
//! assert_eq!(recipe.process[0].param("min_len").and_then(|node| node.as_u64()), Some(50));
//!
//! let error = Recipe::parse("dataset_pth: data.jsonl", "demo.yaml", &Overrides::default()).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "demo.yaml:1:1: unknown key `dataset_pth`, did you mean `dataset_path`?"
//! );
//! # Ok::<(), coldpress_config::Error>(())
//! ```
//!
//! This crate knows no operators and doesn't check their parameters. It reads no file other than the recipe, and it creates
//! nothing.

mod error;

mod node;
mod render;
mod scalar;
mod unused_options;
mod yaml;

mod call;
mod suggest;

mod secrets;

mod addresses;
mod codec;
mod foreign;
mod keys;
mod location;
mod table;

mod given;
mod section;

mod settings;

mod recipe;

mod effect;
mod overrides;
mod resolved;

mod analysis;
mod builder;
mod load;

pub use addresses::shown_address;
pub use builder::RecipeBuilder;
pub use call::OperatorCall;
pub use codec::UrlOptions;
pub use effect::form_of_path;
pub use error::{Diagnostic, Error, Place, Result};
pub use foreign::foreign_keys;
pub use keys::{Availability, Class, DefaultValue, KeySpec, Kind};
pub use location::{Location, meant_url};
pub use node::{Key, Node, Span, Value};
pub use overrides::Overrides;
pub use recipe::Recipe;
pub use secrets::{is_secret, shown_text};
pub use settings::*;
pub use suggest::nearest;
