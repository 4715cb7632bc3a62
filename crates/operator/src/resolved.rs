//! Operator calls that are resolved but not yet made. Everything that a plan needs is known.

use std::fmt;
use std::sync::Arc;

use coldpress_config::OperatorCall;
use coldpress_record::{Stat, StatKind};

use crate::assets::{Asset, Assets, LoadError, Shared};
use crate::batch_level::{BatchFilter, BatchMapper};
use crate::error::ParamError;
use crate::filter::{Filter, RangeRule};
use crate::kind::{Determinism, OperatorKind};
use crate::mapper::Mapper;
use crate::signer::{Barrier, Rule, Signer};
use crate::splitter::Splitter;

/// The facts that are available to an operator when its call is resolved.
#[derive(Debug)]
pub struct ResolveContext<'a> {
    /// The name of the text field.
    pub text_key: String,
    /// The recipe's seed.
    pub seed: u64,
    /// The way a range filter compares with its bounds.
    pub range: RangeRule,
    /// The Python interpreter that the recipe names.
    pub python: Option<String>,
    pub(crate) assets: &'a dyn Assets,
    pub(crate) found: Vec<Asset>,
    pub(crate) stand_ins: Vec<StandIn>,
    pub(crate) compat: bool,
    pub(crate) asked_for_compat: bool,
    pub(crate) revisions: Vec<(&'static str, serde_json::Value)>,
    pub(crate) notes: Vec<String>,
}

impl ResolveContext<'_> {
    /// Returns whether Data-Juicer's quirks are wanted. An operator that asks has a different identity with them than without, so
    /// that results made in one way are never used in the other.
    pub fn compat(&mut self) -> bool {
        self.asked_for_compat = true;
        self.compat
    }

    /// States the revision of something that this call uses and other calls of the operator may not, such as an engine or a table.
    /// It becomes part of the call's identity.
    pub fn uses(&mut self, name: &'static str, revision: impl Into<serde_json::Value>) {
        self.revisions.push((name, revision.into()));
    }

    /// Finds a file that the operator needs. It becomes part of the operator's identity.
    ///
    /// # Errors
    /// [`ParamError`] for the parameter `param`, naming the file, if it cannot be found or is a folder.
    pub fn asset(&mut self, param: &str, name: &str) -> Result<Asset, ParamError> {
        let asset = self.asset_folder(param, name)?;
        no_folder(param, &asset)?;
        Ok(asset)
    }

    /// Finds a folder that the operator needs. It becomes part of the operator's identity, with all files in it.
    ///
    /// # Errors
    /// [`ParamError`] for the parameter `param`, naming the folder, if it cannot be found.
    pub fn asset_folder(&mut self, param: &str, name: &str) -> Result<Asset, ParamError> {
        let asset = self.assets.find(name);
        let asset = asset.map_err(|error| ParamError::new(param, error))?;
        self.found.push(asset.clone());
        Ok(asset)
    }

    /// Finds a file for which the operator has a built-in replacement. If it exists, it becomes part of the operator's identity.
    ///
    /// # Errors
    /// [`ParamError`] for the parameter `param`, naming the file, if it cannot be read, is a folder, or it is unknown whether it
    /// exists.
    pub fn asset_if_there(&mut self, param: &str, name: &str) -> Result<Option<Asset>, ParamError> {
        let asset = self.assets.find_if_there(name);
        let asset = asset.map_err(|error| ParamError::new(param, error))?;
        asset.iter().try_for_each(|asset| no_folder(param, asset))?;
        self.found.extend(asset.clone());
        Ok(asset)
    }

    /// Finds the files of a folder whose names are `wanted`, sorted by name. Without a folder, the folder of assets is searched.
    /// The files become part of the operator's identity.
    ///
    /// # Errors
    /// [`ParamError`] for the parameter `param`, naming the folder, if it does not exist or cannot be read.
    pub fn asset_files(
        &mut self,
        param: &str,
        folder: Option<&str>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, ParamError> {
        let assets = self.assets.find_all(folder, &wanted);
        let assets = assets.map_err(|error| ParamError::new(param, error))?;
        self.found.extend_from_slice(&assets);
        Ok(assets)
    }

    /// Tells whoever checks the recipe something about the call. The result does not depend on it.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Reports that the operator uses something built in, because the wanted file was not found. `used` should change whenever the
    /// replacement does, because it becomes part of the operator's identity.
    ///
    /// An operator that finds [`compat`](Self::compat) set must refuse the call instead.
    pub fn stand_in(&mut self, wanted: impl Into<String>, used: impl Into<String>) {
        self.stand_ins.push(StandIn {
            wanted: wanted.into(),
            used: used.into(),
        });
    }
}

