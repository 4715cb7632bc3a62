//! What a recipe puts behind URLs, and how it is reached.

use coldpress_config::{Location, Recipe};
use coldpress_failure::full_message;
use coldpress_job::{JobId, url_of_job};
use coldpress_storage::{Place, StorageOptions, StoreSchemes};

use crate::error::{Error, Result};

/// The places of a job that its recipe puts behind URLs.
pub(crate) struct Remote {
    /// The stores of places that are not in folders.
    pub(crate) stores: Vec<(Place, String)>,
    /// Where the event log is copied to.
    pub(crate) event_log_url: Option<String>,
}

impl Remote {
    /// What the recipe of this job says, whose placeholders are filled in.
    ///
    /// # Errors
    /// When the scheme of a URL is not known.
    pub(crate) fn of(recipe: &Recipe, job_id: &JobId, schemes: &StoreSchemes) -> Result<Self> {
        let paths = &recipe.paths;
        let url = |key: &str, dir: &Option<String>| -> Result<Option<String>> {
            let Some(url) = dir.as_deref().and_then(|dir| Location::of(dir).url()) else {
                return Ok(None);
            };
            check_scheme(recipe, key, url, schemes)?;
            Ok(Some(url_of_job(url, job_id)))
        };
        let checkpoints = url("checkpoint_dir", &paths.checkpoint_dir)?;
        let partitions = url("partition_dir", &paths.partition_dir)?;
        let event_log_url = url("event_log_dir", &paths.event_log_dir)?;
        let stores = [
            (Place::Checkpoints, checkpoints),
            (Place::Partitions, partitions),
        ];
        let stores = stores
            .into_iter()
            .filter_map(|(place, url)| Some((place, url?)));
        Ok(Self {
            stores: stores.collect(),
            event_log_url,
        })
    }
}

/// The schemes with the options of the recipe, which count before those of the program.
pub(crate) fn with_options_of(recipe: &Recipe, schemes: StoreSchemes) -> StoreSchemes {
    let inputs = recipe.dataset.inputs.iter();
    let options = recipe.remote.options.iter();
    let options = options.chain(inputs.flat_map(|input| input.options.iter()));
    let options = options.fold(
        StorageOptions::default(),
        |options, (prefix, name, value)| options.with(prefix, name, value),
    );
    // They are for the bucket of the export.
    let bucket = Location::of(&recipe.export.path).url().map(bucket_of);
    let of_export = recipe.remote.export.iter().filter(|_| bucket.is_some());
    let options = of_export.fold(options, |options, (_, name, value)| {
        options.with(bucket.unwrap_or_default(), name, value)
    });
    let options = schemes.options().clone().and(options);
    schemes.with_options(options)
}

/// The URL of the bucket of a URL: `s3://bucket` of `s3://bucket/out/clean.jsonl`.
pub(crate) fn bucket_of(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[begin..].find('/').map_or(url.len(), |end| begin + end);
    &url[..end]
}

/// Makes sure that there is something which opens the URL of a key.
pub(crate) fn check_scheme(
    recipe: &Recipe,
    key: &str,
    url: &str,
    schemes: &StoreSchemes,
) -> Result<()> {
    let checked = schemes.check(url);
    checked.map_err(|error| Error::of_key(recipe, key, full_message(&error)))
}
