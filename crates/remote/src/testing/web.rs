//! Web servers of several kinds, and a stand-in for the dataset hub.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::listener::{Listener, Reply, Request, answer};

/// What a web server can do.
#[derive(Clone, Copy, Debug)]
pub struct WebKind {
    /// Whether it gives ranges.
    pub ranges: bool,
    /// Whether it tells lengths.
    pub lengths: bool,
    /// Whether it tells versions.
    pub versions: bool,
}

impl WebKind {
    /// It can do all.
    #[must_use]
    pub fn good() -> Self {
        Self {
            ranges: true,
            lengths: true,
            versions: true,
        }
    }
}

/// The files of a server by their paths, each with the number of its version.
type Files = Arc<Mutex<BTreeMap<String, (u32, Arc<[u8]>)>>>;

/// A server with files in memory.
#[derive(Debug)]
pub struct WebServer {
    listener: Listener,
    files: Files,
}

impl WebServer {
    /// Starts a web server.
    #[must_use]
    pub fn start(kind: WebKind) -> Self {
        Self::with(move |files, request| {
            let path = request.target.split('?').next().unwrap_or_default();
            let file = files
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(path)
                .cloned();
            match file {
                Some((version, bytes)) => give(kind, request, &format!("\"v{version}\""), &bytes),
                None => answer(404, &[("Content-Length", "0".to_owned())], b""),
            }
        })
    }

    /// Starts a stand-in for the hub, with the dataset `owner/name`, which has a page of listings for every two files. With
    /// a token, nothing is told to who does not have it.
    #[must_use]
    pub fn hub(token: Option<&str>) -> Self {
        let token = token.map(|token| format!("Bearer {token}"));
        Self::with(move |files, request| {
            let refused = token
                .as_ref()
                .is_some_and(|token| request.header("authorization") != Some(token));
            if refused {
                return json(401, &[], r#"{"error":"Invalid username or password."}"#);
            }
            hub(files, request)
        })
    }

    fn with(handle: impl Fn(&Files, &Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let files = Files::default();
        let own = Arc::clone(&files);
        let listener = Listener::start(move |request| Reply::Bytes(handle(&own, &request)));
        Self { listener, files }
    }

    /// Sets the content of a path: `/x` of a web server, `x` of a dataset.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let version = files.get(path).map_or(0, |(version, _)| version + 1);
        files.insert(path.to_owned(), (version, bytes.into()));
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        self.listener.address()
    }
}

fn give(kind: WebKind, request: &Request, etag: &str, bytes: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    if kind.versions {
        headers.push(("ETag", etag.to_owned()));
        headers.push(("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()));
    }
    let range = request
        .header("range")
        .filter(|_| kind.ranges)
        .and_then(|range| range.strip_prefix("bytes="));
    let range = range.and_then(|range| {
        let (start, end) = range.split_once('-')?;
        Some((start.parse::<usize>().ok()?, end.parse::<usize>().ok()?))
    });
    let (status, body) = match range {
        Some((start, _)) if start >= bytes.len() => {
            headers.push(("Content-Range", format!("bytes */{}", bytes.len())));
            (416, &b""[..])
        }
        Some((start, end)) => {
            let end = end.min(bytes.len() - 1);
            headers.push((
                "Content-Range",
                format!("bytes {start}-{end}/{}", bytes.len()),
            ));
            (206, &bytes[start..=end])
        }
        None => (200, bytes),
    };
    if kind.lengths || status != 200 {
        headers.push(("Content-Length", body.len().to_string()));
    }
    answer(status, &headers, body)
}

/// Answers as the hub does: commits, trees, information on paths, contents.
fn hub(files: &Files, request: &Request) -> Vec<u8> {
    let files = files.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let missing = || json(404, &[], r#"{"error":"Entry not found"}"#);
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let path = path.replace("%20", " ");
    let of_file = |(path, (version, bytes)): (&String, &(u32, Arc<[u8]>))| serde_json::json!({"type": "file", "path": path, "size": bytes.len(), "oid": format!("{path}-{version}")});
    if let Some(rest) = path.strip_prefix("/datasets/owner/name/resolve/c0ffee/") {
        return match files.get(rest) {
            Some((version, bytes)) => give(
                WebKind::good(),
                request,
                &format!("\"cdn-{version}\""),
                bytes,
            ),
            None => missing(),
        };
    }
    match path.strip_prefix("/api/datasets/owner/name/") {
        Some("revision/main") => json(200, &[], r#"{"sha":"c0ffee"}"#),
        Some("paths-info/c0ffee") => {
            let form = String::from_utf8_lossy(&request.body)
                .replace("%2F", "/")
                .replace("%20", " ");
            let wanted = form
                .split('&')
                .find_map(|pair| pair.strip_prefix("paths="))
                .unwrap_or_default();
            let found: Vec<_> = files
                .iter()
                .filter(|(path, _)| *path == wanted)
                .map(of_file)
                .collect();
            json(200, &[], &serde_json::Value::from(found).to_string())
        }
        Some(rest) if rest.starts_with("tree/c0ffee") => {
            let folder = rest
                .trim_start_matches("tree/c0ffee")
                .trim_start_matches('/');
            let start: usize = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("cursor=")?.parse().ok())
                .unwrap_or(0);
            let below = |path: &str| {
                folder.is_empty()
                    || path
                        .strip_prefix(folder)
                        .is_some_and(|rest| rest.starts_with('/'))
            };
            let all: Vec<_> = files
                .iter()
                .filter(|(path, _)| below(path))
                .map(of_file)
                .collect();
            if all.is_empty() {
                return missing();
            }
            let page = all.iter().skip(start).take(2).cloned().collect::<Vec<_>>();
            let next = format!(
                "<http://{}{path}?recursive=true&cursor={}>; rel=\"next\"",
                request.header("host").unwrap_or_default(),
                start + 2
            );
            let links: Vec<(&str, String)> = if start + 2 < all.len() {
                vec![("Link", next)]
            } else {
                Vec::new()
            };
            json(200, &links, &serde_json::Value::from(page).to_string())
        }
        _ => missing(),
    }
}

fn json(status: u16, headers: &[(&str, String)], body: &str) -> Vec<u8> {
    let own = [
        ("Content-Type", "application/json".to_owned()),
        ("Content-Length", body.len().to_string()),
    ];
    answer(status, &[headers, &own].concat(), body.as_bytes())
}

/// Starts a server that answers every request with this status and the request itself.
#[must_use]
pub fn echo(status: u16) -> WebServer {
    WebServer::with(move |_, request| {
        let body = format!(
            "<Error><Code>AccessDenied</Code><Message>Denied.</Message><Request>{request:?}</Request></Error>"
        );
        answer(
            status,
            &[("Content-Length", body.len().to_string())],
            body.as_bytes(),
        )
    })
}
