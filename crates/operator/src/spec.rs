//! What an operator is: its description and how it is built.

use std::fmt;
use std::sync::Arc;

use coldpress_config::{Key, Node};

use crate::error::ParamError;
use crate::filter::{Filter, RangeRule};
use crate::global::Global;
use crate::mapper::Mapper;
use crate::params;
use crate::params::{ParamReader, ParamSpec, Params};
use crate::splitter::Splitter;

/// What kind of operator it is; the word is the last part of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OperatorKind {
    /// Changes records, or splits them.
    Mapper,
    /// Drops records.
    Filter,
    /// Drops records that others repeat.
    Deduplicator,
    /// Picks records from the whole dataset.
    Selector,
    /// Makes one record of several.
    Grouper,
}

impl OperatorKind {
    fn of_name(name: &str) -> Self {
        match name.rsplit('_').next() {
            Some("filter") => Self::Filter,
            Some("deduplicator") => Self::Deduplicator,
            Some("selector") => Self::Selector,
            Some("grouper") => Self::Grouper,
            _ => Self::Mapper,
        }
    }
}

impl fmt::Display for OperatorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mapper => "mapper",
            Self::Filter => "filter",
            Self::Deduplicator => "deduplicator",
            Self::Selector => "selector",
            Self::Grouper => "grouper",
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
    summary: String,
    doc: String,
    version: u32,
    determinism: Determinism,
    params: Vec<ParamSpec>,
    build: Arc<Build>,
}

type Build = dyn Fn(&mut ParamReader<'_>, &BuildContext) -> Result<(Operator, serde_json::Value), ParamError>
    + Send
    + Sync;

/// What an operator can know when it is built.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// The name of the text field.
    pub text_key: String,
    /// The recipe's seed.
    pub seed: u64,
    /// How a range filter compares with its bounds.
    pub range: RangeRule,
}

/// A built operator, ready to work on one thread.
pub struct Operator {
    pub(crate) body: Body,
    pub(crate) fields: Option<Vec<String>>,
}

pub(crate) enum Body {
    Mapper(Box<dyn Mapper>),
    Filter(Box<dyn Filter>),
    Splitter(Box<dyn Splitter>),
    Global,
}

impl Operator {
    /// A mapper.
    pub fn mapper(mapper: impl Mapper + 'static) -> Self {
        Self {
            body: Body::Mapper(Box::new(mapper)),
            fields: None,
        }
    }

    /// A filter.
    pub fn filter(filter: impl Filter + 'static) -> Self {
        Self {
            body: Body::Filter(Box::new(filter)),
            fields: None,
        }
    }

    /// A splitter.
    pub fn splitter(splitter: impl Splitter + 'static) -> Self {
        Self {
            body: Body::Splitter(Box::new(splitter)),
            fields: None,
        }
    }

    /// An operator behind a barrier.
    pub fn global(_global: impl Global + 'static) -> Self {
        Self {
            body: Body::Global,
            fields: None,
        }
    }

    /// Declares the fields that the operator reads and writes, instead of the text field alone.
    #[must_use]
    pub fn fields<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.fields = Some(names.into_iter().map(Into::into).collect());
        self
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = match self.body {
            Body::Mapper(_) => "Mapper",
            Body::Filter(_) => "Filter",
            Body::Splitter(_) => "Splitter",
            Body::Global => "Global",
        };
        f.debug_struct("Operator")
            .field("body", &body)
            .field("fields", &self.fields)
            .finish()
    }
}

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

/// Parameters that the reference system's operators have and that change nothing here.
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

/// An operator that was built from a recipe's call.
pub(crate) struct Built {
    pub(crate) operator: Operator,
    pub(crate) base: BaseParams,
    /// All parameters with their values, for the chain hash.
    pub(crate) resolved: serde_json::Value,
}

impl OperatorSpec {
    /// An operator with this name, a one-line summary, and the way it is built from its parameters.
    ///
    /// The name ends in its kind: `_mapper`, `_filter`, `_deduplicator`, `_selector` or `_grouper`.
    pub fn new<P: Params + 'static>(
        name: &str,
        summary: &str,
        build: impl Fn(P, &BuildContext) -> Result<Operator, ParamError> + Send + Sync + 'static,
    ) -> Self {
        let build = move |reader: &mut ParamReader<'_>, context: &BuildContext| {
            let params = P::read(reader)?;
            let resolved = params.to_json();
            build(params, context).map(|operator| (operator, resolved))
        };
        Self {
            name: name.to_owned(),
            summary: summary.to_owned(),
            doc: String::new(),
            version: 1,
            determinism: Determinism::Pure,
            params: P::specs(),
            build: Arc::new(build),
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

    /// The kind, from the name.
    pub fn kind(&self) -> OperatorKind {
        OperatorKind::of_name(&self.name)
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
        if self.kind() == OperatorKind::Filter {
            specs.extend(RangeRule::specs());
        }
        specs
    }

    pub(crate) fn build(
        &self,
        params: &[(Key, Node)],
        text_key: &str,
        seed: u64,
    ) -> Result<Built, ParamError> {
        let mut reader = ParamReader::new(params);
        let base = BaseParams::read(&mut reader)?;
        WITHOUT_EFFECT.iter().for_each(|name| reader.ignore(name));
        let is_filter = self.kind() == OperatorKind::Filter;
        let range = if is_filter {
            RangeRule::read(&mut reader)?
        } else {
            RangeRule::defaults()
        };
        if is_filter
            && reader
                .take::<Option<String>>("stats_export_path", None)?
                .is_some()
        {
            return Err(ParamError::new("stats_export_path", "is not available yet"));
        }
        let text_key = base.text_key.clone().unwrap_or_else(|| text_key.to_owned());
        let context = BuildContext {
            text_key,
            seed,
            range,
        };
        let (mut operator, own) = (self.build)(&mut reader, &context)?;
        reader.finish()?;
        operator
            .fields
            .get_or_insert_with(|| vec![context.text_key.clone()]);
        let resolved = serde_json::json!({
            "operator": self.name,
            "version": self.version,
            "text_key": context.text_key,
            "range": is_filter.then(|| context.range.to_json()),
            "seed": (self.determinism == Determinism::Seeded).then_some(seed),
            "params": own,
        });
        Ok(Built {
            operator,
            base,
            resolved,
        })
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
