//! The thread that gives attempts to the bridge and takes in what becomes of them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use coldpress_executor::Finished;
use coldpress_partition::Task;
use coldpress_worker::{
    AtWork, Attempt, AttemptError, FromWorker, LeaseKeeper, Outcome, Progress, ToWorker,
};
use crossbeam_channel::{Receiver, Sender, at, never, select, tick};

use crate::bridge::Bridge;
use crate::connection::{Connection, Connector, Said};
use crate::failure::attempt_error;
use crate::flight::{Flight, Flights};
use crate::protocol::{AttemptId, FromBridge, TaskFailure, ToBridge};

/// How often in succession a connection may be lost, without an attempt that finished in between.
const LOST_AT_MOST: u32 = 3;

/// The time before a lost cluster is connected to again. It doubles with every try that is in vain.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long attempts that were cancelled may take to say so, when nobody waits for what they make.
const CANCELLED_WITHIN: Duration = Duration::from_secs(20);

/// What the thread is told.
pub(crate) enum Order {
    Run(Box<Attempt>),
    Cancel(AttemptId),
    Stop,
}

/// Keeps count of all attempts on a cluster.
pub(crate) struct Attendant {
    connector: Connector,
    /// None while the connection is lost.
    bridge: Option<Bridge>,
    process: Arc<AtomicU32>,
    /// Which connection it is: what an earlier bridge said is of no meaning any more.
    number: u32,
    /// How many connections were lost since an attempt finished.
    lost: u32,
    /// The tries to get another connection; none while there is one.
    reconnecting: Option<Reconnecting>,
    hears: Sender<Said>,
    heard: Receiver<Said>,
    waiting: VecDeque<Attempt>,
    flights: Flights,
    /// Shows workers that somebody waits for them; none where nobody looks for signs of them either.
    lease: Option<LeaseKeeper>,
    /// The nodes on which an attempt at a task fell silent.
    silent: HashMap<Task, String>,
    /// How many attempts the bridge has at most.
    window: usize,
    is_stopped: bool,
    progress: Arc<Progress>,
    finished: Sender<Finished>,
}

/// A cluster that is gone, and may come back.
struct Reconnecting {
    /// When it is given up.
    until: Instant,
    /// When it is tried next.
    due: Instant,
    pause: Duration,
}

impl Attendant {
    pub(crate) fn new(
        connector: Connector,
        connection: Connection,
        (hears, heard): (Sender<Said>, Receiver<Said>),
        finished: Sender<Finished>,
    ) -> Self {
        Self {
            connector,
            process: Arc::new(AtomicU32::new(connection.bridge.process())),
            bridge: Some(connection.bridge),
            number: 0,
            lost: 0,
            reconnecting: None,
            hears,
            heard,
            waiting: VecDeque::new(),
            flights: Flights::default(),
            lease: None,
            silent: HashMap::new(),
            window: 1,
            is_stopped: false,
            progress: Arc::new(Progress::default()),
            finished,
        }
    }

    /// Sets what keeps the leases of the workers.
    pub(crate) fn lease(mut self, lease: Option<LeaseKeeper>) -> Self {
        self.lease = lease;
        self
    }

    /// Sets how many attempts the bridge has at most.
    pub(crate) fn window(mut self, window: usize) -> Self {
        self.window = window;
        self
    }

    /// What others may look at: the progress of attempts, and the id of the bridge's process.
    pub(crate) fn shared(&self) -> (Arc<Progress>, Arc<AtomicU32>) {
        (Arc::clone(&self.progress), Arc::clone(&self.process))
    }

    pub(crate) fn serve(mut self, orders: &Receiver<Order>, heard: &Receiver<Said>) {
        let lease = self.lease.as_ref();
        let looks = lease.map_or_else(never, |lease| tick(lease.terms().interval()));
        loop {
            let again = self.time_to_reconnect();
            select! {
                recv(orders) -> order => match order {
                    Ok(Order::Run(attempt)) => self.waiting.push_back(*attempt),
                    Ok(Order::Cancel(name)) => self.cancel(&name),
                    Ok(Order::Stop) => self.stop(),
                    Err(_) => break,
                },
                recv(looks) -> _ => self.give_up_silent(),
                recv(again) -> _ => {}
                recv(heard) -> said => if let Ok(said) = said {
                    self.hear(said);
                },
            }
            self.submit();
        }
        self.end(heard);
    }

    /// Gives the bridge what it may have.
    fn submit(&mut self) {
        if self.bridge.is_none() && !self.waiting.is_empty() && !self.is_stopped {
            if let Err(error) = self.reconnect() {
                self.refuse_waiting(&error);
            }
            if self.bridge.is_none() {
                return;
            }
        }
        while self.flights.len() < self.window {
            let Some(attempt) = self.waiting.pop_front() else {
                return;
            };
            let name = AttemptId::new(attempt.task, attempt.number);
            self.flights.add(name.clone(), &attempt);
            if self.is_stopped {
                self.answer(&name, Err(AttemptError::stopped()));
                continue;
            }
            if let Err(error) = self.launch(&name, attempt) {
                self.answer(&name, Err(error));
            }
        }
    }

