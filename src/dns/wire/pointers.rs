//! Detects DNS messages with long chains of compression pointers (RFC 1035 section 4.1.4).
//!
//! In a message of 64 KiB, an attacker can make the reader follow thousands of pointers for each name. The DNS library limits the number of
//! labels in a name, but not the number of pointers.

use super::MAX_NAME;
use super::cursor::Cursor;
use super::edns::HEADER;
use crate::limits::MAX_POINTERS;

/// Returns true if a name in `message` that the DNS library would read follows more than `MAX_POINTERS` compression pointers. Returns false
/// if the message cannot be read to its end, because the DNS library itself rejects such messages.
pub fn run_on(message: &[u8]) -> bool {
    walk(message).unwrap_or(false)
}

fn walk(message: &[u8]) -> Option<bool> {
    let mut counts = Cursor::new(message, 4);
    let questions = counts.u16()?;
    let records = u32::from(counts.u16()?) + u32::from(counts.u16()?) + u32::from(counts.u16()?);
    let mut cursor = Cursor::new(message, HEADER);
    for _ in 0..questions {
        if leads_far(message, cursor.offset()) {
            return Some(true);
        }
        cursor.skip_name()?;
        cursor.u32()?;
    }
    for _ in 0..records {
        if leads_far(message, cursor.offset()) {
            return Some(true);
        }
        cursor.skip_name()?;
        let kind = cursor.u16()?;
        cursor.take(6)?;
        let length = cursor.u16()?;
        let data = cursor.offset();
        cursor.take(length.into())?;
        if names_within(message, kind, data).into_iter().flatten().any(|name| leads_far(message, name)) {
            return Some(true);
        }
    }
    Some(false)
}

/// Returns the offsets of the domain names in the data of a record of type `kind`. The data begin at the offset `data`. Covers the types of RFC
/// 1035 section 3.3 and later types that the library reads.
fn names_within(message: &[u8], kind: u16, data: usize) -> [Option<usize>; 2] {
    let after = |octets: usize| data.checked_add(octets);
    match kind {
        // The types NS, CNAME, PTR, NSEC, TSIG and ANAME: their data begin with a name.
        2 | 5 | 12 | 47 | 250 | 65_305 => [after(0), None],
        // The type SOA: its data begin with two names.
        6 => [after(0), skipped(message, data, 0)],
        // The types MX, SVCB and HTTPS: the name follows a number of two octets.
        15 | 64 | 65 => [after(2), None],
        // The type SRV: the name follows three numbers of two octets.
        33 => [after(6), None],
        // The type NAPTR: the name follows two numbers (order, preference) and three strings.
        35 => [after(4).and_then(|strings| skipped(message, strings, 3)), None],
        // The types SIG and RRSIG: the name follows fields of 18 octets.
        24 | 46 => [after(18), None],
        _ => [None, None],
    }
}

/// Returns the offset after `strings` character strings (or after one name, if `strings` is 0) that begin at the offset `from`.
fn skipped(message: &[u8], from: usize, strings: usize) -> Option<usize> {
    let mut cursor = Cursor::new(message, from);
    if strings == 0 {
        cursor.skip_name()?;
    }
    for _ in 0..strings {
        let length = cursor.octet()?;
        cursor.take(length.into())?;
    }
    Some(cursor.offset())
}

/// Returns true if the name at the offset `place` follows too many compression pointers. Returns false for other faults, because the
/// library rejects them.
fn leads_far(message: &[u8], mut place: usize) -> bool {
    let (mut pointers, mut octets) = (0_u8, 0_usize);
    while let Some(length) = message.get(place).copied() {
        if length >= 0xc0 {
            pointers = pointers.saturating_add(1);
            let low = message.get(place.saturating_add(1)).copied().unwrap_or(0);
            let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
            if pointers > MAX_POINTERS || target >= place {
                return pointers > MAX_POINTERS;
            }
            place = target;
        } else {
            let label = usize::from(length).saturating_add(1);
            octets = octets.saturating_add(label);
            if length == 0 || octets > MAX_NAME {
                return false;
            }
            place = place.saturating_add(label);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Message;
    use hickory_proto::rr::rdata::MX;
    use hickory_proto::rr::{Name, RData, Record};

    /// Builds a DNS message with a chain of compression pointers in the data of its first record. The owner of the second record, or a name
    /// in its data after the octets `before`, points to the start of the chain.
    fn chain(pointers: u16, kind: u16, before: &[u8]) -> Vec<u8> {
        let mut message = vec![0, 1, 0x80, 0, 0, 0, 0, 2, 0, 0, 0, 0];
        let record = |message: &mut Vec<u8>, owner: u16, kind: u16, data: &[u8]| {
            message.extend((0xc000 | owner).to_be_bytes());
            message.extend(kind.to_be_bytes());
            message.extend([0, 1, 0, 0, 0, 60]);
            message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            message.extend(data);
        };
        let first = u16::try_from(message.len()).unwrap() + 12;
        let targets = std::iter::once(3).chain((0..).map(|number| first + 2 * number));
        let data: Vec<u8> =
            targets.take(pointers.into()).flat_map(|target: u16| (0xc000 | target).to_be_bytes()).collect();
        record(&mut message, 3, 65_280, &data);
        let end = first + 2 * (pointers - 1);
        if kind == 1 {
            record(&mut message, end, 1, &[192, 0, 2, 1]);
        } else {
            let data = [before, (0xc000 | end).to_be_bytes().as_slice()].concat();
            record(&mut message, 3, kind, &data);
        }
        message
    }

    #[test]
    fn pointer_chains_are_found_in_names() {
        let few = u16::from(MAX_POINTERS) - 1;
        let naptr: &[u8] = &[0, 1, 0, 1, 1, b'u', 0, 2, b'x', b'y'];
        for (kind, before) in
            [(1, &[][..]), (2, &[]), (15, &[0, 1]), (33, &[0; 6]), (6, &[0]), (35, naptr), (46, &[0; 18])]
        {
            assert!(!run_on(&chain(few, kind, before)), "type {kind}");
            assert!(run_on(&chain(few + 1, kind, before)), "type {kind}");
            assert!(run_on(&chain(8_000, kind, before)), "type {kind}");
        }
        // The data of a TXT record contain no names, so the same octets are not read as a name.
        assert!(!run_on(&chain(8_000, 16, &[2])));
    }

    #[test]
    fn broken_message_has_no_pointer_chain() {
        let cut: &[u8] = &[0, 1, 0x80, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0xc0, 12];
        for octets in [&[][..], &[0; 12], &[255; 64], cut] {
            assert!(!run_on(octets));
        }
    }

    #[test]
    fn what_the_library_writes_is_read() {
        let mut message = Message::query();
        for number in 0..200 {
            let name = |host: &str| Name::from_ascii(format!("{host}{number}.some.example.org.")).unwrap();
            let data = RData::MX(MX::new(10, name("mx")));
            message.add_answer(Record::from_rdata(name("mail"), 60, data));
        }
        assert!(!run_on(&message.to_vec().unwrap()));
    }
}
