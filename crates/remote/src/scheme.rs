//! The schemes that programs register.

use std::sync::Arc;

use coldpress_storage::{
    Error, ObjectStore, RemoteFiles, Result, Scheme, StorageOptions, StoreSchemes, Waits,
};

use crate::bucket_files::BucketFiles;
use crate::hub::HubFiles;
use crate::store::RemoteStore;
use crate::web::WebFiles;

/// The schemes of URLs that this crate opens.
///
/// ```
/// use coldpress_remote::schemes;
/// use coldpress_storage::{StorageOptions, StoreSpec};
///
/// let options = StorageOptions::default().with("s3://models", "region", "eu-west-3");
/// let schemes = schemes().with_options(options);
/// let store = schemes.open(&StoreSpec::Url("s3://models/jobs/one/results".to_owned()))?;
/// assert_eq!(store.to_string(), "`s3://models/jobs/one/results`");
/// # Ok::<(), coldpress_storage::Error>(())
/// ```
#[must_use]
pub fn schemes() -> StoreSchemes {
    let buckets = ["s3", "s3a", "gs", "az", "abfs", "abfss"];
    let schemes = StoreSchemes::default()
        .with_scheme("http", Web)
        .with_scheme("https", Web)
        .with_scheme("hf", Hub);
    buckets
        .into_iter()
        .fold(schemes, |schemes, name| schemes.with_scheme(name, Buckets))
}

/// Object stores.
struct Buckets;

impl Scheme for Buckets {
    fn store(
        &self,
        url: &str,
        options: &StorageOptions,
        waits: &Waits,
    ) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(RemoteStore::open_with(url, options, waits)?))
    }

    fn files(
        &self,
        url: &str,
        options: &StorageOptions,
        waits: &Waits,
    ) -> Result<Arc<dyn RemoteFiles>> {
        Ok(Arc::new(BucketFiles::open(url, options, waits)?))
    }
}

/// Web servers.
struct Web;

impl Scheme for Web {
    fn store(&self, url: &str, _: &StorageOptions, _: &Waits) -> Result<Arc<dyn ObjectStore>> {
        Err(read_only(&crate::web_url::shown(url)))
    }

    fn files(
        &self,
        url: &str,
        options: &StorageOptions,
        waits: &Waits,
    ) -> Result<Arc<dyn RemoteFiles>> {
        Ok(Arc::new(WebFiles::open(url, options, waits)?))
    }
}

/// The dataset hub.
struct Hub;

impl Scheme for Hub {
    fn store(&self, url: &str, _: &StorageOptions, _: &Waits) -> Result<Arc<dyn ObjectStore>> {
        Err(read_only(url))
    }

    fn files(
        &self,
        url: &str,
        options: &StorageOptions,
        waits: &Waits,
    ) -> Result<Arc<dyn RemoteFiles>> {
        Ok(Arc::new(HubFiles::open(url, options, waits)?))
    }
}

fn read_only(url: &str) -> Error {
    Error::Unsupported {
        action: "be written to: only buckets and folders of this machine can",
        path: url.into(),
    }
}
