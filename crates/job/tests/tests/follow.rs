//! A journal that is read repeatedly while it is written.

use std::fs::OpenOptions;
use std::io::Write;

use coldpress_job::{Error, JournalFollower, JournalRecord, Mode};

use crate::support::{Job, attempt, partitions, plan, publication, recipe};

#[test]
fn each_look_sees_what_was_added_also_by_another_driver() {
    let job = Job::new();
    let mut follower = JournalFollower::new(&job.layout);
    assert!(matches!(
        follower.look().unwrap_err(),
        Error::NothingToResume { .. }
    ));
    let recipe = recipe(&["clean", "filter"]);
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe.clone()),
        partitions(0..2),
    ]);
    assert_eq!(*follower.look().unwrap(), driver.state);
    assert_eq!(*follower.look().unwrap(), driver.state);
    driver.put(&[attempt(0, 1), attempt(1, 1)]);
    driver.put(&[JournalRecord::Published(publication(0, 1, 1, &recipe))]);
    assert_eq!(*follower.look().unwrap(), driver.state);
    drop(driver);

    let mut driver = job.drive(Mode::Resume);
    assert_eq!(*follower.look().unwrap(), driver.state);
    driver.put(&[attempt(1, 1)]);
    assert_eq!(*follower.look().unwrap(), driver.state);
}

#[test]
fn a_line_counts_once_it_is_whole_and_damage_is_told_again_at_each_look() {
    let job = Job::new();
    let mut follower = JournalFollower::new(&job.layout);
    let mut driver = job.drive(Mode::New);
    driver.put(&[
        plan(1),
        JournalRecord::RecipeSet(recipe(&["clean"])),
        partitions(0..1),
    ]);
    let before = follower.look().unwrap().clone();
    let path = job.layout.journal_dir().join("000001.jsonl");
    let whole = std::fs::read(&path).unwrap().len() as u64;
    driver.put(&[attempt(0, 1)]);
    let bytes = std::fs::read(&path).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(whole + 20).unwrap();
    assert_eq!(*follower.look().unwrap(), before);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(*follower.look().unwrap(), driver.state);

    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"no line of a journal\n").unwrap();
    for _ in 0..2 {
        let error = follower.look().unwrap_err();
        assert!(error.to_string().contains("000001.jsonl"), "{error}");
    }
}
