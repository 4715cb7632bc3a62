//! # What it does
//! Changes records with a Python lambda.
//!
//! The lambda takes a record as a `dict` and returns the `dict` that it becomes. Only fields that differ are rewritten; all others
//! keep their bytes. A record on which it raises goes to quarantine with the traceback.
//!
//! It needs Python 3.8 or later, which each worker starts once: the interpreter that the recipe's key `python` names, or else that
//! of the environment. `docs/python.md` describes what happens when the code prints, hangs or dies.
//!
//! # Parameters
//! `lambda_str`: the lambda, such as `lambda d: {**d, "text": d["text"].strip()}`; empty to change nothing. With `batched`, it
//! takes and returns many records as a `dict` of lists.
//!
//! # Example
//! With `lambda_str: 'lambda d: {**d, "words": len(d["text"].split())}'`, `{"text": "a b"}` gets `"words": 2`.
//!
//! # Notes on determinism
//! The code may depend on anything. Its results are kept, and the lambda is not called again as long as they are intact.

use std::sync::Arc;

use coldpress_external::{Code, Mode};
use coldpress_operator::{
    BatchMapper, Determinism, OperatorSpec, ParamError, ResolveContext, Resolved, params,
};

use crate::external::{Asked, Asker, Limited, in_python};

params! {
    /// Parameters of `python_lambda_mapper`.
    pub(crate) struct PythonLambdaParams {
        /// The lambda; it takes one argument. Empty to change nothing.
        lambda_str: String = String::new();
        /// If set, it takes many records at a time, as a `dict` of lists.
        batched: bool = false;
    }
}

/// Returns the description of `python_lambda_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::batch_mapper(
        "python_lambda_mapper",
        "Changes records with a Python lambda.",
        resolve,
    )
    .determinism(Determinism::External)
    .batch_size(1000)
    .doc(&super::manual(include_str!("python_lambda.rs")))
}

fn resolve(
    params: Limited<PythonLambdaParams>,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl BatchMapper + use<>>, ParamError> {
    let Limited { own, limits } = params;
    let mode = match own.batched {
        true => Mode::Columns,
        false => Mode::Record,
    };
    let code = Code::Lambda(own.lambda_str.clone());
    let interpreter = match own.lambda_str.is_empty() {
        true => None,
        false => Some(in_python(context, "lambda_str", &code, mode, "")?),
    };
    let (pace, limits) = (Arc::new(limits.pace()), limits.limits());
    let resolved = Resolved::loading(move |_| {
        let asked = match &interpreter {
            None => Asked::Nobody,
            Some(interpreter) => Asked::in_python(interpreter, &code, mode, &limits)?,
        };
        Ok(Asker::new(asked, &pace))
    });
    let no_fields: [&str; 0] = [];
    Ok(resolved.fields(no_fields).whole_records())
}
