//! An export in a store: the same bytes as on this machine, whole whatever happens, and nothing of others is lost.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::{Arc, Mutex};

use coldpress_config::{Node, OperatorCall};
use coldpress_executor::{CleanOptions, Error, ErrorKind, Executor, ExecutorBuilder, clean_job};
use coldpress_export::Ownership;
use coldpress_storage::{
    Expected, Fault, MemoryStore, ObjectName, ObjectReader, ObjectStore, Step, StoreSchemes, put_if,
};

use crate::bench::{Bench, files_in};
use crate::operators;
use crate::plan::Plan;

/// Stores in memory, one for each URL of a folder.
#[derive(Clone, Default)]
struct Buckets(Arc<Mutex<BTreeMap<String, MemoryStore>>>);

impl Buckets {
    fn at(&self, folder: &str) -> MemoryStore {
        let mut stores = self.0.lock().unwrap();
        stores.entry(folder.to_owned()).or_default().clone()
    }

    fn schemes(&self) -> StoreSchemes {
        let buckets = self.clone();
        StoreSchemes::default().with("memory", move |url| Ok(Arc::new(buckets.at(url))))
    }
}

const OUT: &str = "memory://bucket/out";

fn read(store: &MemoryStore, name: &ObjectName) -> Vec<u8> {
    let mut reader = ObjectReader::new(store.get(name).unwrap());
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
    bytes
}

/// The objects of a store but for signatures, by name.
fn objects(store: &MemoryStore) -> Vec<(String, Vec<u8>)> {
    let listed = store.list("").unwrap().into_iter();
    let shown = listed.filter(|found| !found.name.as_str().starts_with('.'));
    shown
        .map(|found| (found.name.to_string(), read(store, &found.name)))
        .collect()
}

