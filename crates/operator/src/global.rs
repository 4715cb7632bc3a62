//! Calls of operators that need the whole dataset.

use serde_json::Value;

use crate::resolved::Resolved;
use crate::signer::{Barrier, Rule, SignatureForm, Signer};

/// A resolved call of an operator that needs the whole dataset.
#[derive(Debug)]
pub struct Global<S> {
    pub(crate) resolved: Resolved<S>,
    pub(crate) barrier: Barrier,
}

impl<S: Signer + 'static> Global<S> {
    /// Makes an operator with signatures of this form, which are judged by this rule.
    pub fn new(resolved: Resolved<S>, form: SignatureForm, rule: Rule) -> Self {
        let barrier = Barrier {
            form,
            rule,
            signed_by: None,
        };
        Self { resolved, barrier }
    }

    /// Declares the parameters that signatures depend on, as JSON. The rule's parameters need not be among them: if only the others
    /// change in a recipe, the signatures are used again.
    #[must_use]
    pub fn signed_by(mut self, params: Value) -> Self {
        self.barrier.signed_by = Some(params);
        self
    }
}
