//! Reporting silent servers, and ending the wait for them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The silence of a server after which it is reported.
const TOLD_AFTER: Duration = Duration::from_secs(5);
/// The time that a request still gets when there is no time any more.
const GRACE: Duration = Duration::from_secs(3);
/// The assumed speed of a slow connection. A server cannot answer before it has the whole request.
const BYTES_PER_SECOND: u64 = 1 << 20;

/// News about a server that does not answer. It is displayed as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WaitNews {
    /// The server has been silent for some seconds.
    Silent {
        /// The server, as `host:port`.
        server: String,
        /// The URL of the bucket or site that is asked for.
        store: String,
        /// The beginning of the silence, in milliseconds since 1970.
        since_millis: u64,
        /// The failure of the last try; empty if none failed yet.
        reason: String,
    },
    /// The server answers again.
    Answers {
        /// The server, as `host:port`.
        server: String,
        /// The URL of the bucket or site that was asked for.
        store: String,
        /// The number of seconds that it was silent.
        seconds: u64,
    },
}

impl WaitNews {
    /// Returns whether a server has fallen silent, and not that it answers again.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Silent { .. })
    }

    fn server(&self) -> &str {
        match self {
            Self::Silent { server, .. } | Self::Answers { server, .. } => server,
        }
    }
}

impl fmt::Display for WaitNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent {
                server,
                store,
                since_millis,
                reason,
            } => {
                let colon = if reason.is_empty() { "" } else { ": " };
                let of_day = since_millis / 1000 % 86_400;
                let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
                write!(
                    f,
                    "`{store}` has not answered since {hour:02}:{minute:02}:{second:02} UTC (`{server}`{colon}{reason}) and \
                     is waited for: see whether the server runs and can be reached"
                )
            }
            Self::Answers { store, seconds, .. } => {
                write!(f, "`{store}` answers again, after {seconds} s")
            }
        }
    }
}

/// A function that receives news about silent servers. It must not block.
pub type WaitListener = dyn Fn(&WaitNews) + Send + Sync;

/// The knowledge about silent servers that a program, its jobs and their stores share. Clones share it too.
///
/// Stores report the servers that they wait for, and listeners are told. A caller that has no time any more says so; then
/// requests to silent servers end within seconds.
///
/// ```
/// use coldpress_storage::Waits;
///
/// let waits = Waits::default();
/// let request = waits.begin("localhost:9000", "s3://bucket", 0);
/// assert!(!request.is_given_up());
/// request.heard();
/// ```
#[derive(Clone, Default)]
pub struct Waits(Arc<Shared>);

#[derive(Default)]
struct Shared {
    known: Mutex<Known>,
    listeners: Mutex<Vec<Weak<WaitListener>>>,
}

#[derive(Default)]
struct Known {
    hurried: Option<Instant>,
    has_given_up: bool,
    servers: BTreeMap<String, Server>,
}

#[derive(Debug, Default)]
struct Server {
    heard: Option<Instant>,
    silent_since: Option<Instant>,
    is_told: bool,
    is_given_up: bool,
}

impl Waits {
    /// Returns separate knowledge for a job, with the listeners of this one.
    #[must_use]
    pub fn of_job(&self) -> Self {
        let waits = Self::default();
        waits.listeners().clone_from(&self.listeners());
        waits
    }

    /// Sends news to `listener` from now on, for as long as it is held elsewhere.
    pub fn listen(&self, listener: &Arc<WaitListener>) {
        self.listeners().push(Arc::downgrade(listener));
    }

    /// Declares that there is no time any more: requests to silent servers are given up.
    pub fn hurry(&self) {
        self.known().hurried.get_or_insert_with(Instant::now);
    }

    /// Declares that there is time again.
    pub fn take_time(&self) {
        let mut known = self.known();
        known.hurried = None;
        known.has_given_up = false;
    }

    /// Returns whether there is no time any more.
    #[must_use]
    pub fn is_hurried(&self) -> bool {
        self.known().hurried.is_some()
    }

    /// Returns whether a request was given up because there was no time any more.
    #[must_use]
    pub fn has_given_up(&self) -> bool {
        self.known().has_given_up
    }

    /// Registers a request to a server with a body of so many bytes, for a store.
    #[must_use]
    pub fn begin(&self, server: &str, store: &str, bytes: u64) -> Waiting {
        Waiting {
            waits: self.clone(),
            server: server.to_owned(),
            store: store.to_owned(),
            begun: Instant::now(),
            sending: Duration::from_secs(bytes / BYTES_PER_SECOND),
            reason: Mutex::default(),
        }
    }

