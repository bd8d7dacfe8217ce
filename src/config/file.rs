//! The configuration file as typed: which keys there are, and where each of them goes.
//!
//! May call: `config`, `config::{files, keys, entries, report, root_hints, trust_anchor, value}`, `limits`. The file is read as a tree that knows
//! its places instead of by derived code, which stops at the first error: an operator is told all of them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entries::ListenerPlaces;
use super::files::Opened;
use super::keys::{Section, unknown_section};
use super::report::{Errors, Lines, Problem, Problems, Wrong};
use super::{Config, Family, lists, root_hints, trust_anchor, value};
use crate::limits;

/// The version of the format, not of the program.
const VERSION: &str = "1";

/// Reads a file that exists.
pub(super) fn read(path: &Path) -> Result<Config, Errors> {
    let file = path.display().to_string();
    let text = Opened::regular_or_pipe(path).and_then(|opened| opened.text(limits::MAX_CONFIG_FILE));
    let text = text.map_err(|error| Errors {
        file: file.clone(),
        problems: vec![Problem {
            line: None,
            key: None,
            wrong: error.to_string(),
            remedy: "name a file that the daemon may read".to_owned(),
        }],
    })?;
    let directory = path.parent().unwrap_or_else(|| Path::new(""));
    let mut reader = Reader {
        text: &text,
        places: Lines::of(&text),
        // Whoever is told of a path later need not know where the daemon was started.
        directory: std::path::absolute(directory.join(".")).unwrap_or_else(|_| directory.to_owned()),
        config: Config::default(),
        zone_names: BTreeSet::new(),
        listeners: Vec::new(),
        list_lines: Vec::new(),
        lines: BTreeMap::new(),
        problems: Problems::default(),
    };
    reader.read();
    if reader.problems.is_empty() {
        return Ok(reader.config);
    }
    Err(Errors { file, problems: reader.problems.told() })
}

/// A file on its way to a configuration.
pub(super) struct Reader<'t> {
    text: &'t str,
    places: Lines,
    /// Where the file lies: paths in it start there.
    pub(super) directory: PathBuf,
    pub(super) config: Config,
    /// Names of zones, those included in which something else is wrong.
    pub(super) zone_names: BTreeSet<Name>,
    /// Where the addresses and zones of each listener stand: they are checked when all has been read.
    pub(super) listeners: Vec<ListenerPlaces>,
    /// Where the name of each list stands.
    pub(super) list_lines: Vec<usize>,
    /// Lines of the keys that were read, those of entries left out.
    pub(super) lines: BTreeMap<String, usize>,
    problems: Problems,
}

