//! # What it does
//! Changes records with a program that reads and writes JSON lines.
//!
//! The program is started for each batch of records. It reads them from its standard input, each as one line of JSON, and must
//! write one line for each to its standard output, in the same order: the JSON object that the record becomes. Members that it
//! writes as they were keep their bytes. It must exit successfully.
//!
//! If it fails, writes too few or too many lines, or shows no sign of life for `timeout` seconds, the records are sent again one by
//! one. Those on which it fails alone go to quarantine with the end of its standard error.
//!
//! # Parameters
//! `command`: the program and its arguments, as a list; or a text, which the shell runs.
//!
//! # Example
//! With `command: [jq, -c, "del(.meta)"]`, the field `meta` is removed.
//!
//! # Notes on determinism
//! The program may depend on anything. Its answers are kept, and it is not asked again as long as they are intact and the command
//! reads the same. The program's own version is not checked.

use std::sync::Arc;

use coldpress_external::Program;
use coldpress_operator::{
    BatchMapper, Determinism, OperatorSpec, ParamError, ResolveContext, Resolved, params,
};

use crate::external::{Asked, Asker, Limited};

params! {
    /// Parameters of `command_mapper`.
    pub(crate) struct CommandMapperParams {
        /// The program and its arguments, or one text for the shell. Required.
        command: Vec<String> = Vec::new(), |command| command.first().is_some_and(|program| !program.is_empty()),
            "must be a command";
    }
}

/// Returns the description of `command_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_mapper(
        "command_mapper",
        "Changes records with a program that reads and writes JSON lines.",
        resolve,
    )
    .determinism(Determinism::External)
    .batch_size(1000)
    .doc(&super::manual(include_str!("command.rs")))
}

fn resolve(
    params: Limited<CommandMapperParams>,
    _: &mut ResolveContext<'_>,
) -> Result<Resolved<impl BatchMapper + use<>>, ParamError> {
    let Limited { own, limits } = params;
    let pace = Arc::new(limits.pace());
    let program = Program::new(own.command, limits.limits());
    program
        .check()
        .map_err(|reason| ParamError::new("command", reason))?;
    let resolved = Resolved::new(move || Asker::new(Asked::Mapping(program.clone()), &pace));
    let no_fields: [&str; 0] = [];
    Ok(resolved.fields(no_fields).whole_records())
}
