//! The progress bar on standard error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::Duration;

use coldpress::events::{Event, EventKind};
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
        // Nothing is known yet: an empty bar would look like a full one.
        let bar = ProgressBar::no_length().with_style(ProgressStyle::default_spinner());
        if !shown || bar.is_hidden() {
            return Self { is_over };
        }
        let (before, known) = from_journal(executor);
        let stage = known.stage;
        let told = Arc::new(Told(Mutex::new(known)));
        listen(executor, Arc::clone(&told));
        let over = Arc::clone(&is_over);
        let draw = move || {
            let mut drawn = Drawn {
                before,
                base: 0,
                stage,
            };
            // The speed and the time left are those of this run; earlier runs must not count.
            bar.set_position(before);
            bar.reset_eta();
            while !over.load(Ordering::Relaxed) {
                drawn.show(&bar, executor.records_through(), &told.get());
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

/// What the events of the run have told so far.
#[derive(Clone, Debug, Default)]
struct State {
    /// The records of the dataset; 0 while that is not known.
    records: u64,
    /// The stage at work, from 0.
    stage: u64,
    /// How many stages there are.
    stages: u64,
    /// The operator that decides about the whole dataset at the moment.
    barrier: Option<String>,
}

impl State {
    fn take(&mut self, event: &Event) {
        match event.kind {
            EventKind::PlanComplete => {
                let metadata = event.metadata.as_ref();
                let records = metadata.and_then(|metadata| metadata.get("records")?.as_u64());
                self.records = records.unwrap_or(self.records);
            }
            EventKind::BarrierStart => self.barrier.clone_from(&event.operation_name),
            EventKind::BarrierComplete => {
                self.barrier = None;
                self.stage = event.stage().map_or(0, |ended| ended + 1);
            }
            EventKind::PartitionStart => self.stage = event.stage().unwrap_or(0),
            _ => {}
        }
    }
}

#[derive(Debug)]
struct Told(Mutex<State>);

impl Told {
    fn get(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The records that earlier runs have finished of the stage at work, and what else is known before the run begins.
fn from_journal(executor: &Executor) -> (u64, State) {
    let mut known = State {
        stages: executor.prepared().pipeline.stages().len() as u64,
        ..State::default()
    };
    let Ok(state) = Journal::read(executor.layout()) else {
        return (0, known);
    };
    if state.plan_complete() {
        known.records = state.next_first_record();
    }
    let totals = state.totals();
    known.stage = u64::from(totals.stage);
    (totals.processed, known)
}

/// A thread of its own, which is not waited for: a run that never begins has no events that end.
fn listen(executor: &Executor, told: Arc<Told>) {
    let events = executor.live_events();
    let watch = move || {
        for event in events {
            told.lock().take(&event);
        }
    };
    let _ = spawn("progress-events", watch);
}

/// The bar of one stage after the other.
struct Drawn {
    /// Records of the stage that were through before the run.
    before: u64,
    /// Records that the run was through with when the stage began.
    base: u64,
    stage: u64,
}

impl Drawn {
    fn show(&mut self, bar: &ProgressBar, through: u64, told: &State) {
        if told.stage != self.stage {
            *self = Self {
                before: 0,
                base: through,
                stage: told.stage,
            };
            bar.set_position(0);
            bar.reset_eta();
        }
        let total = told.records;
        let known = total > 0;
        if known && bar.length() != Some(total) {
            bar.set_length(total);
        }
        let stage = match told.stages {
            0 | 1 => String::new(),
            stages => format!("stage {}/{stages}  ", told.stage + 1),
        };
        let (prefix, template) = match &told.barrier {
            Some(operator) => (
                format!("{operator} decides about the whole dataset"),
                "{spinner} {prefix}  {elapsed}",
            ),
            None if known => (
                stage,
                "{prefix}{bar:30} {human_pos}/{human_len} records  {rate}/s  {eta} left",
            ),
            None => (stage, "{spinner} {prefix}{human_pos} records  {rate}/s"),
        };
        bar.set_prefix(prefix);
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // What cannot be drawn is drawn the next time.
                let _ = out.write_str(&grouped(state.per_sec() as u64));
            };
            bar.set_style(style.with_key("rate", rate));
        }
        let read = self.before + through.saturating_sub(self.base);
        bar.set_position(if known { read.min(total) } else { read });
        bar.tick();
    }
}
