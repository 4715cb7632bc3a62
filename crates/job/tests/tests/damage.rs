use std::fs;

use coldpress_job::{Error, JobState, Journal, JournalRecord, Mode, Status};

use crate::support::{Job, attempt, partitions, plan, publication, recipe};

/// Creates a job with two drivers. Returns the state after each record of the second.
fn two_drivers() -> (Job, Vec<JobState>) {
    let job = Job::new();
    let recipe = recipe(&["a", "b"]);
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe.clone()),
        partitions(0..2),
    ]);
    driver.put(&[JournalRecord::Published(publication(0, 1, 1, &recipe))]);
    // While the second has written nothing, the state is the one that the first left.
    let mut known = vec![driver.state.clone()];
    drop(driver);
    let mut driver = job.drive(Mode::Resume);
    known.push(driver.state.clone());
    for record in [
        partitions(2..3),
        attempt(1, 1),
        JournalRecord::Published(publication(1, 2, 1, &recipe)),
        JournalRecord::Finished {
            status: Status::Stopped,
            error: None,
        },
    ] {
        driver.put(&[record]);
        known.push(driver.state.clone());
    }
    (job, known)
}

#[track_caller]
fn check_damaged(job: &Job, file: &str, what: &str) {
    match Journal::read(&job.layout) {
        Err(error @ Error::Damaged { .. }) => {
            let message = error.to_string();
            assert!(message.contains(file), "{what}: {message}");
            assert!(message.contains("--fresh"), "{what}: {message}");
        }
        other => panic!("{what}: expected damage, found {other:?}"),
    }
}

#[test]
fn a_torn_tail_at_every_byte_leaves_a_prefix() {
    let (job, known) = two_drivers();
    let whole = fs::read(job.file(2)).unwrap();
    for cut in 0..=whole.len() {
        fs::write(job.file(2), &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(job.read(), known[lines], "cut at byte {cut}");
    }
}

#[test]
fn a_torn_first_file_of_a_job_is_a_prefix_or_nothing() {
    let (job, _) = two_drivers();
    fs::remove_file(job.file(2)).unwrap();
    let whole = fs::read(job.file(1)).unwrap();
    let first_end = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (0..=whole.len()).step_by(7) {
        fs::write(job.file(1), &whole[..cut]).unwrap();
        match Journal::read(&job.layout) {
            Ok(state) => assert_eq!(state.epochs().len(), 1),
            Err(Error::NothingToResume { .. }) => assert!(cut < first_end),
            Err(error) => panic!("cut at byte {cut}: {error}"),
        }
    }
}

#[test]
fn a_resume_behind_a_torn_tail_seals_the_good_part() {
    let (job, known) = two_drivers();
    let whole = fs::read(job.file(2)).unwrap();
    fs::write(job.file(2), &whole[..whole.len() - 1]).unwrap();
    let mut driver = job.drive(Mode::Resume);
    assert_eq!(driver.journal.epoch(), 3);
    assert_eq!(driver.state.totals(), known[4].totals());
    let recipe = recipe(&["a", "b"]);
    driver.put(&[JournalRecord::Published(publication(2, 3, 1, &recipe))]);
    assert_eq!(job.read(), driver.state);
    // The rest of the torn line may still arrive, from a driver that was only slow.
    fs::write(job.file(2), &whole).unwrap();
    assert_eq!(job.read(), driver.state);
}

#[test]
fn a_driver_that_died_before_its_first_record_changes_nothing() {
    let (job, known) = two_drivers();
    fs::write(job.file(3), b"").unwrap();
    fs::write(job.file(4), b"{\"crc32\":\"0000").unwrap();
    let whole = fs::read(job.file(2)).unwrap();
    fs::write(job.file(2), &whole[..whole.len() - 1]).unwrap();
    assert_eq!(job.read(), known[4]);
    let driver = job.drive(Mode::Resume);
    assert_eq!(driver.journal.epoch(), 5);
    // The dead drivers wake up and write, but they were sealed as empty.
    fs::write(job.file(3), &whole).unwrap();
    fs::write(job.file(4), b"garbage\n").unwrap();
    assert_eq!(job.read(), driver.state);
}

#[test]
fn a_flipped_bit_anywhere_is_damage() {
    let (job, _) = two_drivers();
    for epoch in [1, 2] {
        let path = job.file(epoch);
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            fs::write(&path, &bytes).unwrap();
            let what = format!("byte {place} of file {epoch}");
            check_damaged(&job, &format!("{epoch:06}.jsonl"), &what);
        }
        fs::write(&path, &whole).unwrap();
    }
    job.read();
}

#[test]
fn bytes_behind_a_seal_are_ignored_whatever_they_are() {
    let (job, known) = two_drivers();
    let whole = fs::read(job.file(1)).unwrap();
    let line = whole.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    for late in [&b"x"[..], b"garbage\n", line, &[0; 4096]] {
        fs::write(job.file(1), [&whole[..], late].concat()).unwrap();
        assert_eq!(&job.read(), known.last().unwrap());
        let driver = job.drive(Mode::Resume);
        assert_eq!(driver.state.totals(), known.last().unwrap().totals());
        fs::remove_file(job.file(driver.journal.epoch())).unwrap();
    }
}

#[test]
fn a_sealed_file_that_is_short_gone_or_strange_is_damage() {
    let (job, _) = two_drivers();
    let whole = fs::read(job.file(1)).unwrap();
    let last_line = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    for cut in [0, 1, last_line, last_line + 1, whole.len() - 1] {
        fs::write(job.file(1), &whole[..cut]).unwrap();
        check_damaged(&job, "000001.jsonl", &format!("cut at {cut}"));
    }
    fs::remove_file(job.file(1)).unwrap();
    check_damaged(&job, "000002.jsonl", "first file gone");
    // This is a good file, but not the one that was sealed.
    fs::write(job.file(1), &whole).unwrap();
    fs::copy(job.file(2), job.file(1)).unwrap();
    check_damaged(&job, "000001.jsonl", "another file in its place");
}

#[test]
fn a_fresh_start_gets_over_all_damage() {
    let damages: [fn(&Job); 6] = [
        |job| fs::write(job.file(1), b"garbage\n").unwrap(),
        |job| fs::write(job.file(2), b"garbage\n").unwrap(),
        |job| fs::remove_file(job.file(1)).unwrap(),
        |job| {
            fs::copy(job.file(2), job.file(1)).unwrap();
        },
        |job| {
            fs::copy(job.file(1), job.file(2)).unwrap();
        },
        |job| {
            let mut bytes = fs::read(job.file(1)).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
            fs::write(job.file(1), bytes).unwrap();
        },
    ];
    for (number, damage) in damages.iter().enumerate() {
        let (job, _) = two_drivers();
        damage(&job);
        assert!(Journal::read(&job.layout).is_err(), "damage {number}");
        assert!(Journal::exists(&job.layout).unwrap());
        let mut driver = job.drive(Mode::Fresh);
        assert_eq!(driver.journal.epoch(), 3, "damage {number}");
        assert_eq!(driver.state.partition_count(), 0);
        assert!(driver.state.generation() > 1);
        driver.put(&[plan(1), partitions(0..1)]);
        let state = driver.state.clone();
        drop(driver);
        assert_eq!(job.read(), state, "damage {number}");
        assert_eq!(job.drive(Mode::Resume).state.partition_count(), 1);
    }
}
