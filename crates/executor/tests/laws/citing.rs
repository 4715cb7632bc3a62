//! Results cite the records that are as they came in: nothing of that shows, and an input that changed is found.

use std::fs;
use std::path::Path;

use coldpress_config::OperatorCall;
use coldpress_executor::ErrorKind;
use coldpress_job::Status;

use crate::bench::{Bench, files_in};
use crate::control;
use crate::dataset::Dataset;
use crate::operators;
use crate::plan::{Form, Keep, Plan};
use crate::reference::Expected;

/// Records of some 400 bytes each, 3 MB in all, with lines among them that are not written as they came in.
fn dataset() -> Dataset {
    let texts = (0..6000).map(|n| format!("{n} {}", "the rain in Spain\\n ".repeat(1 + n % 40)));
    let lines = texts.enumerate().map(|(n, text)| match n % 997 {
        500 => format!(r#"  {{"n": {n}.50, "text": "{text}"}}  "#),
        501 => format!("{{\"text\": \"{text}\", \"n\": {n}e0}}\r"),
        502 => format!("\n\t\n{{\"text\": \"err {text}\"}}"),
        503 => "no record".to_owned(),
        _ => format!(r#"{{"n": {n}.50, "text": "{text}", "more": [{n}]}}"#),
    });
    let mut dataset = Dataset::of_lines(lines);
    // Nothing follows the last line.
    let last = &mut dataset.files[0].text;
    last.extend_from_slice(br#"{"text": "the last"}"#);
    dataset
}

fn plan(process: &[OperatorCall]) -> Plan {
    let mut plan = Plan::new(process.to_vec(), 3100);
    plan.how.bytes = 1 << 30;
    plan
}

fn call(name: &str) -> OperatorCall {
    OperatorCall::new(name)
}

/// Keeps two thirds of the records.
fn length_filter() -> OperatorCall {
    call("length_filter").with("min", 250u64)
}

fn is_cited(path: &Path) -> bool {
    path.to_string_lossy().contains(".composed.")
}

fn bytes_of(folder: &Path) -> u64 {
    let files = files_in(folder);
    let rows = files
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    rows.map(|path| fs::metadata(path).unwrap().len()).sum()
}

/// What the results take on disk, in percent of what was exported.
fn written(bench: &Bench, plan: &Plan) -> u64 {
    let exported: usize = bench.export(plan.form).unwrap().iter().map(Vec::len).sum();
    100 * bytes_of(&bench.layout().results_dir()) / exported as u64
}

#[test]
fn only_what_changed_is_written() {
    let dataset = dataset();
    for (process, least, most) in [
        (vec![], 0, 1),
        (vec![length_filter()], 0, 10),
        (vec![call("fragile_filter"), length_filter()], 0, 10),
        // It changes two thirds of them, so that few runs are long.
        (vec![call("stamp_mapper")], 50, 100),
        (vec![call("edit_mapper")], 95, 101),
        // The rows of the stage before are what the merge copies from.
        (vec![length_filter(), call("document_deduplicator")], 0, 10),
    ] {
        for form in [Form::Plain, Form::Shards(100_000)] {
            let plan = Plan {
                form,
                ..plan(&process).workers(2)
            };
            let bench = Bench::beside(&dataset);
            let report = bench.run(&plan).unwrap();
            assert_eq!(report.partitions, 2);
            bench.check(&plan, &report, &Expected::of(&dataset, &plan));
            let percent = written(&bench, &plan);
            assert!(
                (least..=most).contains(&percent),
                "{percent} %: {process:?}"
            );
        }
    }
}

#[test]
fn what_is_not_written_as_it_came_in_is_not_cited() {
    let dataset = dataset();
    for plan in [
        Plan {
            keep_stats: true,
            ..plan(&[length_filter()])
        },
        Plan {
            form: Form::Gzip,
            ..plan(&[length_filter()])
        },
        Plan {
            form: Form::Zstd,
            ..plan(&[call("words_mapper")])
        },
        plan(&[call("words_mapper")]),
        // The rows of a small partition are not worth it.
        Plan::new(vec![length_filter()], 500),
    ] {
        let bench = Bench::beside(&dataset);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&dataset, &plan));
        let results = files_in(&bench.layout().results_dir());
        let cites_nothing = match results.iter().find(|path| is_cited(path)) {
            // Each of its records is one that an operator changed.
            Some(_) => written(&bench, &plan) > 95,
            None => true,
        };
        assert!(cites_nothing, "{plan:?}");
    }
}

#[test]
fn a_stopped_and_changed_job_goes_on_from_cited_records() {
    let dataset = dataset();
    let id = control::new_id();
    let first = plan(&[length_filter(), operators::watch(id)]);
    let bench = Bench::beside(&dataset);
    let executor = bench.executor(&first);
    // In the second partition.
    control::stop_after(id, 2300, executor.stop_handle());
    assert_eq!(executor.run().unwrap().status, Status::Stopped);
    control::disarm(id);
    let report = bench.run(&first).unwrap();
    bench.check(&first, &report, &Expected::of(&dataset, &first));
    // Whether the second was finished depends on when the driver hears of the stop.
    assert!(report.partitions_reused >= 1);

    // Longer recipes go on from the results, and what they end with is cited again or written.
    for tail in ["stamp_mapper", "document_deduplicator"] {
        let second = plan(&[length_filter(), operators::watch(id), call(tail)]);
        let report = bench.run(&second).unwrap();
        bench.check(&second, &report, &Expected::of(&dataset, &second));
        assert_eq!(report.partitions_resumed, 2, "{tail}");
    }

    // What was exported is merged again, in another form too.
    let shards = Plan {
        form: Form::Shards(70_000),
        ..first.clone()
    };
    let report = bench.run(&shards).unwrap();
    bench.check(&shards, &report, &Expected::of(&dataset, &shards));
    assert_eq!(report.partitions_reused, 2);
}

/// A byte that no sample of the input covers changes when all is published: the merge finds it, and nothing is exported.
#[test]
fn an_input_that_changes_before_the_merge_is_refused() {
    let dataset = dataset();
    let plan = plan(&[length_filter()]).strategy(Keep::Disabled);
    let bench = Bench::beside(&dataset);
    bench.run(&plan).unwrap();
    let export = bench.path(plan.form.file_name());
    let input = &bench.sources[0];
    let good = fs::read(input).unwrap();
    let find = |wanted: &[u8], from: usize| {
        from + good[from..]
            .windows(wanted.len())
            .position(|bytes| bytes == wanted)
            .unwrap()
    };
    // One in a record that was kept, and where the identity of the file does not look.
    let at = find(b"Spain\\n the rain in Spain", good.len() / 3);
    let mut changed = good.clone();
    changed[at] = b'T';
    // Its time hides it too, so that only the digests of the rows can tell.
    let time = fs::metadata(input).unwrap().modified().unwrap();
    fs::write(input, &changed).unwrap();
    let file = fs::File::options().write(true).open(input).unwrap();
    file.set_modified(time).unwrap();
    fs::remove_file(&export).unwrap();
    let error = bench.run(&plan).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{}", error.full_message());
    let message = error.full_message();
    assert!(
        message.contains("changed after the job was planned"),
        "{message}"
    );
    assert!(!export.exists());

    fs::write(input, &good).unwrap();
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&dataset, &plan));
}

