//! What URLs of object stores name.

use coldpress_storage::{Error, Result, one_spelling};

/// The kinds of object stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    S3,
    Google,
    Azure,
}

impl Provider {
    pub(crate) fn of(scheme: &str) -> Option<Self> {
        match scheme {
            "s3" => Some(Self::S3),
            "gs" => Some(Self::Google),
            "az" | "abfss" => Some(Self::Azure),
            _ => None,
        }
    }
}

/// A bucket and a key in it, or the beginning of keys. Keys are taken as they are written: nothing in them is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) provider: Provider,
    /// The URL up to the key, without a `/` at the end.
    pub(crate) root: String,
    /// The bucket or container.
    pub(crate) bucket: String,
    /// The server, where the URL names it: `abfss://container@account.dfs.core.windows.net/…`.
    pub(crate) server: Option<String>,
    pub(crate) key: String,
}

impl Address {
    /// # Errors
    /// [`Error::Store`] when it is no URL of an object store, or names no bucket.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let url = &*one_spelling(url);
        let malformed = |what: &str| {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, what);
            // A URL can have a password in it.
            Error::store(&"", "open", &without_user(url), source)
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| {
            malformed("a URL begins with a scheme and `://`, as `s3://bucket/key`")
        })?;
        let scheme = scheme.to_ascii_lowercase();
        let provider =
            Provider::of(&scheme).ok_or_else(|| malformed("it is not a URL of an object store"))?;
        let (place, key) = rest.split_once('/').unwrap_or((rest, ""));
        let (bucket, server) = match place.split_once('@') {
            Some((bucket, server)) if provider == Provider::Azure => {
                (bucket, Some(server.to_owned()))
            }
            Some(_) => {
                return Err(malformed(
                    "credentials do not belong into a URL: give them in `storage_options`",
                ));
            }
            None => (place, None),
        };
        if bucket.is_empty() || bucket.contains(':') {
            return Err(malformed(
                "a URL of an object store names a bucket, as `s3://bucket/key`",
            ));
        }
        Ok(Self {
            provider,
            root: format!("{scheme}://{place}"),
            bucket: bucket.to_owned(),
            server,
            key: key.to_owned(),
        })
    }
}

/// A URL without what stands before an `@` in its host.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (place, key) = rest.split_once('/').unwrap_or((rest, ""));
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    format!("{scheme}://{host}/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_buckets_and_keys() {
        let parse = |url: &str| {
            let address = Address::parse(url).unwrap();
            (address.root, address.bucket, address.key)
        };
        let expected = |root: &str, bucket: &str, key: &str| {
            (root.to_owned(), bucket.to_owned(), key.to_owned())
        };
        assert_eq!(
            parse("s3://b/a%20b/c?d#e"),
            expected("s3://b", "b", "a%20b/c?d#e")
        );
        assert_eq!(parse("S3A://b"), expected("s3://b", "b", ""));
        let azure = "abfss://c@account.dfs.core.windows.net";
        assert_eq!(parse(&format!("{azure}/x/")), expected(azure, "c", "x/"));
    }

    #[test]
    fn what_names_no_bucket_is_refused_without_its_password() {
        for url in ["s3:///key", "s3:key", "ftp://b/key", "s3://user:hush@b/key"] {
            let error = Address::parse(url).unwrap_err();
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }
}
