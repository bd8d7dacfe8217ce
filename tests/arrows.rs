//! The arrows between modules: the code follows the table in `src/lib.rs`, its picture shows the arrows of the table, and
//! the files and folders of a folder call each other in one direction only. Unit tests may also call modules of lower rows
//! that are not in the row of their module.
//!
//! A method of a value of another module is called without a path and is not seen here.

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

/// The names that a module imports, each with its whole path: others may use them as the module's own.
type Imports = BTreeMap<Module, BTreeMap<String, Vec<String>>>;

/// The functions that read the steps of a trail, with the modules that may call them. Steps are written for people: no
/// decision may depend on them, because they are bounded and belong to the record.
const TRAIL_READERS: [(&str, &[&str]); 4] = [
    // Leaves the name out of a step that would repeat it.
    ("asks", &["iterate::context"]),
    // `resolverctl trace`.
    ("give", &["resolve::traced"]),
    // `resolverctl flights`, and the text of an extended error.
    ("last_query", &["resolve::inflight", "resolve::waiting"]),
    // The steps of a reply in the lab.
    ("steps", &["resolve::replied"]),
];

/// The longest chain of re-exports that is followed.
const MAX_IMPORTS: usize = 8;

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

/// The arrows of the picture of `src/lib.rs`.
fn picture(lib: &str) -> Table {
    let section = lib.split_once("//! # The way of a question\n").unwrap().1;
    let block = section.split("//! ```").nth(1).unwrap();
    let rows = block.lines().filter_map(|line| line.strip_prefix("//!  ")?.split_once('►'));
    rows.map(|(module, calls)| {
        let module = module.trim_end_matches(['─', ' ']).to_owned();
        // Two spaces end the arrows of a row.
        let calls = calls.trim_start().split("  ").next().unwrap();
        (module, calls.split_whitespace().map(str::to_owned).collect())
    })
    .collect()
}

/// The arrows by which the picture differs from the table, between the modules that the picture has.
fn differing(picture: &Table, table: &Table) -> Vec<String> {
    let among = |arrows: &Table| -> BTreeSet<(String, String)> {
        let is_shown = |module: &String| {
            picture.iter().any(|(caller, calls)| caller == module || calls.contains(module))
        };
        let all = arrows.iter().flat_map(|(caller, calls)| calls.iter().map(move |called| (caller, called)));
        all.filter(|(caller, called)| is_shown(caller) && is_shown(called))
            .map(|(caller, called)| (caller.clone(), called.clone()))
            .collect()
    };
    let (shown, true_ones) = (among(picture), among(table));
    let differ = shown.symmetric_difference(&true_ones);
    differ
        .map(|(caller, called)| format!("{caller} calls {called}: in the picture or in the table only"))
        .collect()
}

/// The parts of a source, without comments.
#[derive(Default)]
struct Parts {
    /// The code outside tests.
    code: String,
    /// The code that only tests compile.
    tests: String,
    /// The names of modules that only tests compile.
    tested: Vec<String>,
}

fn parts(text: &str) -> Parts {
    let mut parts = Parts::default();
    let add = |part: &mut String, line: &str| {
        part.push_str(line.split("//").next().unwrap());
        part.push('\n');
    };
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test") {
            let item = lines.by_ref().find(|line| !line.starts_with("#[")).unwrap();
            if let Some((_, name)) = item.trim_end_matches(';').split_once("mod ") {
                parts.tested.push(name.trim_end_matches(" {").to_owned());
            }
            add(&mut parts.tests, item);
            if item.ends_with('{') {
                let within = lines.by_ref().take_while(|line| !["}", "};"].contains(line));
                within.for_each(|line| add(&mut parts.tests, line));
            }
            continue;
        }
        add(&mut parts.code, line);
    }
    parts
}

/// A path, and the name that it has in the module that imports it.
type Named = (Vec<String>, String);

/// The paths that begin at `text`, with the groups of a `use` unfolded; returns the rest of the text.
fn unfold<'a>(mut text: &'a str, before: &[String], found: &mut Vec<Named>) -> &'a str {
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
                let alias = rest.strip_prefix(" as ").map(|alias| {
                    let end = alias.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
                    alias[..end.unwrap_or(alias.len())].to_owned()
                });
                if path.last().is_some_and(|last| last == "self") {
                    path.pop();
                }
                let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
                found.push((path, name));
                // An asterisk, or the end of an alias.
                let end = rest.find([',', '}', ';', '(', ')', '\n']).unwrap_or(rest.len());
                return &rest[end..];
            }
        }
    }
}

