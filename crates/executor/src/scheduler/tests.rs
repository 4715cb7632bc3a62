use proptest::prelude::*;

use super::*;

fn policy(max_retries: u32) -> RetryPolicy {
    RetryPolicy {
        max_retries,
        delay_seconds: 1.0,
        ..RetryPolicy::default()
    }
}

fn scheduler(partitions: u32, slots: usize, max_retries: u32) -> Scheduler {
    staged(1, partitions, slots, max_retries)
}

/// A scheduler that knows all tasks of all stages.
fn staged(stages: u32, partitions: u32, slots: usize, max_retries: u32) -> Scheduler {
    let mut scheduler = Scheduler::new(policy(max_retries), 42, slots).stages(stages);
    for stage in 0..stages {
        (0..partitions).for_each(|partition| scheduler.add(Task::new(stage, partition)));
    }
    scheduler.plan_completed();
    scheduler
}

fn task(partition: u32) -> Task {
    Task::new(0, partition)
}

fn start(task: Task, number: u32) -> Next {
    Next::Start { task, number }
}

const START: Duration = Duration::ZERO;

#[test]
fn partitions_go_out_in_order_and_no_more_than_there_are_slots() {
    let mut scheduler = scheduler(3, 2, 0);
    assert_eq!(scheduler.next(START), start(task(0), 1));
    assert_eq!(scheduler.next(START), start(task(1), 1));
    assert_eq!(scheduler.next(START), Next::Wait);
    scheduler.published(task(0));
    assert_eq!(scheduler.next(START), start(task(2), 1));
    scheduler.published(task(1));
    scheduler.published(task(2));
    assert_eq!(scheduler.next(START), Next::Idle);
}

#[test]
fn a_second_attempt_takes_a_slot_until_one_of_the_two_has_ended() {
    let mut scheduler = scheduler(2, 2, 0);
    assert!(!scheduler.begin_rival(task(0)), "nothing is running");
    scheduler.next(START);
    assert!(scheduler.begin_rival(task(0)));
    assert!(!scheduler.begin_rival(task(0)), "no slot is free");
    assert_eq!((scheduler.running(), scheduler.open()), (2, 2));
    assert_eq!(scheduler.next(START), Next::Wait);
    // The one that decides is out no more, and the other still is.
    scheduler.published(task(0));
    assert_eq!(scheduler.running(), 1);
    assert_eq!(scheduler.next(START), start(task(1), 1));
    scheduler.published(task(1));
    assert_eq!((scheduler.running(), scheduler.open()), (1, 0));
    scheduler.stop();
    assert_eq!(scheduler.next(START), Next::Wait);
    scheduler.rival_ended();
    assert_eq!(scheduler.next(START), Next::Idle);
}

#[test]
fn fewer_may_be_out_from_some_time_on() {
    let mut scheduler = scheduler(5, 3, 0);
    (0..3).for_each(|_| assert!(matches!(scheduler.next(START), Next::Start { .. })));
    scheduler.limit(1);
    for partition in 0..3 {
        assert_eq!(scheduler.next(START), Next::Wait);
        scheduler.published(task(partition));
    }
    scheduler.limit(0);
    assert!(matches!(scheduler.next(START), Next::Start { .. }));
    assert_eq!(scheduler.next(START), Next::Wait);
}

#[test]
fn a_failed_partition_waits_for_its_retry() {
    let mut scheduler = scheduler(1, 1, 1);
    scheduler.next(START);
    let AfterFailure::Retry(due) = scheduler.failed(task(0), ErrorClass::System, START) else {
        panic!("no retry")
    };
    assert_eq!(scheduler.next(START), Next::WaitUntil(due));
    assert_eq!(scheduler.next(due), start(task(0), 2));
    assert_eq!(
        scheduler.failed(task(0), ErrorClass::System, due),
        AfterFailure::OutOfRetries(2)
    );
    assert_eq!(scheduler.next(due), Next::Idle);
}

