//! # What it does
//! Changes records with a Python file that has a function `map` or `process`.
//!
//! `process(record)` is given one record as a `dict`. It returns the `dict` that the record becomes, or changes its argument and
//! returns nothing. `map(batch)` is given a list of records, and returns a list of the same length, in the same order. If the file
//! has both, `map` is called. Only fields that differ are rewritten; all others keep their bytes.
//!
//! A record on which `process` raises goes to quarantine with the traceback. When `map` raises, the records are passed again one by
//! one. `docs/python.md` describes what happens when the code prints, hangs or dies.
//!
//! It needs Python 3.8 or later: the interpreter that the recipe's key `python` names, or else that of the environment. Each worker
//! starts it once and runs the file once, so the file may load what it needs at the top level.
//!
//! # Parameters
//! `file`: the path of the file.
//!
//! # Example
//! With a file that has `def process(record): record["words"] = len(record["text"].split())`, `{"text": "a b"}` gets `"words": 2`.
//!
//! # Notes on determinism
//! The code may depend on anything. Its results are kept, and it is not asked again as long as they and the file's bytes are the
//! same. The modules that the file imports are not checked.

use std::sync::Arc;

use coldpress_external::{Code, Mode};
use coldpress_operator::{
    BatchMapper, Determinism, OperatorSpec, ParamError, ResolveContext, Resolved, params,
};

use crate::external::{Asked, Asker, Limited, in_python, of_file};

params! {
    /// Parameters of `python_mapper`.
    pub(crate) struct PythonMapperParams {
        /// The Python file. Required.
        file: String = String::new();
    }
}

/// Returns the description of `python_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_mapper(
        "python_mapper",
        "Changes records with a Python file that has a function `map` or `process`.",
        resolve,
    )
    .determinism(Determinism::External)
    .batch_size(1000)
    .doc(&super::manual(include_str!("python.rs")))
}

fn resolve(
    params: Limited<PythonMapperParams>,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl BatchMapper + use<>>, ParamError> {
    let Limited { own, limits } = params;
    let file = of_file(context, "file", &own.file)?;
    let code = Code::File {
        path: file.path,
        functions: vec![
            ("map".to_owned(), Mode::Records),
            ("process".to_owned(), Mode::RecordInPlace),
        ],
    };
    let interpreter = in_python(context, "file", &code, Mode::Records, &file.digest)?;
    let (pace, limits) = (Arc::new(limits.pace()), limits.limits());
    let resolved = Resolved::loading(move |_| {
        let python = Asked::in_python(&interpreter, &code, Mode::Records, &limits)?;
        Ok(Asker::new(python, &pace))
    });
    let no_fields: [&str; 0] = [];
    Ok(resolved.fields(no_fields).whole_records())
}