/// The whole path of one that stands in a module.
fn whole(module: &Module, source: &Source, path: &[String]) -> Vec<String> {
    let own = if source.is_folder { module.len() } else { module.len() - 1 };
    let above = path.iter().take_while(|word| *word == "super").count();
    let rest = path[above..].iter().cloned();
    match path.first().map(String::as_str) {
        Some("crate" | "resolverd") => path[1..].to_vec(),
        Some("self") => module.iter().cloned().chain(path[1..].iter().cloned()).collect(),
        // The file itself is one level above its items.
        Some("super") => {
            module[..own + 1 - above - usize::from(source.is_folder)].iter().cloned().chain(rest).collect()
        }
        _ => module.iter().cloned().chain(rest).collect(),
    }
}

/// The names that each module imports from others.
fn imports(sources: &Sources, all_parts: &BTreeMap<&Module, Parts>) -> Imports {
    let of = |(module, source): (&Module, &Source)| {
        let mut imported = BTreeMap::new();
        let code = &all_parts[module].code;
        for line in code.split_inclusive('\n').scan(0, |end, line| {
            *end += line.len();
            Some(*end - line.len())
        }) {
            let item = &code[line..];
            let item = match item.strip_prefix("pub") {
                Some(public) => match public.strip_prefix('(') {
                    Some(within) => within.split_once(')').map_or(within, |(_, item)| item).trim_start(),
                    None => public.trim_start(),
                },
                None => item,
            };
            let Some(used) = item.strip_prefix("use ") else { continue };
            let mut found = Vec::new();
            unfold(used, &[], &mut found);
            imported.extend(found.into_iter().map(|(path, name)| (name, whole(module, source, &path))));
        }
        (module.clone(), imported)
    };
    sources.iter().map(of).collect()
}

/// The module that has the item at `path`, through re-exports.
fn home(mut path: Vec<String>, sources: &Sources, imports: &Imports) -> Option<Module> {
    for _ in 0..MAX_IMPORTS {
        let length = (1..=path.len()).rev().find(|length| sources.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let imported = rest.first().and_then(|name| imports[module].get(name));
        match imported.filter(|imported| sources.contains_key(&imported[..1])) {
            Some(imported) => path = imported.iter().chain(&rest[1..]).cloned().collect(),
            None => return Some(module.to_vec()),
        }
    }
    None
}

/// The modules that a module names.
fn named(
    module: &Module,
    source: &Source,
    code: &str,
    (sources, imports): (&Sources, &Imports),
) -> BTreeSet<Module> {
    let mut named = BTreeSet::new();
    // A folder's own file names what it declares without a prefix.
    let declared = sources.keys().filter(|other| source.is_folder && other[..other.len() - 1] == **module);
    let declared = declared.filter_map(|other| other.last()).map(String::as_str);
    for root in ["crate", "resolverd", "super", "self"].into_iter().chain(declared) {
        for (place, _) in code.match_indices(&format!("{root}::")) {
            let before = code[..place].chars().next_back();
            let goes_on =
                before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':');
            // `pub(in crate::folder)` calls nothing.
            if goes_on || code[..place].ends_with("pub(in ") {
                continue;
            }
            let mut found = Vec::new();
            unfold(&code[place..], &[], &mut found);
            let homes =
                found.into_iter().map(|(path, _)| home(whole(module, source, &path), sources, imports));
            named.extend(homes.flatten());
        }
    }
    named.remove(module);
    named
}

/// Each module with the modules that it names.
#[derive(Default)]
struct Arrows {
    /// Outside tests.
    code: BTreeMap<Module, BTreeSet<Module>>,
    /// In the code that only tests compile.
    tests: BTreeMap<Module, BTreeSet<Module>>,
}

fn arrows(sources: &Sources) -> Arrows {
    let all_parts: BTreeMap<&Module, Parts> =
        sources.iter().map(|(module, source)| (module, parts(&source.text))).collect();
    let only_tested: BTreeSet<Module> = all_parts
        .iter()
        .flat_map(|(module, parts)| parts.tested.iter().map(move |test| (module, test)))
        .map(|(module, test)| module.iter().chain([test]).cloned().collect())
        .collect();
    let imports = imports(sources, &all_parts);
    let mut arrows = Arrows::default();
    for (module, source) in sources.iter().filter(|(module, _)| module[0] != "lib") {
        let parts = &all_parts[module];
        let named = |code: &str| named(module, source, code, (sources, &imports));
        let tests = arrows.tests.entry(module.clone()).or_default();
        tests.extend(named(&parts.tests));
        if only_tested.contains(module) {
            tests.extend(named(&parts.code));
        } else {
            let mut called = named(&parts.code);
            called.retain(|other| other[0] != "lib" && !only_tested.contains(other));
            arrows.code.insert(module.clone(), called);
        }
    }
    arrows
}

