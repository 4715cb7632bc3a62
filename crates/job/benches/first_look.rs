//! Measures how long it takes to look at a job with very many partitions.
//!
//! `cargo bench -p coldpress-job --bench first_look -- 1000000` writes the journal of such a job, whose driver died shortly before
//! the end, with the view that the driver kept. It prints a line for each measurement, such as
//!
//! ```text
//! journal of 100000 partitions: 149 MB, written in 9.4 s, 18 views of it in 0.10 s
//! first look: 0.060 s, 3 MB more memory
//! ```
//!
//! With `--whole` it also reads the journal from its start. With `--keep FOLDER` the job stays in that folder, and `--look FOLDER`
//! looks at it from another process, so that the memory measured is that of a look alone.

#![allow(clippy::print_stdout, reason = "it is what the bench is for")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use coldpress_job::{
    Figures, FiguresFollower, JobLock, JobPlan, JobSummary, Journal, JournalRecord, KeptFigures,
    Layout, LockOptions, Mode, Publication, RecipeInForce, Status, list_jobs,
};
use coldpress_operator::ChainHash;
use coldpress_partition::{CutSettings, PlannedPartition, Slice};
use coldpress_record::Ledger;
use coldpress_storage::{Digest, FileStamp, ObjectRef, Place};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const OPERATORS: [&str; 5] = [
    "clean_links_mapper",
    "whitespace_normalization_mapper",
    "text_length_filter",
    "alphanumeric_filter",
    "word_repetition_filter",
];

/// The number of partitions that the driver plans, or works on, between two syncs.
const AT_ONCE: u32 = 100;

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = arguments.iter().find_map(|one| one.parse::<u32>().ok());
    let after = |flag: &str| {
        let mut rest = arguments.iter().skip_while(|one| *one != flag).skip(1);
        rest.next().map(PathBuf::from)
    };
    let scratch = tempfile::tempdir()?;
    let layout = match after("--look") {
        Some(folder) => Layout::in_dir(&folder, "job".parse()?)?,
        None => {
            let folder = after("--keep").unwrap_or_else(|| scratch.path().to_path_buf());
            write_job(&folder, number.unwrap_or(100_000))?
        }
    };
    measure_looks(&layout)?;
    if arguments.iter().any(|one| one == "--whole") {
        let before = memory();
        let (state, took) = timed(|| Journal::read(&layout));
        let state = state?;
        println!(
            "the whole journal: {took:.3} s, {} MB more memory",
            memory().saturating_sub(before)
        );
        let (figures, took) = timed(|| Figures::of(&state));
        println!("figures of the state: {took:.3} s");
        assert_eq!(*FiguresFollower::new(&layout).look()?, figures);
    }
    Ok(())
}

fn measure_looks(layout: &Layout) -> Result {
    let before = memory();
    let mut watch = FiguresFollower::new(layout);
    let (first, took) = timed(|| watch.look().map(Figures::totals));
    println!(
        "first look: {took:.3} s, {} MB more memory",
        memory().saturating_sub(before)
    );
    let totals = first?;
    let look_again = || watch.look().map(drop);
    let (looks, took) = timed(|| std::iter::repeat_with(look_again).take(100).collect());
    let looks: coldpress_job::Result<()> = looks;
    looks?;
    println!("another look at an unchanged job: {:.0} µs", took * 1e4);
    let (jobs, took) = timed(|| list_jobs(layout.work_dir()));
    println!("list of jobs: {took:.3} s for {}", jobs?.len());
    println!(
        "{} of {} partitions completed",
        totals.completed, totals.partitions
    );
    Ok(())
}

