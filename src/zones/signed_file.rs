//! The entries of a zone file that the library's reader refuses: what a signer writes, and DNAME.
//!
//! May call: `wire::presentation`. RFC 1035 section 5.1; RFC 4034 sections 2.2, 3.2 and 4.2, RFC 5155 sections 3.3 and 4.3, RFC 6672,
//! RFC 7344 and RFC 3597 for the forms.

use std::str::FromStr;

use data_encoding::{BASE32_DNSSEC, BASE64, HEXUPPER};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, Restrict};

use crate::wire::presentation::read_name;

/// TTL where neither the entry nor $TTL gives one: an hour, as most zones have it.
const DEFAULT_TTL: u32 = 3_600;

/// The types that are read here.
const OURS: [RecordType; 8] = [
    RecordType::DNAME,
    RecordType::DNSKEY,
    RecordType::CDNSKEY,
    RecordType::CDS,
    RecordType::RRSIG,
    RecordType::NSEC,
    RecordType::NSEC3,
    RecordType::NSEC3PARAM,
];

/// Takes these entries out of the text of a zone: what is left, and their records.
///
/// # Errors
/// An entry that cannot be read, in words.
pub(super) fn take_out(apex: &Name, text: &str) -> Result<(String, Vec<Record>), String> {
    let mut reader = Reader::new(apex);
    let (mut entry, mut words, mut depth) = (String::new(), Vec::new(), 0_usize);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        entry.push_str(line);
        cut_line(line, &mut words, &mut depth);
        if depth == 0 {
            let words = std::mem::take(&mut words);
            reader
                .take(&std::mem::take(&mut entry), &words)
                .map_err(|reason| format!("line {}: {reason}", index.saturating_add(1)))?;
        }
    }
    // What is never closed is for the library to refuse.
    reader.left.push_str(&entry);
    Ok((reader.left, reader.records))
}

/// Adds the words of one line; parentheses join lines, and quoted text is one word.
fn cut_line(line: &str, words: &mut Vec<String>, depth: &mut usize) {
    let (mut word, mut quoted) = (String::new(), false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                word.push(letter);
                word.extend(letters.next());
            }
            '"' => quoted = !quoted,
            _ if quoted => word.push(letter),
            ';' => break,
            '(' => *depth = depth.saturating_add(1),
            ')' => *depth = depth.saturating_sub(1),
            blank if blank.is_whitespace() => {}
            _ => word.push(letter),
        }
        if !quoted && (letter.is_whitespace() || "()".contains(letter)) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
}

/// What is carried from entry to entry, and what came of them.
struct Reader {
    origin: Name,
    ttl: u32,
    owner: Name,
    /// Whether the library has not seen the entry that named the owner.
    hidden: bool,
    left: String,
    records: Vec<Record>,
}

impl Reader {
    fn new(apex: &Name) -> Self {
        let (left, records) = Default::default();
        Self { origin: apex.clone(), ttl: DEFAULT_TTL, owner: apex.clone(), hidden: false, left, records }
    }

