//! An open bucket: what requests are made through, and what its errors are called.

use std::fmt;
use std::sync::Arc;

use coldpress_storage::{Error, Expected, Result, StorageOptions, Waits};
use http::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH};
use object_store::azure::AzureConfigKey;
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{
    Attributes, ClientOptions, CopyMode, CopyOptions, GetOptions, GetRange, ObjectMeta,
    ObjectStore, RetryConfig,
};

use crate::address::{Address, Provider};
use crate::conditions::{self, Conditions};
use crate::etag::bare;
use crate::failure::{Failure, Kind};
use crate::options::{BucketOptions, invalid};
use crate::patience::Patience;
use crate::s3_uploads::S3Uploads;
use crate::waiters::Waiters;
use crate::wire::{Connector, Wire};

/// A bucket of an object store. It displays itself as its URL.
#[derive(Clone)]
pub(crate) struct Bucket(Arc<Inner>);

struct Inner {
    root: String,
    objects: Arc<dyn ObjectStore>,
    pages: Arc<dyn PaginatedListStore>,
    uploads: Uploads,
    provider: Provider,
    secrets: Vec<String>,
    patience: Patience,
    waiters: Waiters,
}

/// Gives the same store with these headers on every request.
type WithHeaders =
    Arc<dyn Fn(HeaderMap) -> object_store::Result<Arc<dyn MultipartStore>> + Send + Sync>;

/// How objects of many parts come to be, and that they take no place that they are not to take.
#[derive(Clone)]
pub(crate) enum Uploads {
    /// Completing an upload has conditions.
    Conditional {
        parts: Arc<dyn MultipartStore>,
        /// Gives a store that completes uploads under these conditions.
        completing: WithHeaders,
        /// Lists uploads that were not completed.
        unfinished: S3Uploads,
    },
    /// Only copying has conditions, so an upload has another name first.
    Copied,
}

impl Bucket {
    /// Opens the bucket of this address. No request is made.
    ///
    /// # Errors
    /// [`Error::Store`] when the options are wrong or no credentials can be read.
    pub(crate) fn open(address: &Address, options: &StorageOptions, waits: &Waits) -> Result<Self> {
        let options = BucketOptions::new(
            address,
            options.of(&format!("{}/{}", address.root, address.key)),
        )?;
        let patience = options.patience(address)?;
        let secrets = options.secrets();
        let wrong = |failure: Failure| invalid(address, &failure.without(&secrets).to_string());
        let waiters = Waiters::new(&address.root, waits);
        let wire = Wire::to_stores(patience, waiters.clone()).map_err(wrong)?;
        let (objects, pages, uploads) =
            connect(address, &options, wire).map_err(|error| match error {
                Opening::Options(error) => error,
                Opening::Store(error) => wrong(Failure::of(error)),
            })?;
        let root = address.root.clone();
        Ok(Self(Arc::new(Inner {
            root,
            objects,
            pages,
            uploads,
            provider: address.provider,
            secrets,
            patience,
            waiters,
        })))
    }