/// Writes the journal of a job whose driver died when 1,000 partitions were left.
fn write_job(folder: &Path, partitions: u32) -> Result<Layout> {
    let layout = Layout::in_dir(folder, "job".parse()?)?;
    layout.create()?;
    let lock = JobLock::acquire(&layout, &LockOptions::default())?;
    let (mut journal, mut state) = Journal::open(&layout, &lock, Mode::New)?;
    let mut kept = KeptFigures::new(&layout);
    let (recipe, begun) = (recipe(), Instant::now());
    let mut in_views = Duration::ZERO;
    let mut views = 0;
    let mut put = |records: Vec<JournalRecord>| -> Result {
        for record in &records {
            journal.record(&mut state, record)?;
            kept.take(journal.epoch(), record);
        }
        journal.sync()?;
        let before = view_time(&layout);
        let begun = Instant::now();
        kept.write_when_due(&journal, &state);
        in_views += begun.elapsed();
        views += u32::from(view_time(&layout) != before);
        Ok(())
    };
    put(vec![plan(), JournalRecord::RecipeSet(recipe.clone())])?;
    for first in (0..partitions).step_by(AT_ONCE as usize) {
        let planned = first..partitions.min(first + AT_ONCE);
        put(vec![JournalRecord::PartitionsPlanned {
            partitions: planned.map(partition).collect(),
        }])?;
    }
    put(vec![JournalRecord::PlanCompleted {
        partitions,
        records: u64::from(partitions) * 100,
    }])?;
    let last = partitions.saturating_sub(1000);
    for first in (0..last).step_by(AT_ONCE as usize) {
        let indices = first..last.min(first + AT_ONCE);
        let work = indices.flat_map(|index| {
            let attempt = JournalRecord::AttemptStarted {
                stage: 0,
                partition: index,
                attempt: 1,
                at_millis: 1_764_000_000_000 + u64::from(index),
                beside: false,
            };
            [attempt, JournalRecord::Published(result(index, &recipe))]
        });
        put(work.collect())?;
    }
    let mut summary = JobSummary::begun(&layout, lock.driver());
    summary.status = Status::Running;
    summary.write(&layout)?;
    println!(
        "journal of {partitions} partitions: {} MB, written in {:.1} s, {views} views of it in {:.2} s",
        journal.length() / 1_000_000,
        begun.elapsed().as_secs_f64(),
        in_views.as_secs_f64()
    );
    println!("memory of the driver: {} MB", memory());
    Ok(layout)
}

fn view_time(layout: &Layout) -> Option<std::time::SystemTime> {
    std::fs::metadata(layout.figures()).ok()?.modified().ok()
}

fn plan() -> JournalRecord {
    JournalRecord::JobPlanned(JobPlan {
        sources: vec![coldpress_dataset::SourceIdentity {
            path: "/data/crawl.jsonl".to_owned(),
            length: 1 << 40,
            modified_nanos: 1_763_690_889_123_456_789,
            sample: Digest::of(b"sample"),
            place: None,
        }],
        identity: "reader 1; crawl".to_owned(),
        plan_settings: CutSettings::default().into(),
        limit: None,
        decisions: Vec::new(),
        reading: None,
        mixing: None,
    })
}

fn recipe() -> RecipeInForce {
    let mut chain = vec![ChainHash::base("reader 1; crawl")];
    for operator in OPERATORS {
        chain.push(chain[chain.len() - 1].then(operator));
    }
    RecipeInForce {
        recipe: Digest::of(b"recipe"),
        operators: OPERATORS.map(str::to_owned).to_vec(),
        chain,
        external: Vec::new(),
        export_path: "/data/out.jsonl".to_owned(),
        settings: Default::default(),
        barriers: Vec::new(),
    }
}

fn partition(index: u32) -> PlannedPartition {
    let start = u64::from(index) * 100_000;
    PlannedPartition {
        index,
        first_record: u64::from(index) * 100,
        slice: Slice {
            source: 0,
            start,
            end: start + 100_000,
            records: 100,
            seek: None,
            decoded_bytes: None,
            digest: Digest::of(&index.to_le_bytes()),
            metadata: None,
            marks: Vec::new(),
            copy: None,
        },
    }
}

fn result(index: u32, recipe: &RecipeInForce) -> Publication {
    let file = |place: Place, suffix: &str| ObjectRef {
        key: format!("{place}/partition_{index:06}.e1.a1{suffix}")
            .parse()
            .expect("a name of a file"),
        stamp: FileStamp::of(&index.to_le_bytes()),
    };
    let mut ledger = Ledger::new(OPERATORS);
    ledger.records = 100;
    for operator in &mut ledger.operators {
        (operator.records_in, operator.out) = (100, 100);
    }
    if let Some(last) = ledger.operators.last_mut() {
        (last.out, last.dropped) = (90, 10);
    }
    Publication {
        stage: 0,
        partition: index,
        attempt: 1,
        epoch: 1,
        chain: recipe.chain[OPERATORS.len()],
        rows: file(Place::Results, ".jsonl"),
        index: file(Place::Results, ".index"),
        uncompressed_bytes: 90_000,
        checkpoints: Vec::new(),
        quarantine: Vec::new(),
        ledger: ledger.into(),
        unreadable: Vec::new(),
        error_marks: vec![0],
        slice: Digest::of(&index.to_le_bytes()),
        dropped: None,
        trace: None,
        signatures: None,
        placed: false,
        kept: None,
        has_types: false,
        nanos: vec![412_345; OPERATORS.len()],
        at_millis: 1_764_000_000_123 + u64::from(index),
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

/// Returns the memory of this process, in MB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1000
}
