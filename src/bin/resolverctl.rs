//! resolverctl: asks the daemon how it is, where time went, and what a name is.

use std::process::ExitCode;

use clap::Parser;
use resolverd::ctl::{self, Arguments};

fn main() -> ExitCode {
    ctl::run(&Arguments::parse()).into()
}
