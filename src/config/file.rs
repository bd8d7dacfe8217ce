//! The configuration file as typed: which keys there are, and where each of them goes.
//!
//! May call: `config`, `config::{report, root_hints, value}`, `limits`. The file is read as a tree that knows its places
//! instead of by derived code, which stops at the first error: an operator is told all of them at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::{Errors, Problem, Wrong, line_of, nearest};
use super::{Config, Family, root_hints, value};
use crate::limits;

/// The version of the format, not of the program.
const VERSION: &str = "1";

/// Every section with its keys.
const SECTIONS: [(&str, &[&str]); 5] = [
    ("listen", &["addresses", "allow", "workers"]),
    ("cache", &["size", "max_ttl", "negative_max_ttl"]),
    ("resolve", &["deadline", "root_hints", "ipv4", "ipv6", "deny_servers", "race", "upstream_port"]),
    ("control", &["socket"]),
    ("log", &["level"]),
];

/// Reads a file that exists.
pub(super) fn read(path: &Path) -> Result<Config, Errors> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Errors {
        file: file.clone(),
        problems: vec![Problem {
            line: None,
            key: None,
            wrong: format!("cannot be read: {error}"),
            remedy: "name a file that the daemon may read".to_owned(),
        }],
    })?;
    let mut reader = Reader {
        text: &text,
        directory: path.parent().unwrap_or_else(|| Path::new("")),
        config: Config::default(),
        lines: BTreeMap::new(),
        problems: Vec::new(),
    };
    reader.read();
    if reader.problems.is_empty() {
        return Ok(reader.config);
    }
    reader.problems.sort_by_key(|problem| problem.line);
    Err(Errors { file, problems: reader.problems })
}

