//! The entry `[[record]]`, and the key `records` of a `[[zone]]`: records in the configuration file.

use std::time::Duration;

use hickory_proto::rr::{Name, Record, RecordType};

use super::forms::{self, Optional, Span, Text};
use super::keys::{ConfigKey, TableEntry, key};
use super::report::{WrongValue, quoted};
use super::value::{self, Read, Typed};
use super::view::{self, VIEW};
use crate::limits;
use dns::rdata::is_understood;
use dns::wire::presentation::{kind_text, name_text};
use dns::zone_file;

/// The default TTL of configured records, in seconds. With a short TTL, clients soon see a change of the configuration.
pub const RECORD_TTL: u32 = 300;

/// Record types of a zone that a `[[record]]` cannot have: they concern names below their owner, or belong to a signed zone.
const OF_A_ZONE: [RecordType; 11] = [
    RecordType::SOA,
    RecordType::NS,
    RecordType::DNAME,
    RecordType::DS,
    RecordType::DNSKEY,
    RecordType::CDS,
    RecordType::CDNSKEY,
    RecordType::RRSIG,
    RecordType::NSEC,
    RecordType::NSEC3,
    RecordType::NSEC3PARAM,
];

/// Types of questions and of pseudo records, for which no zone has data.
const NO_DATA: [RecordType; 7] = [
    RecordType::ZERO,
    RecordType::ANY,
    RecordType::AXFR,
    RecordType::IXFR,
    RecordType::OPT,
    RecordType::TSIG,
    RecordType::SIG,
];

/// A `[[record]]`: the records of one type for one name.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredRecord {
    /// The owner name, absolute and in lower case.
    pub name: Name,
    /// The type of the records.
    pub kind: RecordType,
    /// The data of each record, as in a zone file with absolute names.
    pub data: Vec<String>,
    /// The TTL; `None` for `RECORD_TTL`.
    pub ttl: Option<Duration>,
    /// The `[[view]]` whose clients see the records. If this is `None`, two groups see them: clients without a view, and clients of the views that
    /// have no `[[record]]` of this name themselves.
    pub view: Option<String>,
}

impl TableEntry for ConfiguredRecord {
    const NAME: &'static str = "record";
    const MOST: usize = limits::MAX_RECORDS;
    const KEYS: &'static [ConfigKey<Self>] = &[
        key!(Self, name, Text(owner, value::name_text)).required(),
        key!(Self, "type", kind, Text(kind, |kind| kind_text(*kind))).required(),
        ConfigKey::<Self>::new(
            "data",
            |record, typed, _| {
                let one = |item: &Typed<'_>| {
                    let text = value::text(item)?.to_owned();
                    record_of(&record.name, record.kind, RECORD_TTL, &text)?;
                    Ok(text)
                };
                let data = value::list(typed, one)?;
                if data.is_empty() {
                    return Err(WrongValue::new("is empty", "give the data of at least one record"));
                }
                record.data = data;
                Ok(())
            },
            |record| Some(forms::texts(&record.data)),
        )
        .required(),
        key!(Self, ttl, Optional(Span(Duration::ZERO..=dns::limits::MAX_TTL))).unset("5m"),
        key!(Self, view, Optional(VIEW)),
    ];

    fn blank() -> Self {
        Self { name: Name::root(), kind: RecordType::TXT, data: Vec::new(), ttl: None, view: None }
    }

    fn title(&self) -> String {
        let of_view = view::of_view(self.view.as_deref());
        format!("record {} {}{of_view}", value::name_text(&self.name), kind_text(self.kind))
    }
}

impl ConfiguredRecord {
    /// Returns the records.
    pub fn records(&self) -> Vec<Record> {
        let seconds = self.ttl.and_then(|ttl| u32::try_from(ttl.as_secs()).ok()).unwrap_or(RECORD_TTL);
        self.data.iter().filter_map(|data| record_of(&self.name, self.kind, seconds, data).ok()).collect()
    }
}

