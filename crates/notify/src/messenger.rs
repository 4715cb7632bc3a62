//! The thread that delivers messages.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::command::{self, Running};

/// The most messages that may wait. A job has few; one more is dropped, and reported as a problem.
const WAITING: usize = 256;

/// Problems that are remembered; of further ones only the number.
const PROBLEMS: usize = 32;

/// A message and its recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The recipient.
    pub to: Recipient,
    /// The message: one JSON object.
    pub json: String,
    /// The key of the recipe that asks for it, for problems to name.
    pub asked_by: &'static str,
}

/// A recipient of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A command for the shell, with the message on its standard input; it has 30 seconds.
    Command(String),
    /// An address, to which the message is posted: up to three times, with 15 seconds each.
    Address(String),
}

/// The failures so far.
#[derive(Debug, Default)]
struct Problems {
    told: Vec<String>,
    more: u64,
}

/// Delivers messages, one after another, on a thread of its own.
#[derive(Debug)]
pub struct Messenger {
    sender: Sender<Told>,
    problems: Arc<Mutex<Problems>>,
    running: Arc<Running>,
}

enum Told {
    Message(Message),
    /// All messages before it are delivered, or are problems.
    End(Sender<()>),
}

impl Messenger {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start() -> io::Result<Self> {
        let (sender, receiver) = bounded(WAITING);
        let problems = Arc::new(Mutex::new(Problems::default()));
        let running = Arc::new(Running::default());
        let (of_thread, command) = (Arc::clone(&problems), Arc::clone(&running));
        let builder = thread::Builder::new().name("coldpress-notify".to_owned());
        builder.spawn(move || deliver_all(&receiver, &of_thread, &command))?;
        Ok(Self {
            sender,
            problems,
            running,
        })
    }

    /// Takes a message, without waiting for anything.
    pub fn send(&self, message: Message) {
        if let Err(refused) = self.sender.try_send(Told::Message(message))
            && let Told::Message(message) = refused.into_inner()
        {
            let problem = "too many messages wait";
            note(
                &self.problems,
                format!("`{}`: {}: {problem}", message.asked_by, message.to),
            );
        }
    }

    /// Waits until all messages are delivered, for so long at most. A delivery that takes longer goes on, but is not reported.
    pub fn finish(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let (end, ended) = bounded(1);
        let is_taken = self.sender.send_deadline(Told::End(end), deadline).is_ok();
        if is_taken && ended.recv_deadline(deadline).is_ok() {
            return;
        }
        // Its thread ends with the program, and would not be there to stop it.
        self.running.kill();
        let seconds = patience.as_secs();
        note(
            &self.problems,
            format!("messages are not delivered within {seconds} s and are given up"),
        );
    }

    /// Returns the failures since the last call, a sentence each.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        let Problems { mut told, more } = std::mem::take(&mut *problems);
        if more > 0 {
            told.push(format!("and {more} more messages were not delivered"));
        }
        told
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Command(command) => write!(f, "the command `{command}`"),
            Self::Address(address) => write!(f, "the request to {}", without_secrets(address)),
        }
    }
}

/// An address without its user, password and query, which may hold a token.
fn without_secrets(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => address.to_owned(),
    }
}

fn note(problems: &Mutex<Problems>, problem: String) {
    let mut problems = problems.lock().unwrap_or_else(PoisonError::into_inner);
    match problems.told.len() < PROBLEMS {
        true => problems.told.push(problem),
        false => problems.more += 1,
    }
}

fn deliver_all(receiver: &Receiver<Told>, problems: &Mutex<Problems>, running: &Running) {
    for told in receiver {
        match told {
            Told::Message(message) => {
                if let Err(reason) = deliver(&message, running) {
                    note(
                        problems,
                        format!(
                            "`{}`: {} came to nothing: {reason}",
                            message.asked_by, message.to
                        ),
                    );
                }
            }
            Told::End(end) => {
                let _ = end.send(());
            }
        }
    }
}

fn deliver(message: &Message, running: &Running) -> Result<(), String> {
    match &message.to {
        Recipient::Command(line) => command::run(line, &message.json, command::PATIENCE, running),
        Recipient::Address(address) => post(address, &message.json),
    }
}

#[cfg(feature = "http")]
fn post(address: &str, json: &str) -> Result<(), String> {
    /// Pauses before the second and the third try.
    const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(refused) = crate::http::post(address, json) else {
            return Ok(());
        };
        match pauses.next().filter(|_| refused.may_pass) {
            Some(pause) => thread::sleep(pause),
            None => return Err(refused.reason),
        }
    }
}

#[cfg(not(feature = "http"))]
fn post(_: &str, _: &str) -> Result<(), String> {
    Err("this program was built without the feature `http`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(to: Recipient) -> Vec<String> {
        let messenger = Messenger::start().unwrap();
        let json = r#"{"alert":"failed"}"#.to_owned();
        messenger.send(Message {
            to,
            json,
            asked_by: "alerts",
        });
        messenger.finish(Duration::from_secs(20));
        messenger.problems()
    }

    #[test]
    fn a_command_gets_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("got it");
        let command = format!("cat > '{}'", file.display());
        assert_eq!(send(Recipient::Command(command)), [""; 0]);
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            r#"{"alert":"failed"}"#
        );
    }

    #[test]
    fn what_goes_wrong_with_a_command_is_told() {
        let problems = send(Recipient::Command(
            "echo no mail here >&2; exit 3".to_owned(),
        ));
        let expected = "`alerts`: the command `echo no mail here >&2; exit 3` came to nothing: it ended with exit status: 3: no mail here";
        assert_eq!(problems, [expected]);
        assert_eq!(
            send(Recipient::Command("exec <&-; exit 0".to_owned())),
            [""; 0]
        );
    }

    #[test]
    fn a_command_that_hangs_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("late");
        let line = format!("(sleep 2; touch '{}') & wait", file.display());
        let error =
            command::run(&line, "", Duration::from_millis(200), &Running::default()).unwrap_err();
        assert_eq!(error, "it was killed after 0.2 s");
        thread::sleep(Duration::from_millis(2500));
        assert!(!file.exists());
    }

    #[test]
    fn nobody_waits_for_a_message() {
        let messenger = Messenger::start().unwrap();
        let begun = std::time::Instant::now();
        for _ in 0..WAITING + 2 * PROBLEMS {
            let to = Recipient::Command("sleep 5".to_owned());
            messenger.send(Message {
                to,
                json: String::new(),
                asked_by: "alerts",
            });
        }
        messenger.finish(Duration::from_millis(100));
        assert!(begun.elapsed() < Duration::from_secs(4));
        let problems = messenger.problems();
        assert_eq!(problems.len(), PROBLEMS + 1);
        assert!(problems[PROBLEMS].starts_with("and "), "{problems:?}");
        assert!(messenger.problems().is_empty());
    }

    #[test]
    fn a_command_that_is_given_up_does_not_outlive_the_job() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("late");
        let messenger = Messenger::start().unwrap();
        messenger.send(Message {
            to: Recipient::Command(format!("sleep 2; touch '{}'", file.display())),
            json: String::new(),
            asked_by: "alerts",
        });
        messenger.finish(Duration::from_millis(300));
        assert_eq!(messenger.problems().len(), 1);
        thread::sleep(Duration::from_millis(2500));
        assert!(!file.exists());
    }

    #[test]
    fn no_secret_of_an_address_is_told() {
        let told = Recipient::Address("https://me:key@example.org:8/hook?token=abc".to_owned());
        assert_eq!(
            told.to_string(),
            "the request to https://example.org:8/hook"
        );
    }
}
