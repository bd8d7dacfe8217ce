//! The entry `[[list]]`: it adds a DNS list to the registry, or changes one.

use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Value;
use toml::de::DeTable;

use super::forms::{self, NAME, Number, Optional, Text, Word};
use super::keys::{ConfigKey, TableEntry, key};
use super::list_files::{KeyFile, key_file};
use super::report::WrongValue;
use super::value;
use super::value::{Read, Typed, in_quotes};
use crate::limits;
use dns::wire::presentation::shown;
use dnsbl::codes::{Code, Span};
use dnsbl::list::{List, ListSubject, OnRefusal, Purpose, TestEntries, WhenSilent, WhenStale};

const TESTS_REMEDY: &str = "write it like { listed = [\"2.0.0.127\"], unlisted = [\"1.0.0.127\"] }";

/// The text for a key of `[[list]]` that is left out.
const AS_KNOWN: &str = "the default of the list";

const PURPOSES: [(&str, Purpose); 3] =
    [("block", Purpose::Block), ("allow", Purpose::Allow), ("data", Purpose::Data)];
const SUBJECTS: [(&str, ListSubject); 4] = [
    ("ip4", ListSubject::Ip4),
    ("ip6", ListSubject::Ip6),
    ("domain", ListSubject::Domain),
    ("hash", ListSubject::Hash),
];
const ON_REFUSAL: [(&str, OnRefusal); 3] =
    [("servfail", OnRefusal::Servfail), ("nxdomain", OnRefusal::Nxdomain), ("pass", OnRefusal::Pass)];
const WHEN_SILENT: [(&str, WhenSilent); 2] =
    [("servfail", WhenSilent::Servfail), ("nxdomain", WhenSilent::Nxdomain)];
const WHEN_STALE: [(&str, WhenStale); 2] = [("report", WhenStale::Report), ("public", WhenStale::Public)];

/// The smallest `max_age`. A mirror fetches its data about every minute, so even with this value, a few failures cause no warning.
const MIN_MIRROR_AGE: Duration = Duration::from_secs(5 * 60);

/// The greatest `max_age`. Data of a DNS list that are a month old are useless.
const MAX_MIRROR_AGE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// The largest integer in TOML.
const MAX_LIST_QUOTA: u64 = i64::MAX as u64;

/// A `[[list]]`, which adds a DNS list to the registry or changes one. A value is `None` if its key is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfiguredList {
    /// The apex of the list's zone, absolute and in lower case.
    pub name: Name,
    /// The meaning of a listing: bad or good for the sender of a mail, or only data.
    pub purpose: Option<Purpose>,
    /// What clients look up in the list.
    pub subjects: Option<Vec<ListSubject>>,
    /// Return codes that are listings, even if the registry says that they are refusals.
    pub listed: Option<Vec<Span>>,
    /// Return codes that are refusals.
    pub refused: Option<Vec<Span>>,
    /// The test entries. Without test entries, a list that is not in the registry is not tested.
    pub tests: Option<TestEntries>,
    /// What clients get if the list refuses queries.
    pub on_refusal: Option<OnRefusal>,
    /// What clients get if the list does not answer.
    pub when_silent: Option<WhenSilent>,
    /// The number of queries a day that the operator allows.
    pub quota: Option<u64>,
    /// The customer key, a label in the names that paying customers look up, and its file.
    pub key: Option<KeyFile>,
    /// The zone for names with the customer key; `None` for that of the registry.
    pub with_key: Option<Name>,
    /// The greatest age of a local mirror's data.
    pub max_age: Option<Duration>,
    /// What happens if the data of the mirror are older than `max_age`.
    pub when_stale: Option<WhenStale>,
}

const CODES: forms::List<Text<Span>> = forms::List(Text(code, Span::to_string));

