//! The one reader of zone files: operators' zones, root hints, trust anchors, and the zones of the `lab`.
//!
//! RFC 1035 section 5.1 with $ORIGIN, and $TTL of RFC 2308 section 4: relative names, `@`, an omitted owner,
//! parentheses, comments, quotes; TTL and class in either order or omitted, a TTL in seconds or like `1h30m`; RFC
//! 3597 section 5 for types and data without a form of their own. `$INCLUDE` is resolved before the text comes here.
//!
//! # Decisions
//!
//! - There were four readers, and they differed: an A with a superfluous word was accepted, TYPE1 was not, and RP and
//!   URI were unknown. One reader replaced them and is compared with BIND's `named-compilezone`.
//! - Hickory's reader was not enough: it does not read `@` in data, DNAME, or the records that a signer writes. It is
//!   used for the data of SVCB and HTTPS only.
//! - A file without a TTL gets one hour. A second SOA is an error, as in BIND.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod data;
mod entries;
mod fields;

use std::str::FromStr;

use hickory_proto::rr::{Name, Record, RecordType};

pub use self::entries::{Word, ZoneFileEntries, ZoneFileEntry, entries};
use crate::wire::presentation::read_name;

/// TTL if no record and no $TTL has given one: an hour, as in NSD and ldns.
const DEFAULT_TTL: u32 = 3_600;

/// Mnemonics of types that the library does not know (IANA's registry of resource record types).
const MNEMONICS: [(&str, u16); 15] = [
    ("MINFO", 14),
    ("RP", 17),
    ("AFSDB", 18),
    ("X25", 19),
    ("ISDN", 20),
    ("RT", 21),
    ("PX", 26),
    ("LOC", 29),
    ("KX", 36),
    ("APL", 42),
    ("DHCID", 49),
    ("HIP", 55),
    ("SPF", 99),
    ("URI", 256),
    ("AVC", 258),
];

/// An error in a text, and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ZoneFileError {
    /// The line on which the entry begins, from 1.
    pub line: usize,
    /// The reason.
    pub reason: String,
}

/// Reads all records of a text; names without a final dot are below `origin`.
///
/// # Errors
/// The first entry that cannot be read.
pub fn records(origin: &Name, text: &str) -> Result<Vec<Record>, ZoneFileError> {
    let mut reader = Reader::new(origin.clone());
    let mut records = Vec::new();
    for entry in entries(text) {
        records.extend(reader.entry(&entry?)?);
    }
    Ok(records)
}

/// Reads one record with absolute names.
///
/// # Errors
/// The text is not one record.
pub fn record(text: &str) -> Result<Record, ZoneFileError> {
    let entry = entries(text).next();
    let entry = entry.ok_or_else(|| ZoneFileError { line: 1, reason: "no record".to_owned() })??;
    Reader::new(Name::root()).record(&entry)
}

/// Reads a type: its mnemonic, or `TYPE` and its number.
pub fn kind(text: &str) -> Option<RecordType> {
    let text = text.to_ascii_uppercase();
    let number = text.strip_prefix("TYPE").and_then(|number| number.parse::<u16>().ok());
    let number =
        number.or_else(|| MNEMONICS.iter().find(|(name, _)| *name == text).map(|(_, number)| *number));
    number.map(RecordType::from).or_else(|| RecordType::from_str(&text).ok())
}

/// The number of an algorithm of DNSSEC, by itself or its mnemonic.
pub fn algorithm(text: &str) -> Option<u8> {
    fields::algorithm(text)
}

/// The fields before the data of a record, and the words of the data.
#[derive(Clone, Debug)]
pub struct RecordHead<'e> {
    /// The owner.
    pub owner: Name,
    /// Its TTL in seconds.
    pub ttl: u32,
    /// The word for its type.
    pub kind: &'e str,
    /// The words of its data.
    pub data: &'e [Word],
}

/// The state that is carried from entry to entry.
#[derive(Clone, Debug)]
pub struct Reader {
    origin: Name,
    /// Of `$TTL`.
    ttl: Option<u32>,
    /// The last one of a record.
    last_ttl: Option<u32>,
    owner: Option<Name>,
}

impl Reader {
    /// A reader at the begin of a text.
    pub fn new(origin: Name) -> Self {
        Self { origin, ttl: None, last_ttl: None, owner: None }
    }

    /// Reads an entry: a record, or none if it is a directive.
    ///
    /// # Errors
    /// It is neither.
    pub fn entry(&mut self, entry: &ZoneFileEntry) -> Result<Option<Record>, ZoneFileError> {
        match entry.texts().as_slice() {
            ["$ORIGIN", origin] => {
                self.origin = self.name(origin).map_err(|reason| entry.wrong(reason))?;
                Ok(None)
            }
            ["$TTL", ttl] => {
                let ttl = span(ttl).ok_or_else(|| entry.wrong("$TTL is not a number of seconds"))?;
                self.ttl = Some(ttl);
                Ok(None)
            }
            [directive, ..] if entry.is_directive() => {
                Err(entry.wrong(format!("{directive} is not supported")))
            }
            _ => self.record(entry).map(Some),
        }
    }

