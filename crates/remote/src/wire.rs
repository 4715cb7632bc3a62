//! How requests reach servers: one connection pool for the process, and tries until it works or there is no hope.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use coldpress_storage::Waiting;
use http::header::RANGE;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response, Url};
use rustls::{ClientConfig, RootCertStore};

use crate::failure::{Failure, refused};
use crate::patience::{Patience, Tries, is_worth_retrying, retry_after};
use crate::refusal::{Refusal, is_of_certificate, is_of_metadata};
use crate::waiters::{Waiters, given_up};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent. It includes sending a part, whose length this crate chooses.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// Where a machine asks for its own credentials there is an answer at once or never.
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);
/// A server that was never there is not waited for as long as one that is busy.
const CONNECT_TRIES: u32 = 5;
const MAX_REDIRECTS: usize = 10;
/// How much is read of an answer that is an error, or that may hide one.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// The hosts that have answered this process: one that is away now is being started again, and is waited for.
static ANSWERED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn answered() -> MutexGuard<'static, BTreeSet<String>> {
    ANSWERED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn has_answered(host: &str) -> bool {
    answered().contains(host)
}

fn note_answer(host: &str) {
    let mut answered = answered();
    if !answered.contains(host) {
        answered.insert(host.to_owned());
    }
}

/// Makes requests, also those of `object_store`, and makes them again.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    client: Client,
    patience: Patience,
    waiters: Waiters,
}

impl Wire {
    /// Requests to object stores. A redirection of theirs is an error: it means another region.
    pub(crate) fn to_stores(patience: Patience, waiters: Waiters) -> Result<Self, Failure> {
        static CLIENT: OnceLock<Client> = OnceLock::new();
        let client = shared(&CLIENT, Policy::none())?;
        Ok(Self {
            client,
            patience,
            waiters,
        })
    }

    /// Requests to web servers, which redirect.
    pub(crate) fn to_web(patience: Patience, waiters: Waiters) -> Result<Self, Failure> {
        static CLIENT: OnceLock<Client> = OnceLock::new();
        let client = shared(&CLIENT, Policy::limited(MAX_REDIRECTS))?;
        Ok(Self {
            client,
            patience,
            waiters,
        })
    }

    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    pub(crate) fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    /// Makes a request until there is an answer that no other try would change, or until there is no time to wait for one. The
    /// body of an answer that is to be `whole` is all there.
    pub(crate) async fn send(&self, request: &Request, whole: Whole) -> Result<Response, Failure> {
        let host = host_of(request.url());
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let bytes = body.map_or(0, |body| body.len() as u64);
        let waiting = self.waiters.begin(&host, bytes);
        if waiting.is_hopeless() {
            return Err(not_waited_for(host));
        }
        tokio::select! {
            answer = self.tried(request, whole, &host, &waiting) => answer,
            () = given_up(&waiting) => Err(not_waited_for(host)),
        }
    }

    async fn tried(
        &self,
        request: &Request,
        whole: Whole,
        host: &str,
        waiting: &Waiting,
    ) -> Result<Response, Failure> {
        let mut tries = Tries::new(self.patience);
        if is_of_metadata(host) {
            tries.at_most(2);
        }
        loop {
            let answer = self.once(request, whole, host).await;
            if answer.is_ok() {
                note_answer(host);
            }
            let pause = match &answer {
                Ok(response) if is_worth_retrying(response.status()) => {
                    waiting.failed(format!("it answers {}", response.status().as_u16()));
                    tries.pause(retry_after(response.headers()))
                }
                Ok(_) => {
                    waiting.heard();
                    None
                }
                Err(error) => {
                    waiting.failed(message_of(error));
                    if error.is_connect() && !has_answered(host) {
                        tries.at_most(CONNECT_TRIES);
                    }
                    (!is_hopeless(error)).then(|| tries.pause(None)).flatten()
                }
            };
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
                continue;
            }
            let tried = tries.failed().max(1);
            return match answer {
                Ok(response) if response.status().is_success() => Ok(response),
                Ok(response) => Ok(note_refusal(host.to_owned(), response, tried).await),
                Err(error) => Err(noted(no_answer(host.to_owned(), &error, tried))),
            };
        }
    }

    async fn once(
        &self,
        request: &Request,
        whole: Whole,
        host: &str,
    ) -> Result<Response, reqwest::Error> {
        let again = request.try_clone();
        let mut again = again.unwrap_or_else(|| without_body(request));
        if is_of_metadata(host) {
            *again.timeout_mut() = Some(METADATA_TIMEOUT);
        }
        let response = self.client.execute(again).await?;
        if !response.status().is_success() {
            return Ok(response);
        }
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        if whole == Whole::No {
            let body = self.waiters.watched(body, host);
            return Ok(http::Response::from_parts(parts, body).into());
        }
        let body = body.collect().await?.to_bytes();
        let mut response = http::Response::from_parts(parts, body);
        if hides_error(request.method(), response.body()) {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        Ok(response.into())
    }
}

/// Whether an answer is given when all of it is there, so that one that breaks off is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Listings, and what servers tell of what was done.
    Yes,
    /// Contents of files, which are long, and where reading goes on behind a break.
    No,
}

