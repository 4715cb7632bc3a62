//! Strings to pull at operators from outside: a test arms a control, operators with its id obey it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coldpress_executor::StopHandle;
use coldpress_record::Origin;

/// The number of a control; operators whose id nobody armed do nothing.
pub(crate) type ControlId = u64;

#[derive(Default)]
struct Control {
    /// Records seen so far, and when whom to stop.
    seen: u64,
    stop: Option<(u64, StopHandle)>,
    /// How often each frail record fails, and how often it did.
    failures: u32,
    failed: BTreeMap<Origin, u32>,
    /// Whether records are held, and how many are.
    holds: bool,
    held: u64,
}

static CONTROLS: Mutex<BTreeMap<ControlId, Control>> = Mutex::new(BTreeMap::new());
static CHANGED: Condvar = Condvar::new();

/// Longer than anything here may take: a hanging test fails.
const PATIENCE: Duration = Duration::from_secs(30);

fn controls() -> MutexGuard<'static, BTreeMap<ControlId, Control>> {
    CONTROLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An id that no other test has.
pub(crate) fn new_id() -> ControlId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Stops the run when its watch operator has seen `after` records.
pub(crate) fn stop_after(id: ControlId, after: u64, handle: StopHandle) {
    let mut controls = controls();
    let control = controls.entry(id).or_default();
    control.seen = 0;
    control.stop = Some((after, handle));
}

/// Makes each frail record fail so many times before it heals.
pub(crate) fn fail_times(id: ControlId, failures: u32) {
    let mut controls = controls();
    let control = controls.entry(id).or_default();
    control.failures = failures;
    control.failed.clear();
}

/// Makes hold operators hold what they get, until they are released.
pub(crate) fn hold(id: ControlId) {
    controls().entry(id).or_default().holds = true;
}

/// Waits until a hold operator holds a record.
pub(crate) fn wait_until_held(id: ControlId) {
    let held = |controls: &mut BTreeMap<ControlId, Control>| {
        controls.get(&id).is_none_or(|control| control.held == 0)
    };
    let (_guard, waited) = CHANGED
        .wait_timeout_while(controls(), PATIENCE, held)
        .unwrap();
    assert!(!waited.timed_out(), "no record reached the operator");
}

/// How many records were held so far.
pub(crate) fn held(id: ControlId) -> u64 {
    controls().get(&id).map_or(0, |control| control.held)
}

/// Lets everything go: the control is as if it never was.
pub(crate) fn disarm(id: ControlId) {
    controls().remove(&id);
    CHANGED.notify_all();
}

/// What a watch operator does with a record.
pub(crate) fn see(id: ControlId) {
    let mut controls = controls();
    let Some(control) = controls.get_mut(&id) else {
        return;
    };
    control.seen += 1;
    if let Some((after, handle)) = &control.stop
        && control.seen >= *after
    {
        handle.stop();
    }
}

/// Whether a frail operator fails on a frail record this time.
pub(crate) fn fails(id: ControlId, origin: &Origin) -> bool {
    let mut controls = controls();
    let Some(control) = controls.get_mut(&id) else {
        return false;
    };
    let failed = control.failed.entry(origin.clone()).or_default();
    let fails = *failed < control.failures;
    *failed += u32::from(fails);
    fails
}

/// What a hold operator does with a record.
pub(crate) fn pass(id: ControlId) {
    let mut controls = controls();
    if let Some(control) = controls.get_mut(&id).filter(|control| control.holds) {
        control.held += 1;
        CHANGED.notify_all();
        let holds = |controls: &mut BTreeMap<ControlId, Control>| {
            controls.get(&id).is_some_and(|control| control.holds)
        };
        let _ = CHANGED.wait_timeout_while(controls, PATIENCE, holds);
    }
}
