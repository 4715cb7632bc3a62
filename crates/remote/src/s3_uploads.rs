//! The unfinished uploads of a bucket of S3, which `object_store` does not list.

use std::fmt;
use std::sync::Arc;

use http::{Method, Uri};
use http_body_util::BodyExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{HttpRequest, HttpRequestBody, HttpService};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::failure::Failure;
use crate::wire::Wire;

const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Lists uploads.
#[derive(Clone)]
pub(crate) struct S3Uploads {
    wire: Wire,
    endpoint: String,
    region: String,
    /// None for a bucket that is read without signatures.
    credentials: Option<AwsCredentialProvider>,
}

/// An upload that was begun and not completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) key: String,
    pub(crate) id: String,
}

impl S3Uploads {
    pub(crate) fn new(
        wire: Wire,
        bucket: &str,
        builder: &AmazonS3Builder,
        credentials: &AwsCredentialProvider,
    ) -> Self {
        let value = |key| builder.get_config_value(&key);
        let is_true = |key| value(key).is_some_and(|value| value == "true" || value == "1");
        let region = value(AmazonS3ConfigKey::Region).unwrap_or_else(|| "us-east-1".to_owned());
        let endpoint =
            value(AmazonS3ConfigKey::S3Endpoint).or_else(|| value(AmazonS3ConfigKey::Endpoint));
        let is_virtual = is_true(AmazonS3ConfigKey::VirtualHostedStyleRequest);
        let endpoint = match (endpoint, is_virtual) {
            (Some(endpoint), true) => endpoint,
            (Some(endpoint), false) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            (None, true) => format!("https://{bucket}.s3.{region}.amazonaws.com"),
            (None, false) => format!("https://s3.{region}.amazonaws.com/{bucket}"),
        };
        let is_anonymous = is_true(AmazonS3ConfigKey::SkipSignature);
        Self {
            wire,
            endpoint,
            region,
            credentials: (!is_anonymous).then(|| Arc::clone(credentials)),
        }
    }

    /// The uploads to keys that begin with `prefix`.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Vec<Unfinished>, Failure> {
        let escaped = |text: &str| utf8_percent_encode(text, IN_QUERY).to_string();
        let mut found = Vec::new();
        let mut markers = String::new();
        loop {
            // In the order of their names, as they are signed.
            let query = format!("{markers}prefix={}&uploads=", escaped(prefix));
            let page = self.ask(&query).await?;
            found.extend(uploads(&page));
            let next = (
                tag(&page, "NextKeyMarker"),
                tag(&page, "NextUploadIdMarker"),
            );
            let (true, (Some(key), Some(id))) =
                (tag(&page, "IsTruncated").as_deref() == Some("true"), next)
            else {
                return Ok(found);
            };
            markers = format!(
                "key-marker={}&upload-id-marker={}&",
                escaped(&key),
                escaped(&id)
            );
        }
    }

    async fn ask(&self, query: &str) -> Result<String, Failure> {
        let url = format!("{}?{query}", self.endpoint.trim_end_matches('/'));
        let url: Uri = url
            .parse()
            .map_err(|_| Failure::other("the endpoint is not a URL"))?;
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = url;
        if let Some(credentials) = &self.credentials {
            let credential = credentials.get_credential().await.map_err(Failure::of)?;
            let authorizer = AwsAuthorizer::new(&credential, "s3", &self.region);
            authorizer
                .try_authorize(&mut request, None)
                .map_err(Failure::of)?;
        }
        let other = |error: &dyn fmt::Display| {
            Failure::refused().unwrap_or_else(|| Failure::other(error.to_string()))
        };
        let answer = self
            .wire
            .call(request)
            .await
            .map_err(|error| other(&error))?;
        let status = answer.status();
        let body = answer
            .into_body()
            .collect()
            .await
            .map_err(|error| other(&error))?;
        if !status.is_success() {
            return Err(other(&status));
        }
        Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }
}

impl fmt::Debug for S3Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Uploads")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

fn uploads(page: &str) -> Vec<Unfinished> {
    let uploads = page.split("<Upload>").skip(1);
    let uploads = uploads.filter_map(|upload| {
        Some(Unfinished {
            key: tag(upload, "Key")?,
            id: tag(upload, "UploadId")?,
        })
    });
    uploads.collect()
}

/// The text of the first element of this name.
fn tag(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'");
    Some(text.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_are_read_from_a_page() {
        let page = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>a&amp;b/c</Key>\
                    <UploadId>1</UploadId></Upload><Upload><Key>d</Key><UploadId>2</UploadId></Upload>";
        let found = uploads(page);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0],
            Unfinished {
                key: "a&b/c".to_owned(),
                id: "1".to_owned()
            }
        );
        assert_eq!(tag(page, "NextKeyMarker"), None);
    }
}
