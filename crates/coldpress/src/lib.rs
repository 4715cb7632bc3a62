//! Coldpress turns raw text datasets into training data: it runs a **recipe** (a list of operators) over **partitions**
//! of the input, with **checkpoints**, an **event log**, and a **resume** that survives a crash at any moment.
//!
//! This crate is the facade: the crates of Coldpress as modules, a [`prelude`], and [`executor()`], which puts a recipe
//! together with the built-in operators. The program `coldpress` is the same on the command line.
//!
//! ```
//! use coldpress::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let path = |name: &str| folder.path().join(name).display().to_string();
//! std::fs::write(path("in.jsonl"), "{\"text\": \"see https://example.org/a for more\"}\n{\"text\": \"no\"}\n")?;
//!
//! let recipe = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
//!     .call(OperatorCall::new("clean_links_mapper"))
//!     .operator("text_length_filter", [("min_len", 5)])
//!     .set("work_dir", path("jobs"))
//!     .build()?;
//! let report = coldpress::executor(recipe).build()?.run()?;
//!
//! assert_eq!(report.status, Status::Completed);
//! assert_eq!((report.ledger.records, report.ledger.exported(), report.ledger.dropped()), (2, 1, 1));
//! assert_eq!(std::fs::read_to_string(path("out.jsonl"))?, "{\"text\": \"see  for more\"}\n");
//! # Ok(())
//! # }
//! ```
//!
//! # A tour
//!
//! - [`config`]: a [`Recipe`](config::Recipe) from YAML ([`load_recipe`]) or from Rust
//!   ([`RecipeBuilder`](config::RecipeBuilder)), with every key that a recipe can have.
//! - [`executor`](mod@executor): the [`Executor`](executor::Executor) runs it, or resumes it if the id of the job exists. It
//!   reports what happens as [events](executor::Executor::live_events), can be [stopped](executor::Executor::stop_handle), and ends
//!   with a [`Report`](executor::Report).
//! - [`ops`]: the built-in operators. Operators of your own implement a trait of [`operator`] and go into the same
//!   [`Registry`](operator::Registry).
//! - [`jobs`]: finding jobs by their ids, to look at them, follow their events and stop them.
//! - [`job`]: the journal, which is the truth about a job, and the files around it; [`report`] shows a job to people.
//! - [`checkpoint`]: storing the progress within partitions.
//! - [`storage`]: the stores of a job's files. Your own store implements [`ObjectStore`](storage::ObjectStore), and the feature
//!   `suite` has its contract as tests. [`StoreSchemes`](storage::StoreSchemes) make it known to the executor, to worker processes
//!   and to the code that cleans a job.
//! - [`remote`] (feature `remote`, on by default): stores in buckets, and datasets there, on web servers and on the Hugging Face
//!   dataset hub. [`schemes`] has them, with everything else that this build can open.
//! - [`worker::serve_if_asked`]: called first in the `main` of a program whose jobs use worker processes (`executor_type: process`
//!   or `ray`), with its operators and stores. Its own executable is then the worker.
//! - [`ray`]: attempts as tasks of a Ray cluster, for recipes with `executor_type: ray`.
//! - [`assets`]: the places where operators find models and word lists, and how those are fetched.
//! - [`docetl`]: the checkpoint store of DocETL pipelines. It is a library of its own and runs no recipe.
//! - [`serve`] (feature `serve`, on by default): the pages of all jobs of a folder over HTTP, which follow the jobs.
//! - [`events`]: the events of a job, for reading, filtering and following.
//! - [`record`], [`dataset`], [`export`], [`partition`], [`storage`], [`failure`], [`worker`]: the foundations of the others.
//!
//! This crate has almost no code and no error type of its own.

pub mod jobs;
pub mod prelude;

pub use coldpress_assets as assets;
pub use coldpress_checkpoint as checkpoint;
pub use coldpress_config as config;
pub use coldpress_dataset as dataset;
pub use coldpress_docetl as docetl;
pub use coldpress_events as events;
pub use coldpress_executor as executor;
pub use coldpress_export as export;
pub use coldpress_failure as failure;
pub use coldpress_job as job;
pub use coldpress_operator as operator;
pub use coldpress_ops as ops;
pub use coldpress_partition as partition;
pub use coldpress_ray as ray;
pub use coldpress_record as record;
#[cfg(feature = "remote")]
pub use coldpress_remote as remote;
pub use coldpress_report as report;
#[cfg(feature = "serve")]
pub use coldpress_serve as serve;
pub use coldpress_storage as storage;
pub use coldpress_table as table;
pub use coldpress_worker as worker;

/// Builds an executor of this recipe with the built-in operators.
///
/// [`operator`](executor::ExecutorBuilder::operator) adds operators of your own.
#[doc(alias = "dj-process")]
#[doc(alias = "PartitionedRayExecutor")]
pub fn executor(recipe: config::Recipe) -> executor::ExecutorBuilder {
    let on_ray = ray::RayBackend::of(&recipe);
    let builder = executor::ExecutorBuilder::new(recipe, ops::builtin()).schemes(schemes());
    match on_ray {
        Some(backend) => builder.backend(std::sync::Arc::new(backend)),
        None => builder,
    }
}

/// Returns the URL schemes that this build can open: none without the feature `remote`.
///
/// A program whose jobs use worker processes passes the same ones to [`worker::serve_if_asked`].
#[must_use]
pub fn schemes() -> storage::StoreSchemes {
    #[cfg(feature = "remote")]
    return remote::schemes();
    #[cfg(not(feature = "remote"))]
    storage::StoreSchemes::default()
}

/// Reads a recipe file. Settings in `overrides` take precedence over those of the file.
///
/// # Errors
/// Those of [`Recipe::load`](config::Recipe::load).
#[doc(alias = "init_configs")]
pub fn load_recipe(
    path: impl AsRef<std::path::Path>,
    overrides: &config::Overrides,
) -> config::Result<config::Recipe> {
    config::Recipe::load(path.as_ref(), overrides)
}
