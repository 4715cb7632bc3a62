//! The thread that starts processes.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

struct Order {
    command: Command,
    done: Sender<io::Result<Child>>,
}

/// Starts a process on a thread that lives as long as this process.
///
/// A child that asks the system to be killed along with its parent is killed when the *thread* that started it ends, and a worker's
/// thread may well end before the worker.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Option<Sender<Order>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, incoming) = channel::<Order>();
        let work = move || {
            for mut order in incoming {
                let _ = order.done.send(order.command.spawn());
            }
        };
        let thread = std::thread::Builder::new().name("spawner".to_owned());
        thread.spawn(work).ok().map(|_| orders)
    });
    let no_thread = || io::Error::other("there is no thread to start processes on");
    let (done, child) = channel();
    let orders = spawner.as_ref().ok_or_else(no_thread)?;
    orders
        .send(Order { command, done })
        .map_err(|_| no_thread())?;
    child.recv().map_err(|_| no_thread())?
}
