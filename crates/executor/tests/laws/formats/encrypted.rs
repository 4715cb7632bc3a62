//! Encrypted datasets and exports: the same records, whatever the formats and the plan.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use coldpress_executor::ErrorKind;
use coldpress_storage::{FernetKey, UnsealedFile, seal_file};
use proptest::prelude::*;

use super::any::any_files;
use super::expected::Expected;
use super::files::Files;
use super::{Job, Work, any_work, completed};
use crate::bench::{Bench, Remote, files_in};
use crate::plan::{Plan, cases};

const KEY: &str = "ExIKe19ChqLdyO1ZR2hGNsZbWhjGmEWVDz8vj_F0Nrs=";

const NO_ENDING: &str = ".sealing";

fn key() -> FernetKey {
    FernetKey::parse(KEY).unwrap()
}

/// Every file in a folder and those below.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all_files(&path)),
            false => found.push(path),
        }
    }
    found
}

fn seal(file: &Path) {
    let sealed = PathBuf::from(format!("{}{NO_ENDING}", file.display()));
    seal_file(&key(), file, &sealed, &AtomicBool::new(false)).unwrap();
    fs::rename(sealed, file).unwrap();
}

fn unseal(file: &Path) {
    let opened = fs::File::open(file).unwrap();
    let mut opened = UnsealedFile::open_checked(Arc::new(opened), file, &key()).unwrap();
    let mut text = Vec::new();
    opened.read_to_end(&mut text).unwrap();
    fs::write(file, text).unwrap();
}

fn any_remote() -> impl Strategy<Value = Remote> {
    prop::sample::select(&[Remote::Nothing, Remote::Sources, Remote::Everything][..])
}

/// A job over the same files, encrypted, on this machine or behind URLs.
fn sealed_job(files: &Files, remote: Remote) -> Job {
    let mut bench = Bench::over(|folder| {
        let sources = files.write(folder);
        all_files(folder).iter().for_each(|file| seal(file));
        sources
    });
    // A folder at a URL is named with a final `/`, and the bench names files.
    if bench.sources.iter().all(|source| source.is_file()) {
        bench.remote = remote;
    }
    let job = Job(bench);
    fs::write(job.0.path("key"), format!("{KEY}\n")).unwrap();
    job
}

/// The work with encrypted inputs and outputs.
fn sealed_work(job: &Job, work: &Work) -> Work {
    let key = job.0.path("key").display().to_string();
    let plan = work.plan.clone();
    let plan = plan
        .with("decrypt_after_reading", true)
        .with("encrypt_before_export", true)
        .with("encryption_key_path", key);
    Work {
        plan,
        ..work.clone()
    }
}

/// The files that a run leaves outside of its job's folder.
fn outputs(job: &Job, work: &Work) -> Vec<PathBuf> {
    let export = job.0.path(&work.output.name());
    let mut outputs = match export.is_dir() {
        true => files_in(&export),
        false => vec![export],
    };
    if work.stats {
        outputs.push(work.output.stats_file(&job.0.path("")));
    }
    let dropped = job.0.path("dropped");
    if dropped.is_dir() {
        // Locks and proofs of ownership are hidden.
        let is_hidden =
            |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with('.');
        outputs.extend(
            files_in(&dropped)
                .into_iter()
                .filter(|path| !is_hidden(path)),
        );
    }
    outputs
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn encryption_shows_in_no_record(files in any_files(), work in any_work(), remote in any_remote()) {
        let expected = Expected::of(&files, &work.plan);
        let Some((_, plain)) = completed(&files, &work, &expected) else { return Ok(()) };
        let job = sealed_job(&files, remote);
        let sealed = sealed_work(&job, &work);
        let report = job.run(&sealed).unwrap();
        let first: Vec<Vec<u8>> = outputs(&job, &work).iter().map(|path| fs::read(path).unwrap()).collect();
        prop_assert!(first.iter().all(|bytes| bytes.starts_with(b"gAAAAA")));
        // What is there counts, and would be the same bytes once more.
        let again = job.run(&sealed).unwrap();
        prop_assert_eq!(again.partitions_reused, again.partitions);
        job.remove_export(&work);
        job.run(&sealed).unwrap();
        let second: Vec<Vec<u8>> = outputs(&job, &work).iter().map(|path| fs::read(path).unwrap()).collect();
        prop_assert!(first == second, "the bytes differ");
        outputs(&job, &work).iter().for_each(|path| unseal(path));
        let exported = job.check(&work, &report, &expected);
        prop_assert!(exported.parts == plain.parts, "the bytes differ");
    }
}

