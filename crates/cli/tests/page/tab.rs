//! A tab of Chromium that stays open, driven over the pipes of its DevTools.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::shared::PATIENCE;

/// A tab that stays open.
pub(crate) struct Tab {
    browser: Child,
    commands: File,
    answers: Receiver<Value>,
    session: Option<String>,
    number: u64,
    /// What the page complained about.
    complaints: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Tab {
    /// Opens a page.
    pub(crate) fn open(browser: &Browser, url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let path = folder.path().join(name);
            assert!(
                Command::new("mkfifo")
                    .arg(&path)
                    .status()
                    .unwrap()
                    .success()
            );
            path
        };
        let (commands, answers) = (pipe("commands"), pipe("answers"));
        // The numbers of the pipes are Chromium's.
        let browser = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$COMMANDS\" 4>\"$ANSWERS\""])
            .arg(browser.program())
            .args(Browser::FLAGS)
            .args(["--remote-debugging-pipe", "--window-size=1200,900"])
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("profile").display()
            ))
            .env("COMMANDS", &commands)
            .env("ANSWERS", &answers)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = OpenOptions::new().write(true).open(commands).unwrap();
        let mut tab = Self {
            browser,
            commands,
            answers: messages(File::open(answers).unwrap()),
            session: None,
            number: 0,
            complaints: Vec::new(),
            _folder: folder,
        };
        let target = tab.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = tab.call("Target.attachToTarget", attach);
        tab.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.go(url);
        tab
    }

    /// Goes to another page, and waits until it is there.
    pub(crate) fn go(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// Returns the value of an expression in the page.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", parameters);
        let failure = &answer["exceptionDetails"];
        assert!(failure.is_null(), "{expression}: {failure}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression in the page is true.
    #[track_caller]
    pub(crate) fn wait(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.value(&format!("Boolean({expression})")) != true {
            let shown = || "document.body.innerText.slice(0, 3000)";
            assert!(
                begun.elapsed() < 2 * PATIENCE,
                "never: {expression}\n{}",
                self.value(shown())
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the page shows this text.
    #[track_caller]
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait(&format!(
            "document.body.innerText.includes({})",
            Value::from(text)
        ));
    }

    /// Returns what the page complained about, but for connections that failed.
    pub(crate) fn complaints(&self) -> Vec<&String> {
        let said = self.complaints.iter();
        said.filter(|text| {
            !text.contains("ERR_CONNECTION_REFUSED")
                && !text.contains("ERR_INCOMPLETE_CHUNKED_ENCODING")
        })
        .collect()
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.commands
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        loop {
            let mut answer = self
                .answers
                .recv_timeout(PATIENCE)
                .expect("the browser does not answer");
            if answer["id"] == self.number {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
            let event = answer["method"].as_str().unwrap_or_default();
            if [
                "Runtime.exceptionThrown",
                "Runtime.consoleAPICalled",
                "Log.entryAdded",
            ]
            .contains(&event)
            {
                self.complaints.push(answer.to_string());
            }
        }
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

/// Reads messages, which end in a zero each, on a thread of its own: a browser that hangs must not hang the test.
fn messages(pipe: File) -> Receiver<Value> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for message in BufReader::new(pipe).split(0) {
            let Ok(message) = message else { return };
            let Ok(message) = serde_json::from_slice(&message) else {
                return;
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}
