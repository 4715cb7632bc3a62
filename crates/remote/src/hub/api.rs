//! The hub's interface for programs.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use http::header::LINK;
use reqwest::Url;
use serde_json::Value;

use super::address::{Dataset, escaped, escaped_whole};
use crate::failure::{Failure, Kind};
use crate::web_file::{Page, Site};

const ENDPOINT: &str = "https://huggingface.co";
/// An answer that is longer is no answer of the hub: a page has at most 1,000 files.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// How the hub is asked.
#[derive(Clone)]
pub(super) struct Api {
    site: Site,
    endpoint: String,
    token: Option<String>,
}

/// A file of a dataset.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) length: u64,
    /// The name of its content.
    pub(super) content: String,
}

/// Some files of a folder, and the address of the next ones.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    pub(super) next: Option<Url>,
}

impl Api {
    pub(super) fn new(site: Site, options: &BTreeMap<&str, &str>) -> Result<Self, Failure> {
        let option = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| options.get(name))
                .map(|value| (*value).to_owned())
        };
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let endpoint = option(["endpoint", "endpoint_url"]).or_else(|| variable("HF_ENDPOINT"));
        let token = option(["token", "bearer_token"])
            .or_else(|| variable("HF_TOKEN"))
            .or_else(stored_token);
        let endpoint = endpoint.unwrap_or_else(|| ENDPOINT.to_owned());
        Ok(Self {
            site,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            token,
        })
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        self.token.iter().cloned().collect()
    }

    /// A file by its path.
    pub(super) async fn entry(&self, dataset: &Dataset, path: &str) -> Result<Entry, Failure> {
        let commit = self.commit(dataset).await?;
        let url = self.url(&format!(
            "api/datasets/{}/paths-info/{commit}",
            dataset.name
        ))?;
        let form = format!("paths={}&expand=false", escaped_whole(path));
        let (answer, _) = self.ask(self.ask_for(url)?.with_form(form)).await?;
        let found = files(&answer)?.into_iter().find(|entry| entry.path == path);
        found.ok_or_else(|| Failure::new(Kind::NotFound, "the dataset has no such file"))
    }

    /// A page of the files below a folder.
    pub(super) async fn page(
        &self,
        dataset: &Dataset,
        folder: &str,
        next: Option<Url>,
    ) -> Result<Entries, Failure> {
        match next {
            Some(url) => self.entries(url).await,
            None => {
                let commit = self.commit(dataset).await?;
                self.entries(self.tree(dataset, &commit, folder)?).await
            }
        }
    }

    /// What to ask for the bytes of a file with.
    pub(super) async fn content(&self, dataset: &Dataset, path: &str) -> Result<Page, Failure> {
        let commit = self.commit(dataset).await?;
        let url = self.url(&format!(
            "datasets/{}/resolve/{commit}/{}",
            dataset.name,
            escaped(path)
        ))?;
        self.ask_for(url)
    }

    /// The commit of a revision, which is asked for once in a process.
    async fn commit(&self, dataset: &Dataset) -> Result<String, Failure> {
        static COMMITS: Mutex<BTreeMap<(String, Dataset), String>> = Mutex::new(BTreeMap::new());
        let known = || COMMITS.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (self.endpoint.clone(), dataset.clone());
        if let Some(commit) = known().get(&key) {
            return Ok(commit.clone());
        }
        let revision = escaped_whole(dataset.revision.as_deref().unwrap_or("main"));
        let url = self.url(&format!(
            "api/datasets/{}/revision/{revision}",
            dataset.name
        ))?;
        let (answer, _) = self.ask(self.ask_for(url)?).await?;
        let commit = answer
            .get("sha")
            .and_then(Value::as_str)
            .ok_or_else(|| strange("a commit"))?;
        // Whoever was first is right for everybody.
        Ok(known()
            .entry(key)
            .or_insert_with(|| commit.to_owned())
            .clone())
    }

    fn tree(&self, dataset: &Dataset, commit: &str, folder: &str) -> Result<Url, Failure> {
        let slash = if folder.is_empty() { "" } else { "/" };
        let (name, folder) = (&dataset.name, escaped(folder));
        self.url(&format!(
            "api/datasets/{name}/tree/{commit}{slash}{folder}?recursive=true"
        ))
    }

    async fn entries(&self, url: Url) -> Result<Entries, Failure> {
        let (answer, next) = self.ask(self.ask_for(url)?).await?;
        Ok(Entries {
            entries: files(&answer)?,
            next,
        })
    }

    /// An answer in JSON, and the address of the next page.
    async fn ask(&self, page: Page) -> Result<(Value, Option<Url>), Failure> {
        let url = page.url();
        let answer = self.site.get(&page, MAX_ANSWER_BYTES).await?;
        let links = answer.headers().get_all(LINK).iter();
        let next = links.filter_map(|link| next_of(link.to_str().ok()?)).next();
        let next = next.map(|next| url.join(next)).transpose();
        let next = next.map_err(|_| strange("the address of a page"))?;
        // A token goes to the hub and nowhere else.
        if next
            .as_ref()
            .is_some_and(|next| next.origin() != url.origin())
        {
            return Err(strange("the address of a page"));
        }
        let value = serde_json::from_slice(answer.body()).map_err(|_| strange("JSON"))?;
        Ok((value, next))
    }

    fn ask_for(&self, url: Url) -> Result<Page, Failure> {
        let options = self
            .token
            .iter()
            .map(|token| ("token", token.as_str()))
            .collect();
        Page::new(url, &options).map_err(Failure::other)
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        let url = format!("{}/{path}", self.endpoint).parse();
        url.map_err(|_| {
            Failure::other(format!(
                "the hub's address `{}` is not a URL",
                self.endpoint
            ))
        })
    }
}

