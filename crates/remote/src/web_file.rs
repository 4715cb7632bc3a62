//! Requests for files of web servers.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    LAST_MODIFIED, RANGE,
};
use http::{Method, StatusCode};
use reqwest::{Request, Response, Url};

use crate::failure::{Failure, Kind};
use crate::patience::Tries;
use crate::ranged::{Explain, Fetch, io_error};
use crate::runtime::{self, Started};
use crate::wire::{Whole, Wire};

/// How much of an answer is taken at a time where it cannot be asked for by ranges.
const PIECE_BYTES: usize = 1 << 20;

/// What requests are made through.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) wire: Wire,
}

/// What to ask for.
#[derive(Clone)]
pub(crate) struct Page {
    url: Url,
    headers: HeaderMap,
    /// What is sent, by `POST`.
    form: Option<String>,
    /// The length and the version that are expected.
    expected: Option<(u64, Option<String>)>,
}

/// What the first answer tells of a file.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) length: u64,
    pub(crate) version: Option<String>,
    pub(crate) modified_nanos: u64,
    pub(crate) seekable: bool,
}

impl Page {
    /// # Errors
    /// When an option cannot be sent.
    pub(crate) fn new(mut url: Url, options: &BTreeMap<&str, &str>) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        // Bytes are counted as they are stored.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(token) = options.get("bearer_token").or(options.get("token")) {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            let mut value =
                value.map_err(|_| "the token has characters that none has".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(user) = options.get("username") {
            let refused = || "this URL cannot have a user".to_owned();
            url.set_username(user).map_err(|()| refused())?;
            url.set_password(options.get("password").copied())
                .map_err(|()| refused())?;
        }
        if let Some(more) = options.get("query") {
            let more = more.trim_start_matches('?');
            let query = url
                .query()
                .map_or_else(|| more.to_owned(), |query| format!("{query}&{more}"));
            url.set_query(Some(&query));
        }
        Ok(Self {
            url,
            headers,
            form: None,
            expected: None,
        })
    }

    /// The same, where every answer must be of this version.
    pub(crate) fn of_version(mut self, length: u64, version: Option<String>) -> Self {
        self.expected = Some((length, version));
        self
    }

    /// The same, where a form is sent.
    pub(crate) fn with_form(mut self, form: String) -> Self {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(CONTENT_TYPE, form_type);
        self.form = Some(form);
        self
    }

    /// Whether it is what a server shows first, which is no data.
    pub(crate) fn is_of_no_file(&self) -> bool {
        self.url.path() == "/" && self.url.query().is_none()
    }

    pub(crate) fn url(&self) -> Url {
        self.url.clone()
    }

    fn request(&self, range: Option<&Range<u64>>) -> Request {
        let method = if self.form.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let mut request = Request::new(method, self.url.clone());
        *request.body_mut() = self.form.clone().map(Into::into);
        *request.headers_mut() = self.headers.clone();
        if let Some(Range { start, end }) = range {
            let range = HeaderValue::from_str(&format!("bytes={start}-{}", end.saturating_sub(1)));
            // Digits are always allowed.
            request
                .headers_mut()
                .extend(range.ok().map(|range| (RANGE, range)));
        }
        request
    }

    /// Checks that an answer is of the version that is expected.
    fn check(&self, response: &Response) -> Result<(), Failure> {
        let Some((length, version)) = &self.expected else {
            return Ok(());
        };
        if let Some(found) = total(response).filter(|found| found != length) {
            let text = format!("it has {found} bytes, and had {length}");
            return Err(Failure::new(Kind::Changed, text));
        }
        if version.is_some() && version_of(response.headers()) != *version {
            return Err(Failure::new(
                Kind::Changed,
                "its ETag or the time of its last change is another one",
            ));
        }
        Ok(())
    }
}