    pub(crate) fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.0.objects
    }

    pub(crate) fn uploads(&self) -> &Uploads {
        &self.0.uploads
    }

    pub(crate) fn patience(&self) -> Patience {
        self.0.patience
    }

    pub(crate) fn waiters(&self) -> &Waiters {
        &self.0.waiters
    }

    /// Copies an object to where there is what is expected.
    pub(crate) async fn copy_if(
        &self,
        from: &Path,
        to: &Path,
        expected: &Expected,
    ) -> Result<(), Failure> {
        let overwrite = || self.copy(from, to, CopyMode::Overwrite);
        match expected {
            Expected::Nothing => self.copy(from, to, CopyMode::Create).await,
            Expected::Anything => overwrite().await,
            Expected::Version(etag) => {
                let condition = self.condition(to, etag).await?;
                conditions::under(condition, overwrite()).await
            }
        }
    }

    async fn copy(&self, from: &Path, to: &Path, mode: CopyMode) -> Result<(), Failure> {
        let options = CopyOptions {
            mode,
            ..Default::default()
        };
        let copied = self.objects().copy_opts(from, to, options).await;
        copied.map_err(Failure::of)
    }

    /// What a copy to an object of this version is conditional on.
    async fn condition(&self, path: &Path, etag: &str) -> Result<HeaderMap, Failure> {
        let value = |text: String| {
            let value = HeaderValue::from_str(&text);
            value.map_err(|_| Failure::other("this is not an ETag"))
        };
        if self.0.provider == Provider::Azure {
            return Ok(HeaderMap::from_iter([(
                IF_MATCH,
                value(format!("\"{etag}\""))?,
            )]));
        }
        // Google numbers the generations of an object, and has conditions on those alone.
        let (meta, _) = self.head(path).await?;
        if meta.e_tag.as_deref().map(bare) != Some(etag) {
            return Err(Failure::new(Kind::Changed, "it was written anew"));
        }
        let generation = HeaderName::from_static("x-goog-if-generation-match");
        let number = meta.version.unwrap_or_default();
        Ok(HeaderMap::from_iter([(generation, value(number)?)]))
    }

    /// Makes sure that the bucket is there and that one may look at it.
    pub(crate) async fn look(&self, prefix: String) -> Result<(), Failure> {
        let options = PaginatedListOptions {
            max_keys: Some(1),
            ..Default::default()
        };
        let asked = (!prefix.is_empty()).then_some(prefix.as_str());
        let looked = self.0.pages.list_paginated(asked, options).await;
        match looked.map_err(Failure::of) {
            // Not every server says more than that there is nothing.
            Err(failure) if failure.is_not_found() => {
                Err(Failure::new(Kind::NoBucket, failure.to_string()))
            }
            looked => looked.map(drop),
        }
    }

    /// The folders in a folder, which is empty or ends with `/`, by their names.
    pub(crate) async fn folders(&self, prefix: String) -> Result<Vec<String>, Failure> {
        let mut folders = Vec::new();
        let mut token = None;
        loop {
            let options = PaginatedListOptions {
                delimiter: Some("/".into()),
                page_token: token,
                ..Default::default()
            };
            let asked = (!prefix.is_empty()).then_some(prefix.as_str());
            let page = self.0.pages.list_paginated(asked, options).await;
            let page = page.map_err(Failure::of)?;
            let found = page.result.common_prefixes.iter();
            folders.extend(found.filter_map(|path| path.filename().map(str::to_owned)));
            token = page.page_token;
            if token.is_none() {
                return Ok(folders);
            }
        }
    }

    /// One page of the objects whose keys begin with `prefix`, and what to ask for the next one with.
    pub(crate) async fn page(
        &self,
        prefix: String,
        token: Option<String>,
    ) -> Result<PaginatedListResult, Failure> {
        let is_first = token.is_none();
        let options = PaginatedListOptions {
            page_token: token,
            ..Default::default()
        };
        let asked = (!prefix.is_empty()).then_some(prefix.as_str());
        let mut page = self
            .0
            .pages
            .list_paginated(asked, options)
            .await
            .map_err(Failure::of)?;
        // `object_store` takes an object whose key is all of the prefix for a folder of Azure, and leaves it out.
        if is_first && self.0.provider == Provider::Azure {
            page.result
                .objects
                .splice(0..0, self.exactly(&prefix).await?);
        }
        Ok(page)
    }

    /// The object whose key is this one.
    async fn exactly(&self, key: &str) -> Result<Option<ObjectMeta>, Failure> {
        let Ok(path) = Self::path(key) else {
            return Ok(None);
        };
        match self.head(&path).await {
            Ok((meta, _)) => Ok(Some(meta)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What the server tells of an object without giving it.
    pub(crate) async fn head(&self, path: &Path) -> Result<(ObjectMeta, Attributes), Failure> {
        let options = GetOptions {
            head: true,
            ..Default::default()
        };
        let answer = self.objects().get_opts(path, options).await;
        match answer.map_err(Failure::of) {
            Ok(answer) => Ok((answer.meta, answer.attributes)),
            Err(failure) if failure.is_wordless => Err(self.in_words(path, failure).await),
            Err(failure) => Err(failure),
        }
    }

    /// Requests the first byte of an object whose `HEAD` was refused, because the answer to that has a reason.
    async fn in_words(&self, path: &Path, wordless: Failure) -> Failure {
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..1)),
            ..Default::default()
        };
        let answer = self.objects().get_opts(path, options).await;
        let said = answer.err().map(Failure::of);
        said.filter(|said| !said.is_not_found()).unwrap_or(wordless)
    }

    /// The path of a key.
    pub(crate) fn path(key: &str) -> Result<Path, Failure> {
        let path = Path::parse(key).map_err(|error| Failure::of(error.into()))?;
        // It leaves out slashes at both ends, which would name another object.
        if path.as_ref() == key && !key.is_empty() {
            return Ok(path);
        }
        Err(Failure::new(
            Kind::Other(std::io::ErrorKind::InvalidInput),
            "a key cannot begin or end with `/`",
        ))
    }

    /// What went wrong with an object, in the terms of stores.
    pub(crate) fn error(
        &self,
        store: String,
        action: &'static str,
        name: &str,
        failure: Failure,
    ) -> Error {
        let name = name.to_owned();
        match failure.kind {
            Kind::NotFound => Error::NotFound { store, name },
            Kind::Exists => Error::AlreadyExists { store, name },
            _ => {
                let source = std::io::Error::from(failure.without(&self.0.secrets));
                Error::Store {
                    store,
                    action,
                    name,
                    source: source.into(),
                }
            }
        }
    }

    /// The URL of a key.
    pub(crate) fn url(&self, key: &str) -> String {
        format!("{}/{key}", self.0.root)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.root)
    }
}

