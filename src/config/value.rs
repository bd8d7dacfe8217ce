//! Reads single values of the configuration file. Each function returns the value, or an error with advice.
//!
//! The module `addresses` reads addresses. The types in `forms` call the functions of `addresses` and of this module.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Spanned;
use toml::de::DeValue;

use super::files::Opened;
use super::report::{WrongValue, quoted};
use crate::limits;
use dns::wire::presentation;
use dns::wire::presentation::shown;

/// A value of the configuration file, with its position there.
pub(super) type Typed<'f> = Spanned<DeValue<'f>>;

pub(super) type Read<Meant> = Result<Meant, WrongValue>;

const SPAN_UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Time spans as examples. An error message shows those in the permitted range.
const EXAMPLES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(4), Duration::from_secs(3_600)];

/// The units of a memory size, in octets.
const SIZE_UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

pub(super) fn text<'a>(value: &'a Typed<'_>) -> Read<&'a str> {
    let found = value.get_ref();
    found
        .as_str()
        .ok_or_else(|| WrongValue::new(format!("is {}, not a string", an(found)), "put it in quotes"))
}

pub(super) fn flag(value: &Typed<'_>) -> Read<bool> {
    let found = value.get_ref();
    found
        .as_bool()
        .ok_or_else(|| WrongValue::new(format!("is {}", an(found)), "write true or false, without quotes"))
}

pub(super) fn word<Meant: Copy>(value: &Typed<'_>, words: &[(&str, Meant)]) -> Read<Meant> {
    let typed = text(value)?;
    words.iter().find(|(word, _)| *word == typed).map(|(_, meant)| *meant).ok_or_else(|| {
        let known = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        WrongValue::new(format!("is {}", quoted(typed)), format!("write one of {known}"))
    })
}

pub(super) fn number<Meant: TryFrom<u64> + PartialOrd + fmt::Display>(
    value: &Typed<'_>,
    range: &RangeInclusive<Meant>,
) -> Read<Meant> {
    let remedy = || format!("write a whole number from {} to {}", range.start(), range.end());
    let found = value.get_ref();
    let integer = found.as_integer().ok_or_else(|| WrongValue::new(format!("is {}", an(found)), remedy()))?;
    let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
    let number = number.and_then(|number| Meant::try_from(number).ok());
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        WrongValue::new(
            format!("{} is out of range", shown(integer.as_str(), limits::MAX_SHOWN_VALUE)),
            remedy(),
        )
    })
}

/// Reads a list. A repeated item is an error.
pub(super) fn list<Meant: Eq + Hash>(
    value: &Typed<'_>,
    read: impl Fn(&Typed<'_>) -> Read<Meant>,
) -> Read<Vec<Meant>> {
    let found = value.get_ref();
    let array = found.as_array().ok_or_else(|| {
        WrongValue::new(format!("is {}, not a list", an(found)), "put the values in [ and ]")
    })?;
    let read_item = |item: &Typed<'_>| read(item).map_err(|wrong| wrong.at(item.span()));
    let meant = array.iter().map(read_item).collect::<Read<Vec<Meant>>>()?;
    let mut known = HashSet::new();
    match meant.iter().zip(array.iter()).find(|(one, _)| !known.insert(*one)) {
        Some((_, item)) => {
            Err(WrongValue::new("contains a value twice", "remove one of them").at(item.span()))
        }
        None => Ok(meant),
    }
}

pub(super) fn span(value: &Typed<'_>, range: &RangeInclusive<Duration>) -> Read<Duration> {
    let typed = text(value)?;
    let remedy = || {
        let examples = EXAMPLES.into_iter().filter(|span| range.contains(span)).map(in_words);
        let like = examples.collect::<Vec<_>>().join(" or ");
        format!("write {} to {}, like {like}", in_words(*range.start()), in_words(*range.end()))
    };
    let millis = quantity(typed, &SPAN_UNITS)
        .ok_or_else(|| WrongValue::new(format!("{} is not a duration", quoted(typed)), remedy()))?;
    let span = Duration::from_millis(millis);
    if range.contains(&span) {
        Ok(span)
    } else {
        Err(WrongValue::new(format!("{} is out of range", quoted(typed)), remedy()))
    }
}

pub(super) fn name(value: &Typed<'_>) -> Read<Name> {
    let typed = text(value)?;
    let wrong = |why: &str| {
        Err(WrongValue::new(
            format!("{} is not a name: {why}", quoted(typed)),
            "write it like \"corp.example\"",
        ))
    };
    if typed.is_empty() {
        return wrong("it is empty");
    }
    if typed.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return wrong("it contains a space or a control character");
    }
    let Some(name) = presentation::read_typed_name(typed) else {
        if !typed.is_ascii() {
            return wrong("a label has characters that no domain name has, or is too long");
        }
        return wrong("a label is empty or longer than 63 octets, or the whole longer than 255");
    };
    let mut name = name.to_lowercase();
    name.set_fqdn(true);
    Ok(name)
}

