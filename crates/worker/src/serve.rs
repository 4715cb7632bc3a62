//! A process that runs attempts for a driver.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use coldpress_failure::full_message;
use coldpress_operator::{Registry, Shared};
use coldpress_record::Origin;
use coldpress_storage::{StoreSchemes, Stores, WaitListener, Waits, spawn};
use crossbeam_channel::{Receiver, unbounded};

use crate::attempt::Attempt;
use crate::death::{CANNOT_GO_ON, InHand};
use crate::lease::{self, AtHand};
use crate::progress::{AtWork, Progress, Reached};
use crate::protocol::{FromWorker, ToWorker, WORKER_ARGUMENT, receive, send};
use crate::queue::{Answer, work_off};
use crate::signals;
use crate::underway::Watch;
use crate::worker::{Worker, WorkerContext};

/// How often the driver hears what the attempt is at.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Serves a driver until it is gone, if this process was started for that; none if not.
///
/// A program that embeds Coldpress and wants worker processes calls this first in its `main`, with its operators and the
/// stores that it can open besides folders: then its own executable can be the worker.
pub fn serve_if_asked(registry: &Registry, schemes: &StoreSchemes) -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let is_asked = arguments
        .next()
        .is_some_and(|first| first == WORKER_ARGUMENT);
    (is_asked && arguments.next().is_none()).then(|| match serve(registry, schemes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The driver takes the last of this for its report.
            let _ = writeln!(io::stderr(), "{CANNOT_GO_ON}: {error}");
            ExitCode::FAILURE
        }
    })
}

/// The pipe to the driver.
#[derive(Clone)]
struct Driver(Arc<Mutex<File>>);

impl Driver {
    fn tell(&self, messages: &[FromWorker]) -> io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        send_all(messages, &mut *out)
    }

    /// Tells what attempts are at, unless that is what was `told` last.
    fn tell_progress(&self, progress: &Progress, told: &mut Vec<AtWork>) -> io::Result<()> {
        // Looked at with the pipe in hand: an attempt cannot end in between.
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at_work = progress.at_work();
        if at_work == *told {
            return Ok(());
        }
        told.clone_from(&at_work);
        let news = at_work
            .into_iter()
            .map(|at_work| FromWorker::AtWork { at_work });
        send_all(&news.collect::<Vec<_>>(), &mut *out)
    }
}

/// Writes messages in one piece.
fn send_all(messages: &[FromWorker], out: &mut impl Write) -> io::Result<()> {
    let mut frames = Vec::new();
    messages
        .iter()
        .try_for_each(|message| send(message, &mut frames))?;
    out.write_all(&frames)
}