/// All violations: arrows that are missing in the table or point up, rows that do not match the code, and circles in
/// folders.
fn wrong(sources: &Sources, table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    let arrows = arrows(sources);
    let row = |module: &String| table.iter().position(|(name, _)| name == module);
    let mut drawn: BTreeSet<(&String, &String)> = BTreeSet::new();
    for (module, named) in &arrows.code {
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
    for (module, named) in &arrows.tests {
        let points_up = |other: &&Module| other[0] != module[0] && row(&other[0]) < row(&module[0]);
        let up = named.iter().filter(points_up);
        wrong
            .extend(up.map(|other| format!("a test of {} calls up {}", module.join("::"), other.join("::"))));
    }
    wrong.extend(circles(sources, &arrows.code));
    wrong
}

/// All calls that read a trail and are not allowed; functions that read it and are not listed.
fn trail_readers(sources: &Sources) -> Vec<String> {
    let mut wrong = Vec::new();
    let trail: Module = ["record", "trail"].map(str::to_owned).into();
    let own = parts(&sources[&trail].text).code;
    let public = own.lines().filter_map(|line| {
        let function = line.strip_prefix("    pub ")?.trim_start_matches("async ").strip_prefix("fn ")?;
        function.split('(').next()
    });
    for function in public.filter(|function| !["new", "note"].contains(function)) {
        if !TRAIL_READERS.iter().any(|(reader, _)| *reader == function) {
            wrong.push(format!("record::trail: {function} is no reader that is allowed"));
        }
    }
    for (module, source) in sources.iter().filter(|(module, _)| module[0] != "record") {
        let code: String = parts(&source.text).code.split_whitespace().collect();
        for (reader, callers) in TRAIL_READERS {
            let calls = ["trail.", "trail().", "Trail::"].map(|value| format!("{value}{reader}"));
            let is_called = calls.iter().any(|call| {
                code.match_indices(call).any(|(place, _)| {
                    !code[place + call.len()..]
                        .starts_with(|next: char| next.is_alphanumeric() || next == '_')
                })
            });
            if is_called && !callers.contains(&module.join("::").as_str()) {
                wrong.push(format!("{} reads the trail with {reader}", module.join("::")));
            }
        }
    }
    wrong
}

/// Files and folders of one folder that call each other in a circle. A folder's own file counts for the folder outside,
/// and as one of its files inside: it stands above those that it calls. Its re-exports count for the files that have the
/// items.
fn circles(sources: &Sources, arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<String> {
    let mut circles = Vec::new();
    let folders: BTreeSet<&[String]> = sources.keys().map(|module| &module[..module.len() - 1]).collect();
    for folder in folders.into_iter().filter(|folder| !folder.is_empty()) {
        let part = |module: &Module| -> Option<String> {
            let rest = module.strip_prefix(folder)?;
            Some(rest.first().map_or("its own file", String::as_str).to_owned())
        };
        let calls: BTreeSet<(String, String)> = arrows
            .iter()
            .flat_map(|(module, named)| named.iter().map(move |other| (module, other)))
            .filter_map(|(module, other)| Some((part(module)?, part(other)?)))
            .filter(|(one, other)| one != other)
            .collect();
        let mut left: BTreeSet<&String> = calls.iter().flat_map(|(one, other)| [one, other]).collect();
        loop {
            let is_between = |part: &&String| {
                let among = |(one, other): &(String, String)| left.contains(one) && left.contains(other);
                calls.iter().any(|call| among(call) && call.0 == **part)
                    && calls.iter().any(|call| among(call) && call.1 == **part)
            };
            let within: BTreeSet<&String> = left.iter().copied().filter(is_between).collect();
            if within.len() == left.len() {
                break;
            }
            left = within;
        }
        let among = calls.iter().filter(|(one, other)| left.contains(one) && left.contains(other));
        let folder = folder.join("::");
        circles.extend(among.map(|(one, other)| format!("{folder}: {one} calls {other} in a circle")));
    }
    circles
}

#[test]
fn the_code_holds_to_the_table_of_arrows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    read(&source, &Module::new(), &mut sources);
    let lib = fs::read_to_string(source.join("lib.rs")).unwrap();
    let (table, picture) = (table(&lib), picture(&lib));
    assert!(sources.len() > 150 && table.len() > 20 && picture.len() >= 6);
    let mut wrong = wrong(&sources, &table);
    wrong.extend(differing(&picture, &table));
    wrong.extend(trail_readers(&sources));
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
    assert!(found("crate::low::one::f()", "// crate::top\n", "").is_empty());
    let test = |calls: &str| format!("#[cfg(test)]\nmod tests {{\n    {calls}\n}}\n");
    let down = format!("crate::low::one::f()\n{}", test("use crate::low::other::f;"));
    assert!(found(&down, "", "").is_empty());
    let up = test("fn test() { crate::top::f() }");
    assert_eq!(found("crate::low::one::f()", &up, ""), ["a test of low::one calls up top"]);
    let file = "#[cfg(test)]\nmod tests;\ncrate::low::one::f()";
    let files =
        [("top", file), ("low/one", "#[cfg(test)]\nmod tests;"), ("low/one/tests", "use crate::top::f;")];
    assert_eq!(wrong(&sources(&files), &table), ["a test of low::one::tests calls up top"]);
    let circle = found("crate::low::one::f()", "use super::other::Other;", "use super::one::{One, two};");
    assert_eq!(circle, ["low: one calls other in a circle", "low: other calls one in a circle"]);
}

#[test]
fn a_circle_through_a_reexport_and_one_between_folders_are_found() {
    let found = |files: &[(&str, bool, &str)]| {
        let module = |name: &str| -> Module { name.split('/').map(str::to_owned).collect() };
        let source = |(name, is_folder, text): &(&str, bool, &str)| {
            (module(name), Source { text: (*text).to_owned(), is_folder: *is_folder })
        };
        let sources: Sources = files.iter().map(source).collect();
        circles(&sources, &arrows(&sources).code)
    };
    let circle = ["top: chase calls lists in a circle", "top: lists calls chase in a circle"];
    let chase = ("top/chase", false, "use super::lists::on;");
    let exported = "pub(super) use guard::{of, with as on};\nmod guard;";
    let guard = "use crate::top::chase::Chased;";
    let lists = ("top/lists", true, exported);
    assert_eq!(found(&[("top", true, ""), chase, lists, ("top/lists/guard", false, guard)]), circle);
    assert_eq!(found(&[("top", true, ""), chase, ("top/lists", true, guard)]), circle);
    let through = ("top", true, "pub use lists::on;");
    let one = ("top/chase", false, "use super::on;");
    assert_eq!(found(&[through, one, lists, ("top/lists/guard", false, guard)]), circle);
    assert!(found(&[through, one, lists, ("top/lists/guard", false, "")]).is_empty());
    // A folder's own file and one that it declares.
    let own = ("top/lists", true, "use guard::Guard;\nmod guard;\npub struct Lists(Guard);");
    let guard = |used| [("top", true, ""), own, ("top/lists/guard", false, used)];
    let circle = ["guard calls its own file", "its own file calls guard"];
    let circle = circle.map(|call| format!("top::lists: {call} in a circle"));
    assert_eq!(found(&guard("use super::Lists;")), circle);
    assert_eq!(found(&guard("fn f(lists: &crate::top::lists::Lists) {}")), circle);
    assert!(found(&guard("pub(in crate::top::lists) struct Guard;")).is_empty());
}

#[test]
fn an_arrow_that_the_picture_lacks_or_invents_is_found() {
    let rows = |section: &str, rows: &str| format!("//! # {section}\n//!\n//! ```text\n{rows}//! ```\n");
    let table = table(&rows("Who calls whom", "//! top  middle low\n//! middle low\n//! low\n"));
    let drawn = |lines: &str| differing(&picture(&rows("The way of a question", lines)), &table);
    assert!(drawn("//!  top ──► middle low   words\n//!   ▼\n//!  middle ─► low\n").is_empty());
    let differ = drawn("//!  top ─► middle low\n//!  low ─► middle\n");
    let only = |arrow: &str| format!("{arrow}: in the picture or in the table only");
    assert_eq!(differ, [only("low calls middle"), only("middle calls low")]);
}

#[test]
fn a_reader_of_the_trail_that_is_not_allowed_is_found() {
    let found = |trail: &str, module: &str, code: &str| {
        let source = |text: &str| Source { text: text.to_owned(), is_folder: false };
        let module: Module = module.split("::").map(str::to_owned).collect();
        let trail_module = ["record", "trail"].map(str::to_owned).to_vec();
        trail_readers(&[(trail_module, source(trail)), (module, source(code))].into())
    };
    let trail = "    pub fn new() {\n    pub fn note(\n    pub async fn give(\n    pub(super) fn number(\n";
    let code = "let at = progress\n    .trail()\n    .steps();";
    assert!(found(trail, "resolve::replied", code).is_empty());
    assert_eq!(found(trail, "iterate::stale", code), ["iterate::stale reads the trail with steps"]);
    let read = "self.trail().map(Trail::last_query)";
    assert_eq!(found(trail, "resolve::flight", read), ["resolve::flight reads the trail with last_query"]);
    let reader = "    pub fn heard(&self) -> Option<Mono> {\n";
    assert_eq!(found(reader, "iterate::stale", ""), ["record::trail: heard is no reader that is allowed"]);
}
