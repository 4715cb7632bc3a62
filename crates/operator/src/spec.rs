//! Descriptions of operators, which resolve calls.

use std::fmt;
use std::sync::Arc;

use coldpress_config::OperatorCall;
use coldpress_record::{Stat, StatKind};

use crate::assets::Assets;
use crate::base_params::{self, BaseParams};
use crate::batch_level::{BatchFilter, BatchMapper};
use crate::error::ParamError;
use crate::filter::Filter;
use crate::global::Global;
use crate::kind::{Determinism, OperatorKind};
use crate::mapper::Mapper;
use crate::params::{ParamReader, ParamSpec, Params};
use crate::resolved::{Body, Erased, ResolveContext, Resolved, ResolvedOperator};
use crate::settings::ChainSettings;
use crate::signer::{Barrier, Signer};
use crate::splitter::Splitter;

/// The description of an operator, which a registry finds by its name.
#[derive(Clone)]
pub struct OperatorSpec {
    name: String,
    kind: OperatorKind,
    summary: String,
    doc: String,
    version: u32,
    determinism: Determinism,
    /// The number of records that it gets at a time, at most; set only for a batch-level operator.
    batch_size: Option<usize>,
    /// True if it makes several records out of one.
    splits: bool,
    /// The system that it runs in, if that is another.
    runs_in: Option<&'static str>,
    params: Vec<ParamSpec>,
    /// Parameters that are accepted and have no effect.
    without_effect: &'static [&'static str],
    resolve: Arc<Resolve>,
}

type Resolve = dyn Fn(&mut ParamReader<'_>, &mut ResolveContext<'_>) -> Result<Answer, ParamError>
    + Send
    + Sync;

/// The result of resolving a call: the operator, its parameters with their defaults, and its barrier.
struct Answer {
    operator: Erased,
    values: serde_json::Value,
    barrier: Option<Barrier>,
}

