//! Descriptions of operators, and how a call of one is resolved.

use std::fmt;
use std::sync::Arc;

use coldpress_config::OperatorCall;

use crate::assets::Assets;
use crate::error::ParamError;
use crate::filter::{Filter, RangeRule};
use crate::mapper::Mapper;
use crate::params;
use crate::params::{ParamReader, ParamSpec, Params};
use crate::pipeline::ChainSettings;
use crate::resolved::{Body, Erased, ResolveContext, Resolved, ResolvedOperator};
use crate::splitter::Splitter;

/// What kind of operator it is. The constructor of its [`OperatorSpec`] decides; its name has no say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OperatorKind {
    /// Changes records, or splits them.
    Mapper,
    /// Drops records.
    Filter,
}

impl fmt::Display for OperatorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mapper => "mapper",
            Self::Filter => "filter",
        })
    }
}

/// What an operator's result depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Determinism {
    /// The record and the parameters alone.
    #[default]
    Pure,
    /// Also the recipe's seed and the record's origin.
    Seeded,
    /// Anything: a service, a command. What it gave once is never computed again.
    External,
}

/// The description of an operator, under which a registry knows it.
#[derive(Clone)]
pub struct OperatorSpec {
    name: String,
    kind: OperatorKind,
    summary: String,
    doc: String,
    version: u32,
    determinism: Determinism,
    params: Vec<ParamSpec>,
    resolve: Arc<Resolve>,
}

type Resolve = dyn Fn(
        &mut ParamReader<'_>,
        &mut ResolveContext<'_>,
    ) -> Result<(Erased, serde_json::Value), ParamError>
    + Send
    + Sync;

params! {
    /// Parameters that every operator has.
    pub(crate) struct BaseParams {
        /// The field that holds the text, instead of the recipe's first text key. A dotted name reaches into objects.
        text_key: Option<String> = None;
        /// Whether a record that this operator fails on goes to quarantine (true) or fails its partition (false),
        /// instead of what the recipe says.
        skip_op_error: Option<bool> = None;
    }
}

/// Parameters that Data-Juicer's operators have and that change nothing here.
const WITHOUT_EFFECT: [&str; 16] = [
    "accelerator",
    "audio_key",
    "auto_op_parallelism",
    "batch_size",
    "cpu_required",
    "history_key",
    "image_key",
    "index_key",
    "mem_required",
    "num_cpus",
    "num_gpus",
    "num_proc",
    "query_key",
    "response_key",
    "turbo",
    "video_key",
];

