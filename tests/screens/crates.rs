//! The crates of the workspace, as `src/lib.rs` shows them: each calls only crates below it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the crates in the order of the picture in `src/lib.rs`, from the top.
fn shown() -> Vec<String> {
    let text = std::fs::read_to_string(source().join("lib.rs")).unwrap();
    let picture = text.split("//! ```").nth(1).unwrap();
    let rows = picture.lines().filter_map(|line| line.strip_prefix("//!  "));
    let names = rows.filter(|row| !row.starts_with(' ')).filter_map(|row| row.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Returns the crates of the workspace that each crate in `src` names in its `[dependencies]`.
fn called() -> BTreeMap<String, BTreeSet<String>> {
    let folders = std::fs::read_dir(source()).unwrap().map(|entry| entry.unwrap().path());
    let manifests: BTreeMap<String, String> = folders
        .filter_map(|path| {
            let text = std::fs::read_to_string(path.join("Cargo.toml")).ok()?;
            Some((path.file_name()?.to_str()?.to_owned(), text))
        })
        .collect();
    let names: BTreeSet<&String> = manifests.keys().collect();
    let called = |text: &String| {
        let table: toml::Table = text.parse().unwrap();
        let dependencies = table.get("dependencies").and_then(toml::Value::as_table).cloned();
        let keys = dependencies.unwrap_or_default().keys().cloned().collect::<BTreeSet<_>>();
        keys.into_iter().filter(|key| names.contains(key)).collect()
    };
    manifests.iter().map(|(name, text)| (name.clone(), called(text))).collect()
}

#[test]
fn crates_call_only_crates_below() {
    let shown = shown();
    let place = |name: &str| shown.iter().position(|one| one == name);
    for (caller, called) in called() {
        let own = place(&caller).unwrap_or_else(|| panic!("src/lib.rs does not show {caller}"));
        for other in called {
            assert!(place(&other) > Some(own), "{caller} calls {other}, which is above it in src/lib.rs");
        }
    }
}

#[test]
fn source_folder_holds_crates_only() {
    for entry in std::fs::read_dir(source()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let is_crate = entry.path().join("Cargo.toml").exists();
        assert!(is_crate || ["bin", "lib.rs"].contains(&name.as_str()), "src/{name} is no crate");
    }
}

// resolverctl is a client of the control socket. It is built without the resolver.
#[test]
fn resolverctl_does_not_link_resolver() {
    let called = called();
    let (mut linked, mut left) = (BTreeSet::new(), vec!["resolverctl".to_owned()]);
    while let Some(name) = left.pop() {
        if linked.insert(name.clone()) {
            left.extend(called.get(&name).into_iter().flatten().cloned());
        }
    }
    assert!(linked.contains("protocol") && !linked.contains("resolver"), "{linked:?}");
}

#[test]
fn guides_name_existing_paths() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for guide in ["CONTRIBUTING.md", "SECURITY.md", "README.md", "benches/README.md"] {
        let text = std::fs::read_to_string(root.join(guide)).unwrap();
        let is_path = |word: &&str| {
            let is_ours =
                ["src/", "tests/", "benches/", "conf/", "packaging/"].iter().any(|at| word.starts_with(at));
            is_ours
                && word.bytes().all(|octet| octet.is_ascii_lowercase() || b"/._-0123456789".contains(&octet))
        };
        for path in text.split('`').skip(1).step_by(2).filter(is_path) {
            assert!(root.join(path).exists(), "{guide} names {path}");
        }
    }
}

/// The most words in the name of a test, so that a list of them reads like a table of contents.
const MAX_TEST_WORDS: usize = 6;

#[test]
fn test_names_are_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = ["src", "tests"].map(|folder| root.join(folder)).into();
    let (mut long, mut counted) = (Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|last| last == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let lines: Vec<&str> = text.lines().map(str::trim).collect();
                for (place, _) in lines.iter().enumerate().filter(|(_, line)| is_test_mark(line)) {
                    let name = lines[place..].iter().find_map(|line| {
                        let line = line.strip_prefix("async ").unwrap_or(line);
                        line.strip_prefix("fn ")?.split('(').next()
                    });
                    counted += 1;
                    long.extend(
                        name.filter(|name| name.split('_').count() > MAX_TEST_WORDS).map(str::to_owned),
                    );
                }
            }
        }
    }
    assert!(counted > 2_000 && long.is_empty(), "{counted} tests; too long: {long:#?}");
}

fn is_test_mark(line: &str) -> bool {
    line == "#[test]" || line.starts_with("#[tokio::test")
}