    /// Takes one entry, or leaves it.
    fn take(&mut self, entry: &str, words: &[String]) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => {}
            ["$ORIGIN", origin, ..] => self.origin = self.name(origin)?,
            ["$TTL", ttl, ..] => self.ttl = ttl.parse().unwrap_or(self.ttl),
            [directive, ..] if directive.starts_with('$') => {}
            all => return self.take_record(entry, all),
        }
        self.left.push_str(entry);
        Ok(())
    }

    fn take_record(&mut self, entry: &str, words: &[&str]) -> Result<(), String> {
        let blank = entry.starts_with([' ', '\t']);
        let (owner, rest) = match words.split_first() {
            Some((owner, rest)) if !blank => (Some(*owner), rest),
            _ => (None, words),
        };
        if let Some(owner) = owner {
            self.owner = self.name(owner)?;
            self.hidden = false;
        }
        let mut ttl = self.ttl;
        let mut rest = rest.iter();
        let kind = loop {
            let Some(word) = rest.next() else { break None };
            if let Ok(seconds) = word.parse() {
                ttl = seconds;
            } else if !word.eq_ignore_ascii_case("IN") {
                break RecordType::from_str(&word.to_ascii_uppercase()).ok();
            }
        };
        match kind.filter(|kind| OURS.contains(kind)) {
            Some(kind) => {
                let rest: Vec<&str> = rest.copied().collect();
                let data = self.data(kind, &rest).ok_or_else(|| format!("{kind} cannot be read"))?;
                self.records.push(Record::from_rdata(self.owner.clone(), ttl, data));
                self.hidden |= !blank;
            }
            None => {
                if blank && self.hidden {
                    self.left.push_str(&self.owner.to_ascii());
                    self.hidden = false;
                }
                self.left.push_str(entry);
            }
        }
        Ok(())
    }

    /// Data as they go over the wire, read as those of a message are.
    fn data(&self, kind: RecordType, words: &[&str]) -> Option<RData> {
        let mut wire = Vec::new();
        match (kind, words) {
            // RFC 3597 section 5; the count of octets is told again by those.
            (_, ["\\#", _, octets @ ..]) => push(&mut wire, &hex(&octets.concat())?),
            (RecordType::DNAME, [target]) => push_name(&mut wire, &self.name(target).ok()?),
            (RecordType::DNSKEY | RecordType::CDNSKEY, [flags, protocol, algorithm, key @ ..]) => {
                push(&mut wire, &flags.parse::<u16>().ok()?.to_be_bytes());
                push(&mut wire, &[protocol.parse().ok()?, algorithm.parse().ok()?]);
                push(&mut wire, &BASE64.decode(key.concat().as_bytes()).ok()?);
            }
            (RecordType::CDS, [tag, algorithm, digest, octets @ ..]) => {
                push(&mut wire, &tag.parse::<u16>().ok()?.to_be_bytes());
                push(&mut wire, &[algorithm.parse().ok()?, digest.parse().ok()?]);
                push(&mut wire, &hex(&octets.concat())?);
            }
            (
                RecordType::RRSIG,
                [covered, algorithm, labels, ttl, expiration, inception, tag, signer, signature @ ..],
            ) => {
                push(&mut wire, &u16::from(type_of(covered)?).to_be_bytes());
                push(&mut wire, &[algorithm.parse().ok()?, labels.parse().ok()?]);
                push(&mut wire, &ttl.parse::<u32>().ok()?.to_be_bytes());
                push(&mut wire, &moment(expiration)?.to_be_bytes());
                push(&mut wire, &moment(inception)?.to_be_bytes());
                push(&mut wire, &tag.parse::<u16>().ok()?.to_be_bytes());
                push_name(&mut wire, &self.name(signer).ok()?);
                push(&mut wire, &BASE64.decode(signature.concat().as_bytes()).ok()?);
            }
            (RecordType::NSEC, [next, types @ ..]) => {
                push_name(&mut wire, &self.name(next).ok()?);
                push(&mut wire, &bitmap(types)?);
            }
            (RecordType::NSEC3, [hash, flags, iterations, salt, next, types @ ..]) => {
                push_salted(&mut wire, hash, flags, iterations, salt)?;
                push_counted(&mut wire, &BASE32_DNSSEC.decode(next.to_ascii_lowercase().as_bytes()).ok()?)?;
                push(&mut wire, &bitmap(types)?);
            }
            (RecordType::NSEC3PARAM, [hash, flags, iterations, salt]) => {
                push_salted(&mut wire, hash, flags, iterations, salt)?;
            }
            _ => return None,
        }
        let length = Restrict::new(u16::try_from(wire.len()).ok()?);
        RData::read(&mut BinDecoder::new(&wire), kind, length).ok()
    }

    /// A name as written: `@` is the origin, and one without a final dot is below it.
    fn name(&self, text: &str) -> Result<Name, String> {
        if text == "@" {
            return Ok(self.origin.clone());
        }
        let name = read_name(text).ok_or_else(|| format!("{text} is no name"))?;
        if name.is_fqdn() {
            Ok(name)
        } else {
            name.append_domain(&self.origin).map_err(|error| error.to_string())
        }
    }
}

fn push(wire: &mut Vec<u8>, octets: &[u8]) {
    wire.extend_from_slice(octets);
}

fn push_counted(wire: &mut Vec<u8>, octets: &[u8]) -> Option<()> {
    wire.push(u8::try_from(octets.len()).ok()?);
    push(wire, octets);
    Some(())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    HEXUPPER.decode(text.to_ascii_uppercase().as_bytes()).ok()
}

/// Labels in the case in which they are written (RFC 6840 section 5.1).
fn push_name(wire: &mut Vec<u8>, name: &Name) {
    for label in name.iter() {
        // A label has at most 63 octets.
        let _ = push_counted(wire, label);
    }
    wire.push(0);
}

fn push_salted(wire: &mut Vec<u8>, hash: &str, flags: &str, iterations: &str, salt: &str) -> Option<()> {
    push(wire, &[hash.parse().ok()?, flags.parse().ok()?]);
    push(wire, &iterations.parse::<u16>().ok()?.to_be_bytes());
    let salt = if salt == "-" { "" } else { salt };
    push_counted(wire, &hex(salt)?)
}

