//! The items that most programs need: `use coldpress::prelude::*;`.

#[doc(no_inline)]
pub use crate::config::{OperatorCall, Overrides, Recipe, RecipeBuilder};
#[doc(no_inline)]
pub use crate::events::{Event, EventFilter, EventKind};
#[doc(no_inline)]
pub use crate::executor::{Executor, ExecutorBuilder, Report, StopHandle};
#[doc(no_inline)]
pub use crate::job::Status;
#[doc(no_inline)]
pub use crate::operator::{
    BatchFilter, BatchMapper, Changes, Children, Filter, KnownStats, MapAnswers, Mapper,
    OperatorSpec, ParamError, Record, RecordError, Registry, ResolveContext, Resolved, Splitter,
    StatAnswers, StatKind, StatRow, StatValue, params,
};
#[doc(no_inline)]
pub use crate::storage::{LocalStore, ObjectStore, Place, StoreSchemes};