impl Site {
    async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let response = self.wire.send(request, Whole::No).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let unknown = || Failure::other(format!("the server answered {}", response.status()));
        Err(Failure::refused().unwrap_or_else(unknown))
    }

    /// Gives a whole answer, which must not be longer than `limit`.
    pub(crate) async fn get(
        &self,
        page: &Page,
        limit: usize,
    ) -> Result<http::Response<Bytes>, Failure> {
        let mut tries = Tries::new(self.wire.patience());
        loop {
            let mut response = self.send(&page.request(None)).await?;
            let mut body = BytesMut::new();
            let broke = loop {
                match response.chunk().await {
                    Ok(Some(piece)) if body.len() + piece.len() > limit => {
                        return Err(Failure::other(format!(
                            "the answer has more than {limit} bytes"
                        )));
                    }
                    Ok(Some(piece)) => body.extend_from_slice(&piece),
                    Ok(None) => {
                        let (parts, _) =
                            http::Response::<reqwest::Body>::from(response).into_parts();
                        return Ok(http::Response::from_parts(parts, body.freeze()));
                    }
                    Err(error) => break error.without_url().to_string(),
                }
            };
            tries.pause_after_break(&broke, self.wire.waiters()).await?;
        }
    }

    /// Asks for the first byte: unlike `HEAD`, every server and every signed URL allows that, and the answer shows whether
    /// ranges can be had.
    pub(crate) async fn examine(&self, page: &Page) -> Result<Seen, Failure> {
        match self.send(&page.request(Some(&(0..1)))).await {
            Ok(response) => seen(&response),
            // A file without bytes has no first one.
            Err(failure) if failure.kind == Kind::OutOfRange => {
                seen(&self.send(&page.request(None)).await?)
            }
            Err(failure) => Err(failure),
        }
    }

    /// What gives ranges of a file.
    pub(crate) fn fetch(self, page: Page) -> Fetch {
        let page = Arc::new(page);
        Arc::new(move |range| {
            let (site, page) = (self.clone(), Arc::clone(&page));
            Box::pin(async move { site.range(&page, range).await })
        })
    }

    /// Gives a range. A connection that breaks is made again where it broke.
    pub(crate) async fn range(&self, page: &Page, range: Range<u64>) -> Result<Bytes, Failure> {
        let wanted = usize::try_from(range.end.saturating_sub(range.start));
        let wanted = wanted.map_err(|_| Failure::other("the range is too long"))?;
        let mut bytes = BytesMut::with_capacity(wanted);
        let mut tries = Tries::new(self.wire.patience());
        while bytes.len() < wanted {
            let rest = range.start + bytes.len() as u64..range.end;
            let mut response = self.send(&page.request(Some(&rest))).await?;
            page.check(&response)?;
            if start_of(&response) != Some(rest.start) {
                return Err(Failure::other(
                    "the server gave another range than it was asked for",
                ));
            }
            let broke = loop {
                match response.chunk().await {
                    Ok(Some(piece)) => {
                        let room = wanted - bytes.len();
                        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
                        tries.reset();
                    }
                    Ok(None) => break "the answer ended early".to_owned(),
                    Err(error) => break error.without_url().to_string(),
                }
            };
            if bytes.len() < wanted {
                tries.pause_after_break(&broke, self.wire.waiters()).await?;
            }
        }
        Ok(bytes.freeze())
    }
}

fn seen(response: &Response) -> Result<Seen, Failure> {
    let length = total(response).ok_or_else(|| {
        let text = "the server does not tell how long the file is, so it cannot be cut into partitions: download it and \
                    name the copy";
        Failure::new(Kind::Other(io::ErrorKind::Unsupported), text)
    })?;
    let modified = response
        .headers()
        .get(LAST_MODIFIED)
        .and_then(|value| value.to_str().ok());
    let modified = modified.and_then(|time| DateTime::parse_from_rfc2822(time).ok());
    let nanos = modified.and_then(|time| time.timestamp_nanos_opt());
    Ok(Seen {
        length,
        version: version_of(response.headers()),
        modified_nanos: nanos.and_then(|nanos| nanos.try_into().ok()).unwrap_or(0),
        seekable: response.status() == StatusCode::PARTIAL_CONTENT || length == 0,
    })
}

/// The length of the whole file.
fn total(response: &Response) -> Option<u64> {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        let length = response.headers().get(http::header::CONTENT_LENGTH)?;
        return length.to_str().ok()?.parse().ok();
    }
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.rsplit_once('/')?.1.parse().ok()
}

/// Where the bytes of an answer begin in the file.
fn start_of(response: &Response) -> Option<u64> {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return Some(0);
    }
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range
        .trim()
        .strip_prefix("bytes ")?
        .split_once('-')?
        .0
        .parse()
        .ok()
}

