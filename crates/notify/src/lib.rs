//! Sends messages about a job: to commands that are run, and to addresses that are posted to.
//!
//! A recipient may be slow, refuse, hang or die: none of that affects the job. A [`Messenger`] takes messages without
//! waiting and delivers them one after another on a thread of its own, each within a bounded time. A message that could not
//! be delivered is not an error; [`Messenger::problems`] reports it.
//!
//! ```
//! use std::time::Duration;
//! use coldpress_notify::{Message, Messenger, Recipient};
//!
//! let messenger = Messenger::start()?;
//! messenger.send(Message {
//!     to: Recipient::Command("grep -q failed".into()),
//!     json: r#"{"alert": "failed"}"#.into(),
//!     asked_by: "alerts",
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