    fn record(&mut self, entry: &ZoneFileEntry) -> Result<Record, ZoneFileError> {
        let RecordHead { owner, ttl, kind, data } = self.begin(entry)?;
        let kind = self::kind(kind).ok_or_else(|| entry.wrong(format!("unknown type {kind}")))?;
        let data = data::read(kind, data, &self.origin).map_err(|reason| entry.wrong(reason))?;
        Ok(Record::from_rdata(owner, ttl, data))
    }

    /// Reads the fields before the data of a record.
    ///
    /// # Errors
    /// No owner or no type.
    pub fn begin<'e>(&mut self, entry: &'e ZoneFileEntry) -> Result<RecordHead<'e>, ZoneFileError> {
        let mut words = entry.words.as_slice();
        if !entry.begins_blank
            && let Some((owner, rest)) = words.split_first()
        {
            self.owner = Some(self.name(&owner.text).map_err(|reason| entry.wrong(reason))?);
            words = rest;
        }
        let owner = self.owner.clone().ok_or_else(|| entry.wrong("the first record has no owner"))?;
        let (mut own_ttl, mut has_class) = (None, false);
        loop {
            let Some((word, rest)) = words.split_first() else {
                return Err(entry.wrong("the type is missing"));
            };
            words = rest;
            // The optional fields may have either order, but each may appear once only.
            if let Some(seconds) = span(&word.text).filter(|_| own_ttl.is_none()) {
                own_ttl = Some(seconds);
            } else if word.text.eq_ignore_ascii_case("IN") && !has_class {
                has_class = true;
            } else {
                self.last_ttl = own_ttl.or(self.last_ttl);
                let ttl = own_ttl.or(self.ttl).or(self.last_ttl).unwrap_or(DEFAULT_TTL);
                return Ok(RecordHead { owner, ttl, kind: &word.text, data: words });
            }
        }
    }

    /// Reads a name in this context.
    ///
    /// # Errors
    /// It is no name; the reason in words.
    pub fn name(&self, text: &str) -> Result<Name, String> {
        name(text, &self.origin)
    }
}

/// A name as written: `@` is the origin, and one without a final dot is below it.
fn name(text: &str, origin: &Name) -> Result<Name, String> {
    if text == "@" {
        return Ok(origin.clone());
    }
    let name = read_name(text).ok_or_else(|| format!("{text} is not a name"))?;
    if name.is_fqdn() { Ok(name) } else { name.append_domain(origin).map_err(|error| error.to_string()) }
}

/// Seconds, or numbers with units as BIND has them: `1w2d3h4m5s`.
fn span(text: &str) -> Option<u32> {
    let (mut sum, mut number) = (0_u32, None::<u32>);
    for letter in text.chars() {
        if let Some(digit) = letter.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let seconds = match letter.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        sum = sum.checked_add(number.take()?.checked_mul(seconds)?)?;
    }
    match number {
        Some(number) => sum.checked_add(number),
        None => (!text.is_empty()).then_some(sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let origin = Name::from_str("zone.example.").unwrap();
        records(&origin, text).unwrap().iter().map(ToString::to_string).collect()
    }

    fn wrong(text: &str) -> String {
        records(&Name::from_str("zone.example.").unwrap(), text).unwrap_err().to_string()
    }

    #[test]
    fn owners_ttls_and_classes_may_be_left_out() {
        let text = "$TTL 1h30m\n@ IN SOA ns host ( 1 2h 15m\n 14D 60 )\n\tNS ns\n\
                    ns 60 IN A 127.0.0.1\n IN 30 AAAA ::1\n$ORIGIN sub\nwww CNAME @\n$ORIGIN .\nx.zone.example MX 5 @\n";
        assert_eq!(
            read(text),
            [
                "zone.example. 5400 IN SOA ns.zone.example. host.zone.example. 1 7200 900 1209600 60",
                "zone.example. 5400 IN NS ns.zone.example.",
                "ns.zone.example. 60 IN A 127.0.0.1",
                "ns.zone.example. 30 IN AAAA ::1",
                "www.sub.zone.example. 5400 IN CNAME sub.zone.example.",
                "x.zone.example. 5400 IN MX 5 .",
            ]
        );
        assert_eq!(read("a 7 A 10.0.0.1\nb A 10.0.0.2\n")[1], "b.zone.example. 7 IN A 10.0.0.2");
        assert_eq!(read("a A 10.0.0.1\n"), ["a.zone.example. 3600 IN A 10.0.0.1"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        assert_eq!(wrong("\tA 10.0.0.1\n"), "line 1: the first record has no owner");
        assert_eq!(wrong("a A 10.0.0.1\na NOSUCH x\n"), "line 2: unknown type NOSUCH");
        assert_eq!(wrong("a IN 60\n"), "line 1: the type is missing");
        assert_eq!(wrong("$TTL soon\n"), "line 1: $TTL is not a number of seconds");
        assert_eq!(wrong("$GENERATE 1-9 a$ A 10.0.0.$\n"), "line 1: $GENERATE is not supported");
        assert_eq!(wrong("a..b A 10.0.0.1\n"), "line 1: a..b is not a name");
    }
}