#[test]
fn what_cannot_pass_is_not_retried() {
    let mut scheduler = scheduler(1, 1, 5);
    scheduler.next(START);
    assert_eq!(
        scheduler.failed(task(0), ErrorClass::Input, START),
        AfterFailure::OutOfRetries(1)
    );
}

#[test]
fn a_stop_lets_running_attempts_end() {
    let mut scheduler = scheduler(3, 2, 1);
    scheduler.next(START);
    scheduler.next(START);
    scheduler.stop();
    assert_eq!(scheduler.next(START), Next::Wait);
    scheduler.published(task(0));
    scheduler.stopped(task(1));
    assert_eq!(scheduler.next(START), Next::Idle);
    assert_eq!(scheduler.open(), 2);
}

#[test]
fn a_result_that_is_no_good_is_made_again() {
    let mut scheduler = scheduler(1, 1, 0);
    scheduler.next(START);
    for _ in 0..VOIDED_AT_MOST {
        scheduler.published(task(0));
        assert!(scheduler.void(task(0)));
        assert_eq!(scheduler.next(START), start(task(0), 1));
        assert!(!scheduler.void(task(0)));
    }
    scheduler.published(task(0));
    assert!(!scheduler.void(task(0)));
    assert_eq!(scheduler.next(START), Next::Idle);
}

#[test]
fn a_step_that_leads_further_gives_all_tries_again() {
    let mut scheduler = scheduler(1, 1, 0);
    scheduler.next(START);
    assert!(scheduler.advanced(task(0), Step::Gate(2)));
    assert_eq!(scheduler.next(START), start(task(0), 1));
    assert!(!scheduler.advanced(task(0), Step::Gate(2)));
    assert_eq!(scheduler.running(), 1);
    scheduler.stopped(task(0));
    assert_eq!((scheduler.next(START), scheduler.open()), (Next::Idle, 1));
}

/// Gives out all tasks of a stage and publishes them.
fn run_stage(scheduler: &mut Scheduler, stage: u32, partitions: u32) {
    for partition in 0..partitions {
        let task = Task::new(stage, partition);
        assert_eq!(scheduler.next(START), start(task, 1));
        scheduler.published(task);
    }
}

#[test]
fn a_barrier_waits_for_all_of_its_stage_and_the_next_stage_for_the_barrier() {
    let mut scheduler = staged(2, 2, 4, 0);
    assert!(!scheduler.resolved(0));
    assert_eq!(scheduler.next(START), start(task(0), 1));
    assert_eq!(scheduler.next(START), start(task(1), 1));
    scheduler.published(task(1));
    assert_eq!(scheduler.next(START), Next::Wait);
    assert!(!scheduler.resolved(0));
    scheduler.published(task(0));
    assert_eq!(scheduler.next(START), Next::Resolve { stage: 0 });
    assert!(!scheduler.resolved(1));
    assert!(scheduler.resolved(0));
    run_stage(&mut scheduler, 1, 2);
    assert_eq!((scheduler.next(START), scheduler.open()), (Next::Idle, 0));
}

#[test]
fn a_stage_is_not_whole_before_the_plan_is() {
    let mut scheduler = Scheduler::new(policy(0), 42, 1).stages(2);
    scheduler.add(task(0));
    scheduler.add(Task::new(1, 0));
    run_stage(&mut scheduler, 0, 1);
    assert_eq!(scheduler.next(START), Next::Idle);
    scheduler.plan_completed();
    assert_eq!(scheduler.next(START), Next::Resolve { stage: 0 });
}

#[test]
fn what_failed_keeps_its_barrier_shut() {
    let mut scheduler = staged(2, 1, 1, 0);
    scheduler.next(START);
    let _ = scheduler.failed(task(0), ErrorClass::Input, START);
    assert_eq!((scheduler.next(START), scheduler.open()), (Next::Idle, 1));
}

