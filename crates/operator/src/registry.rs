//! The operators that a program knows, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use coldpress_config::{OperatorCall, nearest};

use crate::assets::{Assets, NoAssets};
use crate::error::{Error, ParamError, Result};
use crate::resolved::ResolvedOperator;
use crate::settings::ChainSettings;
use crate::spec::OperatorSpec;

/// Operators by name, and where the files are that they need.
#[derive(Clone, Debug)]
pub struct Registry {
    specs: BTreeMap<String, OperatorSpec>,
    assets: Option<Arc<dyn Assets>>,
}

impl Default for Registry {
    /// A registry without operators and without files.
    fn default() -> Self {
        Self {
            specs: BTreeMap::new(),
            assets: None,
        }
    }
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

    /// The registry with these files for its operators.
    #[must_use]
    pub fn with_assets(mut self, assets: impl Assets + 'static) -> Self {
        self.assets = Some(Arc::new(assets));
        self
    }

    /// Whether there are files for its operators.
    pub fn has_assets(&self) -> bool {
        self.assets.is_some()
    }

    /// The files for its operators.
    pub fn assets(&self) -> Option<&Arc<dyn Assets>> {
        self.assets.as_ref()
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

/// Points at the parameter that is wrong, or at the call where that is not in the recipe.
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
