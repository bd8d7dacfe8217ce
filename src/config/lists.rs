//! DNS lists in the configuration: `[dnsbl]`, and `[[list]]` for what the operator knows better than the registry.
//!
//! May call: `config`, `config::{entries, file, files, report, value}`, `dnsbl::{codes, list, registry}`,
//! `exchange::secret` for its types, `wire::presentation`, `limits`.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entries::{Entry, tell};
use super::file::Reader;
use super::files::{Opened, Unreadable};
use super::report::Wrong;
use super::value::{self, Read};
use crate::dnsbl::batch::Mode;
use crate::dnsbl::codes::{Code, Span};
use crate::dnsbl::list::{Guard, Life, List, OnRefusal, Purpose, Subject, TestPoints, WhenDead, WhenStale};
use crate::dnsbl::registry::Registry;
use crate::exchange::secret::Key;
use crate::limits;
use crate::wire::presentation::shown;

/// What to do about a registry that cannot be used.
const REMEDY: &str =
    "name a file like src/dnsbl/registry.toml of resolverd's source, or leave it empty for the built-in";

/// What to do about a key that cannot be used.
const KEY_REMEDY: &str =
    "name a file that holds nothing but the key, one label of a name, and that the daemon may read";

/// What to do about test points that cannot be used.
const TESTS_REMEDY: &str = "write it like { listed = [\"2.0.0.127\"], unlisted = [\"1.0.0.127\"] }";

/// What the mode of a file with a key may be at most: its owner writes, its group reads.
const KEY_MODE: u32 = 0o640;

pub(super) const PURPOSES: [(&str, Purpose); 3] =
    [("block", Purpose::Block), ("allow", Purpose::Allow), ("data", Purpose::Data)];
pub(super) const SUBJECTS: [(&str, Subject); 4] =
    [("ip4", Subject::Ip4), ("ip6", Subject::Ip6), ("domain", Subject::Domain), ("hash", Subject::Hash)];
pub(super) const ON_REFUSAL: [(&str, OnRefusal); 3] =
    [("servfail", OnRefusal::Servfail), ("nxdomain", OnRefusal::Nxdomain), ("pass", OnRefusal::Pass)];
/// For the clients of a listener, whichever list they ask; "list" leaves it to each list.
pub(super) const ON_REFUSAL_THERE: [(&str, Option<OnRefusal>); 4] = [
    ("list", None),
    ("servfail", Some(OnRefusal::Servfail)),
    ("nxdomain", Some(OnRefusal::Nxdomain)),
    ("pass", Some(OnRefusal::Pass)),
];
pub(super) const WHEN_DEAD: [(&str, WhenDead); 2] =
    [("servfail", WhenDead::Servfail), ("nxdomain", WhenDead::Nxdomain)];
pub(super) const WHEN_STALE: [(&str, WhenStale); 2] =
    [("report", WhenStale::Report), ("public", WhenStale::Public)];
pub(super) const BATCHES: [(&str, Mode); 4] = [
    ("learned", Mode::Learned),
    ("configured", Mode::Configured),
    ("observe", Mode::Observe),
    ("off", Mode::Off),
];
pub(super) const GUARDS: [(&str, Guard); 2] = [("guard", Guard::Guard), ("pass", Guard::Pass)];

/// `[dnsbl]`
#[derive(Clone, Debug, PartialEq)]
pub struct Dnsbl {
    /// The file that the registry came from; none: it is built in.
    pub path: Option<PathBuf>,
    /// The registry.
    pub registry: Arc<Registry>,
    /// Whether lists are asked ahead of clients.
    pub batch: Mode,
    /// Lists that are asked together, by apex, where `batch` is `Configured`.
    pub batch_groups: Vec<Vec<Name>>,
    /// Of a hundred questions to lists, those that may be asked ahead in vain.
    pub batch_waste: u32,
}