fn signature(store: &MemoryStore, name: &str) -> Ownership {
    let name = ObjectName::new(format!(".{name}.coldpress.json")).unwrap();
    Ownership::parse(&read(store, &name)).unwrap()
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

fn bench() -> Bench {
    Bench::over(|folder| {
        fs::create_dir_all(folder).unwrap();
        let record = |id: u32| match id % 7 {
            3 => format!("{{\"id\": {id}, \"text\": \"no\"}}\n"),
            _ => format!("{{\"id\": {id}, \"text\": \"a text of some length, number {id}\"}}\n"),
        };
        let lines: String = (0..400).map(record).collect();
        let path = folder.join("in.jsonl");
        fs::write(&path, lines).unwrap();
        vec![path]
    })
}

fn plan(min_len: u64) -> Plan {
    let filter = OperatorCall::new("text_length_filter").with("min_len", min_len);
    Plan::new(vec![filter], 100)
}

/// As [`plan`], in one partition.
fn one_partition(min_len: u64) -> Plan {
    let mut plan = plan(min_len);
    plan.how.records = 1000;
    plan
}

/// The executor of a job whose export goes there.
fn executor(bench: &Bench, plan: &Plan, job: &str, export: &str, buckets: &Buckets) -> Executor {
    let sources: Vec<String> = bench
        .sources
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let jobs = bench.path("jobs").display().to_string();
    let recipe = plan.recipe(&sources, export, &jobs, job);
    let builder = ExecutorBuilder::new(recipe, operators::registry());
    builder.schemes(buckets.schemes()).build().unwrap()
}

fn run(
    bench: &Bench,
    plan: &Plan,
    job: &str,
    export: &str,
    buckets: &Buckets,
) -> Result<(), Error> {
    executor(bench, plan, job, export, buckets).run().map(drop)
}

#[test]
fn every_form_has_the_bytes_of_the_same_export_on_this_machine() {
    let bench = bench();
    let buckets = Buckets::default();
    for (form, at, export_type) in [
        ("jsonl", "out.jsonl", None),
        ("gz", "out.jsonl.gz", None),
        ("zst", "out.jsonl.zst", None),
        ("json", "out.json", None),
        ("csv", "out.csv.gz", None),
        ("parquet", "out.parquet", None),
        ("arrow", "out.arrow", None),
        ("lines", "lines/", None),
        ("tables", "tables/", Some("parquet")),
        ("texts", "texts/", Some("csv")),
    ] {
        let mut plan = plan(3)
            .with("export_stats", true)
            .with("export_shard_size", 2000);
        if let Some(export_type) = export_type {
            plan = plan.with("export_type", export_type);
        }
        let folder = format!("memory://{form}/out");
        let local = bench.path(form);
        let dropped = |folder: &str| Node::from(format!("{folder}/dropped"));
        let here = plan
            .clone()
            .with("export_dropped", dropped(&local.display().to_string()));
        let there = plan.with("export_dropped", dropped(&folder));
        let (here_at, there_at) = (
            format!("{}/{at}", local.display()),
            format!("{folder}/{at}"),
        );
        run(&bench, &here, &format!("{form}-here"), &here_at, &buckets).unwrap();
        run(
            &bench,
            &there,
            &format!("{form}-there"),
            &there_at,
            &buckets,
        )
        .unwrap();

        let store = buckets.at(&folder);
        let mut expected = Vec::new();
        for path in files_in(&local) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with('.') || name == "dropped" {
                continue;
            }
            if path.is_file() {
                expected.push((name, fs::read(&path).unwrap()));
                continue;
            }
            for shard in files_in(&path) {
                let inside = shard.file_name().unwrap().to_str().unwrap();
                expected.push((format!("{name}/{inside}"), fs::read(&shard).unwrap()));
            }
        }
        expected.sort();
        assert!(expected.len() > 1, "{form}");
        assert_eq!(objects(&store), expected, "{form}");
        let dropped = objects(&buckets.at(&format!("{folder}/dropped")));
        assert_eq!(dropped.len(), 1, "{form}");
        let local_dropped = fs::read(local.join("dropped").join(&dropped[0].0)).unwrap();
        assert_eq!(dropped[0].1, local_dropped, "{form}");
        assert_eq!(store.open_uploads(), 0, "{form}");

        // What is said of it on this machine is said of it there.
        let at = at.trim_end_matches('/');
        let signed = signature(&store, at);
        let beside = Ownership::beside(&local.join(at)).unwrap();
        assert_eq!(
            (signed.length, signed.digest),
            (beside.length, beside.digest)
        );
        assert_eq!(signed.records, beside.records);
        assert!(signed.passing.is_empty());
        let length: u64 = signed.objects.iter().map(|object| object.length).sum();
        assert_eq!(length, signed.length);
        // Nothing is left to do.
        run(
            &bench,
            &there,
            &format!("{form}-there"),
            &there_at,
            &buckets,
        )
        .unwrap();
        assert_eq!(objects(&store), expected, "{form}");
    }
}

#[test]
fn what_others_put_there_is_refused_in_the_same_words() {
    let bench = bench();
    let buckets = Buckets::default();
    let store = buckets.at(OUT);
    fs::create_dir_all(bench.path("out/shards")).unwrap();
    for object in ["out.jsonl", "shards/part-00000.jsonl"] {
        fs::write(bench.path("out").join(object), "precious\n").unwrap();
        put_if(&store, &name(object), b"precious\n", &Expected::Nothing).unwrap();
    }
    let before = objects(&store);
    for (at, overwrite) in [
        ("out.jsonl", "own"),
        ("out.jsonl", "never"),
        ("shards/", "own"),
        ("shards/", "always"),
    ] {
        let plan = plan(3).with("export_overwrite", overwrite);
        let local = format!("{}/{at}", bench.path("out").display());
        let url = format!("{OUT}/{at}");
        let here = run(&bench, &plan, "here", &local, &buckets).unwrap_err();
        let there = run(&bench, &plan, "there", &url, &buckets).unwrap_err();
        assert_eq!(there.kind(), ErrorKind::Refused);
        let message = here
            .to_string()
            .replace(&bench.path("out").display().to_string(), OUT);
        assert_eq!(there.to_string(), message);
        assert!(message.contains("was not made by Coldpress"), "{message}");
    }
    assert_eq!(objects(&store), before);
    let plan = plan(3).with("export_overwrite", "always");
    run(
        &bench,
        &plan,
        "there",
        &format!("{OUT}/out.jsonl"),
        &buckets,
    )
    .unwrap();
    assert!(read(&store, &name("out.jsonl")).starts_with(b"{"));
}

