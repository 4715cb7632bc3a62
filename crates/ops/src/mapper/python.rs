//! # What it does
//! Changes records by a Python file that has a function `map` or `process`.
//!
//! `process(record)` is given one record as a `dict`. It returns the `dict` that the record becomes, or changes the one that it
//! was given and returns nothing. `map(batch)` is given a list of records, and returns a list of as many, in the same order. If
//! the file has both, `map` is called. Only the fields that differ are written anew; all others keep their bytes.
//!
//! A record on which `process` raises goes to quarantine with the traceback. When `map` raises, the records are given again
//! one by one. `docs/python.md` says what happens when the code prints, hangs or dies.
//!
//! It needs Python 3.8 or later, which each worker starts once: the interpreter that the recipe's key `python` names, else
//! that of the environment. The file is run once per worker, and may load there what it needs.
//!
//! # Parameters
//! `file`: the path of the file.
//!
//! # Example
//! With a file that has `def process(record): record["words"] = len(record["text"].split())`, `{"text": "a b"}` gets
//! `"words": 2`.
//!
//! # Notes on determinism
//! The code may depend on anything. What it gave is kept, and it is not asked again as long as that and the file's bytes are
//! the same. What the file imports is not looked at.

use std::sync::Arc;

use coldpress_external::{Code, Mode};
use coldpress_operator::{
    BatchMapper, Determinism, OperatorSpec, ParamError, ResolveContext, Resolved, params,
};

use crate::external::{Asked, Asker, Limited, in_python, of_file};

params! {
    /// Parameters of `python_mapper`.
    pub(crate) struct PythonMapperParams {
        /// The Python file. It must be given.
        file: String = String::new();
    }
}

/// The description of `python_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_mapper(
        "python_mapper",
        "Changes records by a Python file that has a function `map` or `process`.",
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
