//! Workers at work on a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use coldpress_executor::{Finished, Running};
use coldpress_partition::Task;
use coldpress_storage::spawn;
use coldpress_worker::{Attempt, LeaseKeeper, Progress};
use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::address::RayAddress;
use crate::attendant::{Attendant, Order};
use crate::connection::{Connection, Connector, Said};
use crate::protocol::AttemptId;

/// The workers of a job on a cluster. One thread of this process keeps count of all attempts.
pub(crate) struct Cluster {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    progress: Arc<Progress>,
    workers: usize,
    speculates: bool,
    /// The id of the bridge's process; 0: there is none.
    bridge: Arc<AtomicU32>,
}

impl Cluster {
    /// Takes over a connection. So many attempts run at a time, or else as many as the cluster has CPUs.
    pub(crate) fn start(
        connector: Connector,
        connection: Connection,
        (hears, heard): (Sender<Said>, Receiver<Said>),
        lease: Option<LeaseKeeper>,
        finished: Sender<Finished>,
    ) -> std::io::Result<Self> {
        let (orders, queue) = unbounded();
        let workers = connector.init.workers.unwrap_or(connection.slots).max(1);
        // A cluster for the job alone is one machine.
        let speculates = connector.address != RayAddress::Local;
        let channel = (hears, heard.clone());
        let attendant = Attendant::new(connector, connection, channel, finished)
            .lease(lease)
            .window(2 * workers);
        let (progress, bridge) = attendant.shared();
        let thread = spawn("coldpress-ray", move || attendant.serve(&queue, &heard))
            .map_err(std::io::Error::other)?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
            progress,
            workers,
            speculates,
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

    fn cancel(&mut self, task: Task, number: u32) {
        self.order(Order::Cancel(AttemptId::new(task, number)));
    }

    fn speculates(&self) -> bool {
        self.speculates
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
