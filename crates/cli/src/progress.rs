//! The progress bar on standard error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Scope;
use std::time::Duration;

use coldpress::events::EventKind;
use coldpress::executor::Executor;
use coldpress::job::Journal;
use coldpress::report::quantity::grouped;
use coldpress::storage::{spawn, spawn_scoped};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

const PERIOD: Duration = Duration::from_millis(100);

/// A bar that shows how many records are through; nothing where standard error is no terminal.
#[derive(Debug)]
pub(crate) struct ProgressDisplay {
    is_over: Arc<AtomicBool>,
}

impl ProgressDisplay {
    /// Begins to show the run of this executor, before it begins.
    pub(crate) fn begin<'s>(scope: &'s Scope<'s, '_>, executor: &'s Executor, shown: bool) -> Self {
        let is_over = Arc::new(AtomicBool::new(!shown));
        let bar = ProgressBar::new(0);
        if !shown || bar.is_hidden() {
            return Self { is_over };
        }
        let (before, planned) = journal_counts(executor);
        let total = Arc::new(AtomicU64::new(planned));
        watch_for_plan(executor, Arc::clone(&total));
        let over = Arc::clone(&is_over);
        let draw = move || {
            // The speed and the time left are those of this run; earlier runs must not count.
            bar.set_position(before);
            bar.reset_eta();
            while !over.load(Ordering::Relaxed) {
                show(
                    &bar,
                    before + executor.records_through(),
                    total.load(Ordering::Relaxed),
                );
                std::thread::sleep(PERIOD);
            }
            bar.finish_and_clear();
        };
        // Without a thread there is no bar, and the work needs none.
        let _ = spawn_scoped(scope, "progress", draw);
        Self { is_over }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Records that earlier runs have finished, and how many there are if that is known.
fn journal_counts(executor: &Executor) -> (u64, u64) {
    let Ok(state) = Journal::read(executor.layout()) else {
        return (0, 0);
    };
    let planned = if state.plan_complete() {
        state.next_first_record()
    } else {
        0
    };
    (state.totals().processed, planned)
}

/// A thread of its own, which is not waited for: a run that never begins has no events that end.
fn watch_for_plan(executor: &Executor, total: Arc<AtomicU64>) {
    let events = executor.live_events();
    let watch = move || {
        for event in events {
            let metadata = event
                .metadata
                .as_ref()
                .filter(|_| event.kind == EventKind::PlanComplete);
            let records = metadata.and_then(|metadata| metadata.get("records")?.as_u64());
            if let Some(records) = records {
                total.store(records, Ordering::Relaxed);
            }
        }
    };
    let _ = spawn("progress-plan", watch);
}

fn show(bar: &ProgressBar, read: u64, total: u64) {
    let known = total > 0;
    if known && bar.length() != Some(total) {
        bar.set_length(total);
    }
    let template = match known {
        true => "{bar:30} {human_pos}/{human_len} records  {rate}/s  {eta} left",
        false => "{spinner} {human_pos} records  {rate}/s",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // What cannot be drawn is drawn the next time.
            let _ = out.write_str(&grouped(state.per_sec() as u64));
        };
        bar.set_style(style.with_key("rate", rate));
    }
    bar.set_position(if known { read.min(total) } else { read });
    bar.tick();
}
