//! Runs each file of tests/scenarios as a separate test over the simulated network. The title in the file says what the
//! scenario shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lab::scenario::Scenario;
use lab::simulation::paused;
use libtest_mimic::{Arguments, Failed, Trial};

/// The seed of the random numbers in all scenarios. It must not change, because the expected packets in the scenarios
/// depend on it.
const SEED: u64 = 1;

/// The least number of scenarios in tests/scenarios. If there are fewer, files are missing.
const AT_LEAST: usize = 275;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(folder).expect("the folder of scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("its entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(files.len() >= AT_LEAST, "{} scenarios", files.len());
    let trial = |file: PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || play(&file))
    };
    libtest_mimic::run(&arguments, files.into_iter().map(trial).collect()).exit_code()
}

fn play(file: &Path) -> Result<(), Failed> {
    let scenario: Scenario = fs::read_to_string(file)?.parse()?;
    Ok(paused(scenario.play(SEED))?)
}
