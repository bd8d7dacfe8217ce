//! Single values of the configuration file: what was typed becomes what is meant, or a sentence about it.
//!
//! May call: `config`, `config::report`, `limits`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hickory_proto::rr::Name;
use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::files::Opened;
use super::report::{Wrong, quoted};
use super::{Family, Forwarder};
use crate::limits;
use crate::wire::presentation::{self, shown};

/// What a value becomes, or what is wrong with it.
pub(super) type Read<Meant> = Result<Meant, Wrong>;

/// Units of a span, in milliseconds.
const SPAN_UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Units of a size, in octets.
const SIZE_UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// A quoted text.
pub(super) fn text<'a>(value: &'a Spanned<DeValue<'_>>) -> Read<&'a str> {
    let found = value.get_ref();
    found.as_str().ok_or_else(|| Wrong::new(format!("is {}, not a text", an(found)), "put it in quotes"))
}

/// `true` or `false`.
pub(super) fn flag(value: &Spanned<DeValue<'_>>) -> Read<bool> {
    let found = value.get_ref();
    found
        .as_bool()
        .ok_or_else(|| Wrong::new(format!("is {}", an(found)), "write true or false, without quotes"))
}

/// One of a few words.
pub(super) fn word<Meant: Copy>(value: &Spanned<DeValue<'_>>, words: &[(&str, Meant)]) -> Read<Meant> {
    let typed = text(value)?;
    words.iter().find(|(word, _)| *word == typed).map(|(_, meant)| *meant).ok_or_else(|| {
        let known = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        Wrong::new(format!("is {}", quoted(typed)), format!("write one of {known}"))
    })
}

/// A whole number within a range.
pub(super) fn number(value: &Spanned<DeValue<'_>>, range: &RangeInclusive<u64>) -> Read<u64> {
    let remedy = || format!("write a whole number from {} to {}", range.start(), range.end());
    let found = value.get_ref();
    let integer = found.as_integer().ok_or_else(|| Wrong::new(format!("is {}", an(found)), remedy()))?;
    let number =
        u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        Wrong::new(format!("{} is out of range", shown(integer.as_str(), limits::MAX_SHOWN_VALUE)), remedy())
    })
}

/// A list, its values read one by one; a value that stands there twice is one too many.
pub(super) fn list<Meant: PartialEq>(
    value: &Spanned<DeValue<'_>>,
    read: impl Fn(&Spanned<DeValue<'_>>) -> Read<Meant>,
) -> Read<Vec<Meant>> {
    let found = value.get_ref();
    let array = found
        .as_array()
        .ok_or_else(|| Wrong::new(format!("is {}, not a list", an(found)), "put the values in [ and ]"))?;
    let mut meant = Vec::new();
    for item in array.iter() {
        let one = read(item).map_err(|wrong| wrong.at(item.span()))?;
        if meant.contains(&one) {
            return Err(Wrong::new("names the same twice", "remove one of them").at(item.span()));
        }
        meant.push(one);
    }
    Ok(meant)
}

/// An address with its port.
pub(super) fn address(value: &Spanned<DeValue<'_>>) -> Read<SocketAddr> {
    let typed = text(value)?;
    typed.parse().map_err(|_| match typed.parse::<IpAddr>() {
        Ok(address) => {
            let remedy = format!("write \"{}\"", SocketAddr::new(address, super::defaults::PORT));
            Wrong::new(format!("{} has no port", quoted(typed)), remedy)
        }
        Err(_) => Wrong::new(
            format!("{} is not an address with a port", quoted(typed)),
            "write it like \"127.0.0.1:53\" or \"[::1]:53\"",
        ),
    })
}

/// A prefix, or an address alone.
pub(super) fn network(value: &Spanned<DeValue<'_>>) -> Read<IpNet> {
    let typed = text(value)?;
    let net = typed.parse::<IpNet>().ok().or_else(|| typed.parse::<IpAddr>().ok().map(IpNet::from));
    net.map(|net| net.trunc()).ok_or_else(|| {
        Wrong::new(
            format!("{} is not an address prefix", quoted(typed)),
            "write it like \"192.168.0.0/16\", \"fd00::/8\" or \"10.0.0.1\"",
        )
    })
}

/// A span of time within a range.
pub(super) fn span(value: &Spanned<DeValue<'_>>, range: &RangeInclusive<Duration>) -> Read<Duration> {
    let typed = text(value)?;
    let remedy = || {
        format!("write {} to {}, like \"4s\", \"500ms\" or \"1h\"", tell(*range.start()), tell(*range.end()))
    };
    let millis = quantity(typed, &SPAN_UNITS)
        .ok_or_else(|| Wrong::new(format!("{} is not a span of time", quoted(typed)), remedy()))?;
    let span = Duration::from_millis(millis);
    if range.contains(&span) {
        Ok(span)
    } else {
        Err(Wrong::new(format!("{} is out of range", quoted(typed)), remedy()))
    }
}

/// A list of addresses with their ports that is not empty.
pub(super) fn addresses(value: &Spanned<DeValue<'_>>) -> Read<Vec<SocketAddr>> {
    filled(list(value, address)?, "127.0.0.1:53")
}

/// A name, absolute with or without its last dot.
pub(super) fn name(value: &Spanned<DeValue<'_>>) -> Read<Name> {
    let typed = text(value)?;
    let wrong = |why: &str| {
        Err(Wrong::new(format!("{} is not a name: {why}", quoted(typed)), "write it like \"corp.example\""))
    };
    if typed.is_empty() {
        return wrong("it is empty");
    }
    if !typed.is_ascii() || typed.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return wrong("it is not in its ASCII form, which begins with xn--");
    }
    let Some(name) = presentation::read_name(typed) else {
        return wrong("a label is empty or longer than 63 octets, or the whole longer than 255");
    };
    let mut name = name.to_lowercase();
    name.set_fqdn(true);
    Ok(name)
}