#[test]
fn a_participant_that_is_made_again_voids_the_barrier_and_what_follows() {
    let mut scheduler = staged(3, 2, 4, 0);
    run_stage(&mut scheduler, 0, 2);
    assert!(scheduler.resolved(0));
    run_stage(&mut scheduler, 1, 2);
    assert!(scheduler.resolved(1));
    let late = Task::new(2, 0);
    assert_eq!(scheduler.next(START), start(late, 1));
    assert!(scheduler.void(task(1)));
    // The one that is out works for nothing.
    assert_eq!(scheduler.next(START), start(task(1), 1));
    assert_eq!(scheduler.next(START), Next::Wait);
    assert!(scheduler.ended_in_vain(late));
    scheduler.published(task(1));
    assert!(scheduler.resolved(0));
    // The decision is the same as before, and so is what was made of it.
    scheduler.add_published(Task::new(1, 0));
    assert_eq!(scheduler.next(START), start(Task::new(1, 1), 1));
    scheduler.published(Task::new(1, 1));
    assert!(scheduler.resolved(1));
    run_stage(&mut scheduler, 2, 2);
    assert_eq!((scheduler.next(START), scheduler.open()), (Next::Idle, 0));
}

/// What is done to the attempt at a task, drawn at random.
#[derive(Clone, Copy, Debug)]
enum Event {
    Published,
    Failed(ErrorClass),
    Stopped,
    Step(Step),
    /// The result of this partition in the first stage turns out to be no good.
    Voided(u32),
}

fn event(has_stages: bool) -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Published),
        2 => Just(Event::Failed(ErrorClass::System)),
        1 => Just(Event::Failed(ErrorClass::Processing)),
        1 => Just(if has_stages { Event::Published } else { Event::Stopped }),
        2 => (0u32..4).prop_map(|gate| Event::Step(Step::Gate(gate))),
        1 => Just(Event::Step(Step::WithoutCopy)),
        1 => Just(Event::Step(Step::Alone)),
        1 => (0u32..4).prop_map(|count| Event::Step(Step::WithoutRecords(count))),
        1 => (0u32..8).prop_map(Event::Voided),
    ]
}

/// What a task has used up of what there is only so much of.
#[derive(Clone, Debug, Default, PartialEq)]
struct Used {
    starts: u32,
    /// Since it came further last.
    failures: u32,
    /// How often its result, or the decision that it began with, turned out to be no good.
    voids: u32,
    steps: Vec<Step>,
    is_published: bool,
    has_ended: bool,
}

/// A scheduler with what is known of its tasks from outside.
struct Model {
    scheduler: Scheduler,
    stages: u32,
    slots: usize,
    max_retries: u32,
    used: BTreeMap<Task, Used>,
    /// What each had used up when it was given out last.
    before: BTreeMap<Task, (u32, u32, Vec<Step>)>,
    out: Vec<Task>,
    /// Attempts that began with a decision that is void.
    vain: BTreeSet<Task>,
    /// Barriers that are resolved.
    resolved: u32,
    resolutions: u32,
    now: Duration,
}

impl Model {
    fn new(stages: u32, partitions: u32, slots: usize, max_retries: u32) -> Self {
        let scheduler = staged(stages, partitions, slots, max_retries);
        let tasks = scheduler.tasks.keys().copied();
        Self {
            stages,
            slots,
            max_retries,
            used: tasks.map(|task| (task, Used::default())).collect(),
            before: BTreeMap::new(),
            out: Vec::new(),
            vain: BTreeSet::new(),
            resolved: 0,
            resolutions: 0,
            now: START,
            scheduler,
        }
    }

