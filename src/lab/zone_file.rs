//! Reads a zone from text: the master file format.
//!
//! May call: `zone`. RFC 1035 section 5 with $ORIGIN and $TTL (RFC 2308 section 4), relative names, `@`, a blank
//! owner, parentheses, comments, quoted strings; TTL and class may stand in either order or be left out. DNAME
//! (RFC 6672) is read here, as hickory's parser does not know it, and so are types and data without a form of their own
//! (RFC 3597 section 5: `TYPE65280 \# 2 0a0b`).

use std::str::FromStr;

use hickory_proto::rr::rdata::{NULL, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::BinDecoder;

use crate::question::wire_name;
use crate::rdata;
use crate::wire::presentation::read_name;

use crate::zones::zone::{Zone, ZoneError};

/// TTL where neither the record nor $TTL gives one: an hour, as most zones have it.
const DEFAULT_TTL: u32 = 3600;

/// Reads the zone `origin` from `text`.
///
/// # Errors
/// A line that cannot be read, an owner outside the zone, or no SOA at the apex.
pub fn read_zone(origin: &Name, text: &str) -> Result<Zone, ZoneError> {
    let mut reader = Reader { origin: origin.clone(), ttl: DEFAULT_TTL, owner: None };
    let mut records = Vec::new();
    for entry in entries(text)? {
        if let Some(record) = reader.entry(&entry)? {
            records.push(record);
        }
    }
    Zone::new(origin, records)
}

/// Reads one record with absolute names, as a scenario writes it.
///
/// # Errors
/// The text is not one record.
pub fn read_record(text: &str) -> Result<Record, ZoneError> {
    let mut reader = Reader { origin: Name::root(), ttl: DEFAULT_TTL, owner: None };
    let entry = entries(text)?.into_iter().next();
    let entry = entry.ok_or_else(|| ZoneError::Line { line: 1, reason: "no record".to_owned() })?;
    reader.record(&entry)
}

/// Reads a type: its mnemonic, or `TYPE` and its number.
pub fn read_kind(text: &str) -> Option<RecordType> {
    let text = text.to_ascii_uppercase();
    let number = text.strip_prefix("TYPE").and_then(|number| number.parse::<u16>().ok());
    number.map(RecordType::from).or_else(|| RecordType::from_str(&text).ok())
}

/// One entry: a line, or several lines within parentheses.
struct Entry {
    line: usize,
    begins_blank: bool,
    words: Vec<String>,
}

impl Entry {
    fn error(&self, reason: impl Into<String>) -> ZoneError {
        ZoneError::Line { line: self.line, reason: reason.into() }
    }
}

/// Cuts text into entries.
fn entries(text: &str) -> Result<Vec<Entry>, ZoneError> {
    let mut entries = Vec::new();
    let mut open: Option<Entry> = None;
    let mut depth = 0_usize;
    for (index, line) in text.lines().enumerate() {
        let entry = open.get_or_insert_with(|| Entry {
            line: index + 1,
            begins_blank: line.starts_with([' ', '\t']),
            words: Vec::new(),
        });
        cut_line(line, entry, &mut depth)?;
        if depth == 0 {
            entries.extend(open.take().filter(|entry| !entry.words.is_empty()));
        }
    }
    match open {
        Some(entry) => Err(entry.error("a parenthesis is not closed")),
        None => Ok(entries),
    }
}

/// Adds the words of one line to `entry`.
fn cut_line(line: &str, entry: &mut Entry, depth: &mut usize) -> Result<(), ZoneError> {
    let mut rest = line.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            ';' => break,
            '(' | ')' => {
                rest.next();
                *depth = if next == '(' { depth.checked_add(1) } else { depth.checked_sub(1) }
                    .ok_or_else(|| entry.error("a parenthesis was never opened"))?;
            }
            '"' => {
                rest.next();
                let text: String = rest.by_ref().take_while(|&letter| letter != '"').collect();
                entry.words.push(text);
            }
            blank if blank.is_whitespace() => {
                rest.next();
            }
            _ => {
                let mut text = String::new();
                while let Some(letter) =
                    rest.next_if(|&letter| !letter.is_whitespace() && !";()".contains(letter))
                {
                    text.push(letter);
                }
                entry.words.push(text);
            }
        }
    }
    Ok(())
}

/// What is carried from entry to entry.
struct Reader {
    origin: Name,
    ttl: u32,
    owner: Option<Name>,
}

