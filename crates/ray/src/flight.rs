//! Attempts that the cluster has.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use coldpress_executor::{Finished, WorkerId};
use coldpress_partition::Task;
use coldpress_storage::AttemptName;
use coldpress_worker::{Attempt, AttemptError, Outcome};

use crate::protocol::{AttemptId, TaskPlace};

/// An attempt that was submitted.
#[derive(Clone)]
pub(crate) struct Flight {
    pub(crate) task: Task,
    pub(crate) number: u32,
    /// What its files are called.
    pub(crate) name: AttemptName,
    /// When it was submitted, then when it began.
    pub(crate) since: Instant,
    pub(crate) place: Option<TaskPlace>,
    /// When its worker gave the last sign; none before the first, because it may take long to get ready.
    pub(crate) heard: Option<Instant>,
}

impl Flight {
    /// The address of its node.
    pub(crate) fn node(&self) -> Option<IpAddr> {
        self.place.as_ref()?.ip.parse().ok()
    }
}

/// The attempts that were submitted and not answered. What is said of any other is late, and of no meaning.
#[derive(Default)]
pub(crate) struct Flights {
    all: HashMap<AttemptId, Flight>,
    /// The workers by where they are, in the order in which they were first seen.
    workers: BTreeMap<TaskPlace, u32>,
}

impl Flights {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn names(&self) -> Vec<AttemptId> {
        self.all.keys().cloned().collect()
    }

    pub(crate) fn get(&self, name: &AttemptId) -> Option<&Flight> {
        self.all.get(name)
    }

    /// The node on which a task is worked on.
    pub(crate) fn node_of(&self, task: Task) -> Option<&str> {
        let flights = self.all.values().filter(|flight| flight.task == task);
        let mut places = flights.filter_map(|flight| flight.place.as_ref());
        places.next().map(|place| place.node.as_str())
    }

    pub(crate) fn add(&mut self, name: AttemptId, attempt: &Attempt) {
        let flight = Flight {
            task: attempt.task,
            number: attempt.number,
            name: attempt.name(),
            since: Instant::now(),
            place: None,
            heard: None,
        };
        self.all.insert(name, flight);
    }

    pub(crate) fn started(&mut self, name: &AttemptId, place: TaskPlace) {
        if let Some(flight) = self.all.get_mut(name) {
            flight.since = Instant::now();
            flight.place = Some(place);
        }
    }

    /// Notes a sign of an attempt's worker.
    pub(crate) fn heard(&mut self, name: &AttemptId) {
        if let Some(flight) = self.all.get_mut(name) {
            flight.heard = Some(Instant::now());
        }
    }

    /// Takes out the attempts of whose workers nothing was heard for so long.
    pub(crate) fn take_silent(&mut self, term: Duration) -> Vec<(AttemptId, Flight)> {
        let is_silent = |flight: &Flight| flight.heard.is_some_and(|heard| heard.elapsed() > term);
        let silent = self.all.extract_if(|_, flight| is_silent(flight));
        silent.collect()
    }

    /// Takes all workers that were heard before as heard just now.
    pub(crate) fn excuse_silence(&mut self) {
        let heard = self.all.values_mut();
        let heard = heard.filter_map(|flight| flight.heard.as_mut());
        heard.for_each(|heard| *heard = Instant::now());
    }

    pub(crate) fn take(&mut self, name: &AttemptId) -> Option<Flight> {
        self.all.remove(name)
    }

    /// What became of an attempt, as the driver is told.
    pub(crate) fn finished(
        &mut self,
        flight: Flight,
        result: Result<Outcome, AttemptError>,
    ) -> Finished {
        let next = self.workers.len() as u32;
        let process = flight.place.as_ref().map(|place| place.pid);
        let node = flight.node();
        let number = flight
            .place
            .map_or(0, |place| *self.workers.entry(place).or_insert(next));
        Finished {
            task: flight.task,
            number: flight.number,
            seconds: flight.since.elapsed().as_secs_f64(),
            worker: WorkerId {
                number,
                process,
                node,
            },
            result,
        }
    }
}
