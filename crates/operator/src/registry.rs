//! The operators that a program knows, by name.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
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
    foreign: Option<Arc<dyn ForeignOperators>>,
}

/// Operators of another system, which are described only when a recipe calls them.
pub trait ForeignOperators: fmt::Debug + Send + Sync {
    /// Returns the operator that is called; `None` if there is none of that name.
    ///
    /// # Errors
    /// [`ParamError`] if there is one that cannot be used.
    fn find(
        &self,
        call: &OperatorCall,
        settings: &ChainSettings,
    ) -> std::result::Result<Option<OperatorSpec>, ParamError>;

    /// Returns the names that are known without asking the other system.
    fn known_names(&self) -> Vec<&str>;

    /// Returns the names of all operators, as the other system tells them.
    ///
    /// # Errors
    /// [`ParamError`] about a key of the recipe if it cannot be asked.
    fn names(&self, settings: &ChainSettings) -> std::result::Result<Vec<String>, ParamError>;
}

impl Default for Registry {
    /// Returns a registry without operators and without files.
    fn default() -> Self {
        Self {
            specs: BTreeMap::new(),
            assets: None,
            foreign: None,
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

    /// The registry with operators of another system, for calls of those that it does not have itself, and for calls that ask for
    /// them with `compat: python`.
    #[must_use]
    pub fn with_foreign(mut self, foreign: impl ForeignOperators + 'static) -> Self {
        self.foreign = Some(Arc::new(foreign));
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

    /// Returns the known name closest to `name`, if one is close enough to be meant, in the other system as well.
    pub fn suggest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names().into_iter().chain(self.known_foreign()))
    }

    /// Returns whether the other system is known to have an operator of this name.
    pub fn is_foreign(&self, name: &str) -> bool {
        self.known_foreign().contains(&name)
    }

    /// Returns the names of all operators of the other system, as it tells them.
    ///
    /// # Errors
    /// [`Error::Setting`] if it cannot be asked.
    pub fn foreign_names(&self, settings: &ChainSettings) -> Result<Vec<String>> {
        let names = self.foreign.as_ref().map(|it| it.names(settings));
        names
            .unwrap_or_else(|| Ok(Vec::new()))
            .map_err(|error| wrong_params(&OperatorCall::new(""), error))
    }

    fn known_foreign(&self) -> Vec<&str> {
        let foreign = self.foreign.as_ref();
        foreign.map(|it| it.known_names()).unwrap_or_default()
    }

    /// As [`suggest`](Self::suggest), also among the names that the other system tells.
    fn suggest_any(&self, name: &str, settings: &ChainSettings) -> Option<String> {
        let told = self.foreign_names(settings).unwrap_or_default();
        let known = self.names().into_iter().chain(self.known_foreign());
        nearest(name, known.chain(told.iter().map(String::as_str))).map(str::to_owned)
    }

    pub(crate) fn resolve(
        &self,
        call: &OperatorCall,
        settings: &ChainSettings,
    ) -> Result<ResolvedOperator> {
        let spec = self.find(call, settings)?;
        let resolved = spec.resolve(call, settings, self.assets.as_deref().unwrap_or(&NoAssets));
        resolved.map_err(|error| wrong_params(call, error))
    }

    /// Finds the operator that is called, here or in the other system.
    fn find(&self, call: &OperatorCall, settings: &ChainSettings) -> Result<Cow<'_, OperatorSpec>> {
        let compat = call.param("compat").and_then(|node| node.as_str());
        let must_be_foreign = compat == Some("python");
        let prefers_foreign =
            must_be_foreign || settings.python.prefers_package && compat.is_none();
        let own = self.get(&call.name).filter(|_| !must_be_foreign);
        if let Some(spec) = own.filter(|_| !prefers_foreign) {
            return Ok(Cow::Borrowed(spec));
        }
        let foreign = match &self.foreign {
            Some(foreign) => foreign.find(call, settings),
            None => Ok(None),
        };
        match (foreign.map_err(|error| wrong_params(call, error))?, own) {
            (Some(spec), _) => Ok(Cow::Owned(spec)),
            (None, Some(spec)) => Ok(Cow::Borrowed(spec)),
            (None, None) => Err(Error::UnknownOperator {
                name: call.name.clone(),
                span: call.span,
                suggestion: self.suggest_any(&call.name, settings),
            }),
        }
    }
}

/// Points at the wrong parameter, or at the call if the parameter is not in the recipe.
fn wrong_params(call: &OperatorCall, error: ParamError) -> Error {
    if let Some(key) = error.setting {
        return Error::Setting {
            key,
            message: error.message,
        };
    }
    let mut params = call.params.iter();
    let param = params.find(|(key, _)| Some(&key.name) == error.param.as_ref());
    let span = param.map(|(key, node)| if error.is_name { key.span } else { node.span });
    Error::Params {
        operator: call.name.clone(),
        message: error.message,
        span: span.unwrap_or(call.span),
    }
}