/// The files in a list of files and folders.
fn files(answer: &Value) -> Result<Vec<Entry>, Failure> {
    let wrong = || strange("a list of files");
    let listed = answer.as_array().ok_or_else(wrong)?.iter();
    let files = listed.filter(|entry| entry.get("type").and_then(Value::as_str) == Some("file"));
    files.map(entry).collect::<Option<_>>().ok_or_else(wrong)
}

fn entry(value: &Value) -> Option<Entry> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    // Large files are stored elsewhere, under the digest of their content.
    let large = value.get("lfs").and_then(|lfs| text(lfs, "oid"));
    Some(Entry {
        path: text(value, "path")?,
        length: value.get("size")?.as_u64()?,
        content: large.or_else(|| text(value, "oid"))?,
    })
}

/// The address in `<https://…>; rel="next"`.
fn next_of(link: &str) -> Option<&str> {
    let next = link.split(',').find(|link| link.contains("rel=\"next\""))?;
    next.split_once('<')?.1.split_once('>').map(|(url, _)| url)
}

/// The token that `hf auth login` keeps.
fn stored_token() -> Option<String> {
    let variable = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = variable("HF_HOME").or_else(|| Some(env::home_dir()?.join(".cache/huggingface")));
    let file = variable("HF_TOKEN_PATH").or_else(|| Some(home?.join("token")))?;
    let token = fs::read_to_string(file).ok()?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}

fn strange(expected: &str) -> Failure {
    Failure::new(
        Kind::Other(std::io::ErrorKind::InvalidData),
        format!("the hub's answer is not {expected}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_in_a_link() {
        let link = "<https://h/a?cursor=1&x=%2C>; rel=\"next\"";
        assert_eq!(next_of(link), Some("https://h/a?cursor=1&x=%2C"));
        assert_eq!(
            next_of("</p>; rel=\"prev\", </n>; rel=\"next\""),
            Some("/n")
        );
        assert_eq!(next_of("</p>; rel=\"prev\""), None);
    }
}
