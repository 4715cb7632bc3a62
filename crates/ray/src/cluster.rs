//! Workers at work on a cluster.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use coldpress_executor::{Finished, Running};
use coldpress_storage::spawn;
use coldpress_worker::{Attempt, AttemptError, FromWorker, Outcome, Progress, ToWorker};
use crossbeam_channel::{Receiver, Sender, select, unbounded};

use crate::bridge::Bridge;
use crate::connection::{Connection, Connector, Said};
use crate::failure::attempt_error;
use crate::flight::{Flight, Flights};
use crate::protocol::{AttemptId, FromBridge, TaskFailure, ToBridge};

/// How often in succession a lost cluster is connected to again, without an attempt that finished in between.
const RECONNECTS: u32 = 3;

/// How long attempts that were cancelled may take to say so, when nobody waits for what they make.
const CANCELLED_WITHIN: Duration = Duration::from_secs(20);

/// The workers of a job on a cluster. One thread of this process keeps count of all attempts.
pub(crate) struct Cluster {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    progress: Arc<Progress>,
    workers: usize,
    /// The id of the bridge's process; 0: there is none.
    bridge: Arc<AtomicU32>,
}

enum Order {
    Run(Box<Attempt>),
    Stop,
}

impl Cluster {
    /// Takes over a connection. So many attempts run at a time, or else as many as the cluster has CPUs.
    pub(crate) fn start(
        connector: Connector,
        connection: Connection,
        (hears, heard): (Sender<Said>, Receiver<Said>),
        finished: Sender<Finished>,
    ) -> std::io::Result<Self> {
        let (orders, queue) = unbounded();
        let progress = Arc::new(Progress::default());
        let bridge = Arc::new(AtomicU32::new(connection.bridge.process()));
        let workers = connector.init.workers.unwrap_or(connection.slots).max(1);
        let attendant = Attendant {
            connector,
            bridge: Some(connection.bridge),
            process: Arc::clone(&bridge),
            number: 0,
            lost: 0,
            hears,
            heard: heard.clone(),
            waiting: VecDeque::new(),
            flights: Flights::default(),
            window: 2 * workers,
            is_stopped: false,
            progress: Arc::clone(&progress),
            finished,
        };
        let thread = spawn("coldpress-ray", move || attendant.serve(&queue, &heard))
            .map_err(std::io::Error::other)?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
            progress,
            workers,
            bridge,
        })
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread holds the other end until this one is dropped.
            let _ = orders.send(order);
        }
    }
}

impl Running for Cluster {
    fn submit(&mut self, attempt: Attempt) {
        self.order(Order::Run(Box::new(attempt)));
    }

    fn stop(&mut self) {
        self.order(Order::Stop);
    }

    fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    fn workers(&self) -> Option<usize> {
        Some(self.workers)
    }

    fn processes(&self) -> Vec<u32> {
        let bridge = self.bridge.load(Ordering::Relaxed);
        (bridge != 0).then_some(bridge).into_iter().collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has sent what it could.
            let _ = thread.join();
        }
    }
}

/// The thread that gives attempts to the bridge and takes in what becomes of them.
struct Attendant {
    connector: Connector,
    /// None while the connection is lost.
    bridge: Option<Bridge>,
    process: Arc<AtomicU32>,
    /// Which connection it is: what an earlier bridge said is of no meaning any more.
    number: u32,
    /// How many connections were lost since an attempt finished.
    lost: u32,
    hears: Sender<Said>,
    heard: Receiver<Said>,
    waiting: VecDeque<Attempt>,
    flights: Flights,
    /// How many attempts the bridge has at most.
    window: usize,
    is_stopped: bool,
    progress: Arc<Progress>,
    finished: Sender<Finished>,
}

impl Attendant {
    fn serve(mut self, orders: &Receiver<Order>, heard: &Receiver<Said>) {
        loop {
            select! {
                recv(orders) -> order => match order {
                    Ok(Order::Run(attempt)) => self.waiting.push_back(*attempt),
                    Ok(Order::Stop) => self.stop(),
                    Err(_) => break,
                },
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
        while self.flights.len() < self.window {
            let Some(attempt) = self.waiting.pop_front() else {
                return;
            };
            let (task, number) = (attempt.task, attempt.number);
            let name = AttemptId::new(task, number);
            self.flights.add(name.clone(), task, number);
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
        self.reconnect()?;
        let message = ToWorker::Run {
            attempt: Box::new(attempt),
        };
        let run = serde_json::to_string(&message)
            .map_err(|error| AttemptError::obstacle(error.to_string()))?;
        if let Some(bridge) = &mut self.bridge {
            bridge.tell(ToBridge::Submit {
                name: name.clone(),
                run: &run,
            });
        }
        Ok(())
    }

    /// Connects again if the connection is lost.
    fn reconnect(&mut self) -> Result<(), AttemptError> {
        if self.bridge.is_some() {
            return Ok(());
        }
        self.number += 1;
        match self
            .connector
            .connect(self.number, self.hears.clone(), &self.heard)
        {
            Ok(connection) => {
                self.set_bridge(Some(connection.bridge));
                Ok(())
            }
            Err(refusal) if self.lost < RECONNECTS => {
                self.lost += 1;
                Err(AttemptError::from_outside(format!(
                    "the Ray cluster is gone: {refusal}"
                )))
            }
            Err(refusal) => Err(AttemptError::obstacle(format!(
                "the Ray cluster is gone, and does not come back: {refusal}; what is finished stays"
            ))),
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

    fn see(&self, name: &AttemptId, message: &str) {
        let message = serde_json::from_str(message);
        if let (true, Ok(FromWorker::AtWork { at_work })) = (self.flights.contains(name), message) {
            self.progress.put(at_work);
        }
    }

    fn fail(&mut self, name: &AttemptId, failure: TaskFailure) {
        let Some(flight) = self.flights.take(name) else {
            return;
        };
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
        Ok(FromWorker::Finished { result }) => *result,
        Ok(_) => Err(AttemptError::from_outside(
            "the worker did not say what became of the attempt",
        )),
        Err(error) => Err(AttemptError::from_outside(format!(
            "the worker's answer cannot be read: {error}"
        ))),
    }
}
