//! # What it does
//! Keeps the records for which a program that reads JSON lines says so.
//!
//! The program is started for each batch of records. It is given them on its standard input, each as one line of JSON, and must
//! write one line for each to its standard output, in the same order: `true` to keep the record, `false` to drop it. It must
//! end with success.
//!
//! If it fails, writes too few lines or too many, or gives no sign of life for `timeout` seconds, the records are given again
//! one by one, and those on which it fails alone go to quarantine with the end of its standard error.
//!
//! # Parameters
//! `command`: the program and its arguments, as a list; or a text, which the shell runs. What it said is the statistic
//! `command_filter`.
//!
//! # Example
//! With `command: [jq, -c, ".lang == \"en\""]`, records in English are kept.
//!
//! # Notes on determinism
//! The program may depend on anything. What it said is kept, and it is not asked again as long as that is whole and the
//! command reads the same. The program's own version is not looked at.

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
        /// The program and its arguments, or one text for the shell. It must be given.
        command: Vec<String> = Vec::new(), |command| command.first().is_some_and(|program| !program.is_empty()),
            "must be a command";
    }
}

/// The description of `command_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_filter(
        "command_filter",
        "Keeps the records for which a program that reads JSON lines says so.",
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
