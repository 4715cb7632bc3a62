//! One spelling for URLs that mean the same place, so that places can be compared.

use std::borrow::Cow;

/// Returns the URL as this program spells it: schemes and hosts in small letters, `s3a` as `s3`, and containers of Azure as
/// `az://container`, or where the URL names the account, as `abfss://container@account…`. What is no such URL stays as it is.
///
/// ```
/// use coldpress_storage::one_spelling;
///
/// assert_eq!(one_spelling("S3A://bucket/Key"), "s3://bucket/Key");
/// assert_eq!(one_spelling("abfs://data/x"), "az://data/x");
/// assert_eq!(one_spelling("https://Example.ORG/A"), "https://example.org/A");
/// assert_eq!(one_spelling("data/in.jsonl"), "data/in.jsonl");
/// ```
#[must_use]
pub fn one_spelling(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Cow::Borrowed(url);
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (place, path) = rest.split_at(end);
    let spelled = match scheme.to_ascii_lowercase().as_str() {
        "s3" | "s3a" => format!("s3://{rest}"),
        scheme @ ("gs" | "hf") => format!("{scheme}://{rest}"),
        "az" | "abfs" | "abfss" => match place.split_once('@') {
            Some((container, server)) => {
                format!("abfss://{container}@{}{path}", server.to_ascii_lowercase())
            }
            None => format!("az://{rest}"),
        },
        scheme @ ("http" | "https") => {
            // Names and passwords have large letters too.
            let host = place.rfind('@').map_or(0, |at| at + 1);
            let (user, host) = place.split_at(host);
            format!("{scheme}://{user}{}{path}", host.to_ascii_lowercase())
        }
        _ => return Cow::Borrowed(url),
    };
    match spelled == url {
        true => Cow::Borrowed(url),
        false => Cow::Owned(spelled),
    }
}

/// Returns two URLs as [`one_spelling`] has them, and without the account of a container where only one of them names it: the
/// other one's account stands in options, and may be the same.
#[must_use]
pub fn spelled_alike<'a>(one: &'a str, other: &'a str) -> (Cow<'a, str>, Cow<'a, str>) {
    let (one, other) = (one_spelling(one), one_spelling(other));
    match (without_account(&one), without_account(&other)) {
        (Some(one), None) => (Cow::Owned(one), other),
        (None, Some(other)) => (one, Cow::Owned(other)),
        _ => (one, other),
    }
}

/// The URL of a container whose account the URL names, without it.
fn without_account(url: &str) -> Option<String> {
    let (container, rest) = url.strip_prefix("abfss://")?.split_once('@')?;
    let path = rest.find('/').map_or("", |begin| &rest[begin..]);
    Some(format!("az://{container}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_spelling() {
        for (url, expected) in [
            ("s3://b/k", "s3://b/k"),
            ("s3a://B/K", "s3://B/K"),
            ("AbfsS://c/k", "az://c/k"),
            (
                "abfs://c@Me.dfs.core.windows.net/K",
                "abfss://c@me.dfs.core.windows.net/K",
            ),
            ("http://Me:HUSH@Host:1/K?A=B", "http://Me:HUSH@host:1/K?A=B"),
            ("HTTPS://Host?A=B", "https://host?A=B"),
            ("hf://datasets/Me/Mine", "hf://datasets/Me/Mine"),
            ("Vault:/K", "Vault:/K"),
            ("Memory://K", "Memory://K"),
        ] {
            assert_eq!(one_spelling(url), expected);
            assert_eq!(one_spelling(expected), expected);
        }
    }

    #[test]
    fn an_account_that_only_one_names_may_be_the_other_ones() {
        let alike = |one, other| {
            let (one, other) = spelled_alike(one, other);
            one == other
        };
        assert!(alike("s3a://b/k", "s3://b/k"));
        assert!(alike("az://c/k", "abfs://c@me.dfs.core.windows.net/k"));
        assert!(!alike("az://c/k", "abfs://c@me.dfs.core.windows.net/l"));
        assert!(!alike("abfs://c@you.x/k", "abfs://c@me.x/k"));
    }
}
