//! Datasets on a web server whose address has secrets in it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use crate::bench::Bench;

/// Serves these bytes under every path, in ranges; gives the address without its scheme.
fn serve(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), bytes);
        }
    });
    address
}

fn answer(stream: TcpStream, bytes: &[u8]) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut range) = (String::new(), None);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(asked) = line.trim().strip_prefix("range: bytes=") {
            let (from, to) = asked.split_once('-').unwrap();
            let to = to.parse::<usize>().map_or(bytes.len(), |to| to + 1);
            range = Some((from.parse().unwrap(), to.min(bytes.len())));
        }
    }
    let (from, to) = range.unwrap_or((0, bytes.len()));
    let status = match range {
        Some(_) => format!(
            "206 Partial Content\r\ncontent-range: bytes {from}-{}/{}",
            to - 1,
            bytes.len()
        ),
        None => "200 OK".to_owned(),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: \"1\"\r\naccept-ranges: bytes\r\nconnection: close\r\n\r\n",
        to - from
    );
    let body = if first.starts_with("HEAD") {
        &[][..]
    } else {
        &bytes[from..to]
    };
    // The client may have closed the connection.
    let _ = reader
        .get_mut()
        .write_all(&[head.as_bytes(), body].concat());
}

fn check(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            check(&path);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        let has_secret = bytes.windows(7).any(|window| window == b"PASSWRD");
        assert!(!has_secret, "{}", path.display());
    }
}

#[test]
fn secrets_in_the_address_of_a_dataset_are_written_nowhere() {
    let host = serve(b"{\"text\": \"a text that is long\"}\n");
    let bench = Bench::new();
    for (job, address) in [
        ("user", format!("http://bob:PASSWRD@{host}/d.jsonl")),
        ("signed", format!("http://{host}/d.jsonl?v=1&sig=PASSWRD")),
    ] {
        let line = format!(
            "process --config recipe.yaml --job_id {job} --export_path out/{job}.jsonl --dataset_path {address}"
        );
        let ran = bench.run(&line).expect(0);
        let shown = format!("--dataset_path http://{host}/d.jsonl");
        assert!(ran.stdout.contains(&shown), "{}", ran.stdout);
        assert!(
            bench
                .read(&format!("jobs/{job}/lineage.jsonl"))
                .contains("d.jsonl")
        );
        let mut told = ran.stdout + &ran.stderr;
        for command in ["monitor", "report", "events"] {
            let line = format!("{command} {job} --base-dir jobs --json");
            told.push_str(&bench.run(&line).expect(0).stdout);
        }
        assert!(!told.contains("PASSWRD"), "{told}");
    }
    check(&bench.path("jobs"));
}
