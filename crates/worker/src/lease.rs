//! Leases: how a worker on another machine learns that nobody waits for its work any more.
//!
//! The driver raises a number in a small object of the job's store every few seconds, and lists there the attempts that it has
//! given up. Its workers read that object. A worker that finds its own attempt in the list, or sees no new number for too long,
//! ends itself, so a machine that is cut off from the driver does not work on for nobody.
//!
//! Leases save time. Nothing is right because of them: only the driver publishes, and it takes no answer of an attempt that it
//! has given up.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coldpress_partition::Task;
use coldpress_storage::{AttemptName, ObjectName, ObjectStore, Place, Stores, spawn};
use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::death::CANNOT_GO_ON;
use crate::queue::Answer;

/// The object, which lies among the results. Nothing cites it.
const NAME: &str = "lease.json";

/// A longer object is none of ours.
const LONGEST: u64 = 16 << 20;

/// Attempts, at most, that are listed as given up: the last ones.
const LISTED_AT_MOST: usize = 10_000;

/// How often a lease is renewed before it would run out.
const RENEWALS: f64 = 6.0;

/// How many times the term of a lease a worker goes on without a sign of the driver. Another attempt costs the driver little,
/// so it gives one up early. A worker that ends itself loses all its work, and the store may only be slow.
const PATIENCE: f64 = 4.0;

/// The terms of the leases that a driver gives to its workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaseTerms {
    /// A name that no other driver has.
    driver: String,
    /// How long the driver waits for a sign of a worker.
    seconds: f64,
}

impl LeaseTerms {
    /// Leases of this driver. It gives up an attempt when nothing was heard of its worker for so many seconds.
    pub fn new(seconds: f64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = now.map_or(0, |since| since.as_nanos());
        Self {
            driver: format!("{}.{nanos}", std::process::id()),
            seconds: seconds.max(0.001),
        }
    }

    /// How long the driver waits for a sign of a worker.
    pub fn term(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// How often the driver renews its leases, and a worker looks.
    pub fn interval(&self) -> Duration {
        self.term().div_f64(RENEWALS)
    }

    fn patience(&self) -> Duration {
        self.term().mul_f64(PATIENCE)
    }
}

/// The content of the object.
#[derive(Debug, Serialize, Deserialize)]
struct Lease {
    driver: String,
    /// Raised with every renewal.
    renewal: u64,
    /// The names of attempts whose outcome nobody waits for.
    given_up: VecDeque<String>,
}

/// Renews the leases of a driver's workers until it is dropped.
#[derive(Debug)]
pub struct LeaseKeeper {
    terms: LeaseTerms,
    given_up: Option<Sender<String>>,
    renewed: Arc<Mutex<Instant>>,
    thread: Option<JoinHandle<()>>,
}

impl LeaseKeeper {
    /// Begins to renew leases in the stores of a job.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(terms: LeaseTerms, stores: &Stores) -> io::Result<Self> {
        let (given_up, names) = channel();
        let renewed = Arc::new(Mutex::new(Instant::now()));
        let renewal = Renewal {
            store: Arc::clone(stores.stored(Place::Results)),
            interval: terms.interval(),
            lease: Lease {
                driver: terms.driver.clone(),
                renewal: 0,
                given_up: VecDeque::new(),
            },
            renewed: Arc::clone(&renewed),
        };
        let thread = spawn("coldpress-lease", move || renewal.keep(&names));
        Ok(Self {
            terms,
            given_up: Some(given_up),
            renewed,
            thread: Some(thread.map_err(io::Error::other)?),
        })
    }

    /// The terms on which workers get their leases.
    pub fn terms(&self) -> &LeaseTerms {
        &self.terms
    }

    /// Tells the worker of an attempt to end itself, if it can still read the store.
    pub fn give_up(&self, attempt: &AttemptName) {
        if let Some(given_up) = &self.given_up {
            // The thread holds the other end until this one is dropped.
            let _ = given_up.send(attempt.to_string());
        }
    }

    /// Returns whether the store has taken the last renewals. If it has not, silence says nothing about a worker.
    pub fn is_kept(&self) -> bool {
        lock(&self.renewed).elapsed() < self.terms.term()
    }
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.given_up = None;
        if let Some(thread) = self.thread.take() {
            // There is nothing to learn from one that panicked.
            let _ = thread.join();
        }
    }
}