/// `[[list]]`: a list that the registry does not know, or what holds of one that it does.
#[derive(Clone, Debug, PartialEq)]
pub struct ListEntry {
    /// Its apex, lower case, absolute.
    pub name: Name,
    /// What being listed means.
    pub purpose: Option<Purpose>,
    /// What is looked up in it.
    pub subjects: Option<Vec<Subject>>,
    /// Codes that are listings whatever convention says.
    pub listed: Option<Vec<Span>>,
    /// Codes that are none.
    pub refused: Option<Vec<Span>>,
    /// Names that it answers the same for ever; where there are none, it is not tested.
    pub tests: Option<TestPoints>,
    /// What a client gets for a refusal.
    pub on_refusal: Option<OnRefusal>,
    /// What a client gets for silence.
    pub when_dead: Option<WhenDead>,
    /// Questions a day that the operator allows.
    pub quota: Option<u64>,
    /// The customer's key.
    pub key: Option<KeyFile>,
    /// The zone that takes it; without it the registry's.
    pub with_key: Option<Name>,
    /// How old the data of a local mirror may be.
    pub max_age: Option<Duration>,
    /// What is done when they are older.
    pub when_stale: Option<WhenStale>,
}

/// A customer's key, and the file that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFile {
    /// The file.
    pub path: PathBuf,
    /// The key.
    pub key: Key,
}

impl Default for Dnsbl {
    fn default() -> Self {
        Self {
            path: None,
            registry: Registry::built_in(),
            batch: Mode::Learned,
            batch_groups: Vec::new(),
            batch_waste: limits::BATCH_WASTE,
        }
    }
}

impl ListEntry {
    /// The list that it makes of what the registry `known`s; none where that is nothing and the entry does not say enough.
    pub fn list(&self, known: Option<&List>) -> Option<List> {
        let known = known.filter(|known| known.is_alive() || self.subjects.is_none());
        let mut list = match (known, self.purpose, &self.subjects) {
            // What follows from purpose and subjects follows anew.
            (Some(known), purpose, subjects) if purpose.is_some() || subjects.is_some() => {
                let subjects = subjects.clone().unwrap_or_else(|| known.subjects.clone());
                let own = List::new(self.name.clone(), purpose.unwrap_or(known.purpose), subjects);
                List {
                    on_refusal: own.on_refusal,
                    when_dead: own.when_dead,
                    purpose: own.purpose,
                    subjects: own.subjects,
                    ..known.clone()
                }
            }
            (Some(known), ..) => known.clone(),
            // An operator's own list need not hold the test points of RFC 5782, and may well hold 127.0.0.0/8: `tests` names its own.
            (None, Some(purpose), Some(subjects)) => {
                List { tests: None, ..List::new(self.name.clone(), purpose, subjects.clone()) }
            }
            (None, ..) => return None,
        };
        let codes = |spans: &[Span]| {
            spans.iter().map(|span| Code { span: *span, means: "as configured".to_owned() }).collect()
        };
        if let Some(listed) = &self.listed {
            list.listed = codes(listed);
            // What the registry knows as a refusal is a listing where the operator says so.
            let is_listed = |code: &Code| listed.iter().any(|span| span.meets(code.span));
            list.refused.retain(|code| !is_listed(code));
        }
        if let Some(refused) = &self.refused {
            list.refused = codes(refused);
        }
        if let Some(tests) = &self.tests {
            list.tests = Some(tests.clone()).filter(|tests| !tests.is_empty());
        }
        list.on_refusal = self.on_refusal.unwrap_or(list.on_refusal);
        list.when_dead = self.when_dead.unwrap_or(list.when_dead);
        list.max_age = self.max_age;
        list.when_stale = self.when_stale.unwrap_or(list.when_stale);
        list.quota = self.quota;
        list.configured = true;
        Some(list)
    }
}