    /// Takes what the scheduler says until it has to wait for an attempt; whether there is one.
    fn give_out(&mut self) -> Result<bool, TestCaseError> {
        loop {
            match self.scheduler.next(self.now) {
                Next::Start { task, number } => self.give_out_one(task, number)?,
                Next::Resolve { stage } => {
                    prop_assert_eq!(stage, self.resolved);
                    prop_assert!(stage + 1 < self.stages);
                    let mut of_stage = self.used.iter().filter(|(task, _)| task.stage <= stage);
                    prop_assert!(of_stage.all(|(_, used)| used.is_published));
                    prop_assert!(self.scheduler.resolved(stage));
                    self.resolved += 1;
                    self.resolutions += 1;
                }
                Next::WaitUntil(due) => {
                    self.now = self.now.max(due);
                    if !self.out.is_empty() {
                        return Ok(true);
                    }
                }
                Next::Wait => {
                    prop_assert!(!self.out.is_empty());
                    return Ok(true);
                }
                Next::Idle => return Ok(false),
            }
        }
    }

    fn give_out_one(&mut self, task: Task, number: u32) -> Result<(), TestCaseError> {
        prop_assert!(!self.out.contains(&task) && self.out.len() < self.slots);
        prop_assert!(
            task.stage <= self.resolved,
            "{task} is given out before its barrier"
        );
        let used = self.used.get_mut(&task).unwrap();
        prop_assert!(!used.has_ended && !used.is_published);
        prop_assert_eq!(number, used.failures + 1);
        prop_assert!(number <= 1 + self.max_retries);
        let here = (used.failures, used.voids, used.steps.clone());
        prop_assert_ne!(Some(&here), self.before.get(&task));
        self.before.insert(task, here);
        used.starts += 1;
        self.out.push(task);
        Ok(())
    }

    /// Something happens to one of the attempts that are out.
    fn happen(&mut self, event: Event, pick: usize) -> Result<(), TestCaseError> {
        let task = self.out[pick % self.out.len()];
        if let Event::Voided(partition) = event {
            self.void(Task::new(0, partition));
            return Ok(());
        }
        let is_vain = self.vain.remove(&task);
        prop_assert_eq!(self.scheduler.ended_in_vain(task), is_vain);
        if is_vain {
            self.out.retain(|other| *other != task);
            return Ok(());
        }
        let used = self.used.get_mut(&task).unwrap();
        match event {
            Event::Voided(_) => {}
            Event::Step(step) => {
                if !self.scheduler.advanced(task, step) {
                    return Ok(());
                }
                used.steps.push(step);
                used.failures = 0;
            }
            Event::Published => {
                self.scheduler.published(task);
                used.is_published = true;
            }
            Event::Stopped => {
                self.scheduler.stopped(task);
                used.has_ended = true;
            }
            Event::Failed(class) => {
                let after = self.scheduler.failed(task, class, self.now);
                used.failures += 1;
                used.has_ended = matches!(after, AfterFailure::OutOfRetries(_));
            }
        }
        self.out.retain(|other| *other != task);
        Ok(())
    }

    fn void(&mut self, task: Task) {
        if !self.scheduler.void(task) {
            return;
        }
        let is_barrier_void = self.resolved > task.stage;
        self.resolved = self.resolved.min(task.stage);
        for (other, used) in &mut self.used {
            let is_later = is_barrier_void && other.stage > task.stage;
            if *other == task || is_later {
                used.voids += 1;
                (used.is_published, used.has_ended, used.failures) = (false, false, 0);
                used.steps.clear();
            }
            if is_later && self.out.contains(other) {
                self.vain.insert(*other);
            }
        }
    }
}

