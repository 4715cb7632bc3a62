//! Text values, and lists of them.

use serde_json::Value as Json;

use super::contract::{Codec, Mismatch};
use crate::keys::Kind;
use crate::location::{Location, meant_url};
use crate::node::Node;

/// Any scalar, as text; never empty.
pub(crate) struct Text;

impl Codec<String> for Text {
    const KIND: Kind = Kind::Text;

    fn read(node: &Node) -> Result<String, Mismatch> {
        match any_text(node)? {
            text if text.is_empty() => Err(Mismatch::out_of_range(node)),
            text => Ok(text),
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

fn any_text(node: &Node) -> Result<String, Mismatch> {
    match node.as_str() {
        Some(text) if !node.is_null() => Ok(text.to_string()),
        _ => Err(Mismatch::wrong_type(node)),
    }
}

/// Text that is a path; never empty.
pub(crate) struct Path;

impl Codec<String> for Path {
    const KIND: Kind = Kind::Path;

    fn read(node: &Node) -> Result<String, Mismatch> {
        let text = Text::read(node)?;
        if text.is_empty() || text.contains('\0') {
            return Err(Mismatch::out_of_range(node));
        }
        // Somebody who writes `true` here mistakes the key for a switch, and would get a folder of that name.
        if ["true", "false"].contains(&text.as_str()) {
            return Err(Mismatch::wrong_type(node));
        }
        match meant_url(&text) {
            // The URL may contain a password.
            Some(_) if text.contains(['@', '?']) => Err(Mismatch {
                found: "a URL without its `://`".to_owned(),
                ..Mismatch::out_of_range(node)
            }),
            Some(url) => Err(Mismatch {
                found: format!("{}: did you mean `{url}`?", node.describe()),
                ..Mismatch::out_of_range(node)
            }),
            None => Ok(text),
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

/// A path on this machine. A leading `file://` is removed. URLs of other schemes are refused, because nobody who writes one means a
/// folder named `s3:`.
pub(crate) struct LocalPath;

impl Codec<String> for LocalPath {
    const KIND: Kind = Kind::Path;

    fn read(node: &Node) -> Result<String, Mismatch> {
        let text = Path::read(node)?;
        match Location::of(&text) {
            Location::Path("") => Err(Mismatch::out_of_range(node)),
            Location::Path(path) => Ok(path.to_owned()),
            Location::Url(_) => {
                let note = "only folders on this machine and `file://` URLs can be used here";
                Err(Mismatch::not_available(node, text, note))
            }
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

/// A path on this machine or a URL, as [`Location`] decides. A leading `file://` is removed.
pub(crate) struct PathOrUrl;

impl Codec<String> for PathOrUrl {
    const KIND: Kind = Kind::Location;

    fn read(node: &Node) -> Result<String, Mismatch> {
        let text = Path::read(node)?;
        match Location::of(&text) {
            Location::Path("") => Err(Mismatch::out_of_range(node)),
            Location::Path(path) => Ok(path.to_owned()),
            Location::Url(url) if url.ends_with("://") => Err(Mismatch::out_of_range(node)),
            // Otherwise the password would be in every message that names the place.
            Location::Url(url) if has_password(url) => Err(Mismatch {
                found: "a URL with a password in it, which belongs into `storage_options`"
                    .to_owned(),
                ..Mismatch::out_of_range(node)
            }),
            Location::Url(url) => Ok(url.to_owned()),
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':'))
}

/// An address that requests can be posted to.
pub(crate) struct Address;

impl Codec<String> for Address {
    const KIND: Kind = Kind::Address;

    fn read(node: &Node) -> Result<String, Mismatch> {
        let text = Text::read(node)?;
        let rest = ["http://", "https://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        let host = authority.map(|authority| {
            authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host)
        });
        let is_good = host.is_some_and(|host| !host.is_empty() && has_good_port(host))
            && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
        match is_good {
            true => Ok(text),
            false => Err(Mismatch::out_of_range(node)),
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

/// Returns whether a host has no port, or a valid one. The parts of an address in brackets are not ports.
fn has_good_port(host: &str) -> bool {
    let end = host.rfind(']').map_or(0, |end| end + 1);
    match host[end..].split_once(':') {
        Some((name, port)) => (end > 0 || !name.is_empty()) && port.parse::<u16>().is_ok(),
        None => true,
    }
}

/// The name of a job, and of its directory.
pub(crate) struct JobId;

impl Codec<String> for JobId {
    const KIND: Kind = Kind::JobId;

    fn read(node: &Node) -> Result<String, Mismatch> {
        let text = Text::read(node)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let good = text.len() <= 128
            && text.bytes().all(allowed)
            && text
                .bytes()
                .next()
                .is_some_and(|first| first.is_ascii_alphanumeric());
        if good {
            Ok(text)
        } else {
            Err(Mismatch::out_of_range(node))
        }
    }

    fn write(value: &String) -> Json {
        value.as_str().into()
    }
}

/// A list of texts, or one text for a list of one.
pub(crate) struct Texts;

impl Codec<Vec<String>> for Texts {
    const KIND: Kind = Kind::Texts;

    fn read(node: &Node) -> Result<Vec<String>, Mismatch> {
        match node.as_list() {
            // A column may have an empty name.
            Some(items) => items.iter().map(any_text).collect(),
            None => Ok(vec![Text::read(node)?]),
        }
    }

    fn write(value: &Vec<String>) -> Json {
        value.as_slice().into()
    }
}

/// Names of fields; at least one, none empty.
pub(crate) struct Fields;

impl Codec<Vec<String>> for Fields {
    const KIND: Kind = Kind::Texts;

    fn read(node: &Node) -> Result<Vec<String>, Mismatch> {
        let fields = Texts::read(node)?;
        if fields.is_empty() || fields.iter().any(String::is_empty) {
            return Err(Mismatch::out_of_range(node));
        }
        Ok(fields)
    }

    fn write(value: &Vec<String>) -> Json {
        value.as_slice().into()
    }
}

/// Suffixes of files; a missing leading dot is added.
pub(crate) struct Suffixes;

impl Codec<Vec<String>> for Suffixes {
    const KIND: Kind = Kind::Texts;

    fn read(node: &Node) -> Result<Vec<String>, Mismatch> {
        let dotted = |text: String| {
            if text.starts_with('.') {
                text
            } else {
                format!(".{text}")
            }
        };
        let suffixes = Texts::read(node)?;
        if suffixes.iter().any(String::is_empty) {
            return Err(Mismatch::out_of_range(node));
        }
        Ok(suffixes.into_iter().map(dotted).collect())
    }

    fn write(value: &Vec<String>) -> Json {
        value.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_follow_the_rule() {
        for (text, good) in [
            ("a", true),
            ("my_experiment_001", true),
            ("-a", false),
            ("a/b", false),
            ("", false),
            ("é", false),
        ] {
            assert_eq!(JobId::read(&Node::from(text)).is_ok(), good, "{text}");
        }
        assert!(JobId::read(&Node::from("x".repeat(128))).is_ok());
        assert!(JobId::read(&Node::from("x".repeat(129))).is_err());
    }
}
