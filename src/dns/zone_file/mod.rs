//! Reads zone files: zones of the operator, root hints, trust anchors, and the zones of the crate `lab`. Also writes record data as text.
//!
//! Follows RFC 1035 section 5.1 with $ORIGIN, RFC 2308 section 4 with $TTL, and RFC 3597 section 5 for types and data that have no form of
//! their own. TTL and class may be in either order or omitted. `$INCLUDE` and `$GENERATE` are rejected.
//!
//! # Decisions
//!
//! - One reader reads all these texts. Tests compare it with BIND's `named-compilezone`.
//! - The reader of the library hickory does not read `@` in data, DNAME, or the records that a signer writes. It is used only for the data
//!   of SVCB and HTTPS.
//! - A second SOA is an error, as in BIND.

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
mod text;
mod words;

use hickory_proto::rr::{Name, Record};

pub use self::entries::{Word, ZoneFileEntries, ZoneFileEntry, ZoneFileError, entries};
pub use self::fields::algorithm;
pub use self::text::{data_text, octets_text};
use self::words::name;
pub use self::words::{kind, span};

/// The TTL of a record, in seconds, if neither the record nor a $TTL directive has one; as in NSD and ldns.
const DEFAULT_TTL: u32 = 3_600;

/// Reads all records in the text of a zone file. Names without a final dot are relative to `origin`.
///
/// # Errors
/// Returns the error of the first entry that cannot be read.
pub fn records(origin: &Name, text: &str) -> Result<Vec<Record>, ZoneFileError> {
    let mut reader = ZoneFileReader::new(origin.clone());
    let mut records = Vec::new();
    for entry in entries(text) {
        records.extend(reader.entry(&entry?)?);
    }
    Ok(records)
}

/// Reads a text with one record, in which all names are absolute.
///
/// # Errors
/// Fails if the text is not a record.
pub fn record(text: &str) -> Result<Record, ZoneFileError> {
    let entry = entries(text).next();
    let entry = entry.ok_or_else(|| ZoneFileError { line: 1, reason: "no record".to_owned() })??;
    ZoneFileReader::new(Name::root()).record(&entry)
}

/// A record as it is written in a zone file: the fields before its data, and the words of its data.
#[derive(Clone, Debug)]
pub struct RecordHead<'e> {
    /// The owner name of the record.
    pub owner: Name,
    /// The TTL of the record, in seconds.
    pub ttl: u32,
    /// The word for the type of the record, such as `A`.
    pub kind: &'e str,
    /// The words of the record's data.
    pub data: &'e [Word],
}

/// Reads the entries of a zone file, and remembers the origin, TTL and owner of the entries before.
#[derive(Clone, Debug)]
pub struct ZoneFileReader {
    origin: Name,
    /// The TTL in the last `$TTL` directive, in seconds.
    ttl: Option<u32>,
    /// The TTL of the previous record, in seconds.
    last_ttl: Option<u32>,
    owner: Option<Name>,
}

impl ZoneFileReader {
    /// Creates a reader for the start of a zone file whose names are relative to `origin`.
    pub fn new(origin: Name) -> Self {
        Self { origin, ttl: None, last_ttl: None, owner: None }
    }

    /// Reads one entry of a zone file. Returns `None` if the entry is a directive.
    ///
    /// # Errors
    /// Fails if the entry is neither a record nor a directive.
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
        let RecordHead { owner, ttl, kind, data, .. } = self.begin(entry)?;
        let kind = self::kind(kind).ok_or_else(|| entry.wrong(format!("unknown type {kind}")))?;
        let data = data::read(kind, data, &self.origin).map_err(|reason| entry.wrong(reason))?;
        Ok(Record::from_rdata(owner, ttl, data))
    }

    /// Reads the fields before the data of a record: owner, TTL, class and type.
    ///
    /// # Errors
    /// Fails if the owner or the type is missing.
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

    /// Reads a name in the zone file. A name without a final dot is relative to the current origin.
    ///
    /// # Errors
    /// Returns the reason why the text is not a name.
    pub fn name(&self, text: &str) -> Result<Name, String> {
        name(text, &self.origin)
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn read(text: &str) -> Vec<String> {
        let origin = Name::from_str("zone.example.").unwrap();
        records(&origin, text).unwrap().iter().map(ToString::to_string).collect()
    }

    fn wrong(text: &str) -> String {
        records(&Name::from_str("zone.example.").unwrap(), text).unwrap_err().to_string()
    }

    #[test]
    fn zone_file_fields_are_inherited() {
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
    fn unreadable_zone_entry_names_line() {
        assert_eq!(wrong("\tA 10.0.0.1\n"), "line 1: the first record has no owner");
        assert_eq!(wrong("a A 10.0.0.1\na NOSUCH x\n"), "line 2: unknown type NOSUCH");
        assert_eq!(wrong("a IN 60\n"), "line 1: the type is missing");
        assert_eq!(wrong("$TTL soon\n"), "line 1: $TTL is not a number of seconds");
        assert_eq!(wrong("$FROB 1\n"), "line 1: $FROB is not supported");
        assert_eq!(wrong("\n$GENERATE 8-9 a$ A 10.0.0.25$\n"), "line 2: $GENERATE is not supported");
        assert_eq!(wrong("a..b A 10.0.0.1\n"), "line 1: a..b is not a name");
    }
}