/// A dataset that lies elsewhere is cited there: nothing is worked on again.
#[test]
fn a_moved_input_is_found() {
    let dataset = dataset();
    let plan = plan(&[length_filter()]);
    let mut bench = Bench::beside(&dataset);
    bench.run(&plan).unwrap();
    let elsewhere = bench.path("elsewhere.jsonl");
    fs::rename(&bench.sources[0], &elsewhere).unwrap();
    bench.sources = vec![elsewhere];
    fs::remove_file(bench.path(plan.form.file_name())).unwrap();
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&dataset, &plan));
    let attempts = |index| bench.state(&plan).attempts(index);
    assert_eq!((attempts(0), attempts(1)), (1, 1));

    let longer = Plan {
        process: [plan.process.clone(), vec![call("stamp_mapper")]].concat(),
        ..plan
    };
    let report = bench.run(&longer).unwrap();
    bench.check(&longer, &report, &Expected::of(&dataset, &longer));
    assert_eq!(report.partitions_resumed, 2);
}

/// A damaged citation costs an attempt.
#[test]
fn a_damaged_citation_is_made_again() {
    let dataset = dataset();
    let plan = plan(&[length_filter()]);
    let bench = Bench::beside(&dataset);
    bench.run(&plan).unwrap();
    let results = bench.layout().results_dir();
    let mut cited = files_in(&results);
    cited.retain(|path| is_cited(path));
    assert_eq!(cited.len(), 2);
    let mut bytes = fs::read(&cited[1]).unwrap();
    let last = bytes.len() - 30;
    bytes[last] ^= 1;
    fs::write(&cited[1], bytes).unwrap();
    fs::remove_file(bench.path(plan.form.file_name())).unwrap();
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&dataset, &plan));
    let attempts = |index| bench.state(&plan).attempts(index);
    assert_eq!((attempts(0), attempts(1)), (1, 2));
}