/// A name as it is typed: without its last dot, but for the root.
pub(super) fn name_text(name: &Name) -> String {
    let text = presentation::name_text(name);
    match text.strip_suffix('.') {
        Some(short) if !short.is_empty() => short.to_owned(),
        _ => text,
    }
}

/// Addresses of a host.
pub(super) fn host_addresses(value: &Spanned<DeValue<'_>>) -> Read<Vec<IpAddr>> {
    filled(list(value, ip)?, "192.0.2.1")
}

/// Addresses to ask from: at most one of each family.
pub(super) fn sources(value: &Spanned<DeValue<'_>>) -> Read<Vec<IpAddr>> {
    let sources = list(value, |item| {
        let address = ip(item)?;
        if address.is_unspecified() || address.is_multicast() {
            return Err(Wrong::new(
                format!("\"{address}\" is no address of this host"),
                "write one of its addresses, like \"192.0.2.1\"",
            ));
        }
        Ok(address)
    })?;
    let ipv4 = sources.iter().filter(|address| address.is_ipv4()).count();
    if ipv4 > 1 || sources.len().saturating_sub(ipv4) > 1 {
        return Err(Wrong::new("names two addresses of one family", "keep one IPv4 and one IPv6 address"));
    }
    Ok(sources)
}

/// The first and the last of enough ports.
pub(super) fn source_ports(value: &Spanned<DeValue<'_>>) -> Read<RangeInclusive<u16>> {
    let typed = text(value)?;
    let first = limits::FIRST_SOURCE_PORT;
    let remedy = || {
        let fewest = limits::MIN_SOURCE_PORTS;
        format!("write the first and the last of at least {fewest} ports, like \"{first}-65535\"")
    };
    let ports = typed
        .split_once('-')
        .and_then(|(one, other)| Some(one.trim().parse::<u16>().ok()?..=other.trim().parse::<u16>().ok()?));
    let ports =
        ports.ok_or_else(|| Wrong::new(format!("{} is not a range of ports", quoted(typed)), remedy()))?;
    if *ports.start() < first {
        let wrong = format!("{} has ports below {first}, which are for services", quoted(typed));
        return Err(Wrong::new(wrong, remedy()));
    }
    if ports.len() < limits::MIN_SOURCE_PORTS {
        return Err(Wrong::new(format!("{} has only {} ports", quoted(typed), ports.len()), remedy()));
    }
    Ok(ports)
}