impl fmt::Debug for Bucket {
    /// The stores inside would show their credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.0.root).finish()
    }
}

enum Opening {
    Options(Error),
    Store(object_store::Error),
}

impl From<object_store::Error> for Opening {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

type Parts = (Arc<dyn ObjectStore>, Arc<dyn PaginatedListStore>, Uploads);

fn connect(address: &Address, options: &BucketOptions<'_>, wire: Wire) -> Result<Parts, Opening> {
    // The wire makes requests again; to do so on two levels would multiply the tries.
    let once = RetryConfig {
        max_retries: 0,
        ..Default::default()
    };
    let plain = || ClientOptions::new().with_allow_http(true);
    let conditions = Conditions::new(wire.clone());
    match address.provider {
        Provider::S3 => {
            let builder = options.s3(address).map_err(Opening::Options)?;
            let builder = builder
                .with_retry(once)
                .with_http_connector(Connector(wire.clone()));
            let store = Arc::new(builder.clone().with_client_options(plain()).build()?);
            let unfinished = S3Uploads::new(wire, &address.bucket, &builder, store.credentials());
            // One store's credentials are the other's: they are renewed once.
            let builder = builder.with_credentials(Arc::clone(store.credentials()));
            let completing: WithHeaders = Arc::new(move |headers| {
                let options = plain().with_default_headers(headers);
                let store = builder.clone().with_client_options(options).build()?;
                Ok(Arc::new(store))
            });
            let uploads = Uploads::Conditional {
                parts: Arc::clone(&store) as _,
                completing,
                unfinished,
            };
            Ok((Arc::clone(&store) as _, store, uploads))
        }
        Provider::Google => {
            let builder = options.google(address).with_retry(once);
            let builder = builder.with_http_connector(conditions);
            let store = Arc::new(builder.with_client_options(plain()).build()?);
            Ok((Arc::clone(&store) as _, store, Uploads::Copied))
        }
        Provider::Azure => {
            let builder = options.azure(address).with_retry(once);
            let builder = builder.with_http_connector(conditions.clone());
            let account = builder.get_config_value(&AzureConfigKey::AccountName);
            let of_server = || Some(address.server.as_ref()?.split('.').next()?.to_owned());
            let account = account.or_else(of_server).unwrap_or_default();
            let store = Arc::new(builder.with_client_options(plain()).build()?);
            conditions.sign_with(Arc::clone(store.credentials()), account);
            Ok((Arc::clone(&store) as _, store, Uploads::Copied))
        }
    }
}