fn serve(registry: &Registry, schemes: &StoreSchemes) -> io::Result<()> {
    signals::watch();
    let driver = Driver(Arc::new(Mutex::new(take_output()?)));
    driver.tell(&[FromWorker::Hello])?;
    let mut input = BufReader::new(io::stdin());
    let Some(ToWorker::Begin {
        mut spec,
        dies_with_parent,
        lease,
    }) = receive(&mut input)?
    else {
        return Err(io::Error::other("the driver does not say what the job is"));
    };
    if dies_with_parent {
        die_with_parent()?;
    }
    let waits = Waits::default();
    let teller = driver.clone();
    let told: Arc<WaitListener> = Arc::new(move |news| {
        // Without a driver nobody wants to know.
        let _ = teller.tell(&[FromWorker::Waits { news: news.clone() }]);
    });
    waits.listen(&told);
    let schemes = schemes.clone().with_options(spec.store_options.clone());
    let schemes = schemes.with_waits(waits.clone());
    let mut sources = spec.sources.iter_mut();
    let reached = sources.try_for_each(|source| source.reach(&schemes));
    reached.map_err(|error| io::Error::other(full_message(&error)))?;
    let stores = Stores::open(spec.stores.clone(), &schemes);
    let context = WorkerContext {
        registry: registry.clone(),
        stores: stores.map_err(|error| io::Error::other(full_message(&error)))?,
        shared: Shared::default(),
        waits: waits.clone(),
    };
    let (stop, progress) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(Progress::default()),
    );
    let (attempts, queue) = unbounded::<Attempt>();
    driver.tell(&[FromWorker::Ready])?;
    let at_hand = AtHand::default();
    if let Some(terms) = lease {
        let driver = driver.clone();
        lease::watch(terms, &context.stores, at_hand.clone(), move || {
            // That nobody listens shows at the input's end.
            let _ = driver.tell(&[FromWorker::Alive]);
        })?;
    }
    let teller = (driver.clone(), Arc::clone(&progress));
    // They end with the process.
    start("coldpress-teller", move || {
        tell_progress(&teller.0, &teller.1);
    })?;
    let work = {
        let (stop, progress) = (Arc::clone(&stop), Arc::clone(&progress));
        let (driver, at_hand) = (driver.clone(), at_hand.clone());
        // The name keeps panics of operators quiet.
        start("coldpress-worker-0", move || {
            let worker = Worker::new(Arc::from(spec), context);
            let watched = (&*stop, &*progress, &at_hand);
            work(worker, &queue, watched, &driver)
        })?
    };
    let give = |attempt: Attempt| {
        at_hand.take(&attempt);
        attempts.send(attempt).is_ok() && !work.is_finished()
    };
    let leave = || {
        stop.store(true, Ordering::Relaxed);
        waits.hurry();
    };
    listen(&mut input, give, leave)
}

/// Asks the system to kill this process when its parent ends. A parent that has ended already shows at the input's end.
fn die_with_parent() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    spawn(name, work).map_err(|error| io::Error::other(full_message(&error)))
}

/// Takes in what the driver says until it is gone, and with it every reason to go on. `give` passes an attempt on, and says
/// whether there is a thread to work on it.
fn listen(
    input: &mut impl Read,
    give: impl Fn(Attempt) -> bool,
    leave: impl Fn(),
) -> io::Result<()> {
    while let Some(message) = receive(input)? {
        match message {
            ToWorker::Run { attempts } => {
                if !attempts.into_iter().all(&give) {
                    return Err(io::Error::other("the worker's thread ended early"));
                }
            }
            ToWorker::Stop => leave(),
            ToWorker::Begin { .. } => {}
        }
    }
    // What is not finished has published nothing.
    Ok(())
}

fn work(
    worker: Worker,
    queue: &Receiver<Attempt>,
    (stop, progress, at_hand): (&AtomicBool, &Progress, &AtHand),
    driver: &Driver,
) -> io::Result<()> {
    let in_hand = |origin: &Origin, operation: u32| {
        let record = InHand {
            origin: origin.clone(),
            operation,
        };
        // Without a driver nobody wants to know.
        let _ = driver.tell(&[FromWorker::InHand { record }]);
    };
    let watch = Watch {
        stop,
        progress,
        in_hand: Some(&in_hand),
    };
    work_off(worker, queue, watch, |answers| {
        at_hand.leave(&answers);
        // Taken out first, so that nothing is said of them after their end.
        let at_work = |answer: &Answer| progress.settle(answer.task, Reached::Nothing);
        let at_work = answers.iter().filter_map(at_work);
        let mut news: Vec<FromWorker> = at_work
            .map(|at_work| FromWorker::AtWork { at_work })
            .collect();
        news.push(FromWorker::Finished { answers });
        driver.tell(&news)
    })
}

/// Tells every so often what the attempt is at, where that changed.
fn tell_progress(driver: &Driver, progress: &Progress) {
    let mut told = Vec::new();
    while driver.tell_progress(progress, &mut told).is_ok() {
        std::thread::sleep(TELL_EVERY);
    }
}

/// The pipe to the driver, kept from operators that print: what they print goes where errors go.
fn take_output() -> io::Result<File> {
    let pipe = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(File::from(pipe))
}
