//! What changes, as server-sent events, until nothing changes any more or the client goes away.
//!
//! The form is that of <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::response::{Status, finish, head, put};
use crate::watched::Latest;

/// How often the latest version is asked for; it is read anew at a pace of its own.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// How often something is sent when nothing changes, so that a client that is gone is noticed.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// The name of a version: its number, and when the server began, because another server counts from 1 again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) server: u128,
}

impl Label {
    pub(crate) fn of(self, number: u64) -> String {
        format!("{:x}-{number}", self.server)
    }

    /// Returns the number in the `since` of a query; 0, so that everything counts as changed, if it is not a version of this server.
    pub(crate) fn number_in(self, query: &str) -> u64 {
        let since = query
            .split('&')
            .find_map(|part| part.strip_prefix("since="));
        let number = since.and_then(|since| since.strip_prefix(&format!("{:x}-", self.server)));
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// Sends what changed since a version, and what changes from then on.
pub(crate) fn follow(
    stream: &TcpStream,
    label: Label,
    since: u64,
    patience: Duration,
    latest: impl Fn() -> Latest,
) {
    let mut sent = since;
    let head = head(Status::Ok, "text/event-stream", None) + "\r\n";
    if put(stream, head.as_bytes(), patience).is_err() {
        return;
    }
    let mut last_sign = Instant::now();
    loop {
        let (message, is_last) = match latest() {
            Ok(version) => {
                let changes = version.changes_since(sent);
                sent = version.number;
                let id = label.of(sent);
                let changes = changes.map(|json| event("changed", Some(&id), &json));
                let over = version.over.as_deref().map(over);
                let is_last = over.is_some();
                (changes.into_iter().chain(over).collect::<String>(), is_last)
            }
            Err(trouble) => (over(trouble.text()), true),
        };
        let message = match message.is_empty() && last_sign.elapsed() >= KEEP_ALIVE_EVERY {
            true => ":\n\n".to_owned(),
            false => message,
        };
        if !message.is_empty() {
            last_sign = Instant::now();
            if put(stream, message.as_bytes(), patience).is_err() {
                return;
            }
        }
        if is_last {
            return finish(stream);
        }
        if is_gone(stream) {
            return;
        }
    }
}

/// Says why nothing more follows.
fn over(reason: &str) -> String {
    event("over", None, &serde_json::Value::from(reason).to_string())
}

/// Makes an event. The data is JSON, which has no line breaks of its own.
fn event(name: &str, id: Option<&str>, json: &str) -> String {
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    format!("{id}event: {name}\ndata: {json}\n\n")
}

/// Waits a moment, and returns whether the client went away meanwhile, or sends something unexpected.
fn is_gone(stream: &TcpStream) -> bool {
    if stream.set_read_timeout(Some(POLL_EVERY)).is_err() {
        return true;
    }
    match stream.peek(&mut [0; 1]) {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_another_server_is_none() {
        let label = Label { server: 0xabc };
        assert_eq!(label.of(7), "abc-7");
        for (query, number) in [
            ("since=abc-7", 7),
            ("x=1&since=abc-7", 7),
            ("since=abe-7", 0),
            ("since=abc-", 0),
            ("since=abc--1", 0),
            ("since=7", 0),
            ("", 0),
        ] {
            assert_eq!(label.number_in(query), number, "{query}");
        }
    }

    #[test]
    fn events_have_the_form_of_the_standard() {
        assert_eq!(
            event("changed", Some("a-1"), "{}"),
            "id: a-1\nevent: changed\ndata: {}\n\n"
        );
        assert_eq!(over("a\nb"), "event: over\ndata: \"a\\nb\"\n\n");
    }
}
