//! What most programs need: `use coldpress::prelude::*;`.

#[doc(no_inline)]
pub use crate::checkpoint::{CheckpointStore, LocalStore};
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
    BuildContext, Changes, Children, Filter, Mapper, Operator, OperatorSpec, ParamError, Record,
    RecordError, Registry, Splitter, StatRow, StatValue, params,
};