fn owner(typed: &Typed<'_>) -> Read<Name> {
    let name = value::name(typed)?;
    if name.is_wildcard() {
        return Err(WrongValue::new(
            format!("{} is a wildcard", value::in_quotes(&name)),
            "add a [[zone]] with records = [\"* ...\"]",
        ));
    }
    Ok(name)
}

fn kind(typed: &Typed<'_>) -> Read<RecordType> {
    let text = value::text(typed)?;
    match zone_file::kind(text) {
        Some(kind) if OF_A_ZONE.contains(&kind) => Err(WrongValue::new(
            format!("is {}, a type of a zone", quoted(text)),
            "add a [[zone]] with a file that has it",
        )),
        Some(kind) if !NO_DATA.contains(&kind) => Ok(kind),
        _ => Err(WrongValue::new(
            format!("{} is not a type of records", quoted(text)),
            "write it like \"MX\", \"TXT\" or \"TYPE65280\"",
        )),
    }
}

/// Parses the data of a `[[record]]`. Names in `data` are absolute.
fn record_of(name: &Name, kind: RecordType, ttl: u32, data: &str) -> Read<Record> {
    let kind = kind_text(kind);
    one(&Name::root(), &format!("{} {ttl} IN {kind} {data}", name_text(name))).map_err(|wrong| {
        let wrong = format!("{}: {wrong}", quoted(data));
        WrongValue::new(wrong, "write it as in a zone file")
    })
}

/// Reads the key `records` of a `[[zone]]`. Each item is a line of a zone file. Names without a final dot are relative to `apex`.
pub(super) fn lines(apex: &Name, typed: &Typed<'_>) -> Read<Vec<String>> {
    value::list(typed, |item| {
        let line = value::text(item)?;
        let wrong = |reason: String| {
            let wrong = format!("{} is not a record of the zone: {reason}", quoted(line));
            WrongValue::new(wrong, "write it as a line of a zone file, like \"mail MX 10 mx\"")
        };
        let record = line_of(apex, line).map_err(wrong)?;
        if record.record_type() == RecordType::SOA {
            return Err(wrong("resolverd makes the SOA itself".to_owned()));
        }
        if !apex.zone_of(&record.name) {
            return Err(wrong(format!("{} is outside of the zone", record.name)));
        }
        Ok(line.to_owned())
    })
}

/// Parses an item of `records` of the zone at `apex`: a line of a zone file.
///
/// # Errors
/// Returns the reason if the line is not exactly one record.
pub fn line_of(apex: &Name, line: &str) -> Result<Record, String> {
    one(apex, line)
}

/// Parses a text, which must be exactly one record. Names without a final dot are relative to `origin`.
fn one(origin: &Name, text: &str) -> Result<Record, String> {
    if text.contains(char::is_control) {
        return Err("it contains a control character".to_owned());
    }
    if text.starts_with([' ', '$']) {
        return Err("it does not begin with the name of a record".to_owned());
    }
    let mut records = zone_file::records(origin, &format!("$TTL {RECORD_TTL}\n{text}"))
        .map_err(|wrong| wrong.reason)?
        .into_iter();
    match (records.next(), records.next()) {
        (Some(record), None) if record.record_type() == RecordType::TXT && is_cut(text) => {
            Err("a semicolon begins a comment; put text with a semicolon in quotes".to_owned())
        }
        (Some(record), None) if is_understood(&record.data) => Ok(record),
        _ => Err("it is not one record".to_owned()),
    }
}

/// Returns true if a semicolon follows a word without quotes, as in `v=DMARC1; p=none`. In a zone file, the semicolon begins a comment, so the rest
/// would be lost. The operator has probably forgotten the quotes.
fn is_cut(text: &str) -> bool {
    let mut entries = zone_file::entries(text).flatten();
    entries.any(|entry| !entry.comment.is_empty() && entry.words.last().is_some_and(|word| !word.quoted))
}
