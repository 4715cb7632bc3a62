//! What kind of failure is it, and may it be tried again?
//!
//! [`ErrorClass`] sorts failures by what may become of them; [`RetryPolicy`] is the arithmetic of
//! trying again. Both are pure: nothing here sleeps, reads a clock or draws a random number. [`catch`] makes an error of a
//! panic, with the calls that led there; [`full_message`] says what an error and all its sources say.
//!
//! ```
//! use coldpress_failure::{ErrorClass, RetryPolicy};
//!
//! let policy = RetryPolicy::default();
//! let delay = policy.delay_after(ErrorClass::Network, 1, 42).expect("three retries are left");
//! assert!((0.75..=1.25).contains(&delay.as_secs_f64()));
//!
//! // A wrong setting does not get right by waiting, and three retries are all there are.
//! assert_eq!(policy.delay_after(ErrorClass::Config, 1, 42), None);
//! assert_eq!(policy.delay_after(ErrorClass::Network, 4, 42), None);
//! ```
//!
//! It does not know what failed, or where: each crate maps its own errors to a class, and those of the operating system
//! with [`ErrorClass::of_io`].

mod class;
mod message;
mod panics;
mod retry;

pub use class::{ErrorClass, UnknownClass};
pub use message::full_message;
pub use panics::{Panic, catch};
pub use retry::{Backoff, RetryPolicy};