impl OperatorSpec {
    /// A mapper with this name and one-line summary; `resolve` makes of its parameters what is needed to make one.
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
        let resolve = move |params: P, context: &mut ResolveContext<'_>| {
            resolve(params, context).map(|resolved| resolved.erase(body))
        };
        Self::new(name, OperatorKind::Mapper, summary, resolve)
    }

    /// A filter. The name usually ends in `_filter`.
    pub fn filter<P: Params + 'static, F: Filter + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<F>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |filter| Body::Filter(Box::new(filter));
        let resolve = move |params: P, context: &mut ResolveContext<'_>| {
            resolve(params, context).map(|resolved| resolved.erase(body))
        };
        Self::new(name, OperatorKind::Filter, summary, resolve)
    }

    /// A mapper that makes several records of one.
    pub fn splitter<P: Params + 'static, S: Splitter + 'static>(
        name: &str,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Resolved<S>, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = |splitter| Body::Splitter(Box::new(splitter));
        let resolve = move |params: P, context: &mut ResolveContext<'_>| {
            resolve(params, context).map(|resolved| resolved.erase(body))
        };
        Self::new(name, OperatorKind::Mapper, summary, resolve)
    }

    fn new<P: Params + 'static>(
        name: &str,
        kind: OperatorKind,
        summary: &str,
        resolve: impl Fn(P, &mut ResolveContext<'_>) -> Result<Erased, ParamError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let resolve = move |reader: &mut ParamReader<'_>, context: &mut ResolveContext<'_>| {
            let params = P::read(reader)?;
            let values = params.to_json();
            resolve(params, context).map(|resolved| (resolved, values))
        };
        Self {
            name: name.to_owned(),
            kind,
            summary: summary.to_owned(),
            doc: String::new(),
            version: 1,
            determinism: Determinism::Pure,
            params: P::specs(),
            resolve: Arc::new(resolve),
        }
    }

    /// Sets the version, 1 by default: to be raised whenever the operator gives other results than before.
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

    /// Sets what the operator's result depends on.
    #[must_use]
    pub fn determinism(mut self, determinism: Determinism) -> Self {
        self.determinism = determinism;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind, as the constructor declared it.
    pub fn kind(&self) -> OperatorKind {
        self.kind
    }

    /// What it does, in one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The longer description, possibly empty.
    pub fn long_doc(&self) -> &str {
        &self.doc
    }

    /// What the result depends on.
    pub fn depends_on(&self) -> Determinism {
        self.determinism
    }

    /// The operator's own parameters.
    pub fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    /// The parameters that every operator of this kind has besides its own.
    pub fn base_params(&self) -> Vec<ParamSpec> {
        let mut specs = BaseParams::specs();
        if self.kind == OperatorKind::Filter {
            specs.extend(RangeRule::specs());
        }
        specs
    }

    pub(crate) fn resolve(
        &self,
        call: &OperatorCall,
        settings: &ChainSettings,
        assets: &dyn Assets,
    ) -> Result<ResolvedOperator, ParamError> {
        let mut reader = ParamReader::new(&call.params);
        let base = BaseParams::read(&mut reader)?;
        let is_filter = self.kind == OperatorKind::Filter;
        let range = if is_filter {
            RangeRule::read(&mut reader)?
        } else {
            RangeRule::defaults()
        };
        let text_key = base.text_key.unwrap_or_else(|| settings.text_key.clone());
        let mut context = ResolveContext {
            text_key,
            seed: settings.seed,
            range,
            assets,
            found: Vec::new(),
        };
        let (resolved, values) = (self.resolve)(&mut reader, &mut context)?;
        if is_filter {
            refuse_stats_export(&mut reader)?;
        }
        // Last, because an operator may have a parameter of its own with one of these names.
        WITHOUT_EFFECT.iter().for_each(|name| reader.ignore(name));
        reader.finish()?;
        Ok(ResolvedOperator {
            call: call.clone(),
            kind: self.kind,
            determinism: self.determinism,
            skip_errors: base.skip_op_error.unwrap_or(settings.skip_op_error),
            identity: self.identity(&context, values),
            fields: resolved.fields.unwrap_or_else(|| vec![context.text_key]),
            stats: resolved.stats,
            sets_values: resolved.sets_values,
            assets: context.found,
            make: resolved.make,
        })
    }

    /// Name, version, parameters and files, as the chain hash folds them.
    fn identity(&self, context: &ResolveContext<'_>, params: serde_json::Value) -> String {
        let mut identity = serde_json::json!({
            "operator": self.name,
            "version": self.version,
            "text_key": context.text_key,
            "range": (self.kind == OperatorKind::Filter).then(|| context.range.to_json()),
            "seed": (self.determinism == Determinism::Seeded).then_some(context.seed),
            "params": params,
        });
        if !context.found.is_empty() {
            let digests = context.found.iter().map(|asset| asset.digest.as_str());
            identity["assets"] = digests.collect();
        }
        identity.to_string()
    }
}

fn refuse_stats_export(reader: &mut ParamReader<'_>) -> Result<(), ParamError> {
    match reader.take::<Option<String>>("stats_export_path", None)? {
        Some(_) => Err(ParamError::new("stats_export_path", "is not available yet")),
        None => Ok(()),
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
