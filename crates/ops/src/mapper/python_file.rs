//! # What it does
//! Changes records with a function of a Python file.
//!
//! The function takes a record as a `dict` and returns the `dict` that it becomes. Only fields that differ are rewritten; all
//! others keep their bytes. A record on which it raises goes to quarantine with the traceback. The file is run once per worker, so
//! it may load what it needs at the top level.
//!
//! It needs Python 3.8 or later, which each worker starts once: the interpreter that the recipe's key `python` names, or else that
//! of the environment. `docs/python.md` describes what happens when the code prints, hangs or dies.
//!
//! # Parameters
//! `file_path` and `function_name`. Without a file nothing changes. With `batched`, the function takes and returns many records as
//! a `dict` of lists.
//!
//! # Example
//! With `file_path: strip.py`, which has `def process_single(record): return {**record, "text": record["text"].strip()}`, texts
//! lose the spaces around them.
//!
//! # Notes on determinism
//! The code may depend on anything. Its results are kept, and the function is not called again as long as they and the file's bytes
//! are the same. The modules that the file imports are not checked.

use std::sync::Arc;

use coldpress_external::{Code, Mode};
use coldpress_operator::{
    BatchMapper, Determinism, OperatorSpec, ParamError, ResolveContext, Resolved, params,
};

use crate::external::{Asked, Asker, Limited, in_python, of_file};

params! {
    /// Parameters of `python_file_mapper`.
    pub(crate) struct PythonFileParams {
        /// The file; empty to change nothing.
        file_path: String = String::new();
        /// The function; it takes one argument.
        function_name: String = "process_single".to_owned();
        /// If set, it takes many records at a time, as a `dict` of lists.
        batched: bool = false;
    }
}

/// Returns the description of `python_file_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_mapper(
        "python_file_mapper",
        "Changes records with a function of a Python file.",
        resolve,
    )
    .determinism(Determinism::External)
    .batch_size(1000)
    .doc(&super::manual(include_str!("python_file.rs")))
}

fn resolve(
    params: Limited<PythonFileParams>,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl BatchMapper + use<>>, ParamError> {
    let Limited { own, limits } = params;
    let mode = match own.batched {
        true => Mode::Columns,
        false => Mode::Record,
    };
    let functions = vec![(own.function_name.clone(), mode)];
    let start = match own.file_path.is_empty() {
        true => None,
        false => {
            let file = of_file(context, "file_path", &own.file_path)?;
            let code = Code::File {
                path: file.path,
                functions,
            };
            let interpreter = in_python(context, "file_path", &code, mode, &file.digest)?;
            Some((interpreter, code))
        }
    };
    let (pace, limits) = (Arc::new(limits.pace()), limits.limits());
    let resolved = Resolved::loading(move |_| {
        let asked = match &start {
            None => Asked::Nobody,
            Some((interpreter, code)) => Asked::in_python(interpreter, code, mode, &limits)?,
        };
        Ok(Asker::new(asked, &pace))
    });
    let no_fields: [&str; 0] = [];
    Ok(resolved.fields(no_fields).whole_records())
}
