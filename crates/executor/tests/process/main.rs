//! Jobs whose workers are processes, and what becomes of them when those die.
//!
//! Worker processes are started of the executable itself, so it has a `main` of its own.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bench;
mod deadly;
mod one_worker;
mod tests;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(code) = coldpress_worker::serve_if_asked(&deadly::registry(), &Default::default()) {
        return code;
    }
    let tests = tests::ALL.iter().map(|(name, test)| {
        Trial::test(*name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), tests.collect()).exit_code()
}