impl Reader<'_> {
    fn read(&mut self) {
        let (tree, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let line = error.span().map(|span| self.line(span));
            let wrong = error.message().trim().replace('\n', ", ");
            self.problem(line, None, Wrong::new(wrong, "see https://toml.io for how values are written"));
        }
        if !self.problems.is_empty() {
            return;
        }
        for (key, found) in tree.get_ref() {
            match Section::named(key.get_ref()) {
                Some(section) if section.entries.is_some() => self.entries(section, found),
                Some(section) => self.section(section, found),
                None => self.top(key.get_ref(), key.span().start, found),
            }
        }
        if !self.lines.contains_key("version") {
            let wrong = Wrong::new("is missing", "write `version = 1` at the top");
            self.problem(Some(1), Some("version"), wrong);
        }
        self.check_families();
        self.check_listeners();
        self.check_lists();
    }

    /// A key outside all sections: `version`, or one that nobody knows.
    fn top(&mut self, key: &str, octet: usize, found: &Spanned<DeValue<'_>>) {
        let line = self.places.line_of(octet);
        if key == "version" {
            self.lines.insert(key.to_owned(), line);
            if found.get_ref().as_integer().is_none_or(|version| version.as_str() != VERSION) {
                let wrong = Wrong::new("is not a version that is known here", "write `version = 1`");
                self.problem(Some(line), Some(key), wrong);
            }
            return;
        }
        let remedy = unknown_section(key, found.get_ref());
        self.problem(Some(line), Some(key), Wrong::new("is not a known section or key", remedy));
    }

    /// A section: every key of it is read, or said to be unknown.
    fn section(&mut self, section: &Section, found: &Spanned<DeValue<'_>>) {
        let Some(table) = found.get_ref().as_table() else {
            let line = self.line(found.span());
            let remedy = format!("write {} on a line of its own", section.head());
            return self.problem(Some(line), Some(section.name), Wrong::new("is not a section", remedy));
        };
        for (key, found) in table {
            let name = format!("{}.{}", section.name, key.get_ref());
            let line = self.line(key.span());
            if !section.keys.contains(&key.get_ref().as_ref()) {
                let remedy = section.unknown(key.get_ref());
                self.problem(Some(line), Some(&name), Wrong::new("is not a known key", remedy));
            } else if let Err(wrong) = self.set(&name, found) {
                let line = wrong.span.clone().map_or(line, |span| self.line(span));
                self.problem(Some(line), Some(&name), wrong);
            }
            self.lines.insert(name, line);
        }
    }

    /// Reads one value to where it belongs.
    fn set(&mut self, key: &str, found: &Spanned<DeValue<'_>>) -> value::Read<()> {
        let Config { listen, cache, resolve, dnssec, dnsbl, control, log, .. } = &mut self.config;
        match key {
            "listen.addresses" => listen.addresses = value::addresses(found)?,
            "listen.allow" => listen.allow = value::list(found, value::network)?,
            "listen.workers" => {
                let most = u64::try_from(limits::MAX_WORKERS).unwrap_or(u64::MAX);
                listen.workers =
                    usize::try_from(value::number(found, &(0..=most))?).unwrap_or(limits::MAX_WORKERS);
            }
            "listen.dnsbl" => listen.dnsbl = value::word(found, &lists::GUARDS)?,
            "listen.on_refusal" => listen.on_refusal = value::word(found, &lists::ON_REFUSAL_THERE)?,
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
            "resolve.qname_minimisation" => resolve.qname_minimisation = value::flag(found)?,
            "resolve.race" => resolve.race = value::flag(found)?,
            "resolve.upstream_port" => {
                let port = value::number(found, &(1..=u64::from(u16::MAX)))?;
                resolve.upstream_port = u16::try_from(port).unwrap_or(super::defaults::PORT);
            }
            "resolve.source" => resolve.source = value::sources(found)?,
            "resolve.source_ports" => resolve.source_ports = value::source_ports(found)?,
            "dnssec.validate" => dnssec.validate = value::flag(found)?,
            "dnssec.trust_anchor" => match value::text(found)? {
                "" => {}
                path => dnssec.trust_anchor = trust_anchor::load(&self.directory.join(path))?,
            },
            "dnssec.negative_trust_anchors" => {
                dnssec.negative_trust_anchors = value::list(found, value::name)?;
            }
            "dnssec.sha1" => dnssec.sha1 = value::flag(found)?,
            "dnsbl.registry" => match value::text(found)? {
                "" => {}
                path => {
                    let (path, registry) = lists::registry(&self.directory.join(path))?;
                    (dnsbl.path, dnsbl.registry) = (Some(path), registry);
                }
            },
            "dnsbl.batch" => dnsbl.batch = value::word(found, &lists::BATCHES)?,
            "dnsbl.batch_groups" => dnsbl.batch_groups = value::list(found, lists::group)?,
            "dnsbl.batch_waste" => {
                let percent = value::number(found, &(0..=limits::MAX_BATCH_WASTE.into()))?;
                dnsbl.batch_waste = u32::try_from(percent).unwrap_or(limits::BATCH_WASTE);
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

    /// The line of a place in the file.
    pub(super) fn line(&self, span: Range<usize>) -> usize {
        self.places.line_of(span.start)
    }

    pub(super) fn problem(&mut self, line: Option<usize>, key: Option<&str>, wrong: Wrong) {
        self.problems.add(line, key, wrong);
    }
}
