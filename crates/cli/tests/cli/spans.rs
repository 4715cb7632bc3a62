//! Spans go to a collector over HTTP, and one that is slow, refuses or dies costs the job nothing.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bench::{Bench, RECIPE};

/// How a collector treats a request.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Accepts,
    Refuses,
    Hangs,
    Dies,
}

/// A collector on a port of its own, and the bodies of its requests.
struct Collector {
    address: String,
    bodies: Receiver<String>,
}

impl Collector {
    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, bodies) = channel();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                match manner {
                    Manner::Accepts => drop(sender.send(answered(stream, "200 OK"))),
                    Manner::Refuses => drop(answered(stream, "400 Bad Request")),
                    Manner::Hangs => held.push(stream),
                    Manner::Dies => drop(stream),
                }
            }
        });
        Self { address, bodies }
    }

    /// All spans that arrived.
    fn spans(&self) -> Vec<Value> {
        let mut spans = Vec::new();
        while let Ok(body) = self.bodies.recv_timeout(Duration::from_millis(200)) {
            let request: Value = serde_json::from_str(&body).unwrap();
            let resource = &request["resourceSpans"][0];
            assert_eq!(
                attribute(&resource["resource"], "service.name"),
                "coldpress"
            );
            let sent = resource["scopeSpans"][0]["spans"].as_array().unwrap();
            spans.extend(sent.clone());
        }
        spans
    }
}

/// Reads a request, answers it, and returns its body.
fn answered(stream: TcpStream, status: &str) -> String {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length, mut head) = (String::new(), 0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&lower);
    }
    assert!(head.starts_with("post /v1/traces "), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    String::from_utf8(body).unwrap()
}

/// The value of an attribute, as text.
fn attribute(holder: &Value, key: &str) -> String {
    let all = holder["attributes"].as_array().unwrap();
    let found = all.iter().find(|one| one["key"] == key);
    let value = found.map(|one| one["value"].as_object().unwrap().values().next().unwrap());
    value.map_or_else(String::new, |value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    })
}

fn named<'a>(spans: &'a [Value], name: &str) -> Vec<&'a Value> {
    spans.iter().filter(|span| span["name"] == name).collect()
}

fn nanos(span: &Value, key: &str) -> u64 {
    span[key].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_run_is_one_trace_of_stages_attempts_barriers_and_a_merge() {
    let bench = Bench::new();
    let recipe = format!("{RECIPE}  - document_deduplicator:\n  - text_length_filter:\n");
    bench.write("recipe.yaml", recipe);
    let collector = Collector::start(Manner::Accepts);
    let line = "process --config recipe.yaml --job_id web --otlp.endpoint";
    bench
        .run(&format!("{line} {}", collector.address))
        .expect(0);
    let spans = collector.spans();
    let [job] = named(&spans, "job")[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(job["parentSpanId"], "");
    assert_eq!(attribute(job, "coldpress.job.status"), "completed");
    let stages = named(&spans, "stage");
    assert_eq!(stages.len(), 2, "{stages:?}");
    let attempts = named(&spans, "attempt");
    assert_eq!(attempts.len(), 6, "{attempts:?}");
    for attempt in &attempts {
        let own = |stage: &&&Value| stage["spanId"] == attempt["parentSpanId"];
        let stage = stages.iter().find(own).unwrap();
        assert_eq!(
            attribute(stage, "coldpress.stage"),
            attribute(attempt, "coldpress.stage")
        );
        assert_eq!(attempt["status"]["code"], 1);
    }
    let first = attempts
        .iter()
        .filter(|one| attribute(one, "coldpress.stage") == "0");
    let records = first.map(|one| {
        attribute(one, "coldpress.records.in")
            .parse::<u64>()
            .unwrap()
    });
    assert_eq!(records.sum::<u64>(), 30);
    let [barrier] = named(&spans, "barrier")[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(
        attribute(barrier, "coldpress.operator"),
        "document_deduplicator"
    );
    assert_eq!(named(&spans, "merge").len(), 1);
    let ids: BTreeSet<&str> = spans
        .iter()
        .map(|span| span["spanId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), spans.len());
    for span in &spans {
        assert_eq!(span["traceId"], job["traceId"]);
        let (start, end) = (
            nanos(span, "startTimeUnixNano"),
            nanos(span, "endTimeUnixNano"),
        );
        assert!(
            nanos(job, "startTimeUnixNano") <= start && start <= end,
            "{span}"
        );
        assert!(end <= nanos(job, "endTimeUnixNano"), "{span}");
    }
    // A run that finds nothing to do makes no trace.
    bench
        .run(&format!("{line} {}", collector.address))
        .expect(0);
    assert!(collector.spans().is_empty());
}

#[test]
fn failures_are_in_the_trace() {
    let bench = Bench::new();
    bench.write("in.jsonl", "{\"text\": null}\n");
    let collector = Collector::start(Manner::Accepts);
    let line = "process --config recipe.yaml --skip_op_error false --retry.max_retries 0 --on_partition_failure fail";
    let ran = bench.run(&format!("{line} --otlp.endpoint {}", collector.address));
    ran.expect(1);
    let spans = collector.spans();
    for name in ["attempt", "job"] {
        let [span] = named(&spans, name)[..] else {
            panic!("{spans:?}")
        };
        assert_eq!(span["status"]["code"], 2, "{span}");
        let message = span["status"]["message"].as_str().unwrap();
        assert!(message.contains("field `text` is null"), "{message}");
    }
    assert_eq!(
        attribute(named(&spans, "attempt")[0], "error.type"),
        "processing"
    );
}

#[test]
fn a_collector_that_hangs_refuses_or_dies_costs_the_job_nothing() {
    let manners = [Manner::Refuses, Manner::Hangs, Manner::Dies];
    let runs = manners.map(|manner| {
        std::thread::spawn(move || {
            let bench = Bench::new();
            let collector = Collector::start(manner);
            let line = "process --config recipe.yaml --job_id web --otlp.endpoint";
            let begun = Instant::now();
            bench
                .run(&format!("{line} {}", collector.address))
                .expect(0);
            // It is waited for at most ten seconds; the rest is for machines that are busy.
            assert!(begun.elapsed() < Duration::from_secs(40), "{manner:?}");
            let events = bench.read("jobs/web/event_logs/events.jsonl");
            assert_eq!(
                events.matches("`otlp.endpoint`: ").count(),
                1,
                "{manner:?}: {events}"
            );
            bench.read("out/clean.jsonl")
        })
    });
    let bench = Bench::new();
    bench.process("web");
    let expected = bench.read("out/clean.jsonl");
    for run in runs {
        assert_eq!(run.join().unwrap(), expected);
    }
}
