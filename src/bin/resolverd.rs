//! resolverd: the resolver.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon::program::run()
}
