//! # What it does
//! Keeps the records for which a program that reads JSON lines answers `true`.
//!
//! The program is started for each batch of records. It reads them from its standard input, each as one line of JSON, and must
//! write one line for each to its standard output, in the same order: `true` to keep the record, `false` to drop it. It must exit
//! successfully.
//!
//! If it fails, writes too few or too many lines, or shows no sign of life for `timeout` seconds, the records are sent again one by
//! one. Those on which it fails alone go to quarantine with the end of its standard error.
//!
//! # Parameters
//! `command`: the program and its arguments, as a list; or a text, which the shell runs. Its answer is the statistic
//! `command_filter`.
//!
//! # Example
//! With `command: [jq, -c, ".lang == \"en\""]`, records in English are kept.
//!
//! # Notes on determinism
//! The program may depend on anything. Its answers are kept, and it is not asked again as long as they are intact and the command
//! reads the same. The program's own version is not checked.

use std::sync::Arc;

use coldpress_external::Program;
use coldpress_operator::{
    BatchFilter, Determinism, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, params,
};
use serde_json::json;

use crate::external::{Asked, Asker, Limited};

params! {
    /// Parameters of `command_filter`.
    pub(crate) struct CommandFilterParams {
        /// The program and its arguments, or one text for the shell. Required.
        command: Vec<String> = Vec::new(), |command| command.first().is_some_and(|program| !program.is_empty()),
            "must be a command";
    }
}

/// Returns the description of `command_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_filter(
        "command_filter",
        "Keeps the records that a program that reads JSON lines accepts.",
        resolve,
    )
    .determinism(Determinism::External)
    .batch_size(1000)
    .doc(&super::manual(include_str!("command.rs")))
}

fn resolve(
    params: Limited<CommandFilterParams>,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<impl BatchFilter + use<>>, ParamError> {
    let Limited { own, limits } = params;
    let (pace, parameters) = (Arc::new(limits.pace()), json!(own.command));
    let program = Program::new(own.command, limits.limits());
    program
        .check()
        .map_err(|reason| ParamError::new("command", reason))?;
    let resolved = Resolved::new(move || Asker::new(Asked::Filtering(program.clone()), &pace));
    let no_fields: [&str; 0] = [];
    Ok(resolved
        .fields(no_fields)
        .whole_records()
        .stat("command_filter", StatKind::Bool)
        .stats_depend_on(parameters))
}