/// What tells this content from others: the ETag, or else the time of the last change.
fn version_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(ETAG).or_else(|| headers.get(LAST_MODIFIED))?;
    value.to_str().ok().map(str::to_owned)
}

/// Reads a file whose server gives it only from its first byte on. A connection that breaks is made again, and what was read
/// is read again, if the server tells versions.
pub(crate) struct Once {
    site: Site,
    page: Page,
    explain: Explain,
    range: Range<u64>,
    current: Bytes,
    coming: Option<Started<(Answer, Bytes)>>,
    is_begun: bool,
}

/// An answer that is read piece by piece.
struct Answer {
    response: Option<Response>,
    /// Where in the file the next byte is that the answer gives.
    at: u64,
    tries: Tries,
}

impl Once {
    pub(crate) fn new(site: Site, page: Page, range: Range<u64>, explain: Explain) -> Self {
        Self {
            site,
            page,
            explain,
            range,
            current: Bytes::new(),
            coming: None,
            is_begun: false,
        }
    }

    fn refill(&mut self) -> Result<(), Failure> {
        if !self.is_begun {
            self.is_begun = true;
            let tries = Tries::new(self.site.wire.patience());
            self.ask(Answer {
                response: None,
                at: 0,
                tries,
            })?;
        }
        let Some(coming) = self.coming.take() else {
            return Ok(());
        };
        let (answer, bytes) = coming.wait()?;
        self.range.start += bytes.len() as u64;
        self.current = bytes;
        if !self.range.is_empty() {
            self.ask(answer)?;
        }
        Ok(())
    }

    /// Starts to get the next piece.
    fn ask(&mut self, answer: Answer) -> Result<(), Failure> {
        let (site, page, range) = (self.site.clone(), self.page.clone(), self.range.clone());
        self.coming = Some(runtime::start(next_piece(site, page, answer, range))?);
        Ok(())
    }
}

/// Gives some bytes from the start of the range on, with what gives the next ones.
async fn next_piece(
    site: Site,
    page: Page,
    mut answer: Answer,
    range: Range<u64>,
) -> Result<(Answer, Bytes), Failure> {
    let wanted = usize::try_from(range.end - range.start)
        .unwrap_or(usize::MAX)
        .min(PIECE_BYTES);
    let mut piece = BytesMut::with_capacity(wanted);
    loop {
        let mut response = match answer.response.take() {
            Some(response) => response,
            None => {
                let response = site.send(&page.request(None)).await?;
                page.check(&response)?;
                answer.at = 0;
                response
            }
        };
        match response.chunk().await {
            Ok(Some(bytes)) => {
                let start = range.start + piece.len() as u64;
                let skipped = usize::try_from(start.saturating_sub(answer.at))
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                answer.at += bytes.len() as u64;
                let bytes = &bytes[skipped..];
                let left = usize::try_from(range.end - start).unwrap_or(usize::MAX);
                piece.extend_from_slice(&bytes[..bytes.len().min(left)]);
                answer.response = Some(response);
                if !bytes.is_empty() {
                    answer.tries.reset();
                }
                if piece.len() >= wanted {
                    return Ok((answer, piece.freeze()));
                }
            }
            broken => {
                let broke = match broken {
                    Err(error) => error.without_url().to_string(),
                    Ok(_) => "the answer ended early".to_owned(),
                };
                let is_told_apart = page
                    .expected
                    .as_ref()
                    .is_some_and(|(_, version)| version.is_some());
                if !is_told_apart && answer.at > 0 {
                    let text = format!(
                        "the connection broke, and the server tells no versions to go on by: {broke}"
                    );
                    return Err(Failure::new(
                        Kind::Other(io::ErrorKind::ConnectionReset),
                        text,
                    ));
                }
                let waiters = site.wire.waiters();
                answer.tries.pause_after_break(&broke, waiters).await?;
            }
        }
    }
}

impl Read for Once {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty()
            && !buffer.is_empty()
            && (!self.range.is_empty() || self.coming.is_some())
        {
            self.refill()
                .map_err(|failure| io_error((self.explain)(failure)))?;
        }
        let length = self.current.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.current.split_to(length));
        Ok(length)
    }
}
