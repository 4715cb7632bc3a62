//! Jobs on Ray: with a bridge that needs no Ray, and on clusters of a real one.
//!
//! The workers are this executable itself, so it has a `main` of its own.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bench;
mod clusters;
mod cut_network;
mod fake_bridge;
mod install;
mod operators;
mod without_ray;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(code) =
        coldpress_worker::serve_if_asked(&operators::registry(), &coldpress_remote::schemes())
    {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--fake-bridge", mode] => return fake_bridge::serve(mode),
        ["--driver", folder, job, address] => return bench::drive(folder, job, address),
        _ => {}
    }
    let cut_network = match cut_network::are_asked_for() {
        true => cut_network::ALL,
        false => &[],
    };
    let tests = without_ray::ALL.iter().chain(clusters::ALL);
    let tests = tests.chain(cut_network);
    let tests = tests.map(|(name, test)| {
        Trial::test(*name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), tests.collect()).exit_code()
}