/// Refuses a folder where a file is needed, such as one into which a program unpacked a model. Its digest would be that of all its
/// contents.
fn no_folder(param: &str, asset: &Asset) -> Result<(), ParamError> {
    if !asset.path.is_dir() {
        return Ok(());
    }
    let (name, path) = (&asset.name, asset.path.display());
    let message =
        format!("needs the file `{name}`, but `{path}` is a folder; put the file in its place");
    Err(ParamError::new(param, message))
}

/// A built-in replacement that an operator uses for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// The file that was not found, as in "stop words (`*stopwords*.json`)".
    pub wanted: String,
    /// The replacement, with its version.
    pub used: String,
}

impl fmt::Display for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} instead of {}", self.used, self.wanted)
    }
}

/// A resolved call of an operator of type `B`: its fields, and a way to make it for a thread.
///
/// Resolving reads parameters and finds files. Anything that takes time or memory, such as loading a model, is done when the
/// operator is made. That happens once per worker thread, or once per process with [`Shared`].
pub struct Resolved<B> {
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) stats: Vec<Stat>,
    pub(crate) stats_depend_on: serde_json::Value,
    pub(crate) sets_values: bool,
    pub(crate) whole_records: bool,
    pub(crate) aside: Option<String>,
    pub(crate) suffix_field: Option<String>,
    pub(crate) make: Arc<Make<B>>,
}

type Make<B> = dyn Fn(&Shared) -> Result<B, LoadError> + Send + Sync;

impl<B: 'static> Resolved<B> {
    /// Makes a call of an operator that needs only its parameters. `make` is called once per worker thread.
    pub fn new(make: impl Fn() -> B + Send + Sync + 'static) -> Self {
        Self::loading(move |_| Ok(make()))
    }

    /// Makes a call of an operator that loads something before it can work.
    pub fn loading(make: impl Fn(&Shared) -> Result<B, LoadError> + Send + Sync + 'static) -> Self {
        Self {
            fields: None,
            stats: Vec::new(),
            stats_depend_on: serde_json::Value::Null,
            sets_values: false,
            whole_records: false,
            aside: None,
            suffix_field: None,
            make: Arc::new(make),
        }
    }

    /// Declares the fields that the operator reads and writes, instead of just the text field.
    #[must_use]
    pub fn fields<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.fields = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Declares that a mapper sets fields to values or removes fields, in addition to editing texts.
    ///
    /// The rows of a columnar source then become JSON lines on their way, because a column has values of one type.
    #[must_use]
    pub fn sets_values(mut self) -> Self {
        self.sets_values = true;
        self
    }

    /// Declares that the operator reads whole records, and that a mapper edits them as a whole. It may then depend on any field,
    /// and change any, beyond those that it declares. Edited rows of a columnar source become lines, as with
    /// [`sets_values`](Self::sets_values).
    #[must_use]
    pub fn whole_records(mut self) -> Self {
        self.whole_records = true;
        self
    }

    /// Declares that records which lack this field get the suffix of their file in it when they are read. It becomes part of the
    /// records.
    #[must_use]
    pub fn suffix_field(mut self, name: impl Into<String>) -> Self {
        self.suffix_field = Some(name.into());
        self
    }

    /// Declares that a splitter writes lines to the file at this path, with [`Children::set_aside`](crate::Children::set_aside). It
    /// is written along with the export, by the same rules.
    #[must_use]
    pub fn writes_aside(mut self, path: impl Into<String>) -> Self {
        self.aside = Some(path.into());
        self
    }

    /// Declares the next statistic that a filter decides by; [`Filter::keep`] gets them in this order.
    #[must_use]
    pub fn stat(mut self, name: impl Into<String>, kind: StatKind) -> Self {
        self.stats.push(Stat {
            name: name.into(),
            kind,
        });
        self
    }

    /// Declares the parameters that the statistics depend on, in addition to the fields. If an earlier filter computed a statistic
    /// of the same name with other parameters, it is computed anew.
    #[must_use]
    pub fn stats_depend_on(mut self, parameters: serde_json::Value) -> Self {
        self.stats_depend_on = parameters;
        self
    }

    pub(crate) fn erase(self, body: impl Fn(B) -> Body + Send + Sync + 'static) -> Erased {
        let make = self.make;
        Resolved {
            fields: self.fields,
            stats: self.stats,
            stats_depend_on: self.stats_depend_on,
            sets_values: self.sets_values,
            whole_records: self.whole_records,
            aside: self.aside,
            suffix_field: self.suffix_field,
            make: Arc::new(move |shared| make(shared).map(&body)),
        }
    }
}

impl<B> fmt::Debug for Resolved<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved")
            .field("fields", &self.fields)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// A resolved call whose operator has one of the bodies that a chain can run.