impl super::Config {
    /// The lists that there are: those of the registry, and the operator's.
    pub fn lists(&self) -> BTreeMap<Name, Arc<List>> {
        let mut lists = self.dnsbl.registry.lists.clone();
        for entry in &self.lists {
            if let Some(mut list) = entry.list(lists.get(&entry.name).map(Arc::as_ref)) {
                let base = entry.with_key.as_ref().or_else(|| self.dnsbl.registry.keyed.get(&entry.name));
                if let (Some(file), Some(base)) = (&entry.key, base) {
                    list.take_key(base, file.key.clone());
                }
                lists.insert(entry.name.clone(), Arc::new(list));
            }
        }
        lists
    }
}

/// Reads a registry file.
pub(super) fn registry(path: &Path) -> Read<(PathBuf, Arc<Registry>)> {
    let text = value::file(path, limits::MAX_REGISTRY_FILE, REMEDY)?;
    let registry = Registry::read(&text)
        .map_err(|wrong| Wrong::new(format!("{}: {wrong}", path.display()), "correct it"))?;
    Ok((path.to_owned(), Arc::new(registry)))
}

/// The apexes of lists that are asked together.
pub(super) fn group(found: &Spanned<DeValue<'_>>) -> Read<Vec<Name>> {
    value::list(found, value::name)
}

/// A code, or a span of codes.
fn code(found: &Spanned<DeValue<'_>>) -> Read<Span> {
    value::text(found)?
        .parse()
        .map_err(|why: String| Wrong::new(why, "write it like \"127.0.0.2\" or \"127.0.0.4-127.0.0.7\""))
}

/// Test points of the list at `apex`, which are typed as in the registry: without it.
fn test_points(apex: &Name, found: &Spanned<DeValue<'_>>) -> Read<TestPoints> {
    const KEYS: [&str; 2] = ["listed", "unlisted"];
    let table = found.get_ref().as_table();
    let table = table.ok_or_else(|| Wrong::new("does not say what is listed", TESTS_REMEDY))?;
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(&key.get_ref().as_ref())) {
        let wrong = format!("{} is not a known key", shown(key.get_ref(), limits::MAX_SHOWN_VALUE));
        return Err(Wrong::new(wrong, TESTS_REMEDY).at(key.span()));
    }
    let below = |found: &Spanned<DeValue<'_>>| {
        let labels = value::name(found)?;
        let point = Name::from_labels(labels.iter()).and_then(|labels| labels.append_domain(apex));
        let point = point.ok().filter(|point| point != apex);
        point.ok_or_else(|| {
            Wrong::new(format!("{} cannot stand in front of {}", tell(&labels), tell(apex)), TESTS_REMEDY)
        })
    };
    let points = |table: &DeTable<'_>, key: &str| {
        table.get(key).map_or_else(|| Ok(Vec::new()), |found| value::list(found, below))
    };
    Ok(TestPoints { listed: points(table, KEYS[0])?, unlisted: points(table, KEYS[1])? })
}

/// Reads a key. Whoever may read its file may use the key, so nobody else may.
fn key_file(path: &Path) -> Read<KeyFile> {
    let file = path.display();
    let unreadable = |error: Unreadable| Wrong::new(format!("{file} {error}"), KEY_REMEDY);
    let opened = Opened::regular(path).map_err(unreadable)?;
    let mode = opened.about().permissions().mode() & 0o777;
    if mode & !KEY_MODE != 0 {
        let wrong = format!("{file} may be read or written by others: its mode is {mode:04o}");
        return Err(Wrong::new(wrong, format!("chmod 0640 {file}")));
    }
    let text = opened.text(limits::MAX_KEY_FILE).map_err(unreadable)?;
    let key =
        Key::read(&text).ok_or_else(|| Wrong::new(format!("{file} does not hold a key"), KEY_REMEDY))?;
    Ok(KeyFile { path: path.to_owned(), key })
}