/// A file that is where it was, but that another path leads to, is cited by the path that leads there now.
#[test]
fn an_input_is_found_whose_link_is_gone() {
    let dataset = dataset();
    let plan = plan(&[length_filter()]);
    let mut bench = Bench::beside(&dataset);
    let real = bench.sources[0].clone();
    let link = bench.path("link");
    std::os::unix::fs::symlink(real.parent().unwrap(), &link).unwrap();
    bench.sources = vec![link.join(real.file_name().unwrap())];
    bench.run(&plan).unwrap();
    fs::remove_file(&link).unwrap();
    bench.sources = vec![real];
    fs::remove_file(bench.path(plan.form.file_name())).unwrap();
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&dataset, &plan));
    let attempts = |index| bench.state(&plan).attempts(index);
    assert_eq!((attempts(0), attempts(1)), (1, 1));
}

/// A dozen partitions that are cited, and a last one that is too small for it.
fn many_partitions() -> (Dataset, Plan) {
    let line = |n: usize| match n {
        48 => r#"{"text": "the last"}"#.to_owned(),
        n => format!("{{\"n\": {n}, \"text\": \"{}\"}}", "word ".repeat(60_000)),
    };
    let mut plan = Plan::new(vec![], 4).with("event_logging.enabled", true);
    plan.how.bytes = 1 << 30;
    (Dataset::of_lines((0..49).map(line)), plan)
}

fn merges_begun(bench: &Bench) -> usize {
    let log = fs::read_to_string(bench.layout().events()).unwrap();
    log.matches("\"merge_start\"").count()
}

/// Has the first cited part begin one byte beside where it does.
fn shift(table: &str) -> String {
    let at = table.find("\"parts\":[[").unwrap();
    let start = at + table[at..].find(',').unwrap() + 1;
    let end = start + table[start..].find(']').unwrap();
    let place: u64 = table[start..end].parse().unwrap();
    format!("{}{}{}", &table[..start], place ^ 1, &table[end..])
}

/// Results that cite one input and are damaged together cost the merge a few beginnings, not one for each.
#[test]
fn damaged_citations_are_found_together() {
    let (dataset, plan) = many_partitions();
    let cut_off = |stored: &str| stored[..stored.len() - 10].to_owned();
    let cut_off: fn(&str) -> String = cut_off;
    for (harm, most) in [(cut_off, 2), (shift, 3)] {
        let bench = Bench::beside(&dataset);
        bench.run(&plan).unwrap();
        let results = bench.layout().results_dir();
        let mut cited = files_in(&results);
        cited.retain(|path| is_cited(path));
        assert_eq!(cited.len(), 12);
        for path in cited {
            let stored = fs::read_to_string(&path).unwrap();
            fs::write(&path, harm(&stored)).unwrap();
        }
        fs::remove_file(bench.path(plan.form.file_name())).unwrap();
        let before = merges_begun(&bench);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&dataset, &plan));
        let merges = merges_begun(&bench) - before;
        assert!((2..=most).contains(&merges), "{merges} merges");
        let attempts = (0..13).map(|index| bench.state(&plan).attempts(index));
        assert_eq!(attempts.sum::<u32>(), 12 * 2 + 1);
    }
}