#[test]
fn a_changed_export_is_nobodys_and_one_that_is_as_it_was_is_replaced() {
    let bench = bench();
    let buckets = Buckets::default();
    let store = buckets.at(OUT);
    for (at, object) in [
        ("out.jsonl", "out.jsonl"),
        ("shards/", "shards/part-00001.jsonl"),
    ] {
        let url = format!("{OUT}/{at}");
        let small = |min_len| plan(min_len).with("export_shard_size", 4000);
        run(&bench, &small(0), "first", &url, &buckets).unwrap();
        let first = objects(&store).len();
        // Fewer records have fewer shards, and those of before are gone.
        run(&bench, &small(33), "second", &url, &buckets).unwrap();
        let second = objects(&store);
        if at.ends_with('/') {
            assert!(second.len() < first, "{first}");
        }
        assert_eq!(signature(&store, at.trim_end_matches('/')).job_id, "second");
        // Written anew as it was, it has another version and the same digest.
        store.tamper(&name(object), |_| ());
        run(&bench, &small(32), "third", &url, &buckets).unwrap();
        store.tamper(&name(object), |bytes| bytes[3] ^= 1);
        let error = run(&bench, &small(33), "second", &url, &buckets).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("was changed since Coldpress made it"),
            "{error}"
        );
        store.tamper(&name(object), |bytes| bytes[3] ^= 1);
        if at.ends_with('/') {
            let notes = name("shards/notes.txt");
            put_if(&store, &notes, b"precious", &Expected::Nothing).unwrap();
            let error = run(&bench, &small(33), "second", &url, &buckets).unwrap_err();
            assert!(error.to_string().contains("was changed"), "{error}");
            store.delete(&notes).unwrap();
            store.delete(&name(object)).unwrap();
            let error = run(&bench, &small(33), "second", &url, &buckets).unwrap_err();
            assert!(error.to_string().contains("was changed"), "{error}");
        } else {
            run(&bench, &small(33), "second", &url, &buckets).unwrap();
            assert_eq!(objects(&store), second);
        }
    }
}

#[test]
fn whichever_step_fails_the_next_run_ends_with_exactly_the_right_objects() {
    let bench = bench();
    for at in ["out.jsonl", "shards/"] {
        let url = format!("{OUT}/{at}");
        let plan = one_partition(33)
            .with("export_stats", true)
            .with("export_shard_size", 4000);
        let earlier = one_partition(0)
            .with("export_stats", true)
            .with("export_shard_size", 4000);
        let expected = {
            let buckets = Buckets::default();
            run(&bench, &plan, "reference", &url, &buckets).unwrap();
            objects(&buckets.at(OUT))
        };
        let mut failures = 0;
        for step in [
            Step::PutNew,
            Step::Write,
            Step::Finish,
            Step::List,
            Step::Get,
            Step::Delete,
        ] {
            // The first steps one by one, and some of those that follow.
            for after in (0..4).chain((4..).step_by(5)) {
                let buckets = Buckets::default();
                let store = buckets.at(OUT);
                run(&bench, &earlier, "earlier", &url, &buckets).unwrap();
                let job = format!("{}-{step:?}-{after}", at.trim_end_matches('/'));
                let kind = io::ErrorKind::ConnectionReset;
                store.inject(Fault { step, after, kind });
                if run(&bench, &plan, &job, &url, &buckets).is_ok() {
                    break;
                }
                failures += 1;
                run(&bench, &plan, &job, &url, &buckets).unwrap();
                assert_eq!(objects(&store), expected, "{job}");
                let signed = signature(&store, at.trim_end_matches('/'));
                assert!(
                    signed.passing.is_empty() && signed.job_id == job,
                    "{job}: {signed:?}"
                );
                assert_eq!(store.open_uploads(), 0, "{job}");
            }
        }
        assert!(failures > 10, "{failures}");
    }
}

