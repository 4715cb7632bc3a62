//! SIGINT and SIGTERM: the first stops the job, the second the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use coldpress::executor::StopHandle;
use coldpress::storage::{Obstacle, spawn};
use rustix::process::{Resource, getrlimit};
use signal_hook::consts::{SIGABRT, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::failure::{Failure, chain, code};
use crate::output;

/// Makes the limit for the size of files (`ulimit -f`) an error of whoever writes, and not the silent end of the program.
pub(crate) fn survive_file_limit() {
    // If the handler can't be set, the program ends as it would have.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Adds a line of ours to what the program says when it ends for want of memory.
///
/// Memory that is refused ends the program by SIGABRT, after a line that names a number of bytes and nothing to do. Only
/// under a limit (`ulimit -v`) is it refused: elsewhere the system gives more than it has, and kills whoever uses it.
#[allow(unsafe_code, reason = "only a handler runs where memory is refused")]
pub(crate) fn explain_memory_limit() {
    const LINE: &[u8] = b"error: the limit for the memory of this process (`ulimit -v`) is too low: raise it, or lower `np` \
        or `memory_limit_mb`, and run the same command again; what is finished stays\n";
    let explain = || {
        // That nobody hears it changes nothing.
        let _ = rustix::io::write(std::io::stderr(), LINE);
    };
    if getrlimit(Resource::As).current.is_some() {
        // SAFETY: the handler makes one system call, and takes no lock and no memory. The program ends as it would have.
        let _ = unsafe { signal_hook::low_level::register(SIGABRT, explain) };
    }
}

/// Calls `act` at the first signal; the second ends the program at once.
#[cfg(feature = "serve")]
pub(crate) fn at_first(act: impl Fn() + Send + 'static) -> Result<(), Failure> {
    watch_signals(move |signal, is_first| {
        if !is_first {
            signal_hook::low_level::exit(i32::from(code::signal(signal)));
        }
        act();
    })
}

/// The folder that goes when a signal comes.
static REMOVED_AT_SIGNAL: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Sets the folder that is removed when a signal ends the program: one with records of the user's.
pub(crate) fn remove_at_signal(folder: &Path) {
    let mut removed = REMOVED_AT_SIGNAL
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *removed = Some(folder.to_path_buf());
}

/// Ends the program at the first signal, without the folder of [`remove_at_signal`].
pub(crate) fn watch_for_removal() -> Result<(), Failure> {
    watch_signals(|signal, is_first| {
        if is_first {
            let removed = REMOVED_AT_SIGNAL
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(folder) = removed.as_deref() {
                remove_while_used(folder);
            }
        }
        signal_hook::low_level::exit(i32::from(code::signal(signal)));
    })
}

/// Removes a folder that threads of this program still write to: under another name they find it no more.
fn remove_while_used(folder: &Path) {
    let mut away = folder.as_os_str().to_owned();
    away.push(".removed");
    let folder = match fs::rename(folder, &away) {
        Ok(()) => Path::new(&away),
        Err(_) => folder,
    };
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        let folder = folder.display();
        output::tell(&format!("`{folder}` cannot be removed: {error}"));
    }
}

/// Calls `act` with each signal and whether it is the first, for as long as the program runs.
fn watch_signals(mut act: impl FnMut(i32, bool) + Send + 'static) -> Result<(), Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Failure::failed(format!("cannot watch for signals: {error}")))?;
    let watch = move || {
        for (at, signal) in signals.forever().enumerate() {
            act(signal, at == 0);
        }
    };
    spawn("signals", watch).map_err(|error| {
        let obstacle = Obstacle::of(&error).map(|obstacle| obstacle.explain(None));
        Failure::failed(obstacle.unwrap_or_else(|| chain(&error)))
    })?;
    Ok(())
}

/// The first signal that came, if any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(Arc<AtomicI32>);

impl Received {
    /// Begins to watch for signals, for as long as the program runs.
    pub(crate) fn watch(stop: StopHandle) -> Result<Self, Failure> {
        let received = Self::default();
        let first = Arc::clone(&received.0);
        watch_signals(move |signal, is_first| {
            if !is_first {
                // Nothing is lost by leaving at once: what is published is durable.
                signal_hook::low_level::exit(i32::from(code::signal(signal)));
            }
            first.store(signal, Ordering::SeqCst);
            stop.stop();
            output::tell("stopping; finished work is kept. Press Ctrl-C again to quit at once");
        })?;
        Ok(received)
    }

    /// The number of the first signal.
    pub(crate) fn signal(&self) -> Option<i32> {
        Some(self.0.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}
