//! The contract between Coldpress and its operators. It has everything that an operator's author needs.
//!
//! An operator is of one kind: a [`Mapper`] edits fields, a [`Filter`] computes statistics and decides by them, and a [`Splitter`]
//! makes several records out of one. Mappers and filters whose work is done elsewhere, by a child process or a service, can get
//! many records at a time, as a [`BatchMapper`] or a [`BatchFilter`]. An operator is described by an [`OperatorSpec`] (name,
//! version, parameters, determinism) and found by name in a [`Registry`], to which built-in operators are added in the same way as
//! a user's own.
//!
//! The calls of a recipe are first **resolved** to a [`Pipeline`], which checks parameters, finds files and knows the fields of
//! each operator; that is cheap. A pipeline is then **instantiated** once per worker thread. The resulting [`Chain`] runs the
//! operators over [`Batch`](coldpress_record::Batch)es, keeps the ledger, and sets aside the records that an operator fails on,
//! even by a panic. Models are loaded once per process, in [`Shared`].
//!
//! ```
//! use coldpress_operator::{params, Changes, Mapper, OperatorSpec, Record, RecordError, Registry, Resolved};
//!
//! params! {
//!     /// Parameters of `shout_mapper`.
//!     pub struct ShoutParams {
//!         /// Put after each text.
//!         mark: String = "!".to_owned();
//!     }
//! }
//!
//! #[derive(Clone)]
//! struct Shout(ShoutParams);
//!
//! impl Mapper for Shout {
//!     fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
//!         let text = record.text(0)?;
//!         changes.field(0).replace(text.len()..text.len(), &self.0.mark);
//!         Ok(())
//!     }
//! }
//!
//! let shout = OperatorSpec::mapper("shout_mapper", "Puts a mark after each text.", |params: ShoutParams, _cx| {
//!     let shout = Shout(params);
//!     Ok(Resolved::new(move || shout.clone()))
//! });
//! let registry = Registry::default().with(shout);
//! assert_eq!(registry.names(), ["shout_mapper"]);
//! ```
//!
//! This crate knows nothing about partitions and jobs, or about files other than those that operators request by name, see
//! [`Assets`].

mod assets;
mod base_params;
mod batch_level;
mod chain;
mod decision;
mod error;
mod filter;
mod global;
mod hash;
mod kind;
mod mapper;
mod params;
mod pipeline;
mod record;
mod registry;
mod resolved;
mod rounding;
mod selection;
mod settings;
mod signer;
mod spec;
mod splitter;
mod stage;
mod trace;
pub mod value;
pub mod vectors;

pub use assets::{Asset, Assets, FindError, FoundAssets, LoadError, Shared};
pub use batch_level::{BatchFilter, BatchMapper, MapAnswers, StatAnswers};
pub use chain::{Chain, Guard, InHandFn, OperatorFailure, Poison, Quarantined, Tally};
pub use decision::Decision;
pub use error::{Error, ParamError, Result};
pub use filter::{Filter, KnownStats, RangeRule, StatRow};
pub use global::Global;
pub use hash::ChainHash;
pub use kind::{Determinism, OperatorKind};
pub use mapper::{Changes, Mapper};
pub use params::{NoParams, ParamReader, ParamSpec, ParamValue, Params};
pub use pipeline::{Pipeline, verdict_names};
pub use record::{Record, RecordError};
pub use registry::{ForeignOperators, Registry};
pub use resolved::{ResolveContext, Resolved, ResolvedOperator, StandIn};
pub use selection::{Amount, Reading, Selection};
pub use settings::{ChainSettings, PythonSettings};
pub use signer::{Barrier, Rule, Signature, SignatureForm, Signer};
pub use spec::OperatorSpec;
pub use splitter::{Children, Splitter};
pub use stage::{Stage, StageChain};
pub use trace::{Excerpt, RecordExcerpt, Sample, Shown, TraceSettings, Traced, Tracer};

pub use coldpress_config::{Key, Node, OperatorCall, Span, nearest};
pub use coldpress_record::{Edits, Stat, StatKind, StatValue};

#[doc(hidden)]
pub use serde_json as __json;
