//! Tests downloads from a local server that misbehaves on request.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use super::*;

/// The server's response to one request.
#[derive(Clone, Copy)]
enum Answer {
    /// The content, or the requested part of it.
    Content,
    /// The same, but the connection ends after this many bytes.
    Cut(usize),
    /// The whole content, whichever part is requested.
    NoRanges,
    /// Different content, with a different tag.
    Other,
    /// An archive of folders.
    Archive,
    Redirect,
    Status(u16),
}

struct Server {
    address: String,
    /// The `Range` of each request.
    asked: Receiver<Option<String>>,
}

fn content() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// Starts a server that gives these responses one after the other, and then repeats the last one.
fn serve(answers: &[Answer]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = channel();
    let answers = answers.to_vec();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let answer = answers[number.min(answers.len() - 1)];
            // Sent before the response is complete, so that a caller that waits for the response finds it.
            let told = |range| drop(sender.send(range));
            answer_one(&mut stream.unwrap(), answer, told);
        }
    });
    Server { address, asked }
}

fn answer_one(stream: &mut TcpStream, answer: Answer, told: impl FnOnce(Option<String>)) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let path = lines.next().unwrap().unwrap();
    let headers: Vec<String> = lines
        .map_while(|line| line.ok().filter(|line| !line.is_empty()))
        .collect();
    let header = |name: &str| {
        headers.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let range = header("range");
    let is_same = header("if-range").as_deref() == Some("\"v1\"");
    let start = range.as_ref().filter(|_| is_same);
    let start = start.map(|range| {
        range["bytes=".len()..range.len() - 1]
            .parse::<usize>()
            .unwrap()
    });
    told(range);
    let content = content();
    let mut send = |status: &str, extra: &str, body: &[u8], length: usize| {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{extra}\r\n"
        );
        let _ = stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body));
    };
    match (answer, start) {
        (Answer::Redirect, _) if !path.contains("/moved") => {
            send("302 Found", "Location: /moved\r\n", b"", 0)
        }
        (Answer::Status(status), _) => send(&format!("{status} No"), "", b"", 0),
        (Answer::Archive, _) => {
            let archive = archive();
            send("200 OK", "", &archive, archive.len());
        }
        (Answer::Other, _) => send("200 OK", "ETag: \"v2\"\r\n", b"other", 5),
        (Answer::Cut(bytes), None) => send(
            "200 OK",
            "ETag: \"v1\"\r\n",
            &content[..bytes],
            content.len(),
        ),
        (Answer::Cut(bytes), Some(start)) => {
            let extra = format!("Content-Range: bytes {start}-/*\r\n");
            let body = &content[start..];
            send(
                "206 Partial Content",
                &extra,
                &body[..bytes.min(body.len())],
                body.len(),
            );
        }
        (Answer::Content | Answer::Redirect, Some(start)) => {
            let extra = format!("Content-Range: bytes {start}-/*\r\n");
            send(
                "206 Partial Content",
                &extra,
                &content[start..],
                content.len() - start,
            );
        }
        (Answer::Content | Answer::Redirect, None) | (Answer::NoRanges, _) => {
            send("200 OK", "ETag: \"v1\"\r\n", &content, content.len());
        }
    }
}

fn archive() -> Vec<u8> {
    crate::unpack::tests::zip(&[
        ("punkt_tab/english/a.tab", b"english/a.tab"),
        ("punkt_tab/french/b.tab", b"french/b.tab"),
    ])
}

fn download(server: &Server) -> Download {
    Download {
        name: "en.model".to_owned(),
        addresses: vec![format!("{}/en.model", server.address)],
        sha256: None,
        folder: None,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn fetched(answers: &[Answer]) -> Vec<Option<String>> {
    let (server, folder) = (serve(answers), tempfile::tempdir().unwrap());
    let told = Arc::new(Mutex::new((0, None)));
    let fetched = fetch(&download(&server), folder.path(), &mut |bytes, total| {
        *told.lock().unwrap() = (bytes, total);
    });
    let fetched = fetched.unwrap();
    assert_eq!(fs::read(&fetched.path).unwrap(), content());
    assert_eq!(*told.lock().unwrap(), (1_200_000, Some(1_200_000)));
    assert_eq!(
        Sums::read(folder.path()).unwrap().of("en.model"),
        Some(fetched.sha256.as_str())
    );
    assert_eq!(names(folder.path()), [crate::SUMS, "en.model"]);
    server.asked.try_iter().collect()
}

#[test]
fn a_file_is_fetched_whatever_comes_in_between() {
    assert_eq!(fetched(&[Answer::Content]), [None]);
    // After a dropped connection, the rest is requested.
    let ranges = fetched(&[Answer::Cut(700_000), Answer::Cut(100), Answer::Content]);
    let expected = [
        None,
        Some("bytes=700000-".to_owned()),
        Some("bytes=700100-".to_owned()),
    ];
    assert_eq!(ranges, expected);
    // A server without range support sends everything again.
    fetched(&[Answer::Cut(700_000), Answer::NoRanges]);
    fetched(&[Answer::Redirect]);
    fetched(&[Answer::Status(503), Answer::Content]);
}

#[test]
fn another_file_is_not_mixed_with_the_part_that_is_there() {
    let (server, folder) = (
        serve(&[Answer::Cut(1000), Answer::Other]),
        tempfile::tempdir().unwrap(),
    );
    let fetched = fetch(&download(&server), folder.path(), &mut |_, _| {}).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), b"other");
}