/// Writes a domain name without the final dot, except for the root.
pub(super) fn name_text(name: &Name) -> String {
    let text = presentation::name_text(name);
    match text.strip_suffix('.') {
        Some(short) if !short.is_empty() => short.to_owned(),
        _ => text,
    }
}

pub(super) fn in_quotes(name: &Name) -> String {
    format!("\"{}\"", name_text(name))
}

/// Returns `None` for an empty text. A relative path starts at `directory`.
pub(super) fn path(value: &Typed<'_>, directory: &Path) -> Read<Option<PathBuf>> {
    let typed = text(value)?;
    Ok((!typed.is_empty()).then(|| directory.join(typed)))
}

/// Reads a regular file that the configuration names. A file with more than `most` octets is an error.
pub(super) fn file(path: &Path, most: u64, remedy: &str) -> Read<String> {
    let text = Opened::regular(path).and_then(|opened| opened.text(most));
    text.map_err(|error| WrongValue::new(format!("{} {error}", path.display()), remedy))
}

pub(super) fn size(value: &Typed<'_>) -> Read<u64> {
    let typed = text(value)?;
    let least = limits::MIN_CACHE_SIZE >> 20;
    let remedy = format!("write {least}MiB or more, in KiB, MiB or GiB, like \"256MiB\"");
    match quantity(typed, &SIZE_UNITS) {
        None => Err(WrongValue::new(format!("{} is not a size", quoted(typed)), remedy)),
        Some(octets) if octets < limits::MIN_CACHE_SIZE => {
            Err(WrongValue::new(format!("{} is too small", quoted(typed)), remedy))
        }
        Some(octets) => Ok(octets),
    }
}

/// Returns the size in octets: 0 for `0` or `"0"`, and `None` for `"auto"`.
pub(super) fn auto_size(value: &Typed<'_>, range: &RangeInclusive<u64>) -> Read<Option<u64>> {
    if value.get_ref().as_integer().is_some_and(|integer| integer.as_str() == "0") {
        return Ok(Some(0));
    }
    let typed = text(value)?;
    let octets = match typed {
        "auto" => return Ok(None),
        "0" => return Ok(Some(0)),
        _ => quantity(typed, &SIZE_UNITS),
    };
    let complaint = match octets {
        Some(octets) if range.contains(&octets) => return Ok(Some(octets)),
        Some(_) => "is out of range",
        None => "is not a size",
    };
    let [least, most] = [range.start(), range.end()].map(|octets| size_text(*octets));
    let remedy =
        format!("write {least} to {most}, in KiB, MiB or GiB, like \"16MiB\", or \"auto\", or \"0\" for off");
    Err(WrongValue::new(format!("{} {complaint}", quoted(typed)), remedy))
}

/// Returns the number in the smallest unit, or `None` if the text is not a whole number with a unit after it.
fn quantity(typed: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit_at = typed.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = typed.split_at_checked(unit_at)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// Writes a time span with the largest unit of which it is a multiple.
pub(super) fn span_text(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let whole = SPAN_UNITS.iter().rev().find(|(_, factor)| millis > 0 && millis.is_multiple_of(*factor));
    whole.map_or_else(|| "0s".to_owned(), |(unit, factor)| format!("{}{unit}", millis / factor))
}

/// Writes a memory size with the largest unit of which it is a multiple.
pub(super) fn size_text(octets: u64) -> String {
    if octets == 0 {
        return "0".to_owned();
    }
    let whole = SIZE_UNITS.iter().rev().find(|(_, factor)| octets.is_multiple_of(*factor));
    let (unit, factor) = whole.unwrap_or(&("KiB", 1 << 10));
    format!("{}{unit}", octets / factor)
}

fn in_words(span: Duration) -> String {
    format!("\"{}\"", span_text(span))
}

fn an(value: &DeValue<'_>) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}

pub(super) fn sorted<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_have_units() {
        assert_eq!(quantity("1d", &SPAN_UNITS), Some(86_400_000));
        assert_eq!(quantity("500ms", &SPAN_UNITS), Some(500));
        assert_eq!(quantity("256 MiB", &SIZE_UNITS), Some(256 << 20));
        for wrong in
            ["", "5", "s", "-1s", "1.5s", "4 fortnights", "99999999999999999999s", "18446744073709551615d"]
        {
            assert_eq!(quantity(wrong, &SPAN_UNITS), None, "{wrong}");
        }
    }

    #[test]
    fn spans_use_largest_exact_unit() {
        assert_eq!(in_words(Duration::from_secs(7 * 86_400)), "\"7d\"");
        assert_eq!(in_words(Duration::from_millis(1_500)), "\"1500ms\"");
        assert_eq!(in_words(Duration::ZERO), "\"0s\"");
    }
}