    fn launch(&mut self, name: &AttemptId, attempt: Attempt) -> Result<(), AttemptError> {
        let task = attempt.task;
        let avoid = self.flights.node_of(task);
        let avoid = avoid.or_else(|| self.silent.get(&task).map(String::as_str));
        let avoid = avoid.map(str::to_owned);
        let message = ToWorker::Run {
            attempts: vec![attempt],
        };
        let run = serde_json::to_string(&message)
            .map_err(|error| AttemptError::obstacle(error.to_string()))?;
        if let Some(bridge) = &mut self.bridge {
            bridge.tell(ToBridge::Submit {
                name: name.clone(),
                run: &run,
                avoid: avoid.as_deref(),
            });
        }
        Ok(())
    }

    /// Connects again if it is time to. Attempts wait as long as there is hope.
    ///
    /// # Errors
    /// When the cluster does not come back in time.
    fn reconnect(&mut self) -> Result<(), AttemptError> {
        let now = Instant::now();
        let patience = self.connector.reconnects_for;
        let tries = self.reconnecting.get_or_insert(Reconnecting {
            until: now + patience,
            due: now,
            pause: FIRST_PAUSE,
        });
        if now < tries.due {
            return Ok(());
        }
        self.number += 1;
        let hears = self.hears.clone();
        let connected = self.connector.connect(self.number, hears, &self.heard);
        match connected {
            Ok(_) if self.lost > LOST_AT_MOST => Err(AttemptError::obstacle(format!(
                "the connection to the Ray cluster was lost {} times, and no attempt ended in between; what is finished stays",
                self.lost
            ))),
            Ok(connection) => {
                self.reconnecting = None;
                self.set_bridge(Some(connection.bridge));
                Ok(())
            }
            Err(_) if tries.due + tries.pause <= tries.until => {
                tries.due = Instant::now() + tries.pause;
                tries.pause = (tries.pause * 2).min(LONGEST_PAUSE);
                Ok(())
            }
            Err(refusal) => Err(AttemptError::obstacle(format!(
                "the Ray cluster is gone, and did not come back within {} s: {refusal}; what is finished stays, and the same \
                 command goes on from there",
                patience.as_secs()
            ))),
        }
    }

    /// Fires when a lost cluster is to be connected to again.
    fn time_to_reconnect(&self) -> Receiver<Instant> {
        let tries = self.reconnecting.as_ref();
        tries.map_or_else(never, |tries| at(tries.due))
    }

    fn refuse_waiting(&mut self, error: &AttemptError) {
        for attempt in std::mem::take(&mut self.waiting) {
            let name = AttemptId::new(attempt.task, attempt.number);
            self.flights.add(name.clone(), &attempt);
            self.answer(&name, Err(error.clone()));
        }
    }

    fn set_bridge(&mut self, bridge: Option<Bridge>) {
        let process = bridge.as_ref().map_or(0, Bridge::process);
        self.process.store(process, Ordering::Relaxed);
        self.bridge = bridge;
    }

    fn hear(&mut self, (number, event): Said) {
        if number != self.number {
            return;
        }
        match event {
            Some(FromBridge::Started { name, place }) => self.flights.started(&name, place),
            Some(FromBridge::Alive { name }) => self.flights.heard(&name),
            Some(FromBridge::AtWork { name, message }) => self.see(&name, &message),
            Some(FromBridge::Finished { name, result }) => {
                self.lost = 0;
                let result = result_of(&result);
                self.answer(&name, result);
            }
            Some(FromBridge::Failed { name, failure }) => self.fail(&name, failure),
            Some(FromBridge::Error { class, message }) => {
                self.lose(&format!("{message} ({class})"));
            }
            Some(FromBridge::Hello | FromBridge::Ready { .. }) => {}
            Some(FromBridge::Bye) | None => self.lose(""),
        }
    }

    fn see(&mut self, name: &AttemptId, message: &str) {
        self.flights.heard(name);
        let message = serde_json::from_str(message);
        if let (Some(flight), Ok(FromWorker::AtWork { at_work })) =
            (self.flights.get(name), message)
        {
            self.progress.put(AtWork {
                node: flight.node(),
                ..at_work
            });
        }
    }