impl OperatorSpec {
    /// Describes a mapper with this name and one-line summary. `resolve` turns its parameters into everything needed to make one.
    ///
    /// In Data-Juicer's recipes the name of a mapper ends in `_mapper`.
    pub fn mapper<P: Params + 'static, M: Mapper + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<M>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |mapper| Body::Mapper(Box::new(mapper));
        Self::new(name, OperatorKind::Mapper, summary, resolve, body)
    }

    /// Describes a filter. The name usually ends in `_filter`.
    pub fn filter<P: Params + 'static, F: Filter + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<F>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |filter| Body::Filter(Box::new(filter));
        Self::new(name, OperatorKind::Filter, summary, resolve, body)
    }

    /// Describes a mapper that makes several records out of one.
    pub fn splitter<P: Params + 'static, S: Splitter + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<S>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |splitter| Body::Splitter(Box::new(splitter));
        Self {
            splits: true,
            ..Self::new(name, OperatorKind::Mapper, summary, resolve, body)
        }
    }

    /// Describes a mapper that gets many records at a time.
    pub fn batch_mapper<P: Params + 'static, M: BatchMapper + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<M>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |mapper| Body::BatchMapper(Box::new(mapper));
        Self {
            batch_size: Some(usize::MAX),
            ..Self::new(name, OperatorKind::Mapper, summary, resolve, body)
        }
    }

    /// Describes a filter that gets many records at a time.
    pub fn batch_filter<P: Params + 'static, F: BatchFilter + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<F>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |filter| Body::BatchFilter(Box::new(filter));
        Self {
            batch_size: Some(usize::MAX),
            ..Self::new(name, OperatorKind::Filter, summary, resolve, body)
        }
    }

    /// Describes an operator that needs the whole dataset and drops records, or cuts parts out of them, that occur elsewhere.
    pub fn deduplicator<P: Params + 'static, S: Signer + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Global<S>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::global(name, OperatorKind::Deduplicator, summary, resolve)
    }

    /// Describes an operator that needs the whole dataset and keeps some of its records, possibly in another order.
    pub fn selector<P: Params + 'static, S: Signer + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Global<S>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::global(name, OperatorKind::Selector, summary, resolve)
    }

    /// Describes a reverse grouper: it makes several records out of one, and needs no other records.
    pub fn ungrouper<P: Params + 'static, S: Splitter + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<S>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |splitter| Body::Splitter(Box::new(splitter));
        Self {
            splits: true,
            ..Self::new(name, OperatorKind::Grouper, summary, resolve, body)
        }
    }

    /// Describes an operator that needs the whole dataset and makes one record out of several.
    pub fn grouper<P: Params + 'static, S: Signer + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Global<S>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::global(name, OperatorKind::Grouper, summary, resolve)
    }

    fn global<P: Params + 'static, S: Signer + 'static>(
        name: &str,
        kind: OperatorKind,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Global<S>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |signer| Body::Signer(Box::new(signer));
        let resolve = move |params: P, context: &mut ResolveContext<'_>| {
            let Global { resolved, barrier } = resolve(params, context)?;
            Ok((resolved, Some(barrier)))
        };
        Self::of_any(name, kind, summary, resolve, body)
    }

    fn new<P: Params + 'static, B: 'static>(
        name: &str,
        kind: OperatorKind,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<B>, ParamError>
        + Send
        + Sync
        + 'static,
        body: impl Fn(B) -> Body + Copy + Send + Sync + 'static,
    ) -> Self {
        let resolve = move |params: P, context: &mut ResolveContext<'_>| {
            resolve(params, context).map(|resolved| (resolved, None))
        };
        Self::of_any(name, kind, summary, resolve, body)
    }

    fn of_any<P: Params + 'static, B: 'static>(
        name: &str,
        kind: OperatorKind,
        summary: &str,
        resolve: impl Fn(
            P,
            &mut ResolveContext<'_>,
        ) -> Result<(Resolved<B>, Option<Barrier>), ParamError>
        + Send
        + Sync
        + 'static,
        body: impl Fn(B) -> Body + Copy + Send + Sync + 'static,
    ) -> Self {
        let resolve = move |reader: &mut ParamReader<'_>, context: &mut ResolveContext<'_>| {
            let params = P::read(reader)?;
            let values = params.to_json();
            let (resolved, barrier) = resolve(params, context)?;
            Ok(Answer {
                operator: resolved.erase(body),
                values,
                barrier,
            })
        };
        Self {
            name: name.to_owned(),
            kind,
            summary: summary.to_owned(),
            doc: String::new(),
            version: 1,
            determinism: Determinism::Pure,
            batch_size: None,
            splits: false,
            runs_in: None,
            params: P::specs(),
            without_effect: &[],
            resolve: Arc::new(resolve),
        }
    }

    /// Sets the version, 1 by default. It must be raised whenever the operator gives different results than before.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Sets the longer description for the manual, in Markdown.
    #[must_use]
    pub fn doc(mut self, doc: &str) -> Self {
        self.doc = doc.to_owned();
        self
    }

    /// Sets the dependencies of the operator's result.
    #[must_use]
    pub fn determinism(mut self, determinism: Determinism) -> Self {
        self.determinism = determinism;
        self
    }

    /// Names the other system that it runs in, as in "Data-Juicer's package".
    #[must_use]
    pub fn runs_in(mut self, system: &'static str) -> Self {
        self.runs_in = Some(system);
        self
    }

    /// Accepts parameters that have no effect, because they control how another system does the same work.
    #[must_use]
    pub fn without_effect(mut self, names: &'static [&'static str]) -> Self {
        self.without_effect = names;
        self
    }

    /// Sets the number of records that a batch-level operator gets at a time, at most, if the recipe has none. The default is as
    /// many as a batch has. It has no effect on an operator of another level.
    #[must_use]
    pub fn batch_size(mut self, records: usize) -> Self {
        self.batch_size = self.batch_size.map(|_| records.max(1));
        self
    }

    /// Returns whether it makes several records out of one.
    pub fn splits(&self) -> bool {
        self.splits
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the kind, as the constructor declared it.
    pub fn kind(&self) -> OperatorKind {
        self.kind
    }

    /// Returns a one-line description.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Returns the longer description, which may be empty.
    pub fn long_doc(&self) -> &str {
        &self.doc
    }

    /// Returns the dependencies of the result.
    pub fn depends_on(&self) -> Determinism {
        self.determinism
    }

    /// Returns the operator's own parameters.
    pub fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    /// Returns the bounds of a filter's statistic in a call: the parameters called `min_…` and `max_…`, as in all filters.
    pub fn bounds(&self, call: &OperatorCall) -> Vec<(&'static str, f64)> {
        /// A default as large as this, such as the greatest integer, means that there is no bound.
        const NO_BOUND: f64 = 1e15;
        let bound = |parameter: &ParamSpec| {
            let is_least = parameter.name.starts_with("min_");
            let is_bound = is_least || parameter.name.starts_with("max_");
            let given = call.param(parameter.name).and_then(|node| node.as_f64());
            let value = given.or_else(|| parameter.default.as_f64());
            let value = value.filter(|_| is_bound)?;
            // A share is never below 0, so a bound of 0 has no effect unless the recipe sets it.
            let is_trivial = given.is_none() && is_least && value == 0.0;
            (value.abs() < NO_BOUND && !is_trivial).then_some((parameter.name, value))
        };
        self.params.iter().filter_map(bound).collect()
    }

    /// Returns the parameters that are accepted and have no effect, other than those that all operators of Data-Juicer have.
    pub fn params_without_effect(&self) -> &[&'static str] {
        self.without_effect
    }

    /// Returns the parameters that every operator of this kind has in addition to its own.
    pub fn base_params(&self) -> Vec<ParamSpec> {
        BaseParams::specs(self.kind, self.batch_size)
    }

    pub(crate) fn resolve(
        &self,
        call: &OperatorCall,
        settings: &ChainSettings,
        assets: &dyn Assets,
    ) -> Result<ResolvedOperator, ParamError> {
        let mut reader = ParamReader::new(&call.params);
        let base = BaseParams::read(&mut reader, self.kind, self.batch_size)?;
        let mut context = ResolveContext {
            text_key: base.text_key.unwrap_or_else(|| settings.text_key.clone()),
            seed: settings.seed,
            range: base.range,
            python: settings.python.interpreter.clone(),
            assets,
            found: Vec::new(),
            stand_ins: Vec::new(),
            compat: base.compat.unwrap_or(settings.compat),
            asked_for_compat: false,
            revisions: Vec::new(),
            notes: Vec::new(),
        };
        let Answer {
            operator,
            values,
            barrier,
        } = (self.resolve)(&mut reader, &mut context)?;
        let signed_by = barrier
            .as_ref()
            .and_then(|barrier| barrier.signed_by.clone());
        let signed_by = signed_by.unwrap_or_else(|| values.clone());
        let has_decimals =
            |stat: &Stat| matches!(stat.kind, StatKind::Float | StatKind::List | StatKind::Any);
        if context.compat && operator.stats.iter().any(has_decimals) {
            context.uses("statistics with ten decimals", 2);
        }
        // Last, because an operator may have a parameter of its own with one of these names.
        base_params::ignore_without_effect(&mut reader);
        self.without_effect
            .iter()
            .for_each(|name| reader.ignore(name));
        reader.finish()?;
        let removes = |barrier: &Barrier| barrier.rule.removes_duplicates();
        let labels = match barrier.as_ref().is_some_and(removes) {
            true => settings.labels.as_slice(),
            false => &[],
        };
        Ok(ResolvedOperator {
            call: call.clone(),
            kind: self.kind,
            determinism: self.determinism,
            runs_in: self.runs_in,
            skip_errors: base.skip_op_error.unwrap_or(settings.skip_op_error),
            signature_identity: labelled(self.identity(&context, signed_by), labels),
            identity: self.identity(&context, values),
            fields: operator
                .fields
                .unwrap_or_else(|| vec![context.text_key.clone()]),
            text_key: context.text_key,
            stats: operator.stats,
            verdict: None,
            stats_depend_on: operator.stats_depend_on,
            computes_anew: false,
            compat: context.compat,
            sets_values: operator.sets_values
                || operator.whole_records && self.kind == OperatorKind::Mapper,
            whole_records: operator.whole_records,
            aside: operator.aside.or(base.stats_export_path),
            suffix_field: operator.suffix_field,
            barrier,
            batch_size: base.batch_size,
            assets: context.found,
            notes: context.notes,
            stand_ins: context.stand_ins,
            make: operator.make,
        })
    }

    /// Returns the name, version, parameters and files, which the chain hash folds in.
    fn identity(&self, context: &ResolveContext<'_>, params: serde_json::Value) -> String {
        let mut identity = serde_json::json!({
            "operator": self.name,
            "version": self.version,
            "text_key": context.text_key,
            "range": (self.kind == OperatorKind::Filter).then(|| context.range.to_json()),
            "seed": (self.determinism == Determinism::Seeded).then_some(context.seed),
            "params": params,
        });
        if context.asked_for_compat && context.compat {
            identity["compat"] = "data_juicer".into();
        }
        if !context.found.is_empty() {
            let digests = context.found.iter().map(|asset| asset.digest.as_str());
            identity["assets"] = digests.collect();
        }
        if !context.stand_ins.is_empty() {
            let used = context
                .stand_ins
                .iter()
                .map(|stand_in| stand_in.used.as_str());
            identity["stand_ins"] = used.collect();
        }
        if !context.revisions.is_empty() {
            identity["uses"] = serde_json::json!(context.revisions);
        }
        identity.to_string()
    }
}

/// Signatures with labels differ from those without.
fn labelled(identity: String, labels: &[String]) -> String {
    match labels.is_empty() {
        true => identity,
        false => format!("{identity} with {}", serde_json::json!(labels)),
    }
}

impl fmt::Debug for OperatorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperatorSpec")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