    /// Passes on the news of another process of the job, unless it is known here already.
    pub fn pass_on(&self, news: &WaitNews) {
        let is_silent = matches!(news, WaitNews::Silent { .. });
        let is_new = {
            let mut known = self.known();
            let server = known.servers.entry(news.server().to_owned()).or_default();
            std::mem::replace(&mut server.is_told, is_silent) != is_silent
        };
        if is_new {
            self.tell(news);
        }
    }

    fn tell(&self, news: &WaitNews) {
        // They are called without the lock, so that one may listen anew.
        let listeners: Vec<_> = self.listeners().iter().filter_map(Weak::upgrade).collect();
        for listener in listeners {
            listener(news);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Weak<WaitListener>>> {
        let listeners = self.0.listeners.lock();
        let mut listeners = listeners.unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits").finish_non_exhaustive()
    }
}

/// A request on its way.
pub struct Waiting {
    waits: Waits,
    server: String,
    store: String,
    begun: Instant,
    /// The time that sending the request may take.
    sending: Duration,
    /// The failure of the last try.
    reason: Mutex<String>,
}

impl Waiting {
    /// Restarts the wait, for the next part of an answer that nobody asked for before.
    pub fn again(&mut self) {
        self.begun = Instant::now();
    }

    /// Notes that the server answered, or sent some of its answer.
    pub fn heard(&self) {
        if let Some(news) = self.note_answer(Instant::now()) {
            self.waits.tell(&news);
        }
    }

    /// Notes what happened to a try that got no answer.
    pub fn failed(&self, reason: impl Into<String>) {
        *self.reason() = reason.into();
    }

    /// Checks how long the server has been silent, reports a long silence, and returns whether the request is to be given up. It must
    /// be called regularly while nothing is heard.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        let (is_given_up, news) = self.look(Instant::now());
        if let Some(news) = news {
            self.waits.tell(&news);
        }
        is_given_up
    }

    /// Returns whether another request to this server was given up, so that this one is pointless.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        let known = self.waits.known();
        let server = known.servers.get(&self.server);
        known.hurried.is_some() && server.is_some_and(|server| server.is_given_up)
    }

    fn note_answer(&self, now: Instant) -> Option<WaitNews> {
        let mut known = self.waits.known();
        let server = known.servers.entry(self.server.clone()).or_default();
        let before = std::mem::replace(
            server,
            Server {
                heard: Some(now),
                ..Server::default()
            },
        );
        before.is_told.then(|| WaitNews::Answers {
            server: self.server.clone(),
            store: self.store.clone(),
            seconds: now
                .saturating_duration_since(before.silent_since.unwrap_or(now))
                .as_secs(),
        })
    }

    fn look(&self, now: Instant) -> (bool, Option<WaitNews>) {
        let mut known = self.waits.known();
        let hurried = known.hurried;
        let server = known.servers.entry(self.server.clone()).or_default();
        // An answer to any request shows that the server is there.
        let quiet = server
            .heard
            .map_or(self.begun, |heard| heard.max(self.begun));
        let since = *server.silent_since.get_or_insert(quiet);
        let is_told = now >= since + TOLD_AFTER + self.sending
            && !std::mem::replace(&mut server.is_told, true);
        let is_given_up = hurried.is_some_and(|hurried| {
            server.is_given_up || now >= hurried.max(quiet) + GRACE + self.sending
        });
        server.is_given_up |= is_given_up;
        known.has_given_up |= is_given_up;
        drop(known);
        (is_given_up, is_told.then(|| self.silent(now - since)))
    }

    fn silent(&self, silent: Duration) -> WaitNews {
        let since = SystemTime::now() - silent;
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        WaitNews::Silent {
            server: self.server.clone(),
            store: self.store.clone(),
            since_millis: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            reason: self.reason().clone(),
        }
    }