impl TableEntry for ConfiguredList {
    const NAME: &'static str = "list";
    const MOST: usize = dnsbl::limits::MAX_LISTS;
    const KEYS: &'static [ConfigKey<Self>] = &[
        key!(Self, name, NAME).required(),
        key!(Self, purpose, Optional(Word(&PURPOSES))).unset(AS_KNOWN),
        key!(Self, subjects, Optional(forms::List(Word(&SUBJECTS)))).unset(AS_KNOWN),
        key!(Self, listed, Optional(CODES)).unset(AS_KNOWN),
        key!(Self, refused, Optional(CODES)).unset(AS_KNOWN),
        ConfigKey::<Self>::new(
            "tests",
            |list, typed, _| {
                list.tests = Some(test_entries(&list.name, typed)?);
                Ok(())
            },
            |list| list.tests.as_ref().map(|tests| test_entries_written(&list.name, tests)),
        )
        .unset(AS_KNOWN),
        key!(Self, on_refusal, Optional(Word(&ON_REFUSAL))).unset(AS_KNOWN),
        key!(Self, when_silent, Optional(Word(&WHEN_SILENT))).unset(AS_KNOWN),
        key!(Self, quota, Optional(Number(1..=MAX_LIST_QUOTA))).unset(AS_KNOWN),
        ConfigKey::<Self>::new(
            "key",
            |list, typed, directory| {
                list.key = Some(key_file(directory, value::text(typed)?)?);
                Ok(())
            },
            |list| list.key.as_ref().map(|file| forms::path(Some(&file.path))),
        )
        .unset(AS_KNOWN)
        .content("its file changed", |old, new| old.key != new.key),
        key!(Self, with_key, Optional(NAME)).unset(AS_KNOWN),
        key!(Self, max_age, Optional(forms::Span(MIN_MIRROR_AGE..=MAX_MIRROR_AGE))).unset(AS_KNOWN),
        key!(Self, when_stale, Optional(Word(&WHEN_STALE))).unset(AS_KNOWN),
    ];

    fn blank() -> Self {
        Self::default()
    }

    fn title(&self) -> String {
        format!("list {}", value::name_text(&self.name))
    }
}

impl ConfiguredList {
    /// Returns the DNS list. `known` is the list of the registry with the same apex. Returns `None` if a list that is not in the registry lacks the
    /// purpose or the subjects.
    pub fn list(&self, known: Option<&List>) -> Option<List> {
        let known = known.filter(|known| known.is_alive() || self.subjects.is_none());
        let mut list = match (known, self.purpose, &self.subjects) {
            // The defaults of `on_refusal` and `when_silent` depend on the purpose and the subjects, so they are computed again.
            (Some(known), purpose, subjects) if purpose.is_some() || subjects.is_some() => {
                let subjects = subjects.clone().unwrap_or_else(|| known.subjects.clone());
                let own = List::new(self.name.clone(), purpose.unwrap_or(known.purpose), subjects);
                List {
                    on_refusal: own.on_refusal,
                    when_silent: own.when_silent,
                    purpose: own.purpose,
                    subjects: own.subjects,
                    ..known.clone()
                }
            }
            (Some(known), ..) => known.clone(),
            // A list of the operator may lack the test entries of RFC 5782 (127.0.0.2 and 127.0.0.1), so only configured entries are tested.
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
            // A return code that the operator calls a listing is no longer a refusal.
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
        list.when_silent = self.when_silent.unwrap_or(list.when_silent);
        list.max_age = self.max_age;
        list.when_stale = self.when_stale.unwrap_or(list.when_stale);
        list.quota = self.quota;
        list.configured = true;
        Some(list)
    }
}

/// Reads a return code or a range of return codes.
fn code(found: &Typed<'_>) -> Read<Span> {
    value::text(found)?
        .parse()
        .map_err(|why: String| WrongValue::new(why, "write it like \"127.0.0.2\" or \"127.0.0.4-127.0.0.7\""))
}

/// Reads test entries: names relative to the apex, as in the registry.
fn test_entries(apex: &Name, found: &Typed<'_>) -> Read<TestEntries> {
    const KEYS: [&str; 2] = ["listed", "unlisted"];
    let table = found.get_ref().as_table();
    let table = table.ok_or_else(|| WrongValue::new("is not a table of test entries", TESTS_REMEDY))?;
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(&key.get_ref().as_ref())) {
        let wrong = format!("{} is not a known key", shown(key.get_ref(), limits::MAX_SHOWN_VALUE));
        return Err(WrongValue::new(wrong, TESTS_REMEDY).at(key.span()));
    }
    let below = |found: &Typed<'_>| {
        let labels = value::name(found)?;
        let point = Name::from_labels(labels.iter()).and_then(|labels| labels.append_domain(apex));
        let point = point.ok().filter(|point| point != apex);
        point.ok_or_else(|| {
            WrongValue::new(
                format!("{} cannot be placed before {}", in_quotes(&labels), in_quotes(apex)),
                TESTS_REMEDY,
            )
        })
    };
    let points = |table: &DeTable<'_>, key: &str| {
        table.get(key).map_or_else(|| Ok(Vec::new()), |found| value::list(found, below))
    };
    Ok(TestEntries { listed: points(table, KEYS[0])?, unlisted: points(table, KEYS[1])? })
}

/// Writes test entries as names relative to the apex.
fn test_entries_written(apex: &Name, tests: &TestEntries) -> Value {
    let labels = |point: &Name| {
        let own = point.iter().len().saturating_sub(apex.iter().len());
        Name::from_labels(point.iter().take(own)).map_or_else(|_| String::new(), |own| value::name_text(&own))
    };
    let points = |points: &[Name]| forms::texts(points.iter().map(labels));
    let both = [("listed", points(&tests.listed)), ("unlisted", points(&tests.unlisted))];
    Value::Table(both.map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
}
