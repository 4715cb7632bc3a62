//! How a server refuses a request, and what to do about it.

use std::fmt;
use std::io;

use http::{HeaderMap, StatusCode};

/// The longest message of a server that is passed on.
const MAX_MESSAGE_CHARS: usize = 300;

/// What a caller can do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The object is not there.
    NotFound,
    /// The object is there already.
    Exists,
    /// The object is not the version that was asked for.
    Changed,
    /// There are not so many bytes.
    OutOfRange,
    /// The bucket is not there.
    NoBucket,
    /// All else, as the operating system would call it.
    Other(io::ErrorKind),
}

/// An answer that is no success, or none at all.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The server, as `host:port`.
    pub(crate) host: String,
    /// None if there was no answer.
    pub(crate) status: Option<StatusCode>,
    /// What the server calls the error, as `NoSuchBucket`; empty if it does not say.
    pub(crate) code: String,
    /// What it says about it, or what happened to the connection.
    pub(crate) message: String,
    /// The region that the server says the bucket is in.
    pub(crate) region: Option<String>,
    /// What happened to the connection.
    pub(crate) kind: io::ErrorKind,
    /// How often it was tried.
    pub(crate) tries: u32,
}

impl Refusal {
    /// Reads an answer. Of the body only the code and the message are kept: some servers repeat the request with its
    /// credentials in it.
    pub(crate) fn of(host: String, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let region = headers.get("x-amz-bucket-region");
        Self {
            host,
            status: Some(status),
            code: code_in(&body, headers),
            message: message_in(&body),
            region: region
                .and_then(|region| region.to_str().ok())
                .map(str::to_owned),
            kind: io::ErrorKind::Other,
            tries: 1,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        let Some(status) = self.status else {
            return Kind::Other(self.kind);
        };
        match status.as_u16() {
            // What is missing is not the object.
            404 if matches!(self.code.as_str(), "NoSuchBucket" | "ContainerNotFound") => {
                Kind::NoBucket
            }
            404 | 410 => Kind::NotFound,
            409 if self.code == "ContainerNotFound" => Kind::NoBucket,
            409 => Kind::Exists,
            412 => Kind::Changed,
            416 => Kind::OutOfRange,
            401 | 403 | 407 => Kind::Other(io::ErrorKind::PermissionDenied),
            408 | 504 => Kind::Other(io::ErrorKind::TimedOut),
            501 => Kind::Other(io::ErrorKind::Unsupported),
            _ => Kind::Other(io::ErrorKind::Other),
        }
    }

    /// Returns whether there is only a status: an answer to `HEAD` has no body that could explain it.
    pub(crate) fn is_wordless(&self) -> bool {
        let is_of_request = |status: StatusCode| matches!(status.as_u16(), 400 | 401 | 403);
        self.status.is_some_and(is_of_request) && self.code.is_empty() && self.message.is_empty()
    }

    fn text(&self) -> String {
        if is_of_metadata(&self.host) {
            return self.text_of_metadata();
        }
        if let Some(reason) = of_certificate(&self.message) {
            return format!(
                "the certificate of `{}` is not trusted ({reason}): add the one of its issuer to those of this machine, or name \
                 a file with it in `SSL_CERT_FILE`",
                self.host
            );
        }
        let mut text = match self.status {
            Some(status) => format!("`{}` answered {}", self.host, status.as_u16()),
            None => format!("no answer from `{}`", self.host),
        };
        if !self.code.is_empty() {
            text.push_str(&format!(" ({})", self.code));
        }
        if !self.message.is_empty() {
            text.push_str(&format!(": {}", self.message));
        }
        if self.tries > 1 {
            text.push_str(&format!(", {} times", self.tries));
        }
        if let Some(advice) = self.advice() {
            text.push_str("; ");
            text.push_str(&advice);
        }
        text
    }

    /// Describes the failure of the last resort for credentials, the service of a cloud for its machines.
    fn text_of_metadata(&self) -> String {
        let answer = match self.status {
            Some(status) => format!("answered {}", status.as_u16()),
            None => "does not answer".to_owned(),
        };
        format!(
            "there are no credentials: none in `storage_options`, in the environment or in a profile, and `{}`, where machines \
             of a cloud find theirs, {answer}; set some, or `skip_signature: true` to read a public bucket",
            self.host
        )
    }

    /// What to do, where that can be told from the answer.
    fn advice(&self) -> Option<String> {
        let Some(status) = self.status else {
            return Some("check the option `endpoint` and the network".to_owned());
        };
        if let Some(region) = &self.region
            && matches!(status.as_u16(), 301 | 307 | 400)
        {
            return Some(format!(
                "the bucket is in another region: set `region: {region}`"
            ));
        }
        let advice = match (status.as_u16(), self.code.as_str()) {
            (_, "NoSuchBucket" | "ContainerNotFound") => {
                "there is no such bucket at this endpoint: check its name and the options `endpoint` and `region`"
            }
            (_, "RequestTimeTooSkewed") => "set the clock of this machine",
            (400 | 401 | 403, "ExpiredToken" | "TokenRefreshRequired") => {
                "get new credentials: these have expired"
            }
            (401 | 403, _) => {
                "check the credentials in `storage_options` or in the environment, and that they allow this"
            }
            (301 | 302 | 307, _) => "check the options `endpoint` and `region`",
            (429 | 503, _) => {
                "the server has too much to do: use fewer workers, or try again later"
            }
            _ => return None,
        };
        Some(advice.to_owned())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// The beginning of TLS errors about the server's certificate.
const OF_CERTIFICATE: &str = "invalid peer certificate";

/// Returns whether the text of a TLS error is about the server's certificate.
pub(crate) fn is_of_certificate(text: &str) -> bool {
    of_certificate(text).is_some()
}

fn of_certificate(text: &str) -> Option<&str> {
    let reason = text.strip_prefix(OF_CERTIFICATE)?;
    Some(reason.trim_start_matches(": "))
}

/// Whether a host is where machines of a cloud find out about themselves.
pub(crate) fn is_of_metadata(host: &str) -> bool {
    host.starts_with("169.254.") || host.starts_with("metadata.google.internal")
}

fn code_in(body: &str, headers: &HeaderMap) -> String {
    let of_azure = || {
        headers
            .get("x-ms-error-code")
            .and_then(|code| code.to_str().ok())
    };
    let code = between(body, "<Code>", "</Code>").or_else(of_azure);
    let code = code.or_else(|| {
        headers
            .get("x-error-code")
            .and_then(|code| code.to_str().ok())
    });
    code.unwrap_or_default().chars().take(80).collect()
}

fn message_in(body: &str) -> String {
    let of_xml = between(body, "<Message>", "</Message>").map(str::to_owned);
    let message = of_xml.or_else(|| message_of_json(body)).unwrap_or_default();
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(MAX_MESSAGE_CHARS).collect();
    line.trim_end_matches('.').to_owned()
}

/// The message of `{"error": {"message": …}}` or `{"error": …}`.
fn message_of_json(body: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(body).ok()?;
    let error = value.get("error")?;
    let message = error.get("message").unwrap_or(error);
    message.as_str().map(str::to_owned)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(between, _)| between.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, headers: &[(&'static str, &str)], body: &str, kind: Kind, text: &str) {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        let status = StatusCode::from_u16(status).unwrap();
        let refusal = Refusal::of("h:1".into(), status, &headers.collect(), body.as_bytes());
        assert_eq!(refusal.kind(), kind, "{refusal}");
        assert_eq!(refusal.to_string(), text);
    }

    #[test]
    fn answers_say_what_to_do() {
        let xml = "<?xml?><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does \
                   not match.</Message><StringToSign>hush</StringToSign></Error>";
        check(
            403,
            &[],
            xml,
            Kind::Other(io::ErrorKind::PermissionDenied),
            "`h:1` answered 403 (SignatureDoesNotMatch): The request signature we calculated does not match; check the \
             credentials in `storage_options` or in the environment, and that they allow this",
        );
        check(
            404,
            &[],
            "<Error><Code>NoSuchBucket</Code></Error>",
            Kind::NoBucket,
            "`h:1` answered 404 (NoSuchBucket); there is no such bucket at this endpoint: check its name and the options \
             `endpoint` and `region`",
        );
        check(404, &[], "", Kind::NotFound, "`h:1` answered 404");
        check(
            301,
            &[("x-amz-bucket-region", "eu-west-3")],
            "",
            Kind::Other(io::ErrorKind::Other),
            "`h:1` answered 301; the bucket is in another region: set `region: eu-west-3`",
        );
        check(
            500,
            &[],
            r#"{"error": {"message": "a\nb"}}"#,
            Kind::Other(io::ErrorKind::Other),
            "`h:1` answered 500: a b",
        );
    }

    #[test]
    fn what_is_no_answer_says_what_to_do() {
        let told = |host: &str, message: &str| {
            let refusal = Refusal {
                host: host.to_owned(),
                status: None,
                code: String::new(),
                message: message.to_owned(),
                region: None,
                kind: io::ErrorKind::NotConnected,
                tries: 5,
            };
            refusal.to_string()
        };
        assert_eq!(
            told("h:1", "Connection refused"),
            "no answer from `h:1`: Connection refused, 5 times; check the option `endpoint` and the network"
        );
        assert_eq!(
            told("h:1", "invalid peer certificate: UnknownIssuer"),
            "the certificate of `h:1` is not trusted (UnknownIssuer): add the one of its issuer to those of this machine, or \
             name a file with it in `SSL_CERT_FILE`"
        );
        let none = told("169.254.169.254", "timed out");
        assert!(
            none.starts_with("there are no credentials: none in `storage_options`"),
            "{none}"
        );
    }
}