/// A file on its way to a configuration.
struct Reader<'t> {
    text: &'t str,
    /// Where the file lies: paths in it start there.
    directory: &'t Path,
    config: Config,
    /// Lines of the keys that were read.
    lines: BTreeMap<String, usize>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let line = error.span().map(|span| line_of(self.text, span.start));
            let wrong = error.message().trim().replace('\n', ", ");
            self.problem(line, None, Wrong::new(wrong, "see https://toml.io for how values are written"));
        }
        if !self.problems.is_empty() {
            return;
        }
        for (key, found) in tree.get_ref() {
            match SECTIONS.iter().find(|(section, _)| section == key.get_ref()) {
                Some((section, keys)) => self.section(section, keys, found),
                None => self.top(key.get_ref(), key.span().start, found),
            }
        }
        if !self.lines.contains_key("version") {
            let wrong = Wrong::new("is missing", "write `version = 1` at the top");
            self.problem(Some(1), Some("version"), wrong);
        }
        self.check_families();
    }

    /// A key outside all sections: `version`, or one that nobody knows.
    fn top(&mut self, key: &str, octet: usize, found: &Spanned<DeValue<'_>>) {
        let line = line_of(self.text, octet);
        if key == "version" {
            self.lines.insert(key.to_owned(), line);
            if found.get_ref().as_integer().is_none_or(|version| version.as_str() != VERSION) {
                let wrong = Wrong::new("is not a version that is known here", "write `version = 1`");
                self.problem(Some(line), Some(key), wrong);
            }
            return;
        }
        let home = SECTIONS.iter().find(|(_, keys)| keys.contains(&key));
        let sections = SECTIONS.iter().map(|(section, _)| *section);
        let remedy = match (home, nearest(key, sections.clone().chain(["version"]))) {
            (Some((section, _)), _) => format!("put it below [{section}]"),
            (None, Some("version")) => "did you mean version?".to_owned(),
            (None, Some(near)) => format!("did you mean [{near}]?"),
            (None, None) => format!("the sections are {}", value::sorted(sections)),
        };
        self.problem(Some(line), Some(key), Wrong::new("is not a known section or key", remedy));
    }

    /// A section: every key of it is read, or said to be unknown.
    fn section(&mut self, section: &str, keys: &[&str], found: &Spanned<DeValue<'_>>) {
        let Some(table) = found.get_ref().as_table() else {
            let line = line_of(self.text, found.span().start);
            let wrong = Wrong::new("is not a section", format!("write [{section}] on a line of its own"));
            return self.problem(Some(line), Some(section), wrong);
        };
        for (key, found) in table {
            let name = format!("{section}.{}", key.get_ref());
            let line = line_of(self.text, key.span().start);
            if !keys.contains(&key.get_ref().as_ref()) {
                let remedy = unknown(key.get_ref(), section, keys);
                self.problem(Some(line), Some(&name), Wrong::new("is not a known key", remedy));
            } else if let Err(wrong) = self.set(&name, found) {
                let line = wrong.span.as_ref().map_or(line, |span| line_of(self.text, span.start));
                self.problem(Some(line), Some(&name), wrong);
            }
            self.lines.insert(name, line);
        }
    }

    /// Reads one value to where it belongs.
    fn set(&mut self, key: &str, found: &Spanned<DeValue<'_>>) -> value::Read<()> {
        let Config { listen, cache, resolve, control, log, .. } = &mut self.config;
        match key {
            "listen.addresses" => {
                listen.addresses = value::list(found, value::address)?;
                if listen.addresses.is_empty() {
                    return Err(Wrong::new("is empty", "name at least one address, like \"127.0.0.1:53\""));
                }
            }
            "listen.allow" => listen.allow = value::list(found, value::network)?,
            "listen.workers" => {
                let most = u64::try_from(limits::MAX_WORKERS).unwrap_or(u64::MAX);
                listen.workers =
                    usize::try_from(value::number(found, &(0..=most))?).unwrap_or(limits::MAX_WORKERS);
            }
            "cache.size" => cache.size = value::size(found)?,
            "cache.max_ttl" => cache.max_ttl = value::span(found, &(Duration::ZERO..=limits::MAX_TTL))?,
            "cache.negative_max_ttl" => {
                cache.negative_max_ttl = value::span(found, &(Duration::ZERO..=limits::MAX_NEGATIVE_TTL))?;
            }
            "resolve.deadline" => {
                resolve.deadline = value::span(found, &(limits::MIN_DEADLINE..=limits::MAX_DEADLINE))?;
            }
            "resolve.root_hints" => match value::text(found)? {
                "" => {}
                path => resolve.root_hints = root_hints::load(&self.directory.join(path))?,
            },
            "resolve.ipv4" => resolve.ipv4 = value::family(found)?,
            "resolve.ipv6" => resolve.ipv6 = value::family(found)?,
            "resolve.deny_servers" => resolve.deny_servers = value::list(found, value::network)?,
            "resolve.race" => resolve.race = value::flag(found)?,
            "resolve.upstream_port" => {
                let port = value::number(found, &(1..=u64::from(u16::MAX)))?;
                resolve.upstream_port = u16::try_from(port).unwrap_or(super::defaults::PORT);
            }
            "control.socket" => control.socket = value::socket(found)?,
            "log.level" => log.level = value::level(found)?,
            _ => return Err(Wrong::new("is not a known key", "remove it")),
        }
        Ok(())
    }

    /// Somebody must be asked.
    fn check_families(&mut self) {
        if self.config.resolve.ipv4 == Family::Off && self.config.resolve.ipv6 == Family::Off {
            let line = self.lines.get("resolve.ipv6").copied();
            let wrong =
                Wrong::new("is false, and so is resolve.ipv4: no server could be asked", "allow one of them");
            self.problem(line, Some("resolve.ipv6"), wrong);
        }
    }

    fn problem(&mut self, line: Option<usize>, key: Option<&str>, wrong: Wrong) {
        let Wrong { wrong, remedy, .. } = wrong;
        self.problems.push(Problem { line, key: key.map(str::to_owned), wrong, remedy });
    }
}

/// What to do about an unknown key of a section.
fn unknown(key: &str, section: &str, keys: &[&str]) -> String {
    if let Some(near) = nearest(key, keys.iter().copied()) {
        return format!("did you mean {near}?");
    }
    match SECTIONS.iter().find(|(_, keys)| keys.contains(&key)) {
        Some((home, _)) => format!("put it below [{home}]"),
        None => format!("the keys of [{section}] are {}", value::sorted(keys.iter().copied())),
    }
}