/// A range of ports as it is typed.
pub(super) fn ports_text(ports: &RangeInclusive<u16>) -> String {
    format!("{}-{}", ports.start(), ports.end())
}

/// Authoritative servers by address, at port 53 unless another is written.
pub(super) fn servers(value: &Spanned<DeValue<'_>>) -> Read<Vec<SocketAddr>> {
    let read = |item: &Spanned<DeValue<'_>>| {
        let typed = text(item)?;
        server(typed, super::defaults::PORT).ok_or_else(|| {
            Wrong::new(
                format!("{} is not the address of a server", quoted(typed)),
                "write it like \"10.1.1.1\", \"127.0.0.1:5300\" or \"[2001:db8::1]:53\"",
            )
        })
    };
    filled(list(value, read)?, "10.1.1.1")
}

/// Recursive servers: as `servers`, or with `tls://` before and the certificate's name behind.
pub(super) fn forwarders(value: &Spanned<DeValue<'_>>) -> Read<Vec<Forwarder>> {
    filled(list(value, forwarder)?, "10.1.1.1")
}

fn forwarder(value: &Spanned<DeValue<'_>>) -> Read<Forwarder> {
    let typed = text(value)?;
    let wrong = || {
        Wrong::new(
            format!("{} is not a forwarder", quoted(typed)),
            "write it like \"10.1.1.1\", \"10.1.1.1:5353\" or \"tls://192.0.2.1#dns.example\"",
        )
    };
    let Some(secure) = typed.strip_prefix("tls://") else {
        let address = server(typed, super::defaults::PORT).ok_or_else(wrong)?;
        return Ok(Forwarder { address, tls: None });
    };
    let (address, certified) = secure.split_once('#').ok_or_else(|| {
        Wrong::new(
            format!("{} lacks the name that the server's certificate must have", quoted(typed)),
            format!("write it like \"{}#dns.example\"", shown(typed, limits::MAX_SHOWN_VALUE)),
        )
    })?;
    let address = server(address, super::defaults::TLS_PORT).ok_or_else(wrong)?;
    if !is_host_name(certified) {
        return Err(Wrong::new(
            format!("{} is not a name that a certificate can have", quoted(certified)),
            "write it like \"tls://192.0.2.1#dns.example\"",
        ));
    }
    Ok(Forwarder { address, tls: Some(certified.to_ascii_lowercase()) })
}

/// Letters, digits and hyphens in labels (RFC 1123 section 2.1).
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let letters = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        letters && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// An address, with its port where that is not the usual one; one of IPv6 may stand in brackets without a port too.
fn server(typed: &str, usual: u16) -> Option<SocketAddr> {
    let bracketed = typed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = || match bracketed {
        Some(six) => six.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => typed.parse().ok(),
    };
    let alone = || address().map(|address| SocketAddr::new(address, usual));
    let server = typed.parse::<SocketAddr>().ok().or_else(alone)?;
    (server.port() != 0 && !server.ip().is_unspecified() && !server.ip().is_multicast()).then_some(server)
}

/// An address without a port.
fn ip(value: &Spanned<DeValue<'_>>) -> Read<IpAddr> {
    let typed = text(value)?;
    typed.parse().map_err(|_| {
        Wrong::new(
            format!("{} is not an address", quoted(typed)),
            "write it like \"192.0.2.1\" or \"2001:db8::1\"",
        )
    })
}

/// A list of addresses that is neither empty nor longer than anybody needs.
fn filled<Meant>(list: Vec<Meant>, example: &str) -> Read<Vec<Meant>> {
    let most = limits::MAX_CONFIGURED_ADDRESSES;
    match list.len() {
        0 => Err(Wrong::new("is empty", format!("name at least one address, like \"{example}\""))),
        named if named > most => Err(Wrong::new(format!("has more than {most} addresses"), "remove some")),
        _ => Ok(list),
    }
}