/// Whatever happens, no task is out twice, none is lost or given out before its barrier, and none is given out again from
/// where it was without a failure that counts as a try: so there is an end to it.
fn check(
    stages: u32,
    partitions: u32,
    slots: usize,
    max_retries: u32,
    events: Vec<(Event, usize)>,
) -> Result<(), TestCaseError> {
    let mut model = Model::new(stages, partitions, slots, max_retries);
    let mut events = events.into_iter();
    while model.give_out()? {
        let (event, pick) = events.next().unwrap_or((Event::Published, 0));
        model.happen(event, pick)?;
    }
    prop_assert!(model.out.is_empty() && model.vain.is_empty());
    let all = || model.used.values();
    let is_shut = |task: &Task| task.stage > model.resolved;
    for (task, used) in &model.used {
        prop_assert!(
            used.is_published || used.has_ended || is_shut(task),
            "{task} is lost"
        );
        prop_assert!(used.voids <= VOIDED_AT_MOST * partitions);
        // Three gates, three records, a copy, once alone, and a first time: each with all tries, each result anew.
        prop_assert!(used.starts <= (1 + used.voids) * 9 * (1 + max_retries));
    }
    // Only what did not come to its result keeps a barrier shut.
    let is_whole = all().all(|used| used.is_published);
    prop_assert!(is_whole || all().any(|used| used.has_ended));
    prop_assert!(!is_whole || model.resolved + 1 == stages);
    prop_assert!(model.resolutions <= (stages - 1) * (1 + VOIDED_AT_MOST * partitions));
    Ok(())
}

proptest! {
    #[test]
    fn no_history_doubles_loses_or_repeats_a_partition(
        partitions in 1u32..8,
        slots in 1usize..4,
        max_retries in 0u32..3,
        events in prop::collection::vec((event(false), 0usize..4), 0..120),
    ) {
        check(1, partitions, slots, max_retries, events)?;
    }

    #[test]
    fn no_history_passes_a_barrier_that_is_not_resolved(
        stages in 2u32..4,
        partitions in 1u32..5,
        slots in 1usize..4,
        max_retries in 1u32..3,
        events in prop::collection::vec((event(true), 0usize..4), 0..160),
    ) {
        check(stages, partitions, slots, max_retries, events)?;
    }
}

#[test]
fn many_small_tasks_take_a_slot_together() {
    let mut scheduler = Scheduler::new(policy(3), 42, 2).small_per_slot(3);
    (0..9).for_each(|partition| scheduler.add(task(partition)));
    let is_small = |task: Task| task.partition != 1;
    let begin = |scheduler: &mut Scheduler| match scheduler.next_of(Duration::ZERO, is_small) {
        Next::Start { task, .. } => Some(task.partition),
        _ => None,
    };
    // A large one takes one of the two slots, and small ones the other.
    assert_eq!(begin(&mut scheduler), Some(0));
    assert_eq!(begin(&mut scheduler), Some(1));
    assert_eq!(begin(&mut scheduler), None);
    assert_eq!(scheduler.wait(Duration::ZERO), Duration::MAX);
    scheduler.published(task(1));
    // The second slot is taken by the first small one that has no room in the first.
    let begun: Vec<_> = std::iter::from_fn(|| begin(&mut scheduler)).collect();
    assert_eq!(begun, [2, 3, 4]);
    assert!(scheduler.is_running_small(task(0)) && !scheduler.is_running_small(task(1)));
    // One that fails is tried again by itself.
    let failed = scheduler.failed(task(0), ErrorClass::System, Duration::ZERO);
    let AfterFailure::Retry(due) = failed else {
        panic!("{failed:?}")
    };
    (2..5).for_each(|partition| scheduler.published(task(partition)));
    let begun: Vec<_> = std::iter::from_fn(|| match scheduler.next_of(due, is_small) {
        Next::Start { task, .. } => Some(task.partition),
        _ => None,
    })
    .collect();
    assert_eq!(begun[0], 0);
    assert!(!scheduler.is_running_small(task(0)));
    assert!(scheduler.is_running_small(task(5)));
    // One that went down with others has its first try still, and has it alone.
    assert!(scheduler.advanced(task(5), Step::Alone));
    assert_eq!(scheduler.next_of(due, is_small), start(task(5), 1));
    assert!(!scheduler.is_running_small(task(5)));
    // Everything is counted back.
    (0..9).for_each(|partition| scheduler.published(task(partition)));
    while let Next::Start { task, .. } = scheduler.next_of(due, is_small) {
        scheduler.published(task);
    }
    assert_eq!(scheduler.running(), 0);
    assert_eq!(scheduler.next(due), Next::Idle);
}
