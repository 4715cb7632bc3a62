//! Whether the buckets are there that a job needs.

use coldpress_config::Location;
use coldpress_failure::full_message;
use coldpress_storage::{StoreSpec, one_spelling};

use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::remote::bucket_of;

impl Executor {
    /// Makes sure that the buckets are there that the job and its outputs are to lie in, so that no work is done in vain. Each
    /// is asked once.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`](crate::ErrorKind) with the key whose bucket is not there, or cannot be looked at.
    pub fn check_places(&self) -> Result<()> {
        let recipe = &self.prepared.recipe;
        let (paths, export) = (&recipe.paths, &recipe.export);
        let folders = [
            ("work_dir", Some(&paths.work_dir)),
            ("checkpoint_dir", paths.checkpoint_dir.as_ref()),
            ("partition_dir", paths.partition_dir.as_ref()),
            ("event_log_dir", paths.event_log_dir.as_ref()),
            ("export_dropped", export.dropped_dir.as_ref()),
        ];
        let files = [
            ("export_path", Some(&export.path)),
            ("duplicates_path", export.duplicates_path.as_ref()),
        ];
        let url = |path: Option<&String>| {
            Some(Location::of(path?).url()?.trim_end_matches('/').to_owned())
        };
        let folders = folders.map(|(key, path)| (key, url(path)));
        let above = |url: String| Some(url.rsplit_once('/')?.0.to_owned());
        let files = files.map(|(key, path)| (key, url(path).and_then(above)));
        let mut asked = Vec::new();
        for (key, url) in folders.into_iter().chain(files) {
            let Some(url) = url else { continue };
            let bucket = bucket_of(&one_spelling(&url)).to_owned();
            if asked.contains(&bucket) {
                continue;
            }
            let store = self.schemes.open(&StoreSpec::Url(url));
            let found = store.and_then(|store| store.check_place());
            found.map_err(|error| Error::of_key(recipe, key, full_message(&error)))?;
            asked.push(bucket);
        }
        Ok(())
    }
}
