//! Which crash point the environment asks for.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The environment variable that arms a crash point.
pub const VARIABLE: &str = "COLDPRESS_CRASH_POINT";

const UNKNOWN: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
static ARMED: OnceLock<Option<ArmedPoint>> = OnceLock::new();

/// Whether the environment names any crash point; read once, at the first call.
#[inline]
#[must_use]
pub fn is_armed() -> bool {
    match STATE.load(Ordering::Relaxed) {
        OFF => false,
        ON => true,
        _ => read_environment(),
    }
}

/// Counts a hit, and tells whether it is the one that the environment asks for. For places that
/// must do half of something before they call [`kill_self`](crate::crash_point::kill_self).
#[cold]
#[must_use]
pub fn is_due(name: &str) -> bool {
    ARMED
        .get()
        .and_then(Option::as_ref)
        .is_some_and(|point| point.counts(name))
}

struct ArmedPoint {
    name: String,
    at_hit: u64,
    hits: AtomicU64,
}

impl ArmedPoint {
    fn parse(text: &str) -> Option<Self> {
        let (name, at_hit) = match text.rsplit_once(':') {
            Some((name, count)) => (name, count.parse().ok()?),
            None => (text, 1),
        };
        (!name.is_empty() && at_hit > 0).then(|| Self {
            name: name.to_owned(),
            at_hit,
            hits: AtomicU64::new(0),
        })
    }

    fn counts(&self, name: &str) -> bool {
        self.name == name && self.hits.fetch_add(1, Ordering::Relaxed) + 1 == self.at_hit
    }
}

#[cold]
fn read_environment() -> bool {
    let point = ARMED.get_or_init(|| {
        std::env::var(VARIABLE)
            .ok()
            .and_then(|text| ArmedPoint::parse(&text))
    });
    let armed = point.is_some();
    STATE.store(if armed { ON } else { OFF }, Ordering::Relaxed);
    armed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, u64)>) {
        let point = ArmedPoint::parse(text);
        let found = point
            .as_ref()
            .map(|point| (point.name.as_str(), point.at_hit));
        assert_eq!(found, expected);
    }

    #[test]
    fn plans() {
        check("a", Some(("a", 1)));
        check("a:3", Some(("a", 3)));
        check("a:0", None);
        check("a:x", None);
        check("", None);
        check(":2", None);
    }

    #[test]
    fn the_asked_hit_counts_and_no_other() {
        let point = ArmedPoint::parse("a:2").unwrap();
        let hits = ["a", "b", "a", "a"].map(|name| point.counts(name));
        assert_eq!(hits, [false, false, true, false]);
    }
}
