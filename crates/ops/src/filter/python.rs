//! # What it does
//! Keeps the records that a function `filter` or `process` in a Python file accepts.
//!
//! `process(record)` is given one record as a `dict`, and returns `True` to keep it or `False` to drop it. `filter(batch)` is given
//! a list of records, and returns a list of as many answers. If the file has both, `filter` is called.
//!
//! A record on which `process` raises goes to quarantine with the traceback, as does one for which it returns anything else. When
//! `filter` raises, the records are passed again one by one. `docs/python.md` describes what happens when the code prints, hangs or
//! dies.
//!
//! It needs Python 3.8 or later: the interpreter that the recipe's key `python` names, or else that of the environment. Each worker
//! starts it once and runs the file once, so the file may load what it needs at the top level.
//!
//! # Parameters
//! `file`: the path of the file. The answer is the statistic `python_filter`.
//!
//! # Example
//! With a file that has `def process(record): return len(record["text"]) > 10`, records with longer texts are kept.
//!
//! # Notes on determinism
//! The code may depend on anything. Its answers are kept, and it is not asked again as long as they and the file's bytes are the
//! same. The modules that the file imports are not checked.

use std::sync::Arc;

use coldpress_external::{Code, Mode};
use coldpress_operator::{
    BatchFilter, Determinism, OperatorSpec, ParamError, ResolveContext, Resolved, StatKind, params,
};
use serde_json::json;

use crate::external::{Asked, Asker, Limited, in_python, of_file};

params! {
    /// Parameters of `python_filter`.
    pub(crate) struct PythonFilterParams {
        /// The Python file. Required.
        file: String = String::new();
    }
}

/// Returns the description of `python_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_filter(
        "python_filter",
        "Keeps the records that a function of a Python file accepts.",
        resolve,
    )
    .determinism(Determinism::External)
    .batch_size(1000)
    .doc(&super::manual(include_str!("python.rs")))
}

fn resolve(
    params: Limited<PythonFilterParams>,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl BatchFilter + use<>>, ParamError> {
    let Limited { own, limits } = params;
    let file = of_file(context, "file", &own.file)?;
    let code = Code::File {
        path: file.path,
        functions: vec![
            ("filter".to_owned(), Mode::KeepRecords),
            ("process".to_owned(), Mode::Keep),
        ],
    };
    let interpreter = in_python(context, "file", &code, Mode::Keep, &file.digest)?;
    let (pace, limits) = (Arc::new(limits.pace()), limits.limits());
    let resolved = Resolved::loading(move |_| {
        let python = Asked::in_python(&interpreter, &code, Mode::Keep, &limits)?;
        Ok(Asker::new(python, &pace))
    });
    let no_fields: [&str; 0] = [];
    Ok(resolved
        .fields(no_fields)
        .whole_records()
        .stat("python_filter", StatKind::Bool)
        .stats_depend_on(json!([file.name, file.digest])))
}