#[test]
fn a_download_that_was_broken_off_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&[Answer::Cut(500_000), Answer::Status(404), Answer::Content]);
    let error = fetch(&download(&server), folder.path(), &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert!(!folder.path().join("en.model").exists());
    fetch(&download(&server), folder.path(), &mut |_, _| {}).unwrap();
    let ranges: Vec<_> = server.asked.try_iter().collect();
    assert_eq!(ranges[2].as_deref(), Some("bytes=500000-"));
    assert_eq!(fs::read(folder.path().join("en.model")).unwrap(), content());
}

#[test]
fn a_wrong_digest_is_refused_and_the_next_address_is_asked() {
    let (bad, good, folder) = (
        serve(&[Answer::Other]),
        serve(&[Answer::Content]),
        tempfile::tempdir().unwrap(),
    );
    fs::write(folder.path().join("x"), content()).unwrap();
    let mut wanted = Download {
        sha256: Some(sha256(&folder.path().join("x")).unwrap()),
        ..download(&bad)
    };
    let error = fetch(&wanted, folder.path(), &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("SHA-256"), "{error}");
    assert!(!folder.path().join("en.model").exists());
    wanted.addresses.extend(download(&good).addresses);
    let fetched = fetch(&wanted, folder.path(), &mut |_, _| {}).unwrap();
    assert_eq!(Some(fetched.sha256), wanted.sha256);
}

#[test]
fn what_never_comes_ends() {
    let (server, folder) = (serve(&[Answer::Status(503)]), tempfile::tempdir().unwrap());
    let error = fetch(&download(&server), folder.path(), &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
    assert_eq!(server.asked.try_iter().count(), TRIES as usize);
    let nobody = Download {
        addresses: vec!["http://127.0.0.1:9/".to_owned()],
        ..download(&server)
    };
    assert!(fetch(&nobody, folder.path(), &mut |_, _| {}).is_err());
    let outside = Download {
        name: "../en.model".to_owned(),
        ..download(&server)
    };
    assert!(matches!(
        fetch(&outside, folder.path(), &mut |_, _| {}),
        Err(Error::Name { .. })
    ));
}

#[test]
fn folders_come_in_an_archive_that_is_downloaded_once() {
    let (server, folder) = (serve(&[Answer::Archive]), tempfile::tempdir().unwrap());
    let punkt = |language: &str| Download {
        name: "nltk_data/tokenizers/punkt_tab.zip".to_owned(),
        addresses: vec![server.address.clone()],
        sha256: None,
        folder: Some(format!("punkt_tab/{language}")),
    };
    let fetched = |language: &str| fetch(&punkt(language), folder.path(), &mut |_, _| {});
    let english = fetched("english").unwrap();
    let place = folder.path().join("nltk_data/tokenizers/punkt_tab");
    assert_eq!(english.path, place.join("english"));
    assert_eq!(english.address.as_ref(), Some(&server.address));
    assert_eq!(
        fs::read(place.join("english/a.tab")).unwrap(),
        b"english/a.tab"
    );
    assert!(!place.join("french").exists());
    let french = fetched("french").unwrap();
    assert_eq!((french.address, french.path), (None, place.join("french")));
    assert_eq!(server.asked.try_iter().count(), 1);
    let error = fetched("klingon").unwrap_err().to_string();
    assert!(error.contains("no folder `punkt_tab/klingon`"), "{error}");
    // An archive that has changed since is downloaded again.
    fs::write(folder.path().join(&punkt("").name), "x").unwrap();
    fs::remove_dir_all(&place).unwrap();
    fetched("english").unwrap();
    assert_eq!(server.asked.try_iter().count(), 1);
    assert_eq!(
        names(&folder.path().join("nltk_data/tokenizers")),
        ["punkt_tab", "punkt_tab.zip"]
    );
}
