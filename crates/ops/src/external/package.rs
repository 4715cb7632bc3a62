//! Operators that run in Data-Juicer's Python package (py-data-juicer): those that this program does not have, those of
//! `custom_operator_paths`, and those that a recipe wants there with `compat: python`.

mod description;
mod judge;
mod splits;

use std::sync::Arc;

use coldpress_external::{Code, Interpreter, Mode};
use coldpress_operator::{
    ChainSettings, Determinism, ForeignOperators, Key, LoadError, Node, OperatorCall, OperatorSpec,
    ParamError, ParamReader, ParamSpec, Params, ResolveContext, Resolved, Shared, StatKind,
};
use serde_json::{Map, Value, json};

use super::limits::LimitParams;
use super::{Asked, Asker};
use description::{Description, check_parameters, describe};
use judge::Judge;
use splits::Splits;

/// The Python side, which knows the package.
const ADAPTER: &str = include_str!("package/adapter.py");

/// The names of the operators of py-data-juicer 1.6.1, to tell a missing package from a misspelt name.
const KNOWN: &str = include_str!("package/known.txt");

/// The recipe's key for custom operators.
const CUSTOM: &str = "custom_operator_paths";

/// Parameters that this program reads itself.
const OWN: [&str; 3] = ["compat", "skip_op_error", "stats_export_path"];

/// Returns whether this program has an operator of this name that needs the whole dataset.
fn is_native(name: &str) -> bool {
    let specs = [
        crate::deduplicator::specs(),
        crate::selector::specs(),
        crate::grouper::specs(),
    ];
    specs.iter().flatten().any(|spec| spec.name() == name)
}

/// The kinds of operators that see no more than some records.
const CAN_RUN: [&str; 3] = ["mapper", "aggregator", "filter"];

/// The most records that such an operator is given at a time, as in Data-Juicer.
const BATCH_SIZE: usize = 1000;

/// The operators of the package.
#[derive(Debug)]
pub(crate) struct Package;

impl ForeignOperators for Package {
    fn find(
        &self,
        call: &OperatorCall,
        settings: &ChainSettings,
    ) -> Result<Option<OperatorSpec>, ParamError> {
        let interpreter = Interpreter::find(settings.python.interpreter.as_deref());
        let (limits, parameters) = split_parameters(call)?;
        let code = adapter(json!({
            "name": call.name,
            "parameters": parameters,
            "custom": settings.python.custom_operators,
        }));
        let must_be_there =
            is_known(&call.name) || !settings.python.custom_operators.is_empty() || is_wanted(call);
        let described = describe(&interpreter, &code);
        let description = match described {
            Ok(description) if description.package.is_none() && must_be_there => {
                let lacking = not_installed(&interpreter);
                return Err(ParamError::of_call(format!("runs in {lacking}")));
            }
            Err(error) if must_be_there => {
                let lacking = not_usable(&interpreter, &error);
                return Err(ParamError::of_call(format!("runs in {lacking}")));
            }
            Ok(Description {
                custom_error: Some(error),
                ..
            }) => return Err(ParamError::of_setting(CUSTOM, error)),
            Ok(description) => description,
            Err(_) => return Ok(None),
        };
        let Some(kind) = description.kind.clone() else {
            return match is_wanted(call) {
                true => Err(ParamError::new(
                    "compat",
                    "is `python`, but Data-Juicer's package has no operator of this name",
                )),
                false => Ok(None),
            };
        };
        if !CAN_RUN.contains(&&*kind) {
            // The recipe as a whole wants the package where it can be had; such an operator runs here.
            if !is_wanted(call) && is_native(&call.name) {
                return Ok(None);
            }
            return Err(ParamError::of_call(format!(
                "is a {kind} of Data-Juicer's Python package, and only its mappers, filters and aggregators can run here, since the others need the whole dataset in one process"
            )));
        }
        let note = check_parameters(&parameters, &description)?;
        let call = PackageCall {
            name: call.name.clone(),
            interpreter,
            code,
            limits,
            note,
            description: Arc::new(description),
        };
        Ok(Some(call.spec(kind == "filter")))
    }

    fn known_names(&self) -> Vec<&str> {
        KNOWN.lines().collect()
    }

    fn names(&self, settings: &ChainSettings) -> Result<Vec<String>, ParamError> {
        let interpreter = Interpreter::find(settings.python.interpreter.as_deref());
        let code = adapter(json!({"custom": settings.python.custom_operators}));
        let unusable = |error| ParamError::of_setting("python", error);
        let description = describe(&interpreter, &code)
            .map_err(|error| unusable(not_usable(&interpreter, &error)))?;
        match description {
            Description { package: None, .. } => Err(unusable(not_installed(&interpreter))),
            Description {
                custom_error: Some(error),
                ..
            } => Err(ParamError::of_setting(CUSTOM, error)),
            description => Ok(description.names),
        }
    }
}

fn adapter(argument: Value) -> Code {
    Code::Module {
        name: "coldpress_data_juicer",
        source: ADAPTER,
        argument,
    }
}

fn is_known(name: &str) -> bool {
    KNOWN.lines().any(|known| known == name)
}

fn is_wanted(call: &OperatorCall) -> bool {
    call.param("compat").and_then(Node::as_str) == Some("python")
}