    fn reason(&self) -> MutexGuard<'_, String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    /// Forgets the silence: a server that nobody waits for is not silent.
    fn drop(&mut self) {
        let mut known = self.waits.known();
        if let Some(server) = known
            .servers
            .get_mut(&self.server)
            .filter(|one| !one.is_told)
        {
            server.silent_since = None;
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn is_silent(news: Option<WaitNews>) -> bool {
        matches!(news, Some(WaitNews::Silent { .. }))
    }

    #[test]
    fn a_server_is_told_of_once_when_it_is_silent_and_once_when_it_answers() {
        let waits = Waits::default();
        let (one, other) = (
            waits.begin("h:1", "s3://b", 0),
            waits.begin("h:1", "s3://b", 0),
        );
        let begun = one.begun.max(other.begun);
        assert_eq!(one.look(begun + 4 * SECOND), (false, None));
        one.failed("connection refused");
        let (_, told) = one.look(begun + 6 * SECOND);
        let told = told.unwrap().to_string();
        assert!(
            told.starts_with("`s3://b` has not answered since "),
            "{told}"
        );
        assert!(told.contains("(`h:1`: connection refused)"), "{told}");
        assert_eq!(other.look(begun + 9 * SECOND), (false, None));
        let answers = other.note_answer(begun + 12 * SECOND).unwrap();
        let expected = "`s3://b` answers again, after 12 s";
        assert_eq!(answers.to_string(), expected);
        assert_eq!(one.note_answer(begun + 13 * SECOND), None);
        // An answer to one request counts for all of them.
        assert_eq!(one.look(begun + 17 * SECOND), (false, None));
        assert!(is_silent(one.look(begun + 19 * SECOND).1));
    }

    #[test]
    fn a_pause_between_requests_is_no_silence() {
        let waits = Waits::default();
        let given_up = waits.begin("h:1", "s3://b", 0);
        let begun = given_up.begun;
        assert_eq!(given_up.look(begun + 4 * SECOND), (false, None));
        drop(given_up);
        let mut next = waits.begin("h:1", "s3://b", 0);
        next.begun = begun + 60 * SECOND;
        assert_eq!(next.look(begun + 64 * SECOND), (false, None));
        assert!(is_silent(next.look(begun + 65 * SECOND).1));
    }

    #[test]
    fn a_long_request_gets_the_time_to_be_sent() {
        let waits = Waits::default();
        let long = waits.begin("h:1", "s3://b", 8 * BYTES_PER_SECOND);
        assert_eq!(long.look(long.begun + 12 * SECOND), (false, None));
        assert!(is_silent(long.look(long.begun + 13 * SECOND).1));
    }

    #[test]
    fn nobody_waits_long_who_has_no_time() {
        let waits = Waits::default();
        let request = waits.begin("h:1", "s3://b", 0);
        assert!(!request.look(request.begun + 60 * SECOND).0);
        waits.hurry();
        let hurried = waits.known().hurried.unwrap();
        assert!(!request.look(hurried + 2 * SECOND).0 && !waits.has_given_up());
        // One that is answered is not given up.
        request.note_answer(hurried + 2 * SECOND);
        assert!(!request.look(hurried + 4 * SECOND).0);
        assert!(request.look(hurried + 5 * SECOND).0 && waits.has_given_up());
        // The next one need not wait to learn the same, unless it is to another server.
        assert!(waits.begin("h:1", "s3://b", 0).is_hopeless());
        assert!(!waits.begin("h:2", "s3://b", 0).is_hopeless());
        waits.take_time();
        assert!(!waits.begin("h:1", "s3://b", 0).is_hopeless() && !waits.has_given_up());
    }

    #[test]
    fn jobs_of_one_program_have_the_same_listeners_and_their_own_haste() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        let listener: Arc<WaitListener> =
            Arc::new(move |news| kept.lock().unwrap().push(news.to_string()));
        let program = Waits::default();
        program.listen(&listener);
        let (one, other) = (program.of_job(), program.of_job());
        one.hurry();
        assert!(one.is_hurried() && !other.is_hurried() && !program.is_hurried());
        let news = |store: &str| WaitNews::Silent {
            server: "h:1".to_owned(),
            store: store.to_owned(),
            since_millis: 3_723_000,
            reason: String::new(),
        };
        // Two workers have met the same.
        one.pass_on(&news("s3://b"));
        one.pass_on(&news("s3://c"));
        other.pass_on(&news("s3://d"));
        let told = heard.lock().unwrap().clone();
        assert_eq!(told.len(), 2, "{told:?}");
        let expected = "`s3://b` has not answered since 01:02:03 UTC (`h:1`) and is waited for";
        assert!(told[0].starts_with(expected), "{told:?}");
        drop(listener);
        other.pass_on(&WaitNews::Answers {
            server: "h:1".to_owned(),
            store: "s3://d".to_owned(),
            seconds: 1,
        });
        assert_eq!(heard.lock().unwrap().len(), 2);
    }
}