#[test]
fn of_two_jobs_with_one_url_one_is_exported_whole() {
    let bench = bench();
    let url = format!("{OUT}/shards/");
    let small = |min_len| plan(min_len).with("export_shard_size", 4000);
    let plans = [small(0), small(33)];
    let expected: Vec<_> = plans
        .iter()
        .map(|plan| {
            let buckets = Buckets::default();
            run(&bench, plan, "reference", &url, &buckets).unwrap();
            objects(&buckets.at(OUT))
        })
        .collect();
    for round in 0..8 {
        let buckets = Buckets::default();
        let store = buckets.at(OUT);
        let jobs = [format!("one-{round}"), format!("two-{round}")];
        let ended: Vec<Result<(), Error>> = std::thread::scope(|scope| {
            let running: Vec<_> = plans
                .iter()
                .zip(&jobs)
                .map(|(plan, job)| scope.spawn(|| run(&bench, plan, job, &url, &buckets)))
                .collect();
            running.into_iter().map(|job| job.join().unwrap()).collect()
        });
        for error in ended.iter().filter_map(|ended| ended.as_ref().err()) {
            assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        }
        if ended.iter().any(Result::is_ok) {
            let signed = signature(&store, "shards");
            let at = jobs.iter().position(|job| *job == signed.job_id).unwrap();
            assert!(
                ended[at].is_ok() && objects(&store) == expected[at],
                "{round}"
            );
        }
        // Whoever was refused can go on when it is alone.
        run(&bench, &plans[1], &jobs[1], &url, &buckets).unwrap();
        let is_its = objects(&store) == expected[1];
        assert!(is_its || ended[1].is_ok(), "{round}");
    }
}

#[test]
fn uploads_that_were_never_completed_are_cleaned() {
    let bench = bench();
    let buckets = Buckets::default();
    let store = buckets.at(OUT);
    let (plan, url) = (plan(3), format!("{OUT}/out.jsonl"));
    let job = executor(&bench, &plan, "job", &url, &buckets);
    job.run().unwrap();
    let before = objects(&store);
    // A process that is killed has no time to end its uploads.
    for object in ["out.jsonl", "out.jsonl", "other.jsonl"] {
        std::mem::forget(store.upload(&name(object)).unwrap());
    }
    let options = CleanOptions::default();
    let cleaned = clean_job(job.layout(), &options, &buckets.schemes()).unwrap();
    assert_eq!(cleaned.failures, Vec::<String>::new());
    let told = cleaned.files.iter().find(|file| file.path == url).unwrap();
    assert_eq!(told.reason, "2 uploads that were never completed");
    assert_eq!((store.open_uploads(), objects(&store)), (1, before));
}

#[test]
fn a_url_that_nobody_knows_is_refused_at_the_start() {
    let recipe = |key: &'static str, place: &str| {
        let plan = plan(3).with(key, place);
        let recipe = plan.recipe(&["in.jsonl".to_owned()], "out.jsonl", "jobs", "job");
        let built = ExecutorBuilder::new(recipe, operators::registry()).build();
        built.unwrap_err()
    };
    for (key, place) in [
        ("export_path", "s4://bucket/out.jsonl"),
        ("export_dropped", "s4://bucket/dropped"),
    ] {
        let error = recipe(key, place);
        assert_eq!(error.kind(), ErrorKind::Recipe);
        let message = error.to_string();
        assert!(
            message.contains(key) && message.contains("`s4`"),
            "{message}"
        );
    }
}
