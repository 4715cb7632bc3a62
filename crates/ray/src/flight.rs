//! Attempts that the cluster has.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use coldpress_executor::{Finished, WorkerId};
use coldpress_partition::Task;
use coldpress_worker::{AttemptError, Outcome};

use crate::protocol::{AttemptId, TaskPlace};

/// An attempt that was submitted.
pub(crate) struct Flight {
    pub(crate) task: Task,
    pub(crate) number: u32,
    /// When it was submitted, then when it began.
    pub(crate) since: Instant,
    pub(crate) place: Option<TaskPlace>,
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

    pub(crate) fn contains(&self, name: &AttemptId) -> bool {
        self.all.contains_key(name)
    }

    pub(crate) fn add(&mut self, name: AttemptId, task: Task, number: u32) {
        let flight = Flight {
            task,
            number,
            since: Instant::now(),
            place: None,
        };
        self.all.insert(name, flight);
    }

    pub(crate) fn started(&mut self, name: &AttemptId, place: TaskPlace) {
        if let Some(flight) = self.all.get_mut(name) {
            flight.since = Instant::now();
            flight.place = Some(place);
        }
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
        let number = flight
            .place
            .map_or(0, |place| *self.workers.entry(place).or_insert(next));
        Finished {
            task: flight.task,
            number: flight.number,
            seconds: flight.since.elapsed().as_secs_f64(),
            worker: WorkerId { number, process },
            result,
        }
    }
}
