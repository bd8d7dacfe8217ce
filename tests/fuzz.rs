//! Runs the targets of the fuzzer with stable Rust: on the files of the corpus in `tests/corpus`, and on random mutations of these files.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use dns::random::Random;
use lab::prelude::by_hand;
use stage::fuzz;

/// Octets with a special meaning in DNS messages (lengths, compression pointers), or at the limits of numbers.
const TELLING: [u8; 8] = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff];

/// The maximum number of changed octets in one mutation.
const CHANGES: u32 = 6;

/// Returns the files of a corpus, sorted by name.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn below(random: &Random, bound: usize) -> usize {
    usize::try_from(random.below(u32::try_from(bound.max(1)).unwrap())).unwrap()
}

/// Changes a few octets of a random file.
fn mutation(corpus: &[Vec<u8>], random: &Random) -> Vec<u8> {
    let mut octets = corpus[below(random, corpus.len())].clone();
    for _ in 0..=random.below(CHANGES) {
        let place = below(random, octets.len() + 1);
        let other = &corpus[below(random, corpus.len())];
        match random.below(7) {
            0 if place < octets.len() => octets[place] ^= 1 << random.below(8),
            1 if place < octets.len() => octets[place] = TELLING[below(random, TELLING.len())],
            2 => octets.insert(place, TELLING[below(random, TELLING.len())]),
            3 if place < octets.len() => drop(octets.remove(place)),
            4 => octets.truncate(place),
            5 => octets.extend_from_slice(&other[below(random, other.len() + 1)..]),
            _ => {
                let end = (place + below(random, 32)).min(octets.len());
                let again = octets[place.min(end)..end].to_vec();
                octets.splice(place..place, again);
            }
        }
    }
    octets
}

fn hold(target: &str, octets: &[u8]) {
    let held = catch_unwind(|| fuzz::hold(target, octets));
    assert!(held.is_ok(), "{target} with {octets:?}");
}

fn play(target: &str, usual: u64) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty());
    corpus.iter().for_each(|octets| hold(target, octets));
    let random = Random::seeded(by_hand("RESOLVERD_FUZZ_SEED", 1));
    for _ in 0..usual * by_hand("RESOLVERD_FUZZ_TIMES", 1) {
        hold(target, &mutation(&corpus, &random));
    }
}

#[test]
fn any_query_is_read_and_answered() {
    play("query", 20_000);
}

#[test]
fn any_response_leaves_memory_clean() {
    play("response", 1_000);
}

#[test]
fn any_zone_file_is_handled() {
    play("zone_file", 2_000);
}

#[test]
fn any_snapshot_entry_is_handled() {
    play("snapshot", 2_000);
}

#[test]
fn any_control_line_is_handled() {
    play("control", 20_000);
}

#[test]
fn any_capture_is_read_or_refused() {
    play("capture", 20_000);
}
