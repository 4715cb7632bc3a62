//! Waiting for servers so that others can see and end the wait.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use coldpress_storage::{Waiting, Waits};
use futures_util::stream;
use http_body_util::BodyExt;
use reqwest::Body;

/// The pause between checks whether there is still time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Reports the servers that the requests of one store wait for.
#[derive(Clone, Debug)]
pub(crate) struct Waiters {
    waits: Waits,
    store: Arc<str>,
}

impl Waiters {
    /// Creates the reporter of the store with this URL.
    pub(crate) fn new(store: &str, waits: &Waits) -> Self {
        Self {
            waits: waits.clone(),
            store: store.into(),
        }
    }

    /// Registers a request with a body of so many bytes.
    pub(crate) fn begin(&self, host: &str, bytes: u64) -> Waiting {
        self.waits.begin(host, &self.store, bytes)
    }

    /// Waits before another try, or until there is no time any more.
    pub(crate) async fn pause(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.waits.is_hurried() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK_EVERY)).await;
        }
    }

    /// Returns the same body, with the wait for its bytes reported.
    pub(crate) fn watched(&self, body: Body, host: &str) -> Body {
        let begin = (body, self.begin(host, 0));
        Body::wrap_stream(stream::unfold(begin, next_bytes))
    }
}

/// Waits until a request is to be given up.
pub(crate) async fn given_up(waiting: &Waiting) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if waiting.is_given_up() {
            return;
        }
    }
}

/// The error of a body that sends nothing more and is not waited for.
#[derive(Debug)]
struct GivenUp;

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing came any more, and there was no time to wait")
    }
}

impl Error for GivenUp {}

type Received = Result<Bytes, Box<dyn Error + Send + Sync>>;

async fn next_bytes(
    (mut body, mut waiting): (Body, Waiting),
) -> Option<(Received, (Body, Waiting))> {
    // The reader may have paused.
    waiting.again();
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame?,
            () = given_up(&waiting) => return Some((Err(GivenUp.into()), (body, waiting))),
        };
        let received = match frame.map(|frame| frame.into_data()) {
            Ok(Ok(bytes)) => {
                waiting.heard();
                Ok(bytes)
            }
            // Headers that follow a body say nothing about it.
            Ok(Err(_)) => continue,
            Err(error) => Err(error.into()),
        };
        return Some((received, (body, waiting)));
    }
}
