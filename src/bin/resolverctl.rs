//! resolverctl: shows the health and the statistics of the daemon, and resolves names through it.

use std::process::ExitCode;

use clap::Parser;
use resolverd::ctl::{self, Arguments};

fn main() -> ExitCode {
    ctl::run(&Arguments::parse()).into()
}
