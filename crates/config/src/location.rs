//! Distinguishes paths from URLs. No other code does this.

/// A place where a recipe writes or reads something.
///
/// ```
/// use coldpress_config::Location;
///
/// assert_eq!(Location::of("data/in.jsonl"), Location::Path("data/in.jsonl"));
/// assert_eq!(Location::of("file:///data/in.jsonl"), Location::Path("/data/in.jsonl"));
/// assert_eq!(Location::of("s3://bucket/in.jsonl"), Location::Url("s3://bucket/in.jsonl"));
/// assert_eq!(Location::of("c://in.jsonl"), Location::Path("c://in.jsonl"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location<'a> {
    /// A path on this machine, without a leading `file://`.
    Path(&'a str),
    /// A URL of another scheme.
    Url(&'a str),
}

impl<'a> Location<'a> {
    /// Returns the location that the text means.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        match scheme(text) {
            None => Self::Path(text),
            Some(scheme) if scheme.eq_ignore_ascii_case("file") => {
                Self::Path(&text[scheme.len() + "://".len()..])
            }
            Some(_) => Self::Url(text),
        }
    }

    /// Returns the URL; `None` for a path.
    #[must_use]
    pub fn url(self) -> Option<&'a str> {
        match self {
            Self::Path(_) => None,
            Self::Url(url) => Some(url),
        }
    }

    /// Returns the path; `None` for a URL.
    #[must_use]
    pub fn path(self) -> Option<&'a str> {
        match self {
            Self::Path(path) => Some(path),
            Self::Url(_) => None,
        }
    }
}

/// The schemes of common URLs, which nobody uses as names of folders. They are the beginnings of mistyped URLs.
const SCHEMES: [&str; 10] = [
    "s3", "s3a", "gs", "az", "abfs", "abfss", "hf", "http", "https", "file",
];

/// Returns the URL that a mistyped one means: `s3:/b/k`, `s3:b/k`, `s3//b/k`. A text that names an existing path means that path.
///
/// ```
/// use coldpress_config::meant_url;
///
/// assert_eq!(meant_url("s3:/bucket/in.jsonl").as_deref(), Some("s3://bucket/in.jsonl"));
/// assert_eq!(meant_url("s3://bucket/in.jsonl"), None);
/// assert_eq!(meant_url("./s3:/in.jsonl"), None);
/// ```
#[must_use]
pub fn meant_url(text: &str) -> Option<String> {
    if scheme(text).is_some() {
        return None;
    }
    let (scheme, rest) = text.split_at(text.find([':', '/'])?);
    let known = SCHEMES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(scheme))?;
    let place = match rest.strip_prefix(':') {
        Some(place) => place,
        None => rest.strip_prefix("//")?,
    };
    let place = place.trim_start_matches('/');
    let root = if *known == "file" { "/" } else { "" };
    let is_meant = !place.is_empty() && !std::path::Path::new(text).exists();
    is_meant.then(|| format!("{known}://{root}{place}"))
}

/// Returns the scheme of a URL. A single letter before `://` is a drive, not a scheme.
pub(crate) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    (scheme.len() > 1 && scheme.bytes().all(is_letter)).then_some(scheme)
}