/// An encrypted file is what its text is: encrypting it is no change of the input.
#[test]
fn results_over_plain_files_serve_encrypted_ones() {
    let dataset = crate::dataset::Dataset::of_texts((0..90).map(|n| format!("text {n}")));
    let bench = Bench::beside(&dataset);
    let plan = Plan::new(
        vec![coldpress_config::OperatorCall::new("words_mapper")],
        20,
    );
    bench.run(&plan).unwrap();
    let plain = bench.export(plan.form);
    bench.sources.iter().for_each(|path| seal(path));
    let error = bench.run(&plan).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(
        error
            .to_string()
            .contains("set `decrypt_after_reading: true`"),
        "{error}"
    );
    let key = bench.path("key");
    fs::write(&key, KEY).unwrap();
    let plan = plan
        .with("decrypt_after_reading", true)
        .with("encryption_key_path", key.display().to_string());
    let report = bench.run(&plan).unwrap();
    assert_eq!(report.partitions_reused, report.partitions);
    assert_eq!(bench.export(plan.form), plain);
}

/// A finished export is made anew where it is to be encrypted, or with another key, or not any more; the work is not.
#[test]
fn another_key_is_another_export() {
    let dataset = crate::dataset::Dataset::of_texts((0..90).map(|n| format!("text {n}")));
    let bench = Bench::beside(&dataset);
    let plain = Plan::new(
        vec![coldpress_config::OperatorCall::new("words_mapper")],
        20,
    );
    bench.run(&plain).unwrap();
    let export = || bench.export(plain.form).unwrap().concat();
    let clear = export();
    let mut seen = vec![clear.clone()];
    for key in [KEY, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        fs::write(bench.path("key"), key).unwrap();
        let sealed = plain.clone().with("encrypt_before_export", true).with(
            "encryption_key_path",
            bench.path("key").display().to_string(),
        );
        let report = bench.run(&sealed).unwrap();
        assert_eq!(report.partitions_reused, report.partitions);
        let bytes = export();
        assert!(bytes.starts_with(b"gAAAAA") && !seen.contains(&bytes));
        seen.push(bytes);
        let before = bench.path(plain.form.file_name()).metadata().unwrap();
        bench.run(&sealed).unwrap();
        let after = bench.path(plain.form.file_name()).metadata().unwrap();
        assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    }
    bench.run(&plain).unwrap();
    assert_eq!(export(), clear);
}

/// A file that was changed, cut off, or encrypted with another key is one error, before anything is made.
#[test]
fn what_is_not_as_it_was_encrypted_is_refused() {
    let dataset = crate::dataset::Dataset::of_texts((0..90).map(|n| format!("text {n}")));
    let plan = |bench: &Bench| {
        Plan::new(vec![], 20)
            .with("decrypt_after_reading", true)
            .with(
                "encryption_key_path",
                bench.path("key").display().to_string(),
            )
    };
    let change = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    };
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    let plain = |bytes: &mut Vec<u8>| *bytes = b"{\"text\": \"not encrypted\"}\n".repeat(40);
    let other = |bytes: &mut Vec<u8>| {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&from, "{}").unwrap();
        let key = FernetKey::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        seal_file(&key, &from, &to, &AtomicBool::new(false)).unwrap();
        *bytes = fs::read(to).unwrap();
    };
    type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
    let cases: [(Change<'_>, &str); 4] = [
        (&change, "encrypted with another key, or it is damaged"),
        (&cut, "cannot be decrypted: it"),
        (&plain, "cannot be decrypted: it is not encrypted"),
        (&other, "encrypted with another key, or it is damaged"),
    ];
    for (change, message) in cases {
        let bench = Bench::beside(&dataset);
        fs::write(bench.path("key"), KEY).unwrap();
        bench.sources.iter().for_each(|path| seal(path));
        let last = bench.sources.last().unwrap();
        let mut bytes = fs::read(last).unwrap();
        change(&mut bytes);
        fs::write(last, bytes).unwrap();
        let error = bench.run(&plan(&bench)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{}", error.full_message());
        let text = error.full_message();
        assert!(text.contains(message), "{text}");
        assert!(text.contains(&last.display().to_string()), "{text}");
        assert!(
            !text.contains(KEY) && !bench.path("jobs").exists(),
            "{text}"
        );
    }
}
