//! The contract between Coldpress and its operators: everything that an operator's author needs.
//!
//! An operator is of one kind: a [`Mapper`] edits fields, a [`Filter`] computes statistics and decides by them, a
//! [`Splitter`] makes several records of one, a [`Global`] operator needs all partitions before it can decide. It
//! is described by an [`OperatorSpec`] (name, version, parameters, determinism, how it is built) and found by name
//! in a [`Registry`]; built-in operators use the same door as those of a user. A [`Chain`] runs the operators of a
//! recipe over [`Batch`](coldpress_record::Batch)es, keeps the ledger, and sets aside the records that an operator
//! fails on, a panic included.
//!
//! ```
//! use coldpress_operator::{params, Changes, Mapper, Operator, OperatorSpec, Record, RecordError, Registry};
//!
//! params! {
//!     /// Parameters of `shout_mapper`.
//!     pub struct ShoutParams {
//!         /// What is put behind each text.
//!         mark: String = "!".to_owned();
//!     }
//! }
//!
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
//! let shout = OperatorSpec::new("shout_mapper", "Puts a mark behind each text.", |params: ShoutParams, _cx| {
//!     Ok(Operator::mapper(Shout(params)))
//! });
//! let registry = Registry::default().with(shout);
//! assert_eq!(registry.names(), ["shout_mapper"]);
//! ```
//!
//! It knows nothing of files, partitions or jobs.

mod chain;
mod error;
mod filter;
mod global;
mod hash;
mod mapper;
mod params;
mod record;
mod registry;
mod spec;
mod splitter;
pub mod vectors;

pub use chain::{
    Chain, ChainSettings, Guard, InHandFn, OperatorFailure, Poison, Quarantined, Tally,
};
pub use error::{Error, ParamError, Result};
pub use filter::{Filter, RangeRule, StatRow};
pub use global::{Global, Resolution, Signatures};
pub use hash::ChainHash;
pub use mapper::{Changes, Mapper};
pub use params::{NoParams, ParamReader, ParamSpec, ParamValue, Params};
pub use record::{Record, RecordError};
pub use registry::Registry;
pub use spec::{BuildContext, Determinism, Operator, OperatorKind, OperatorSpec};
pub use splitter::{Children, Splitter};

pub use coldpress_config::{Key, Node, OperatorCall, Span};
pub use coldpress_record::{Edits, StatValue};

#[doc(hidden)]
pub use serde_json as __json;
