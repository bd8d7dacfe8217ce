//! Every file of tests/scenarios is played over the simulation; each says in its title what it shows.

use std::fs;
use std::path::Path;

use resolverd::lab::scenario::Scenario;
use resolverd::lab::simulation::paused;

/// The seed of a scenario: its packets are told exactly, so it is one and the same always.
const SEED: u64 = 1;

/// `SCENARIO=name cargo test --test scenarios` plays one alone.
#[test]
fn every_scenario_ends_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let only = std::env::var("SCENARIO").ok();
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    let mut played = 0;
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        played += 1;
        if let Err(error) = play(&fs::read_to_string(&file).unwrap()) {
            failures.push(format!("{name}: {error}"));
        }
    }
    assert!(failures.is_empty(), "{} of {played} failed\n\n{}", failures.len(), failures.join("\n\n"));
    assert!(only.is_some() || played >= 150, "{played} scenarios");
}

fn play(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let scenario: Scenario = text.parse()?;
    Ok(paused(scenario.play(SEED))?)
}