pub(crate) type Erased = Resolved<Body>;

/// An operator ready to work on one thread.
pub(crate) enum Body {
    Mapper(Box<dyn Mapper>),
    Filter(Box<dyn Filter>),
    Splitter(Box<dyn Splitter>),
    BatchMapper(Box<dyn BatchMapper>),
    BatchFilter(Box<dyn BatchFilter>),
    Signer(Box<dyn Signer>),
}

impl Body {
    /// Returns whether it may drop records, without changing the number of the others.
    pub(crate) fn drops(&self) -> bool {
        matches!(
            self,
            Self::Filter(_) | Self::BatchFilter(_) | Self::Signer(_)
        )
    }
}

/// A resolved call of a recipe.
#[derive(Clone)]
pub struct ResolvedOperator {
    pub(crate) call: OperatorCall,
    pub(crate) kind: OperatorKind,
    pub(crate) determinism: Determinism,
    /// The other system that it runs in.
    pub(crate) runs_in: Option<&'static str>,
    /// What a check of the recipe tells about the call.
    pub(crate) notes: Vec<String>,
    pub(crate) skip_errors: bool,
    /// The name, version and all parameters as JSON, which the chain hash folds in.
    pub(crate) identity: String,
    pub(crate) fields: Vec<String>,
    /// The field with the text.
    pub(crate) text_key: String,
    pub(crate) stats: Vec<Stat>,
    /// The statistic with the decision of a filter about a record, if no record may be dropped.
    pub(crate) verdict: Option<Stat>,
    /// The parameters that its statistics depend on.
    pub(crate) stats_depend_on: serde_json::Value,
    /// True if it computes its statistics even if a record already has them.
    pub(crate) computes_anew: bool,
    /// True if Data-Juicer's quirks are wanted.
    pub(crate) compat: bool,
    pub(crate) sets_values: bool,
    /// True if it reads whole records and, as a mapper, edits them as a whole.
    pub(crate) whole_records: bool,
    pub(crate) aside: Option<String>,
    /// The field that the reader sets to the suffix of a record's file.
    pub(crate) suffix_field: Option<String>,
    pub(crate) barrier: Option<Barrier>,
    /// The identity of everything that its signatures depend on, for an operator that needs the whole dataset.
    pub(crate) signature_identity: String,
    /// The number of records that it gets at a time, at most, for a batch-level operator.
    pub(crate) batch_size: usize,
    pub(crate) assets: Vec<Asset>,
    pub(crate) stand_ins: Vec<StandIn>,
    pub(crate) make: Arc<Make<Body>>,
}

impl ResolvedOperator {
    /// Returns the operator's name.
    pub fn name(&self) -> &str {
        &self.call.name
    }

    /// Returns the kind of operator, as its constructor declared it.
    pub fn kind(&self) -> OperatorKind {
        self.kind
    }

    /// Returns the other system that it runs in, if it does, as in "Data-Juicer's package".
    pub fn runs_in(&self) -> Option<&'static str> {
        self.runs_in
    }

    /// Returns the dependencies of the operator's result.
    pub fn determinism(&self) -> Determinism {
        self.determinism
    }

    /// Returns the names of the fields that it reads and writes.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Returns the statistics that it decides by, for a filter.
    pub fn stats(&self) -> &[Stat] {
        &self.stats
    }

    /// Returns the statistic with its decision about each record, for a filter that drops nothing.
    pub fn verdict(&self) -> Option<&Stat> {
        self.verdict.as_ref()
    }

    /// Returns whether it sets fields to values of any type, removes fields, or edits whole records.
    pub fn sets_values(&self) -> bool {
        self.sets_values
    }

    /// Returns the path of the lines that it writes beside the export, if it writes any.
    pub fn aside(&self) -> Option<&str> {
        self.aside.as_deref()
    }

    /// Returns whether it may change the records that it keeps.
    pub(crate) fn changes_records(&self) -> bool {
        let rule = self.barrier.as_ref().map(|barrier| &barrier.rule);
        self.kind == OperatorKind::Mapper || matches!(rule, Some(Rule::FrequentParts { .. }))
    }

    /// Returns its work between two stages, for an operator that needs the whole dataset.
    pub fn barrier(&self) -> Option<&Barrier> {
        self.barrier.as_ref()
    }

    /// Returns the identity of everything that its signatures depend on except the records, for an operator that needs the whole
    /// dataset.
    pub fn signature_identity(&self) -> &str {
        &self.signature_identity
    }

    /// Returns the files that it needs.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Returns its replacements for files that were not found.
    pub fn stand_ins(&self) -> &[StandIn] {
        &self.stand_ins
    }
}

impl fmt::Debug for ResolvedOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedOperator")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
