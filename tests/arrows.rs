//! The arrows between modules: the code follows the table in `src/lib.rs`, and the files of a folder call each other
//! in one direction only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path within the crate, and whether it is a folder's own file, which declares the others.
type Module = Vec<String>;

/// The source of each module.
type Sources = BTreeMap<Module, Source>;

struct Source {
    text: String,
    is_folder: bool,
}

/// Modules in order, each with the modules that it calls.
type Table = Vec<(String, BTreeSet<String>)>;

/// All sources below `folder`.
fn read(folder: &Path, module: &Module, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let here = || module.iter().cloned().chain([name.clone()]).collect::<Module>();
        if path.is_dir() {
            read(&path, &here(), sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let is_folder = name == "mod" || *module == ["bin"];
            let module = if is_folder { module.clone() } else { here() };
            sources.insert(module, Source { text: fs::read_to_string(&path).unwrap(), is_folder });
        }
    }
}

/// The table of `src/lib.rs`.
fn table(lib: &str) -> Table {
    let section = lib.split_once("//! # Who calls whom\n").unwrap().1;
    let block = section.split("//! ```").nth(1).unwrap();
    let rows = block.lines().filter_map(|line| line.strip_prefix("//! "));
    rows.map(|row| {
        let mut words = row.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.collect())
    })
    .collect()
}

/// A source without comments and test code; the names of modules that only tests compile.
fn code(text: &str) -> (String, Vec<String>) {
    let (mut code, mut tests) = (String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test") {
            let item = lines.by_ref().find(|line| !line.starts_with("#[")).unwrap();
            if let Some((_, name)) = item.trim_end_matches(';').split_once("mod ") {
                tests.push(name.trim_end_matches(" {").to_owned());
            }
            if item.ends_with('{') {
                lines.by_ref().find(|line| *line == "}");
            }
            continue;
        }
        code.push_str(line.split("//").next().unwrap());
        code.push('\n');
    }
    (code, tests)
}

/// The paths that begin at `text`, with the groups of a `use` unfolded; returns the rest of the text.
fn unfold<'a>(mut text: &'a str, before: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = before.to_vec();
    loop {
        if let Some(group) = text.strip_prefix('{') {
            text = group.trim_start();
            while !text.starts_with('}') && !text.is_empty() {
                text = unfold(text, &path, found).trim_start_matches([',', ' ', '\n']);
            }
            return text.strip_prefix('}').unwrap_or(text);
        }
        let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        path.push(word.to_owned());
        match rest.strip_prefix("::") {
            Some(next) => text = next,
            None => {
                found.push(path);
                // An alias, or an asterisk.
                let end = rest.find([',', '}', ';', '(', ')', '\n']).unwrap_or(rest.len());
                return &rest[end..];
            }
        }
    }
}

/// The modules that a module names.
fn named(module: &Module, source: &Source, code: &str, sources: &Sources) -> BTreeSet<Module> {
    let parent = if source.is_folder { module.as_slice() } else { &module[..module.len() - 1] };
    let mut named = BTreeSet::new();
    for (root, base) in [("crate", &[] as &[String]), ("resolverd", &[]), ("super", parent)] {
        for (place, _) in code.match_indices(&format!("{root}::")) {
            let before = code[..place].chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                continue;
            }
            let base = if root == "super" && source.is_folder { &base[..base.len() - 1] } else { base };
            let mut found = Vec::new();
            unfold(&code[place + root.len() + 2..], &[], &mut found);
            for path in found {
                let above = path.iter().take_while(|word| *word == "super").count();
                let mut full = base[..base.len() - above].to_vec();
                full.extend_from_slice(&path[above..]);
                let known = (1..=full.len()).rev().map(|length| full[..length].to_vec());
                named.extend(known.into_iter().find(|known| sources.contains_key(known)));
            }
        }
    }
    named.remove(module);
    named
}

