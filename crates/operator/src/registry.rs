//! The operators that a program knows, by name.

use std::collections::BTreeMap;

use coldpress_config::{OperatorCall, nearest};

use crate::error::{Error, Result};
use crate::spec::{Built, OperatorSpec};

/// Operators by name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    specs: BTreeMap<String, OperatorSpec>,
}

impl Registry {
    /// Adds an operator; one of the same name is replaced.
    pub fn add(&mut self, spec: OperatorSpec) {
        self.specs.insert(spec.name().to_owned(), spec);
    }

    /// The registry with one more operator.
    #[must_use]
    pub fn with(mut self, spec: OperatorSpec) -> Self {
        self.add(spec);
        self
    }

    /// The operator with this name.
    pub fn get(&self, name: &str) -> Option<&OperatorSpec> {
        self.specs.get(name)
    }

    /// All operators, by name.
    pub fn iter(&self) -> impl Iterator<Item = &OperatorSpec> {
        self.specs.values()
    }

    /// The names of all operators, sorted.
    pub fn names(&self) -> Vec<&str> {
        self.specs.keys().map(String::as_str).collect()
    }

    /// The known name nearest to `name`, if one is near enough to be meant.
    pub fn suggest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names())
    }

    pub(crate) fn build(&self, call: &OperatorCall, text_key: &str, seed: u64) -> Result<Built> {
        let spec = self.get(&call.name).ok_or_else(|| Error::UnknownOperator {
            name: call.name.clone(),
            span: call.span,
            suggestion: self.suggest(&call.name).map(str::to_owned),
        })?;
        spec.build(&call.params, text_key, seed).map_err(|error| {
            let param = call
                .params
                .iter()
                .find(|(key, _)| Some(&key.name) == error.param.as_ref());
            let span = param.map(|(key, node)| if error.is_name { key.span } else { node.span });
            Error::Params {
                operator: call.name.clone(),
                message: error.message,
                span: span.unwrap_or(call.span),
            }
        })
    }
}