impl Reader {
    /// A record, or none where the entry is a directive.
    fn entry(&mut self, entry: &Entry) -> Result<Option<Record>, ZoneError> {
        let words: Vec<&str> = entry.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["$ORIGIN", origin] => {
                self.origin = self.name(origin).map_err(|reason| entry.error(reason))?;
                Ok(None)
            }
            ["$TTL", ttl] => {
                self.ttl = ttl.parse().map_err(|_| entry.error("$TTL is not a number of seconds"))?;
                Ok(None)
            }
            _ => self.record(entry).map(Some),
        }
    }

    fn record(&mut self, entry: &Entry) -> Result<Record, ZoneError> {
        let mut words = entry.words.iter();
        if !entry.begins_blank {
            let owner = words.next().ok_or_else(|| entry.error("no owner"))?;
            self.owner = Some(self.name(owner).map_err(|reason| entry.error(reason))?);
        }
        let owner = self.owner.clone().ok_or_else(|| entry.error("the first record has no owner"))?;
        let mut ttl = self.ttl;
        let kind = loop {
            let word = words.next().ok_or_else(|| entry.error("no type"))?;
            if let Ok(seconds) = word.parse() {
                ttl = seconds;
            } else if !word.eq_ignore_ascii_case("IN") {
                break read_kind(word).ok_or_else(|| entry.error(format!("unknown type {word}")))?;
            }
        };
        let rdata = self.rdata(kind, &words.collect::<Vec<_>>()).map_err(|reason| entry.error(reason))?;
        Ok(Record::from_rdata(owner, ttl, rdata))
    }

    fn rdata(&self, kind: RecordType, words: &[&String]) -> Result<RData, String> {
        if let [mark, length, hex @ ..] = words
            && *mark == "\\#"
        {
            return unknown(kind, length, &hex.iter().map(|word| word.as_str()).collect::<String>());
        }
        let mut texts: Vec<String> = words.iter().copied().cloned().collect();
        // Which words are names: they are taken from the origin here, as hickory's public parser knows none.
        let (from, to) = match kind {
            RecordType::SOA => (0, 2),
            RecordType::NS | RecordType::CNAME | RecordType::PTR | RecordType::DNAME => (0, 1),
            RecordType::MX => (1, 2),
            RecordType::SRV => (3, 4),
            _ => (0, 0),
        };
        for text in texts.iter_mut().take(to).skip(from) {
            *text = self.name(text)?.to_string();
        }
        match kind {
            RecordType::TXT => Ok(RData::TXT(TXT::new(texts))),
            RecordType::DNAME => dname(texts.first().ok_or("no target")?),
            _ => RData::try_from_str(kind, &texts.join(" ")).map_err(|error| error.to_string()),
        }
    }

    /// A name as written: `@` is the origin, and one without a final dot is below it.
    fn name(&self, text: &str) -> Result<Name, String> {
        if text == "@" {
            return Ok(self.origin.clone());
        }
        let name = read_name(text).ok_or_else(|| format!("{text} is no name"))?;
        let name = if name.is_fqdn() {
            name
        } else {
            name.append_domain(&self.origin).map_err(|e| e.to_string())?
        };
        Ok(name)
    }
}

/// RDATA in hexadecimal digits: what the library makes of them, or as they are.
fn unknown(kind: RecordType, length: &str, hex: &str) -> Result<RData, String> {
    let digits =
        |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let octets: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(digits).collect();
    let octets = octets.filter(|octets| octets.len().to_string() == length);
    let octets = octets.ok_or_else(|| format!("{hex} are not {length} octets"))?;
    let length = u16::try_from(octets.len()).map_err(|error| error.to_string())?;
    let read = rdata::read(kind, length, &mut BinDecoder::new(&octets));
    let rdata = if octets.is_empty() { NULL::new() } else { NULL::with(octets) };
    Ok(read.unwrap_or(RData::Unknown { code: kind, rdata }))
}

/// The RDATA of a DNAME: a name without compression (RFC 6672 section 2.1).
fn dname(target: &str) -> Result<RData, String> {
    let target = Name::from_str(target).map_err(|error| error.to_string())?;
    Ok(RData::Unknown { code: RecordType::DNAME, rdata: NULL::with(wire_name(&target)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
$TTL 300
@   IN SOA ns hostmaster (
        1 7200 900   ; serial, refresh, retry
        1209600 60 )
    NS  ns
    NS  ns.other.example.
ns  60 IN A 127.0.0.1
txt IN 30 TXT \"v=spf1 ; no comment\" \"two\"
    AAAA ::1
$ORIGIN sub.zone.example.
www CNAME @
alias DNAME elsewhere.example.
";

    #[test]
    fn reads_what_zone_files_hold() {
        let origin = Name::from_str("zone.example.").unwrap();
        let zone = read_zone(&origin, TEXT).unwrap();
        let get = |name: &str, kind| zone.set(&Name::from_str(name).unwrap(), kind).unwrap().to_vec();
        assert_eq!(get("zone.example.", RecordType::NS).len(), 2);
        assert_eq!(get("zone.example.", RecordType::SOA)[0].ttl, 300);
        assert_eq!(get("ns.zone.example.", RecordType::A)[0].ttl, 60);
        let RData::TXT(text) = &get("txt.zone.example.", RecordType::TXT)[0].data else { panic!("no TXT") };
        assert_eq!(text.txt_data.len(), 2);
        assert_eq!(get("txt.zone.example.", RecordType::TXT)[0].ttl, 30);
        assert_eq!(get("txt.zone.example.", RecordType::AAAA).len(), 1);
        let RData::CNAME(target) = &get("www.sub.zone.example.", RecordType::CNAME)[0].data else {
            panic!("no CNAME")
        };
        assert_eq!(target.0.to_string(), "sub.zone.example.");
        assert_eq!(get("alias.sub.zone.example.", RecordType::DNAME).len(), 1);
    }

    #[test]
    fn errors_name_the_line() {
        let origin = Name::from_str("zone.example.").unwrap();
        let error = read_zone(&origin, "@ SOA ns host 1 2 3 4 5\nwww NOSUCH x\n").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        assert!(read_zone(&origin, "@ SOA ns host ( 1 2 3 4 5\n").is_err());
        assert!(read_zone(&origin, "www A 127.0.0.1\n").is_err());
        assert!(read_zone(&origin, "@ SOA ns host 1 2 3 4 5\nwww.elsewhere. A 127.0.0.1\n").is_err());
    }
}
