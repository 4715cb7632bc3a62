//! The code of operators in Python.

use coldpress_external::{Code, Interpreter, Mode};
use coldpress_operator::{Asset, ParamError, ResolveContext};

/// Finds a file of Python code, and makes it part of the operator's identity.
pub(crate) fn of_file(
    context: &mut ResolveContext<'_>,
    param: &str,
    path: &str,
) -> Result<Asset, ParamError> {
    if !path.ends_with(".py") {
        let message = format!("must be the path of a Python file, which `{path}` is not");
        return Err(ParamError::new(param, message));
    }
    // A bare name is a path too, and not the name of a model.
    let path = match path.contains('/') {
        true => path.to_owned(),
        false => format!("./{path}"),
    };
    context.asset(param, &path)
}

/// Checks that a Python interpreter exists and can parse the code. None of the code is run.
pub(crate) fn in_python(
    context: &ResolveContext<'_>,
    param: &str,
    code: &Code,
    mode: Mode,
    identity: &str,
) -> Result<Interpreter, ParamError> {
    let interpreter = Interpreter::find(context.python.as_deref());
    let starts = interpreter.check_itself();
    starts.map_err(|failure| {
        let path = interpreter.path().display();
        let message = format!(
            "needs Python 3.8 or later, and `{path}` cannot be used: {failure}\ninstall Python, or name an interpreter by the key `python` or the variable `COLDPRESS_PYTHON`"
        );
        ParamError::new(param, message)
    })?;
    let checked = interpreter.check(code, mode, identity);
    checked.map_err(|failure| ParamError::new(param, format!("cannot be used: {failure}")))?;
    Ok(interpreter)
}