#[async_trait]
impl HttpService for Wire {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string().parse::<Url>();
        let url = url.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let mut request = Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        if let Ok(body) = body.collect().await {
            let body = body.to_bytes();
            if !body.is_empty() {
                *request.body_mut() = Some(body.into());
            }
        }
        // This crate asks for contents by ranges, and `object_store` for nothing else.
        let is_content = request.headers().contains_key(RANGE);
        let whole = if is_content { Whole::No } else { Whole::Yes };
        let response = self.send(&request, whole).await;
        let response =
            response.map_err(|failure| HttpError::new(HttpErrorKind::Interrupted, failure))?;
        let (mut parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        parts.extensions.clear();
        let body = HttpResponseBody::new(body.map_err(http_error));
        Ok(HttpResponse::from_parts(parts, body))
    }
}

/// Gives `object_store` these connections in place of its own.
#[derive(Clone, Debug)]
pub(crate) struct Connector(pub(crate) Wire);

impl HttpConnector for Connector {
    fn connect(&self, _: &object_store::ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// Whether an answer of 200 says that there was an error. S3 begins the answer to what takes long before it knows how it
/// ends.
fn hides_error(method: &Method, body: &[u8]) -> bool {
    const ERRORS: [&[u8]; 2] = [b"<Code>InternalError</Code>", b"<Code>SlowDown</Code>"];
    let contains = |wanted: &[u8]| body.windows(wanted.len()).any(|window| window == wanted);
    let may_hide = matches!(*method, Method::POST | Method::PUT) && body.len() <= MAX_ERROR_BYTES;
    may_hide && ERRORS.into_iter().any(contains)
}

/// Remembers why there is no success, and gives the answer without its body, which may name credentials.
async fn note_refusal(host: String, response: Response, tries: u32) -> Response {
    let status = response.status();
    let (mut parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
    let body = first_bytes(body).await;
    let refusal = Refusal {
        tries,
        ..Refusal::of(host, status, &parts.headers, &body)
    };
    refused(refusal);
    parts.headers.remove(http::header::CONTENT_LENGTH);
    http::Response::from_parts(parts, Bytes::new()).into()
}

async fn first_bytes(mut body: reqwest::Body) -> Bytes {
    let mut bytes = BytesMut::new();
    while bytes.len() < MAX_ERROR_BYTES {
        let Some(Ok(frame)) = body.frame().await else {
            break;
        };
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    bytes.freeze()
}

/// Remembers why there is no answer.
fn noted(refusal: Refusal) -> Failure {
    refused(refusal.clone());
    refusal.into()
}

fn not_waited_for(host: String) -> Failure {
    noted(Refusal {
        host,
        status: None,
        code: String::new(),
        message: "there is no time to wait for one".to_owned(),
        region: None,
        kind: io::ErrorKind::TimedOut,
        tries: 1,
    })
}

fn no_answer(host: String, error: &reqwest::Error, tries: u32) -> Refusal {
    Refusal {
        host,
        status: None,
        code: String::new(),
        message: message_of(error),
        region: None,
        kind: io_kind(error),
        tries,
    }
}

/// What happened to a connection.
fn message_of(error: &reqwest::Error) -> String {
    let text = innermost(error);
    match text.contains("InvalidContentType") {
        true => "what answers there does not speak TLS, which `https://` asks for: perhaps it is `http://`".to_owned(),
        false => text,
    }
}

/// The last of an error's sources: those above it only say that there was an error.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

fn io_kind(error: &reqwest::Error) -> io::ErrorKind {
    if error.is_timeout() {
        return io::ErrorKind::TimedOut;
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() != io::ErrorKind::Other => return error.kind(),
            _ => next = error.source(),
        }
    }
    io::ErrorKind::NotConnected
}

/// Whether no other try can succeed: a certificate that is not trusted, a URL that is none.
fn is_hopeless(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // What TLS reports is wrapped, where `source` does not lead.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        next = error.source();
    }
    error.is_builder() || error.is_redirect() || is_of_certificate(&innermost(error))
}

fn http_error(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error.without_url())
}

/// The server of a URL, as people name it.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A request whose body cannot be sent twice. This crate makes none.
fn without_body(request: &Request) -> Request {
    let mut again = Request::new(request.method().clone(), request.url().clone());
    *again.headers_mut() = HeaderMap::clone(request.headers());
    again
}

fn shared(client: &OnceLock<Client>, redirects: Policy) -> Result<Client, Failure> {
    if let Some(client) = client.get() {
        return Ok(client.clone());
    }
    let made = Client::builder()
        .tls_backend_preconfigured(tls()?)
        .redirect(redirects)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE_TIMEOUT)
        .user_agent(concat!("coldpress/", env!("CARGO_PKG_VERSION")))
        // A body is given as it is: what it is encoded with is for whoever reads the file to know.
        .build();
    let made = made.map_err(|error| Failure::other(format!("cannot prepare requests: {error}")))?;
    Ok(client.get_or_init(|| made).clone())
}

/// The certificates of Mozilla, as everywhere in this program, and those of this machine, for servers of its network.
fn tls() -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Failure::other(format!("cannot prepare TLS: {error}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
