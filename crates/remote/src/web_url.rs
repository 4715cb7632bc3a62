//! What of a web address may be shown.

use std::collections::BTreeMap;

use reqwest::Url;

use crate::secret::is_secret;

/// Parameters of queries that are secrets though their names do not say so.
const SIGNATURES: [&str; 6] = [
    "sig",
    "signature",
    "x-amz-signature",
    "x-goog-signature",
    "x-amz-credential",
    "auth",
];
/// A shorter text is no secret, and would be found everywhere.
const MIN_SECRET_BYTES: usize = 4;

/// A URL without user, password and fragment, and without its query if that holds a secret.
pub(crate) fn shown(url: &str) -> String {
    let Ok(mut parsed) = url.parse::<Url>() else {
        return url.to_owned();
    };
    // It fails for URLs that can have none.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.set_fragment(None);
    if parsed
        .query_pairs()
        .any(|(key, _)| is_secret_parameter(&key))
    {
        parsed.set_query(None);
    }
    parsed.into()
}

/// What no message about a URL may show.
pub(crate) fn secrets(url: &str, options: &BTreeMap<&str, &str>) -> Vec<String> {
    let mut secrets: Vec<String> = options
        .iter()
        .filter(|(key, _)| is_secret(key) || **key == "query")
        .map(|(_, value)| (*value).to_owned())
        .collect();
    if let Ok(url) = url.parse::<Url>() {
        secrets.extend(url.password().map(str::to_owned));
        let parameters = url
            .query_pairs()
            .filter(|(key, _)| is_secret_parameter(key));
        secrets.extend(parameters.map(|(_, value)| value.into_owned()));
    }
    secrets.retain(|secret| secret.len() >= MIN_SECRET_BYTES);
    secrets
}

fn is_secret_parameter(key: &str) -> bool {
    SIGNATURES.contains(&key.to_ascii_lowercase().as_str()) || is_secret(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_urls_are_shown_without_their_signatures() {
        let cases = [
            ("https://h/a?x=1#y", "https://h/a?x=1"),
            ("https://me:hush@h/a", "https://h/a"),
            (
                "https://h/a?X-Amz-Date=2&X-Amz-Signature=hush",
                "https://h/a",
            ),
            ("https://h/a?sv=1&sig=hush%2B", "https://h/a"),
            ("https://h/a?access_token=hush", "https://h/a"),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected);
        }
        assert_eq!(
            secrets("https://me:hush@h/a?sig=more", &BTreeMap::new()),
            ["hush", "more"]
        );
    }
}
