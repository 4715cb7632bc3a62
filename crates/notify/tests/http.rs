//! Messages to real servers that take them, refuse them, hang, and die.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use coldpress_notify::{Message, Messenger, Recipient};

/// A server that gives these answers, one a connection; it returns what it was sent.
fn serve(answers: Vec<Option<&'static str>>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!(
        "http://{}/hook?token=secret",
        listener.local_addr().unwrap()
    );
    let server = thread::spawn(move || {
        let serve_one = |answer: Option<&str>| {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read_request(&mut stream);
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).unwrap();
            }
            request
        };
        answers.into_iter().map(serve_one).collect()
    });
    (address, server)
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"}") {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            count => request.extend(&buffer[..count]),
        }
    }
    String::from_utf8(request).unwrap()
}

const OK: &str = "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const GONE: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn send(address: &str) -> Vec<String> {
    let messenger = Messenger::start().unwrap();
    messenger.send(Message {
        to: Recipient::Address(address.to_owned()),
        json: r#"{"alert":"failed"}"#.to_owned(),
        asked_by: "alerts",
    });
    messenger.finish(Duration::from_secs(30));
    messenger.problems()
}

#[test]
fn a_server_gets_the_message_as_json() {
    let (address, server) = serve(vec![Some(OK)]);
    assert_eq!(send(&address), [""; 0]);
    let request = &server.join().unwrap()[0];
    assert!(
        request.starts_with("POST /hook?token=secret HTTP/1.1"),
        "{request}"
    );
    assert!(
        request
            .to_lowercase()
            .contains("content-type: application/json"),
        "{request}"
    );
    assert!(request.ends_with(r#"{"alert":"failed"}"#), "{request}");
}

#[test]
fn a_server_that_is_busy_or_dies_is_asked_again() {
    let (address, server) = serve(vec![Some(BUSY), None, Some(OK)]);
    assert_eq!(send(&address), [""; 0]);
    assert_eq!(server.join().unwrap().len(), 3);
}

#[test]
fn a_server_that_refuses_is_a_problem_and_not_asked_again() {
    let (address, server) = serve(vec![Some(GONE)]);
    let problems = send(&address);
    assert_eq!(server.join().unwrap().len(), 1);
    assert!(
        problems[0].contains("the server answered 404"),
        "{problems:?}"
    );
    assert!(!problems[0].contains("secret"), "{problems:?}");
}

#[test]
fn a_server_that_is_not_there_is_a_problem_within_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let begun = Instant::now();
    assert_eq!(send(&address).len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_server_that_never_answers_holds_up_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let messenger = Messenger::start().unwrap();
    let begun = Instant::now();
    messenger.send(Message {
        to: Recipient::Address(address),
        json: "{}".to_owned(),
        asked_by: "alerts",
    });
    messenger.finish(Duration::from_millis(300));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let problems = messenger.problems();
    assert!(problems[0].contains("given up"), "{problems:?}");
    drop(listener);
}
