//! Panics that are caught: their message, and where they came from.
//!
//! The message of a panic is known where it is caught, but not the place in the code and the calls that led there: only the
//! panic hook sees those. [`catch`] has the hook note them for the thread that runs its work.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// Backtraces that are taken on one thread: naming the calls takes milliseconds, and an operator may panic at each record.
const BACKTRACES: u32 = 16;

/// Bytes of a backtrace that are kept.
const BACKTRACE_BYTES: usize = 8 * 1024;

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The message.
    pub message: String,
    /// The place of the panic and the calls that led there; none if another panic hook replaced ours. After several
    /// panics of a thread it is the place alone.
    pub trace: Option<String>,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)
    }
}

/// The panics that a thread remembers.
struct Notes {
    /// The number of calls of [`catch`] that the thread is in.
    depth: u32,
    backtraces_left: u32,
    last: Option<String>,
}

thread_local! {
    static NOTES: RefCell<Notes> = const {
        RefCell::new(Notes { depth: 0, backtraces_left: BACKTRACES, last: None })
    };
}

/// Does the work; a panic in it becomes an error. The caller makes sure that what the work left half done is not used.
///
/// # Errors
///
/// The panic. The panic hook that was in force still runs.
///
/// # Examples
///
/// ```
/// let panic = coldpress_failure::catch(|| [1, 2].iter().skip(2).next().expect("a third")).unwrap_err();
/// assert_eq!(panic.to_string(), "panicked: a third");
/// ```
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let earlier = take_hook();
        set_hook(Box::new(move |info| {
            note(info);
            earlier(info);
        }));
    });
    NOTES.with_borrow_mut(|notes| notes.depth += 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    let trace = NOTES.with_borrow_mut(|notes| {
        notes.depth -= 1;
        notes.last.take()
    });
    done.map_err(|panic| Panic {
        message: text_of(&*panic),
        trace,
    })
}

/// Records the place of a panic, on a thread that catches it.
fn note(info: &PanicHookInfo<'_>) {
    // A panic within this very function, or while the thread ends, goes unnoted.
    let _ = NOTES.try_with(|notes| {
        let Ok(mut notes) = notes.try_borrow_mut() else {
            return;
        };
        if notes.depth == 0 {
            return;
        }
        let place = info.location();
        let mut trace = place.map_or_else(String::new, |place| format!("at {place}"));
        if notes.backtraces_left > 0 {
            notes.backtraces_left -= 1;
            trace.push('\n');
            trace.push_str(&Backtrace::force_capture().to_string());
            trace.truncate(trace.floor_char_boundary(BACKTRACE_BYTES));
        }
        notes.last = Some(trace);
    });
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_tells_what_it_said_and_where() {
        let line = line!() + 1;
        let panic = catch(|| panic!("number {}", 7)).unwrap_err();
        assert_eq!(panic.message, "number 7");
        let trace = panic.trace.unwrap();
        assert!(
            trace.starts_with(&format!("at {}:{line}:", file!())),
            "{trace}"
        );
        assert!(
            trace.contains("a_panic_tells_what_it_said_and_where"),
            "{trace}"
        );
        assert!(trace.len() <= BACKTRACE_BYTES);
    }

    #[test]
    fn each_panic_has_its_own_trace_and_work_without_one_has_none() {
        let outer = catch(|| {
            let inner = catch(|| panic!("inner")).unwrap_err();
            assert_eq!(inner.message, "inner");
            assert_eq!(catch(|| 5), Ok(5));
            panic!("outer")
        });
        let outer: Panic = outer.unwrap_err();
        assert_eq!(outer.message, "outer");
        assert!(outer.trace.unwrap().starts_with("at "));
        let odd = catch(|| std::panic::panic_any(3)).unwrap_err();
        assert_eq!(odd.message, "no message");
    }

    #[test]
    fn many_panics_cost_no_backtrace_each() {
        let lines = |_| {
            catch(|| panic!("again"))
                .unwrap_err()
                .trace
                .unwrap()
                .lines()
                .count()
        };
        let lines: Vec<usize> = (0..BACKTRACES as usize + 5).map(lines).collect();
        assert!(lines[0] > 1);
        assert!(
            lines[BACKTRACES as usize..].iter().all(|lines| *lines == 1),
            "{lines:?}"
        );
    }
}