impl Reader<'_> {
    /// A `[[list]]`.
    pub(super) fn list(&mut self, entry: &Entry<'_, '_>) {
        let name = self.required(entry, "name", value::name);
        let purpose = self.optional(entry, "purpose", |found| value::word(found, &PURPOSES));
        let subjects = self
            .optional(entry, "subjects", |found| value::list(found, |found| value::word(found, &SUBJECTS)));
        let listed = self.optional(entry, "listed", |found| value::list(found, code));
        let refused = self.optional(entry, "refused", |found| value::list(found, code));
        let apex = name.clone().unwrap_or_default();
        let tests = self.optional(entry, "tests", |found| test_points(&apex, found));
        let on_refusal = self.optional(entry, "on_refusal", |found| value::word(found, &ON_REFUSAL));
        let when_dead = self.optional(entry, "when_dead", |found| value::word(found, &WHEN_DEAD));
        let directory = self.directory.clone();
        let key = self.optional(entry, "key", |found| key_file(&directory.join(value::text(found)?)));
        let with_key = self.optional(entry, "with_key", value::name);
        let max_age = self.optional(entry, "max_age", |found| {
            value::span(found, &(limits::MIN_MIRROR_AGE..=limits::MAX_MIRROR_AGE))
        });
        let when_stale = self.optional(entry, "when_stale", |found| value::word(found, &WHEN_STALE));
        let quota =
            self.optional(entry, "quota", |found| value::number(found, &(1..=limits::MAX_LIST_QUOTA)));
        let Some(name) = name else { return };
        if self.config.lists.iter().any(|list| list.name == name) {
            let wrong = Wrong::new(format!("{} is configured twice", tell(&name)), "remove one of them");
            return self.wrong(entry, "name", wrong);
        }
        self.list_lines.push(entry.line_of("name"));
        self.config.lists.push(ListEntry {
            name,
            purpose,
            subjects,
            listed,
            refused,
            tests,
            on_refusal,
            when_dead,
            key,
            with_key,
            max_age,
            when_stale,
            quota,
        });
    }

    /// A list that the registry does not know must say what it is.
    pub(super) fn check_lists(&mut self) {
        let registry = Arc::clone(&self.config.dnsbl.registry);
        let mut wrongs = Vec::new();
        for (list, line) in self.config.lists.iter().zip(&self.list_lines) {
            let known = registry.lists.get(&list.name);
            let dead = known.filter(|known| !known.is_alive());
            if let Some(List { life: Life::Dead { how }, .. }) = dead.map(Arc::as_ref)
                && list.subjects.is_none()
            {
                let wrong = format!("{} is shut down: {how}", tell(&list.name));
                wrongs.push((
                    *line,
                    Wrong::new(wrong, "remove it, or say its purpose and subjects if it lives again"),
                ));
            } else if list.list(known.map(Arc::as_ref)).is_none() {
                let wrong = format!("{} is not in the registry", tell(&list.name));
                wrongs.push((*line, Wrong::new(wrong, "say its purpose and its subjects")));
            }
            let (listed, refused) = (list.listed.iter().flatten(), list.refused.iter().flatten());
            if let Some(both) = listed.clone().find(|one| refused.clone().any(|other| other.meets(**one))) {
                let wrong = format!("{}: {both} is both listed and refused", tell(&list.name));
                wrongs.push((*line, Wrong::new(wrong, "remove it from one of them")));
            }
            if list.key.is_some() && list.with_key.is_none() && !registry.keyed.contains_key(&list.name) {
                let wrong = format!("no zone is known that takes a key for {}", tell(&list.name));
                wrongs.push((*line, Wrong::new(wrong, "name the zone in with_key")));
            }
        }
        for (line, wrong) in wrongs {
            self.problem(Some(line), Some("list.name"), wrong);
        }
        let known = self.config.lists();
        let grouped = self.config.dnsbl.batch_groups.iter().flatten();
        let unknown: Vec<Name> = grouped.filter(|name| !known.contains_key(*name)).cloned().collect();
        for name in unknown {
            let wrong = Wrong::new(
                format!("{} is no list that is known", tell(&name)),
                "name lists of the registry, or configure it as a [[list]]",
            );
            let line = self.lines.get("dnsbl.batch_groups").copied();
            self.problem(line, Some("dnsbl.batch_groups"), wrong);
        }
    }
}