/// A type's mnemonic, or `TYPE` and its number (RFC 3597 section 5).
fn type_of(word: &str) -> Option<RecordType> {
    let word = word.to_ascii_uppercase();
    let number = word.strip_prefix("TYPE").and_then(|number| number.parse::<u16>().ok());
    number.map(RecordType::from).or_else(|| RecordType::from_str(&word).ok())
}

/// Seconds since 1970, or year to second in digits (RFC 4034 section 3.2).
fn moment(word: &str) -> Option<u32> {
    if word.len() != 14 {
        return word.parse().ok();
    }
    let digits = |from: usize, to: usize| word.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    let (hour, minute, second) = (digits(8, 10)?, digits(10, 12)?, digits(12, 14)?);
    // Days of the civil calendar, counted in years that begin in March, so that leap days come last.
    let years = if month <= 2 { year.checked_sub(1)? } else { year };
    let day_of_year = ((month + 9) % 12 * 153 + 2) / 5 + day - 1;
    let days = years * 365 + years / 4 - years / 100 + years / 400 + day_of_year - 719_468;
    u32::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()
}

/// The types of a name, as NSEC tells them (RFC 4034 section 4.1.2).
fn bitmap(types: &[&str]) -> Option<Vec<u8>> {
    let mut numbers = types.iter().map(|word| type_of(word).map(u16::from)).collect::<Option<Vec<_>>>()?;
    numbers.sort_unstable();
    let mut wire = Vec::new();
    for window in numbers.chunk_by(|one, other| one >> 8 == other >> 8) {
        let mut bits = [0_u8; 32];
        let mut used = 0;
        for number in window {
            let [_, low] = number.to_be_bytes();
            let place = usize::from(low >> 3);
            *bits.get_mut(place)? |= 0x80 >> (low & 7);
            used = place.saturating_add(1);
        }
        let [high, _] = window.first()?.to_be_bytes();
        wire.push(high);
        push_counted(&mut wire, bits.get(..used)?)?;
    }
    Some(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> (String, Vec<String>) {
        let (left, records) = take_out(&Name::from_ascii("corp.example.").unwrap(), text).unwrap();
        (left, records.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_a_signer_wrote_is_read_and_the_rest_is_left_with_its_owners() {
        let text = "$TTL 300\n@ IN SOA ns host (\n  1 2 3 4 60 ) ; serial\n\
                    \t3600 RRSIG SOA 13 2 300 (\n 20261220000000 20261120000000 4711\n corp.example. AAAA )\n\
                    www 60 IN RRSIG A 13 3 60 1797724800 1795132800 1 @ AAAA\n\
                    \tA 10.0.0.1\n\
                    \tNSEC a\\.b.corp.example. A RRSIG NSEC CAA\n\
                    old DNAME new\n\
                    t TXT \"a ; ( b\"\n";
        let (left, mut records) = taken(text);
        assert!(records.pop().unwrap().starts_with("old.corp.example. 300 IN DNAME "));
        assert_eq!(
            left,
            "$TTL 300\n@ IN SOA ns host (\n  1 2 3 4 60 ) ; serial\n\
             www.corp.example.\tA 10.0.0.1\nt TXT \"a ; ( b\"\n"
        );
        assert_eq!(
            records,
            [
                "corp.example. 3600 IN RRSIG SOA ECDSAP256SHA256 2 300 1797724800 1795132800 4711 corp.example. AAAA",
                "www.corp.example. 60 IN RRSIG A ECDSAP256SHA256 3 60 1797724800 1795132800 1 corp.example. AAAA",
                "www.corp.example. 300 IN NSEC a\\.b.corp.example. A RRSIG NSEC CAA",
            ]
        );
    }

    #[test]
    fn moments_are_read_in_both_forms() {
        for (text, unix) in [
            ("19700101000000", 0),
            ("20000229235959", 951_868_799),
            ("20261120120000", 1_795_176_000),
            ("42", 42),
        ] {
            assert_eq!(moment(text), Some(unix), "{text}");
        }
        assert_eq!(moment("2026112012000x"), None);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let apex = Name::from_ascii("corp.example.").unwrap();
        let said = take_out(&apex, "@ SOA a b 1 2 3 4 5\n@ NSEC3 1 0 0 xyz\n").unwrap_err();
        assert_eq!(said, "line 2: NSEC3 cannot be read");
    }
}