/// Separates what this program allows the process from what the operator is given.
fn split_parameters(call: &OperatorCall) -> Result<(LimitParams, Map<String, Value>), ParamError> {
    let is_limit = |key: &Key| {
        LimitParams::specs()
            .iter()
            .any(|spec| spec.name == key.name)
    };
    let (limits, own): (Vec<_>, Vec<_>) = call
        .params
        .iter()
        .cloned()
        .partition(|(key, _)| is_limit(key));
    let mut limits = limits;
    // Models need more memory than a function does.
    if !limits.iter().any(|(key, _)| key.name == "memory_limit_mb") {
        limits.push((Key::from("memory_limit_mb"), Node::from_json(&Value::Null)));
    }
    let limits = LimitParams::read(&mut ParamReader::new(&limits))?;
    let own = own.iter().filter(|(key, _)| !OWN.contains(&&*key.name));
    let own = own.map(|(key, node)| (key.name.clone(), node.to_json()));
    Ok((limits, own.collect()))
}

fn not_installed(interpreter: &Interpreter) -> String {
    let path = interpreter.path().display();
    format!(
        "Data-Juicer's Python package, which `{path}` does not have: install `py-data-juicer` there, or name an interpreter that has it by the key `python` or the variable `COLDPRESS_PYTHON`"
    )
}

fn not_usable(interpreter: &Interpreter, error: &str) -> String {
    let path = interpreter.path().display();
    let cause = error.lines().next().unwrap_or_default();
    format!("Data-Juicer's Python package, which `{path}` cannot load: {cause}")
}

/// A call of an operator of the package.
#[derive(Clone, Debug)]
struct PackageCall {
    /// What a check of the recipe tells about its parameters.
    note: Option<String>,
    name: String,
    interpreter: Interpreter,
    code: Code,
    limits: LimitParams,
    description: Arc<Description>,
}

impl PackageCall {
    fn spec(self, is_filter: bool) -> OperatorSpec {
        let (name, summary) = (self.name.clone(), self.description.summary.clone());
        let spec = match (is_filter, self.description.keeps_rows) {
            (true, _) => {
                OperatorSpec::batch_filter(&name, &summary, move |_: Whatever, context| {
                    Ok(self.filter(context))
                })
            }
            (false, true) => {
                OperatorSpec::batch_mapper(&name, &summary, move |_: Whatever, context| {
                    let resolved = self.resolved(context, Mode::Columns, |asker| asker);
                    Ok(resolved.whole_records())
                })
            }
            (false, false) => {
                OperatorSpec::splitter(&name, &summary, move |_: Whatever, context| {
                    let resolved = self.resolved(context, Mode::Split, Splits::new);
                    Ok(resolved.whole_records().sets_values())
                })
            }
        };
        spec.determinism(Determinism::External)
            .batch_size(BATCH_SIZE)
            .runs_in("Data-Juicer's package")
    }

    fn filter(&self, context: &mut ResolveContext<'_>) -> Resolved<Judge> {
        let stats = self.description.stats.clone();
        let resolved = self.resolved(context, Mode::Judge, move |asker| {
            Judge::new(asker, stats.clone())
        });
        let resolved = resolved
            .whole_records()
            .stat(&self.name, StatKind::Bool)
            .stats_depend_on(json!(format!("{:?}", self.code)));
        let stats = self.description.stats.iter();
        stats.fold(resolved, |resolved, name| {
            resolved.stat(name, StatKind::Any)
        })
    }

    fn resolved<B: 'static>(
        &self,
        context: &mut ResolveContext<'_>,
        mode: Mode,
        body: impl Fn(Asker) -> B + Send + Sync + 'static,
    ) -> Resolved<B> {
        self.note.iter().for_each(|note| context.note(note));
        context.uses("py-data-juicer", self.description.package.clone());
        if !self.description.custom.is_empty() && self.description.is_custom {
            context.uses("custom operators", self.description.custom.clone());
        }
        let (call, pace) = (self.clone(), Arc::new(self.limits.pace()));
        let load = move |_: &Shared| -> Result<B, LoadError> {
            let limits = call.limits.limits();
            let asked = Asked::in_python(&call.interpreter, &call.code, mode, &limits);
            let asked = asked.map_err(without_traceback)?;
            Ok(body(Asker::new(asked, &pace)))
        };
        let no_fields: [&str; 0] = [];
        Resolved::loading(load).fields(no_fields)
    }
}

/// A missing package says all in one line, wherever it was missed.
fn without_traceback(error: LoadError) -> LoadError {
    let message = error.to_string();
    match message.lines().next() {
        Some(first) if first.starts_with("ModuleNotFoundError: ") => LoadError::new(first),
        _ => error,
    }
}

/// The parameters of an operator that checks them itself.
struct Whatever(Value);

impl Params for Whatever {
    fn specs() -> Vec<ParamSpec> {
        LimitParams::specs()
    }

    fn defaults() -> Self {
        Self(Value::Null)
    }

    fn read(reader: &mut ParamReader<'_>) -> Result<Self, ParamError> {
        let mut values = reader.take_all();
        if let Some(values) = values.as_object_mut() {
            // They change how the work is done, and no result.
            for spec in LimitParams::specs() {
                values.remove(spec.name);
            }
        }
        Ok(Self(values))
    }

    fn to_json(&self) -> Value {
        self.0.clone()
    }
}
