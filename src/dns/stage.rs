//! Functions that the tests of all crates use: they create names, pause the time, and print notes about skipped tests.

use std::io::{self, Write as _};

use hickory_proto::rr::Name;

/// Continuous integration sets this environment variable to `true`. A test that is skipped then fails.
const SKIPS_NOTHING: &str = "CI";

/// Creates a domain name from a text.
///
/// # Panics
/// Panics if the text is not a name.
pub fn name(text: &str) -> Name {
    match Name::from_ascii(text) {
        Ok(name) => name,
        Err(error) => panic!("{text}: {error}"),
    }
}

/// Runs the future `work` on one thread, with tokio's clock paused.
///
/// # Panics
/// Panics if the runtime cannot start.
pub fn paused<Work: Future>(work: Work) -> Work::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => panic!("no runtime: {error}"),
    }
}

/// Prints on the terminal that a test, or a part of a test, was skipped, and why.
///
/// # Panics
/// Panics if the environment variable `CI` is `true`.
pub fn skipped(why: &str) {
    // The test harness hides the output of `println` for tests that pass, but not what is written directly to stderr.
    let _ = writeln!(io::stderr(), "not tested: {why}");
    let fails = std::env::var_os(SKIPS_NOTHING).is_some_and(|value| value == "true");
    assert!(!fails, "not tested: {why}");
}
