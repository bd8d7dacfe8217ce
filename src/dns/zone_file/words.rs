//! Reads single words of a zone file: record types, names and spans of time.

use std::str::FromStr;

use hickory_proto::rr::{Name, RecordType};

use crate::wire::presentation::read_name;

/// Record types of IANA's registry that the DNS library does not know.
const MNEMONICS: [(&str, u16); 5] = [("RP", 17), ("AFSDB", 18), ("LOC", 29), ("SPF", 99), ("URI", 256)];

/// Reads a record type from its mnemonic, or from `TYPE` and its number. Returns `None` for other texts.
pub fn kind(text: &str) -> Option<RecordType> {
    let text = text.to_ascii_uppercase();
    let number = text.strip_prefix("TYPE").and_then(|number| number.parse::<u16>().ok());
    let number =
        number.or_else(|| MNEMONICS.iter().find(|(name, _)| *name == text).map(|(_, number)| *number));
    number.map(RecordType::from).or_else(|| RecordType::from_str(&text).ok())
}

/// Reads a name as it is written in a zone file. `@` is the origin, and names without a final dot are relative to the origin.
pub(super) fn name(text: &str, origin: &Name) -> Result<Name, String> {
    if text == "@" {
        return Ok(origin.clone());
    }
    let name = read_name(text).ok_or_else(|| format!("{text} is not a name"))?;
    if name.is_fqdn() { Ok(name) } else { name.append_domain(origin).map_err(|error| error.to_string()) }
}

/// Reads a time span: a number of seconds, or numbers with units like in BIND, such as `1w2d3h4m5s`. Returns `None` for other texts.
pub fn span(text: &str) -> Option<u32> {
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