/// The thread that writes the object.
struct Renewal {
    store: Arc<dyn ObjectStore>,
    interval: Duration,
    lease: Lease,
    renewed: Arc<Mutex<Instant>>,
}

impl Renewal {
    fn keep(mut self, given_up: &Receiver<String>) {
        let Ok(name) = ObjectName::new(NAME) else {
            return;
        };
        loop {
            self.lease.renewal += 1;
            let bytes = serde_json::to_vec(&self.lease).unwrap_or_default();
            // A store that does not answer now is asked again soon.
            if self.store.replace(&name, &bytes).is_ok() {
                *lock(&self.renewed) = Instant::now();
            }
            if !self.wait(given_up) {
                break;
            }
        }
        // What is left of it is of no meaning to any other driver.
        let _ = self.store.delete(&name);
    }

    /// Takes in what is given up until the next renewal is due. False once the keeper is gone.
    ///
    /// However many attempts are given up at once, they cost one renewal.
    fn wait(&mut self, given_up: &Receiver<String>) -> bool {
        let due = Instant::now() + self.interval;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            match given_up.recv_timeout(left) {
                Ok(name) => self.lease.given_up.push_back(name),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
            if self.lease.given_up.len() > LISTED_AT_MOST {
                self.lease.given_up.pop_front();
            }
        }
    }
}

/// The attempts that a worker process has and has not answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtHand(Arc<Mutex<BTreeMap<(Task, u32), String>>>);

impl AtHand {
    pub(crate) fn take(&self, attempt: &Attempt) {
        let key = (attempt.task, attempt.number);
        lock(&self.0).insert(key, attempt.name().to_string());
    }

    pub(crate) fn leave(&self, answers: &[Answer]) {
        let mut all = lock(&self.0);
        for answer in answers {
            all.remove(&(answer.task, answer.number));
        }
    }

    fn is_among(&self, names: &VecDeque<String>) -> bool {
        lock(&self.0).values().any(|own| names.contains(own))
    }
}

/// Watches over the lease of this worker process, and calls `renewed` whenever the driver has renewed it. The process ends when
/// its attempt was given up, or the lease was not renewed for too long.
pub(crate) fn watch(
    terms: LeaseTerms,
    stores: &Stores,
    at_hand: AtHand,
    renewed: impl Fn() + Send + 'static,
) -> io::Result<()> {
    let last = Arc::new(Mutex::new(Instant::now()));
    let reader = LeaseReader {
        store: Arc::clone(stores.stored(Place::Results)),
        terms: terms.clone(),
        at_hand,
        last: Arc::clone(&last),
    };
    spawn("coldpress-lease", move || reader.read_on(&renewed)).map_err(io::Error::other)?;
    // A thread of its own, because reading from a store that is gone may take for ever.
    let end = move || {
        while lock(&last).elapsed() < terms.patience() {
            std::thread::sleep(terms.interval());
        }
        let seconds = terms.patience().as_secs_f64();
        end(&format!(
            "nothing was seen of its driver in the job's store for {seconds} s"
        ));
    };
    spawn("coldpress-lease-end", end).map_err(io::Error::other)?;
    Ok(())
}

/// The thread that looks for renewals.
struct LeaseReader {
    store: Arc<dyn ObjectStore>,
    terms: LeaseTerms,
    at_hand: AtHand,
    last: Arc<Mutex<Instant>>,
}

impl LeaseReader {
    fn read_on(&self, renewed: &impl Fn()) {
        let mut seen = None;
        loop {
            // Another driver's lease is none of ours: one of the two has lost the job, and will learn it.
            let lease = self
                .read()
                .filter(|lease| lease.driver == self.terms.driver);
            if let Some(lease) = lease {
                if self.at_hand.is_among(&lease.given_up) {
                    end("the driver has given its attempt up");
                }
                if seen.replace(lease.renewal) != Some(lease.renewal) {
                    *lock(&self.last) = Instant::now();
                    renewed();
                }
            }
            std::thread::sleep(self.terms.interval());
        }
    }

    fn read(&self) -> Option<Lease> {
        let object = self.store.get(&ObjectName::new(NAME).ok()?).ok()?;
        let length = Some(object.len()).filter(|length| *length <= LONGEST)?;
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        object.read_at(0, &mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// Ends the process, for a reason that no record is to blame for.
fn end(why: &str) -> ! {
    let _ = writeln!(io::stderr(), "{CANNOT_GO_ON}: {why}");
    std::process::exit(1)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