    /// Gives up the attempts of whose workers nothing was heard for the term of their leases.
    ///
    /// A worker that is cut off may go on for a while: Ray says so late, and its node is told through the store.
    fn give_up_silent(&mut self) {
        let Some(lease) = &self.lease else {
            return;
        };
        if !lease.is_kept() {
            // The store is slow for all, and nobody has been heard for that reason.
            self.flights.excuse_silence();
            return;
        }
        let term = lease.terms().term();
        for (name, flight) in self.flights.take_silent(term) {
            self.cut_off(&name, &flight);
            if let Some(place) = &flight.place {
                self.silent.insert(flight.task, place.node.clone());
            }
            let failure = TaskFailure {
                class: "silent".to_owned(),
                message: format!("no sign of it for {} s", term.as_secs_f64()),
                ..TaskFailure::default()
            };
            let error = attempt_error(failure, flight.place.as_ref());
            self.tell(flight, Err(error));
        }
    }

    /// Ends whatever is there of an attempt: through Ray, and through the store, where Ray does not reach it.
    fn cut_off(&mut self, name: &AttemptId, flight: &Flight) {
        if let Some(lease) = &self.lease {
            lease.give_up(&flight.name);
        }
        if let Some(bridge) = &mut self.bridge {
            bridge.tell(ToBridge::Cancel { name: name.clone() });
        }
    }

    /// Ends an attempt whose outcome is of no use any more. The bridge answers it.
    fn cancel(&mut self, name: &AttemptId) {
        let is_it = |attempt: &Attempt| AttemptId::new(attempt.task, attempt.number) == *name;
        if let Some(place) = self.waiting.iter().position(is_it)
            && let Some(attempt) = self.waiting.remove(place)
        {
            self.flights.add(name.clone(), &attempt);
            self.answer(name, Err(AttemptError::stopped()));
        } else if let Some(flight) = self.flights.get(name).cloned() {
            self.cut_off(name, &flight);
        }
    }

    fn fail(&mut self, name: &AttemptId, failure: TaskFailure) {
        let Some(flight) = self.flights.take(name) else {
            return;
        };
        if let Some(lease) = self.lease.as_ref().filter(|_| !failure.is_of_worker()) {
            // It may be there still: the processes of a node outlive its Ray.
            lease.give_up(&flight.name);
        }
        let error = match failure.class == "cancelled" && self.is_stopped {
            true => AttemptError::stopped(),
            false => attempt_error(failure, flight.place.as_ref()),
        };
        self.tell(flight, Err(error));
    }

    /// The bridge is gone, and with it all that it had.
    fn lose(&mut self, why: &str) {
        let last_words = self.bridge.as_ref().map(Bridge::last_words);
        if let Some(bridge) = &mut self.bridge {
            bridge.kill();
        }
        self.set_bridge(None);
        if self.flights.len() > 0 {
            self.lost += 1;
        }
        let message = match (why, last_words) {
            ("", Some(words)) if !words.is_empty() => {
                format!("its bridge ended, and said: {words}")
            }
            ("", _) => "its bridge ended".to_owned(),
            (why, _) => why.to_owned(),
        };
        for name in self.flights.names() {
            let failure = TaskFailure {
                class: match self.is_stopped {
                    true => "cancelled".to_owned(),
                    false => "cluster_lost".to_owned(),
                },
                message: message.clone(),
                ..TaskFailure::default()
            };
            self.fail(&name, failure);
        }
    }

    fn answer(&mut self, name: &AttemptId, result: Result<Outcome, AttemptError>) {
        if let Some(flight) = self.flights.take(name) {
            self.tell(flight, result);
        }
    }

    fn tell(&mut self, flight: Flight, result: Result<Outcome, AttemptError>) {
        // The driver may be gone.
        let _ = self.finished.send(self.flights.finished(flight, result));
    }

    fn stop(&mut self) {
        if std::mem::replace(&mut self.is_stopped, true) {
            return;
        }
        for name in self.flights.names() {
            if let Some(bridge) = &mut self.bridge {
                bridge.tell(ToBridge::Cancel { name });
            }
        }
    }

    /// Waits for what was cancelled, and leaves the cluster.
    fn end(&mut self, heard: &Receiver<Said>) {
        self.submit();
        let until = Instant::now() + CANCELLED_WITHIN;
        while self.flights.len() > 0 && self.bridge.is_some() {
            match heard.recv_deadline(until) {
                Ok(said) => self.hear(said),
                Err(_) => self.lose("it did not answer"),
            }
            self.submit();
        }
        if let Some(mut bridge) = self.bridge.take() {
            bridge.leave();
        }
        self.set_bridge(None);
    }
}

/// What a worker said that its attempt came to.
fn result_of(text: &str) -> Result<Outcome, AttemptError> {
    match serde_json::from_str(text) {
        Ok(FromWorker::Finished { mut answers }) if answers.len() == 1 => answers.remove(0).result,
        Ok(_) => Err(AttemptError::from_outside(
            "the worker did not say what became of the attempt",
        )),
        Err(error) => Err(AttemptError::from_outside(format!(
            "the worker's answer cannot be read: {error}"
        ))),
    }
}
