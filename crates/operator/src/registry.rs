//! The operators that a program knows, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use coldpress_config::{OperatorCall, nearest};

use crate::assets::{Assets, NoAssets};
use crate::error::{Error, ParamError, Result};
use crate::resolved::ResolvedOperator;
use crate::settings::ChainSettings;
use crate::spec::OperatorSpec;

/// Operators by name, and the source of the files that they need.
#[derive(Clone, Debug)]
pub struct Registry {
    specs: BTreeMap<String, OperatorSpec>,
    assets: Option<Arc<dyn Assets>>,
}

impl Default for Registry {
    /// Returns a registry without operators and without files.
    fn default() -> Self {
        Self {
            specs: BTreeMap::new(),
            assets: None,
        }
    }
}

impl Registry {
    /// Adds an operator, replacing one with the same name.
    pub fn add(&mut self, spec: OperatorSpec) {
        self.specs.insert(spec.name().to_owned(), spec);
    }

    /// Adds an operator, replacing one with the same name.
    #[must_use]
    pub fn with(mut self, spec: OperatorSpec) -> Self {
        self.add(spec);
        self
    }

    /// Sets the files for the operators.
    #[must_use]
    pub fn with_assets(mut self, assets: impl Assets + 'static) -> Self {
        self.assets = Some(Arc::new(assets));
        self
    }

    /// Returns whether there are files for the operators.
    pub fn has_assets(&self) -> bool {
        self.assets.is_some()
    }

    /// Returns the files for the operators.
    pub fn assets(&self) -> Option<&Arc<dyn Assets>> {
        self.assets.as_ref()
    }

    /// Returns the operator with this name.
    pub fn get(&self, name: &str) -> Option<&OperatorSpec> {
        self.specs.get(name)
    }

    /// Returns all operators, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &OperatorSpec> {
        self.specs.values()
    }

    /// Returns the names of all operators, sorted.
    pub fn names(&self) -> Vec<&str> {
        self.specs.keys().map(String::as_str).collect()
    }

    /// Returns the known name closest to `name`, if one is close enough to be meant.
    pub fn suggest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names())
    }

    pub(crate) fn resolve(
        &self,
        call: &OperatorCall,
        settings: &ChainSettings,
    ) -> Result<ResolvedOperator> {
        let spec = self.get(&call.name).ok_or_else(|| Error::UnknownOperator {
            name: call.name.clone(),
            span: call.span,
            suggestion: self.suggest(&call.name).map(str::to_owned),
        })?;
        let resolved = spec.resolve(call, settings, self.assets.as_deref().unwrap_or(&NoAssets));
        resolved.map_err(|error| wrong_params(call, error))
    }
}

/// Points at the wrong parameter, or at the call if the parameter is not in the recipe.
fn wrong_params(call: &OperatorCall, error: ParamError) -> Error {
    let mut params = call.params.iter();
    let param = params.find(|(key, _)| Some(&key.name) == error.param.as_ref());
    let span = param.map(|(key, node)| if error.is_name { key.span } else { node.span });
    Error::Params {
        operator: call.name.clone(),
        message: error.message,
        span: span.unwrap_or(call.span),
    }
}