/// The text of a regular file that is named in the configuration, of at most `most` octets.
pub(super) fn file(path: &Path, most: u64, remedy: &str) -> Read<String> {
    let text = Opened::regular(path).and_then(|opened| opened.text(most));
    text.map_err(|error| Wrong::new(format!("{} {error}", path.display()), remedy))
}

/// A size in octets, at least `limits::MIN_CACHE_SIZE`.
pub(super) fn size(value: &Spanned<DeValue<'_>>) -> Read<u64> {
    let typed = text(value)?;
    let least = limits::MIN_CACHE_SIZE >> 20;
    let remedy = format!("write {least}MiB or more, in KiB, MiB or GiB, like \"256MiB\"");
    match quantity(typed, &SIZE_UNITS) {
        None => Err(Wrong::new(format!("{} is not a size", quoted(typed)), remedy)),
        Some(octets) if octets < limits::MIN_CACHE_SIZE => {
            Err(Wrong::new(format!("{} is too small to be of use", quoted(typed)), remedy))
        }
        Some(octets) => Ok(octets),
    }
}

/// `"auto"`, `true` or `false`.
pub(super) fn family(value: &Spanned<DeValue<'_>>) -> Read<Family> {
    match value.get_ref() {
        DeValue::Boolean(true) => Ok(Family::On),
        DeValue::Boolean(false) => Ok(Family::Off),
        found if found.as_str() == Some("auto") => Ok(Family::Auto),
        _ => Err(Wrong::new("is none of the known ways", "write \"auto\", true or false")),
    }
}

/// A log level.
pub(super) fn level(value: &Spanned<DeValue<'_>>) -> Read<tracing::Level> {
    let typed = text(value)?;
    let known = ["error", "warn", "info", "debug", "trace"];
    let level = known.contains(&typed).then(|| typed.parse().ok()).flatten();
    level.ok_or_else(|| {
        Wrong::new(format!("{} is no level", quoted(typed)), format!("write one of {}", known.join(", ")))
    })
}

/// The absolute path of a socket.
pub(super) fn socket(value: &Spanned<DeValue<'_>>) -> Read<PathBuf> {
    let typed = text(value)?;
    let remedy = format!("write a path like \"{}\"", super::defaults::SOCKET);
    if !typed.starts_with('/') {
        return Err(Wrong::new(format!("{} is not an absolute path", quoted(typed)), remedy));
    }
    if typed.len() > limits::MAX_SOCKET_PATH {
        return Err(Wrong::new(
            format!("is longer than the {} octets of a socket's path", limits::MAX_SOCKET_PATH),
            remedy,
        ));
    }
    Ok(PathBuf::from(typed))
}

/// A whole number and its unit.
fn quantity(typed: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit_at = typed.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = typed.split_at_checked(unit_at)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// A span in the largest unit that tells it whole.
pub(super) fn span_text(span: Duration) -> String {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let whole = SPAN_UNITS.iter().rev().find(|(_, factor)| millis > 0 && millis.is_multiple_of(*factor));
    whole.map_or_else(|| "0s".to_owned(), |(unit, factor)| format!("{}{unit}", millis / factor))
}

/// A size in the largest unit that tells it whole.
pub(super) fn size_text(octets: u64) -> String {
    let whole = SIZE_UNITS.iter().rev().find(|(_, factor)| octets.is_multiple_of(*factor));
    let (unit, factor) = whole.unwrap_or(&("KiB", 1 << 10));
    format!("{}{unit}", octets / factor)
}

/// A span in quotes.
fn tell(span: Duration) -> String {
    format!("\"{}\"", span_text(span))
}

/// A kind of value, with its article.
fn an(value: &DeValue<'_>) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}

/// Keys that stand in a table, for the nearest known one.
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
    fn spans_are_told_in_the_largest_unit_that_fits() {
        assert_eq!(tell(Duration::from_secs(7 * 86_400)), "\"7d\"");
        assert_eq!(tell(Duration::from_millis(1_500)), "\"1500ms\"");
        assert_eq!(tell(Duration::ZERO), "\"0s\"");
    }
}