/// Each module with the modules that it names, without test code.
fn arrows(sources: &Sources) -> BTreeMap<Module, BTreeSet<Module>> {
    let codes: BTreeMap<&Module, (String, Vec<String>)> =
        sources.iter().map(|(module, source)| (module, code(&source.text))).collect();
    let only_tested: BTreeSet<Module> = codes
        .iter()
        .flat_map(|(module, (_, tests))| tests.iter().map(move |test| (module, test)))
        .map(|(module, test)| module.iter().chain([test]).cloned().collect())
        .collect();
    let counts = |module: &Module| module[0] != "lib" && !only_tested.contains(module);
    sources
        .iter()
        .filter(|(module, _)| counts(module))
        .map(|(module, source)| {
            let mut named = named(module, source, &codes[module].0, sources);
            named.retain(|other| counts(other));
            (module.clone(), named)
        })
        .collect()
}

/// All violations: arrows that are missing in the table or point up, rows that do not match the code, and circles in
/// folders.
fn wrong(sources: &Sources, table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    let arrows = arrows(sources);
    let row = |module: &String| table.iter().position(|(name, _)| name == module);
    let mut drawn: BTreeSet<(&String, &String)> = BTreeSet::new();
    for (module, named) in &arrows {
        let Some(from) = row(&module[0]) else {
            wrong.push(format!("{} has no row", module[0]));
            continue;
        };
        for other in named.iter().filter(|other| other[0] != module[0]) {
            drawn.insert((&module[0], &other[0]));
            if !table[from].1.contains(&other[0]) {
                wrong.push(format!("{} calls {}: no such arrow", module.join("::"), other.join("::")));
            }
        }
    }
    for (place, (module, calls)) in table.iter().enumerate() {
        for other in calls {
            if row(other).is_none_or(|other| other <= place) {
                wrong.push(format!("the row of {module} points up to {other}"));
            }
            if !drawn.contains(&(module, other)) {
                wrong.push(format!("the row of {module} has {other}, which it does not call"));
            }
        }
    }
    wrong.extend(circles(sources, &arrows));
    wrong
}

/// Folders in which files call each other in a circle.
fn circles(sources: &Sources, arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<String> {
    let mut left: BTreeSet<&Module> =
        arrows.keys().filter(|module| !sources[*module].is_folder && module.len() > 1).collect();
    loop {
        let calls = |one: &Module, other: &Module| one[0] == other[0] && arrows[one].contains(other);
        let is_between = |module: &&Module| {
            left.iter().any(|other| calls(module, other)) && left.iter().any(|other| calls(other, module))
        };
        let within: BTreeSet<&Module> = left.iter().copied().filter(is_between).collect();
        if within.len() == left.len() {
            break;
        }
        left = within;
    }
    left.into_iter().map(|module| format!("{} stands in a circle", module.join("::"))).collect()
}

#[test]
fn the_code_holds_to_the_table_of_arrows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    read(&source, &Module::new(), &mut sources);
    let table = table(&fs::read_to_string(source.join("lib.rs")).unwrap());
    assert!(sources.len() > 150 && table.len() > 20);
    let wrong = wrong(&sources, &table);
    assert!(wrong.is_empty(), "see \"Who calls whom\" in src/lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn an_arrow_that_the_table_does_not_have_is_found_and_so_is_a_circle() {
    let sources = |files: &[(&str, &str)]| -> Sources {
        let module = |name: &str| name.split('/').map(str::to_owned).collect();
        let source = |text: &str| Source { text: text.to_owned(), is_folder: false };
        files.iter().map(|(name, text)| (module(name), source(text))).collect()
    };
    let rows = "//! # Who calls whom\n//!\n//! ```text\n//! top        low\n//! low\n//! ```\n";
    let table = table(rows);
    let found = |top: &str, low: &str, other: &str| {
        wrong(&sources(&[("top", top), ("low/one", low), ("low/other", other)]), &table)
    };
    assert!(found("use crate::low::one::One;", "", "").is_empty());
    let upward = "use crate::{\n    low::{self, other as name},\n    top::Top,\n};";
    assert_eq!(found("crate::low::one::f()", upward, ""), ["low::one calls top: no such arrow"]);
    assert_eq!(found("", "", ""), ["the row of top has low, which it does not call"]);
    assert!(
        found("crate::low::one::f()", "// crate::top\n#[cfg(test)]\nmod tests {\n    crate::top\n}\n", "")
            .is_empty()
    );
    let circle = found("crate::low::one::f()", "use super::other::Other;", "use super::one::{One, two};");
    assert_eq!(circle, ["low::one stands in a circle", "low::other stands in a circle"]);
}
