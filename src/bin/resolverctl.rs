//! resolverctl: shows the health and the statistics of the daemon, and resolves names through it.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    resolverctl::run(&words).into()
}
