//! Datasets on web servers.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use coldpress_storage::{
    Error, RemoteFile, RemoteFiles, RemoteMeta, Result, StorageOptions, Waits,
};
use reqwest::Url;

use crate::failure::{Failure, Kind};
use crate::options::of_web;
use crate::ranged::{Explain, Ranged};
use crate::runtime;
use crate::waiters::Waiters;
use crate::web_file::{Once, Page, Site};
use crate::web_url;
use crate::wire::Wire;

/// Files of web servers.
pub(crate) struct WebFiles {
    site: Site,
    options: StorageOptions,
}

/// The URLs that this process was given, by what is shown of them: some are signed, and what is shown is not. A dataset is
/// planned with the ones and read with the others.
static WHOLE: Mutex<BTreeMap<String, Url>> = Mutex::new(BTreeMap::new());

impl WebFiles {
    pub(crate) fn open(url: &str, options: &StorageOptions, waits: &Waits) -> Result<Self> {
        let shown = web_url::shown(url);
        let patience = of_web(&options.of(&shown)).map_err(|text| {
            let failure = Failure::new(Kind::Other(io::ErrorKind::InvalidInput), text);
            error("open", &shown, &[], failure)
        })?;
        let server = shown.split('/').take(3).collect::<Vec<_>>().join("/");
        let wire = Wire::to_web(patience, Waiters::new(&server, waits));
        let wire = wire.map_err(|failure| error("open", &shown, &[], failure))?;
        Ok(Self {
            site: Site { wire },
            options: options.clone(),
        })
    }

    /// What to ask for, and what is shown of it.
    fn page(&self, url: &str) -> Result<(String, Page, Vec<String>)> {
        let shown = web_url::shown(url);
        let secrets = web_url::secrets(url, &self.options.of(&shown));
        let wrong = |text: &str| {
            let failure = Failure::new(Kind::Other(io::ErrorKind::InvalidInput), text);
            error("open", &shown, &secrets, failure)
        };
        let mut whole = WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
        let url = match whole.get(&shown) {
            // Who was told a URL that is not whole means the one that it was told for.
            Some(known) if url == shown => known.clone(),
            _ => {
                let parsed: Url = url.parse().map_err(|_| wrong("it is not a URL"))?;
                whole.insert(shown.clone(), parsed.clone());
                parsed
            }
        };
        let page = Page::new(url, &self.options.of(&shown)).map_err(|text| wrong(&text))?;
        Ok((shown, page, secrets))
    }
}

impl RemoteFiles for WebFiles {
    fn examine(&self, url: &str) -> Result<RemoteMeta> {
        let (shown, page, secrets) = self.page(url)?;
        if page.is_of_no_file() {
            let text = "it names a server and no file: end it in the path of one";
            let failure = Failure::new(Kind::Other(io::ErrorKind::InvalidInput), text);
            return Err(error("read", &shown, &secrets, failure));
        }
        let site = self.site.clone();
        let seen = runtime::run(async move { site.examine(&page).await });
        let seen = seen.map_err(|failure| error("examine", &shown, &secrets, failure))?;
        Ok(RemoteMeta {
            url: shown,
            length: seen.length,
            version: seen.version,
            modified_nanos: seen.modified_nanos,
            seekable: seen.seekable,
        })
    }

    fn list(&self, prefix: &str, _: &mut dyn FnMut(RemoteMeta) -> Result<()>) -> Result<()> {
        let failure = Failure::new(
            Kind::Other(io::ErrorKind::Unsupported),
            "a web server does not tell what files it has: name each one",
        );
        Err(error("list", &web_url::shown(prefix), &[], failure))
    }

    fn open(&self, meta: &RemoteMeta) -> Result<Arc<dyn RemoteFile>> {
        let (_, page, secrets) = self.page(&meta.url)?;
        Ok(Arc::new(WebFile::new(
            self.site.clone(),
            page,
            meta.clone(),
            secrets,
        )))
    }
}

impl fmt::Debug for WebFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebFiles").finish_non_exhaustive()
    }
}

/// A file of a web server that is open for reading.
pub(crate) struct WebFile {
    site: Site,
    page: Page,
    meta: RemoteMeta,
    ranged: Ranged,
    secrets: Arc<[String]>,
}

impl WebFile {
    pub(crate) fn new(site: Site, page: Page, meta: RemoteMeta, secrets: Vec<String>) -> Self {
        let page = page.of_version(meta.length, meta.version.clone());
        let fetch = site.clone().fetch(page.clone());
        let ranged = Ranged::new(meta.length, fetch);
        Self {
            site,
            page,
            meta,
            ranged,
            secrets: secrets.into(),
        }
    }

    fn explain(&self) -> Explain {
        let (url, secrets) = (self.meta.url.clone(), Arc::clone(&self.secrets));
        Arc::new(move |failure| error("read", &url, &secrets, failure))
    }

    fn once(&self, range: Range<u64>) -> Once {
        Once::new(self.site.clone(), self.page.clone(), range, self.explain())
    }
}

impl RemoteFile for WebFile {
    fn meta(&self) -> &RemoteMeta {
        &self.meta
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        if self.meta.seekable {
            return self
                .ranged
                .read_at(offset, buffer)
                .map_err(|failure| (self.explain())(failure));
        }
        let end = offset.saturating_add(buffer.len() as u64);
        let read = self.once(offset..end).read_exact(buffer);
        read.map_err(|source| Error::store(&NO_STORE, "read", &self.meta.url, source))
    }

    fn stream(&self, range: Range<u64>) -> Result<Box<dyn Read + Send>> {
        if self.meta.seekable {
            return Ok(Box::new(self.ranged.stream(range, self.explain())));
        }
        Ok(Box::new(self.once(range)))
    }
}

impl fmt::Debug for WebFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebFile")
            .field("url", &self.meta.url)
            .finish_non_exhaustive()
    }
}

/// The URL of a file on the web says all of where it is.
const NO_STORE: &str = "";

/// What went wrong with a file of the web.
pub(crate) fn error(
    action: &'static str,
    url: &str,
    secrets: &[String],
    failure: Failure,
) -> Error {
    let failure = failure.without(secrets);
    match failure.kind {
        Kind::Changed => Error::Changed {
            url: url.to_owned(),
            what: failure.to_string(),
        },
        Kind::NotFound => Error::NotFound {
            store: NO_STORE.to_owned(),
            name: url.to_owned(),
        },
        _ => Error::store(&NO_STORE, action, url, io::Error::from(failure)),
    }
}
