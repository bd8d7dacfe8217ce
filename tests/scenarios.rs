//! Runs each file of tests/scenarios as a separate test over the simulated network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lab::scenario::Scenario;
use lab::simulation::paused;
use libtest_mimic::{Arguments, Failed, Trial};

/// The expected packets of the scenarios depend on this seed.
const SEED: u64 = 1;

/// If there are fewer scenarios in tests/scenarios, files are missing.
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
