//! Tells others what happened in a job: commands that are run, and addresses that are posted to.
//!
//! Whoever is told may be slow, refuse, hang or die: nothing of that reaches the job. A [`Messenger`] takes messages without
//! waiting and delivers them one after another on a thread of its own, each within a bounded time; what could not be
//! delivered is said by [`Messenger::problems`], and is no error of anything.
//!
//! ```
//! use std::time::Duration;
//! use coldpress_notify::{Message, Messenger, Recipient};
//!
//! let messenger = Messenger::start()?;
//! messenger.send(Message {
//!     to: Recipient::Command("grep -q failed".into()),
//!     json: r#"{"alert": "failed"}"#.into(),
//! });
//! messenger.finish(Duration::from_secs(10));
//! assert!(messenger.problems().is_empty());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Addresses need the feature `http`; without it a message to one is a problem that says so.

mod command;
#[cfg(feature = "http")]
mod http;
mod messenger;

pub use messenger::{Message, Messenger, Recipient};
