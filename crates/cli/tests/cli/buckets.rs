//! Places in buckets that are wrong: told before any work, by a server that has one bucket with one object.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use crate::bench::Bench;

const INPUT: &str = "{\"id\": 1, \"text\": \"a text of some length\"}\n";

/// Answers as S3 does that has the bucket `data` with the object `in.jsonl`; gives its address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // It ends with the test.
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    // As servers do that are spoken to in TLS and do not.
    if reader
        .fill_buf()
        .is_ok_and(|bytes| bytes.first() == Some(&22))
    {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        return;
    }
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let mut is_range = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) < 3 {
            break;
        }
        is_range |= line.to_ascii_lowercase().starts_with("range:");
    }
    let words: Vec<&str> = first.split_whitespace().collect();
    let [method, target, _] = words.as_slice() else {
        return;
    };
    let error = |code: &str| format!("<Error><Code>{code}</Code></Error>");
    let (status, body) = match *target {
        "/data/in.jsonl" => (if is_range { 206 } else { 200 }, INPUT.to_owned()),
        target if target.starts_with("/data?") => (
            200,
            "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>".to_owned(),
        ),
        target if target.starts_with("/data/") => (404, error("NoSuchKey")),
        "/old/in.jsonl" => (400, error("ExpiredToken")),
        "/others/in.jsonl" => (403, error("AccessDenied")),
        _ => (404, error("NoSuchBucket")),
    };
    let length = body.len();
    let body = if *method == "HEAD" { "" } else { &body };
    let range = match status {
        206 => format!("Content-Range: bytes 0-{}/{length}\r\n", length - 1),
        _ => String::new(),
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n{range}ETag: \"1\"\r\n\
         Last-Modified: Mon, 05 Jan 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

/// A recipe that reaches buckets at this endpoint, with more lines.
fn recipe(bench: &Bench, endpoint: &str, lines: &str) {
    bench.write(
        "recipe.yaml",
        format!(
            "storage_options: {{endpoint: '{endpoint}', region: here, access_key_id: a, secret_access_key: bbbbbb, \
             max_retries: 0}}\nnp: 1\nprocess:\n  - text_length_filter: {{min_len: 8}}\n{lines}"
        ),
    );
}

const COMMANDS: [&str; 3] = ["check", "plan", "process"];

#[test]
fn an_export_does_not_replace_its_input_however_the_url_is_spelled() {
    let endpoint = format!("http://{}", serve());
    let bench = Bench::new();
    for (input, export) in [("s3", "s3a"), ("s3a", "s3"), ("s3", "S3")] {
        recipe(
            &bench,
            &endpoint,
            &format!(
                "dataset_path: {input}://data/in.jsonl\nexport_path: {export}://data/in.jsonl\nexport_overwrite: always\n"
            ),
        );
        for command in COMMANDS {
            let ran = bench.run(&format!("{command} --config recipe.yaml"));
            ran.expect(4)
                .says("would replace the input `s3://data/in.jsonl`");
        }
    }
}

#[test]
fn a_missing_bucket_is_told_before_any_work() {
    let endpoint = format!("http://{}", serve());
    for (key, value, more) in [
        ("export_path", "s3://nobucket/x.jsonl", ""),
        (
            "work_dir",
            "s3://nobucket/jobs",
            "export_path: out/clean.jsonl\n",
        ),
        (
            "checkpoint_dir",
            "s3a://nobucket",
            "export_path: out/clean.jsonl\n",
        ),
    ] {
        let bench = Bench::new();
        let lines = format!("dataset_path: in.jsonl\n{key}: {value}\n{more}");
        recipe(&bench, &endpoint, &lines);
        for command in COMMANDS {
            let ran = bench.run(&format!("{command} --config recipe.yaml"));
            ran.expect(2).says_all(&[key, "there is no such bucket"]);
        }
        assert!(!bench.path("out").exists() && !bench.path("outputs").exists());
    }
}

#[test]
fn places_that_cannot_be_are_told_in_the_words_of_recipes() {
    let address = serve();
    let good = format!("http://{address}");
    let tls = format!("https://{address}");
    for (endpoint, input, export, expected) in [
        (
            &address,
            "s3://data/in.jsonl",
            "x.jsonl",
            "the option `endpoint` must be an address with http:// or https://",
        ),
        (&tls, "s3://data/in.jsonl", "x.jsonl", "does not speak TLS"),
        // A file is looked at by a request whose answer has no text.
        (
            &good,
            "s3://old/in.jsonl",
            "x.jsonl",
            "(ExpiredToken); get new credentials: these have expired",
        ),
        (
            &good,
            "s3://others/in.jsonl",
            "x.jsonl",
            "(AccessDenied); check the credentials in `storage_options` or in the environment",
        ),
        (&good, "s3://data", "x.jsonl", "`s3://data`"),
        (
            &good,
            "s3://data/al/../x",
            "x.jsonl",
            "no part of a key can be `.` or `..`",
        ),
        (&good, &good, "x.jsonl", "it names a server and no file"),
        (
            &good,
            "in.jsonl",
            "http://h/x.jsonl",
            "cannot be written to: only buckets and folders of this machine can",
        ),
        (
            &good,
            "in.jsonl",
            "s3:/data/x.jsonl",
            "did you mean `s3://data/x.jsonl`?",
        ),
    ] {
        let bench = Bench::new();
        let lines = format!("dataset_path: '{input}'\nexport_path: '{export}'\n");
        recipe(&bench, endpoint, &lines);
        let ran = bench.run("check --config recipe.yaml");
        let told = format!("{}{}", ran.stderr, ran.stdout);
        assert!(ran.code > 0, "{told}");
        assert!(told.contains(expected), "{input} {export}: {told}");
        for unwanted in ["``", "panicked", "Generic", "in the web", "Encountered"] {
            assert!(!told.contains(unwanted), "{input} {export}: {told}");
        }
    }
    let bench = Bench::new();
    bench
        .run("monitor a --base-dir s3:/b/jobs")
        .expect(2)
        .says("did you mean `s3://b/jobs`?");
}
