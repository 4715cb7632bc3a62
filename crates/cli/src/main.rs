//! The program `coldpress`; what it does is in the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    coldpress_cli::main(&coldpress::schemes())
}
