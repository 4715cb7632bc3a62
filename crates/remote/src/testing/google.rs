//! A stand-in for Google's store: no server that others wrote speaks the XML interface with its conditions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::listener::{Listener, Reply, Request, answer};

/// How many objects a listing gives at once, so that few are many.
const PAGE: usize = 5;

type Parts = BTreeMap<u32, Vec<u8>>;
type Metadata = Vec<(String, String)>;

#[derive(Clone)]
struct Object {
    bytes: Vec<u8>,
    etag: String,
    generation: u64,
    metadata: Metadata,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Object>,
    /// The parts of uploads by their numbers, and the metadata of what becomes of them.
    uploads: BTreeMap<String, (Parts, Metadata)>,
    generations: u64,
}

/// Starts a server with the empty bucket `data`.
pub(super) fn start() -> Listener {
    let state = Mutex::new(State::default());
    Listener::start(move |request| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        Reply::Bytes(state.answer(&request))
    })
}

impl State {
    fn answer(&mut self, request: &Request) -> Vec<u8> {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let query: BTreeMap<String, String> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (decoded(key), decoded(value)))
            .collect();
        let Some(key) = path
            .strip_prefix("/data")
            .map(|key| decoded(key.trim_start_matches('/')))
        else {
            return error(404, "NoSuchBucket");
        };
        let upload = query.get("uploadId").cloned();
        match (request.method.as_str(), upload) {
            ("GET", _) if key.is_empty() => self.list(&query),
            ("GET" | "HEAD", _) => self.get(request, &key),
            ("POST", None) => {
                self.generations += 1;
                let id = format!("upload-{}", self.generations);
                self.uploads
                    .insert(id.clone(), (BTreeMap::new(), metadata(request)));
                xml(&format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ))
            }
            ("PUT", Some(id)) => {
                let number = query
                    .get("partNumber")
                    .and_then(|number| number.parse().ok())
                    .unwrap_or(0);
                let Some((parts, _)) = self.uploads.get_mut(&id) else {
                    return error(404, "NoSuchUpload");
                };
                parts.insert(number, request.body.clone());
                answer(
                    200,
                    &[
                        ("ETag", format!("\"part-{number}\"")),
                        ("Content-Length", "0".into()),
                    ],
                    b"",
                )
            }
            ("POST", Some(id)) => match self.uploads.remove(&id) {
                None => error(404, "NoSuchUpload"),
                Some((parts, metadata)) => {
                    let etag = self.store(key, parts.into_values().flatten().collect(), metadata);
                    let result = "CompleteMultipartUploadResult";
                    xml(&format!("<{result}><ETag>{etag}</ETag></{result}>"))
                }
            },
            ("DELETE", Some(id)) => match self.uploads.remove(&id) {
                None => error(404, "NoSuchUpload"),
                Some(_) => answer(204, &[], b""),
            },
            ("PUT", None) => self.put(request, key),
            ("DELETE", None) => match self.objects.remove(&key) {
                None => error(404, "NoSuchKey"),
                Some(_) => answer(204, &[], b""),
            },
            _ => error(405, "MethodNotAllowed"),
        }
    }

    fn put(&mut self, request: &Request, key: String) -> Vec<u8> {
        let now = self.objects.get(&key).map_or(0, |object| object.generation);
        let expected = request.header("x-goog-if-generation-match");
        if expected.is_some_and(|expected| expected.parse() != Ok(now)) {
            return error(412, "PreconditionFailed");
        }
        let (bytes, metadata) = match request.header("x-goog-copy-source") {
            None => (request.body.clone(), metadata(request)),
            Some(source) => match self
                .objects
                .get(decoded(source).trim_start_matches("data/"))
            {
                None => return error(404, "NoSuchKey"),
                Some(source) => (source.bytes.clone(), source.metadata.clone()),
            },
        };
        let etag = self.store(key, bytes, metadata);
        let generation = self.generations.to_string();
        let headers = [
            ("ETag", etag),
            ("x-goog-generation", generation),
            ("Content-Length", "0".into()),
        ];
        answer(200, &headers, b"")
    }

    fn store(&mut self, key: String, bytes: Vec<u8>, metadata: Metadata) -> String {
        self.generations += 1;
        let etag = etag(&bytes);
        let object = Object {
            bytes,
            etag: etag.clone(),
            generation: self.generations,
            metadata,
        };
        self.objects.insert(key, object);
        etag
    }

    fn get(&self, request: &Request, key: &str) -> Vec<u8> {
        let Some(object) = self.objects.get(key) else {
            return error(404, "NoSuchKey");
        };
        let etag = object.etag.clone();
        if request
            .header("if-match")
            .is_some_and(|expected| expected != etag)
        {
            return error(412, "PreconditionFailed");
        }
        let mut headers = vec![
            ("ETag", etag),
            ("x-goog-generation", object.generation.to_string()),
            ("Last-Modified", "Mon, 01 Jun 2026 08:49:37 GMT".to_owned()),
        ];
        headers.extend(
            object
                .metadata
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone())),
        );
        let length = object.bytes.len();
        let range = request
            .header("range")
            .and_then(|range| range.strip_prefix("bytes="));
        let range = range.and_then(|range| {
            let (start, end) = range.split_once('-')?;
            Some((start.parse::<usize>().ok()?, end.parse::<usize>().ok()?))
        });
        let (status, body) = match range {
            Some((start, _)) if start >= length => return error(416, "InvalidRange"),
            Some((start, end)) => {
                let end = end.min(length - 1);
                headers.push(("Content-Range", format!("bytes {start}-{end}/{length}")));
                (206, &object.bytes[start..=end])
            }
            None => (200, &object.bytes[..]),
        };
        headers.push(("Content-Length", body.len().to_string()));
        let is_head = request.method == "HEAD";
        answer(status, &headers, if is_head { b"" } else { body })
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Vec<u8> {
        let of = |key: &str| query.get(key).map_or("", String::as_str);
        let (prefix, delimiter, after) = (of("prefix"), of("delimiter"), of("continuation-token"));
        let (mut files, mut folders, mut next) = (String::new(), BTreeSet::new(), String::new());
        let below = self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        for (count, (key, object)) in below.enumerate() {
            if count == PAGE {
                next = format!(
                    "<IsTruncated>true</IsTruncated><NextContinuationToken>{next}</NextContinuationToken>"
                );
                break;
            }
            if count < PAGE {
                next.clone_from(key);
            }
            let rest = &key[prefix.len()..];
            match rest.split_once(delimiter).filter(|_| !delimiter.is_empty()) {
                Some((folder, _)) => drop(folders.insert(format!("{prefix}{folder}{delimiter}"))),
                None => files.push_str(&format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-06-01T08:49:37.000Z</LastModified>\
                     <ETag>{}</ETag><Size>{}</Size></Contents>",
                    object.etag,
                    object.bytes.len()
                )),
            }
        }
        let next = if next.starts_with('<') {
            next
        } else {
            "<IsTruncated>false</IsTruncated>".to_owned()
        };
        let folders: String = folders
            .iter()
            .map(|folder| format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"))
            .collect();
        xml(&format!(
            "<ListBucketResult>{next}{files}{folders}</ListBucketResult>"
        ))
    }
}

fn metadata(request: &Request) -> Metadata {
    let headers = request.headers.iter();
    headers
        .filter(|(name, _)| name.starts_with("x-goog-meta-"))
        .cloned()
        .collect()
}

fn etag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn xml(body: &str) -> Vec<u8> {
    let headers = [
        ("Content-Type", "application/xml".to_owned()),
        ("Content-Length", body.len().to_string()),
    ];
    answer(200, &headers, body.as_bytes())
}

fn error(status: u16, code: &str) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code></Error>");
    answer(
        status,
        &[("Content-Length", body.len().to_string())],
        body.as_bytes(),
    )
}
