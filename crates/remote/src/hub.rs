//! Datasets on the hub of Hugging Face: `hf://datasets/OWNER/NAME[@REVISION]/PATH`.

mod address;
mod api;

use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use coldpress_storage::{RemoteFile, RemoteFiles, RemoteMeta, Result, StorageOptions, Waits};
use tokio::sync::OnceCell;

use crate::failure::{Failure, Kind};
use crate::options::of_web;
use crate::ranged::{Explain, Fetch, Ranged};
use crate::runtime;
use crate::waiters::Waiters;
use crate::web::error;
use crate::web_file::{Page, Site};
use crate::wire::Wire;
use address::Dataset;
use api::{Api, Entry};

/// Files of datasets on the hub.
///
/// A revision is resolved to a commit once in a process, so that all that is read is of one commit. What a file is known by
/// is the name of its content, which is the same in every commit that does not change it.
pub(crate) struct HubFiles {
    api: Api,
    secrets: Vec<String>,
}

impl HubFiles {
    pub(crate) fn open(url: &str, options: &StorageOptions, waits: &Waits) -> Result<Self> {
        let explain = |failure| error("open", url, &[], failure);
        Dataset::parse(url).map_err(explain)?;
        let given = options.of(url);
        let wrong = |text| Failure::new(Kind::Other(std::io::ErrorKind::InvalidInput), text);
        let patience = of_web(&given).map_err(|text| explain(wrong(text)))?;
        let wire = Wire::to_web(patience, Waiters::new("hf://datasets", waits)).map_err(explain)?;
        let api = Api::new(Site { wire }, &given).map_err(explain)?;
        let secrets = api.secrets();
        Ok(Self { api, secrets })
    }

    fn explain(
        &self,
        action: &'static str,
        url: &str,
    ) -> impl Fn(Failure) -> coldpress_storage::Error {
        move |failure| error(action, url, &self.secrets, failure)
    }
}

impl RemoteFiles for HubFiles {
    fn examine(&self, url: &str) -> Result<RemoteMeta> {
        let explain = self.explain("examine", url);
        let (dataset, path) = Dataset::parse(url).map_err(&explain)?;
        let (api, of) = (self.api.clone(), dataset.clone());
        let entry = runtime::run(async move { api.entry(&of, &path).await }).map_err(&explain)?;
        Ok(meta(&dataset, entry))
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(RemoteMeta) -> Result<()>) -> Result<()> {
        let explain = self.explain("list", prefix);
        let (dataset, start) = Dataset::parse(prefix).map_err(&explain)?;
        // Only whole folders are listed.
        let folder = start
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let mut next = None;
        let mut files = Vec::new();
        loop {
            let (api, of, folder) = (self.api.clone(), dataset.clone(), folder.clone());
            let page = runtime::run(async move { api.page(&of, &folder, next).await })
                .map_err(&explain)?;
            let ours = page
                .entries
                .into_iter()
                .filter(|entry| entry.path.starts_with(&start));
            files.extend(ours.map(|entry| meta(&dataset, entry)));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        // A folder comes before what is in it, and in another place than its name has among all names: these are all, and
        // a dataset has at most some 100,000 files.
        files.sort_unstable_by(|left, right| left.url.cmp(&right.url));
        files.into_iter().try_for_each(each)
    }

    fn open(&self, meta: &RemoteMeta) -> Result<Arc<dyn RemoteFile>> {
        let parsed = Dataset::parse(&meta.url);
        let (dataset, path) = parsed.map_err(self.explain("open", &meta.url))?;
        let content = Arc::new(Content {
            api: self.api.clone(),
            dataset,
            path,
            version: meta.version.clone(),
            page: OnceCell::new(),
        });
        let fetch: Fetch = Arc::new(move |range| {
            let content = Arc::clone(&content);
            Box::pin(async move { content.range(range).await })
        });
        Ok(Arc::new(HubFile {
            meta: meta.clone(),
            ranged: Ranged::new(meta.length, fetch),
            secrets: self.secrets.clone(),
        }))
    }
}

/// The content of a file in the commit that this process reads.
struct Content {
    api: Api,
    dataset: Dataset,
    path: String,
    version: Option<String>,
    page: OnceCell<Page>,
}

impl Content {
    async fn range(&self, range: Range<u64>) -> Result<Bytes, Failure> {
        let page = self.page.get_or_try_init(|| self.found()).await?;
        self.api.site().range(page, range).await
    }

    /// Finds where the content is, and that it is the one that was examined: that may have been in another process, which
    /// saw an earlier commit. In one commit it never changes.
    async fn found(&self) -> Result<Page, Failure> {
        let entry = self.api.entry(&self.dataset, &self.path).await?;
        if self
            .version
            .as_ref()
            .is_some_and(|version| *version != entry.content)
        {
            let text = "the revision has another content of it now";
            return Err(Failure::new(Kind::Changed, text));
        }
        self.api.content(&self.dataset, &self.path).await
    }
}

fn meta(dataset: &Dataset, entry: Entry) -> RemoteMeta {
    RemoteMeta {
        url: dataset.url(&entry.path),
        length: entry.length,
        version: Some(entry.content),
        modified_nanos: 0,
        seekable: true,
    }
}

impl fmt::Debug for HubFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubFiles").finish_non_exhaustive()
    }
}

/// A file of the hub that is open for reading.
#[derive(Debug)]
struct HubFile {
    meta: RemoteMeta,
    ranged: Ranged,
    secrets: Vec<String>,
}

impl RemoteFile for HubFile {
    fn meta(&self) -> &RemoteMeta {
        &self.meta
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let read = self.ranged.read_at(offset, buffer);
        read.map_err(|failure| error("read", &self.meta.url, &self.secrets, failure))
    }

    fn stream(&self, range: Range<u64>) -> Result<Box<dyn Read + Send>> {
        let (url, secrets) = (self.meta.url.clone(), self.secrets.clone());
        let explain: Explain = Arc::new(move |failure| error("read", &url, &secrets, failure));
        Ok(Box::new(self.ranged.stream(range, explain)))
    }
}
