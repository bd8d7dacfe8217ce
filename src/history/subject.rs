//! The subject of a name: the address, host or domain that a question is about. Questions with a common subject belong to the same email.
//!
//! The subject is a pure function of the name and its DNS list.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smallvec::SmallVec;

use dns::question::label_places;

/// The DNS list to which a name belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListName {
    /// The length of the list's apex in wire form, in octets.
    pub apex: usize,
    /// True if the label before the apex is a customer key.
    pub keyed: bool,
    /// True if the list refuses queries of this host now.
    pub refuses: bool,
}

impl ListName {
    /// Returns the apex of the list in a name of the list.
    pub(crate) fn apex_in(self, name: &[u8]) -> Option<&[u8]> {
        name.get(name.len().checked_sub(self.apex)?..)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject<'n> {
    /// For instance of a host that has connected.
    Address(IpAddr),
    /// In wire form, without labels like `_dmarc` at its start.
    Domain(Cow<'n, [u8]>),
}

impl Subject<'_> {
    /// Returns octets that no other subject has. Only a name in wire form ends with a zero octet, so an address never equals a name.
    pub(super) fn octets(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Address(address) => Cow::Owned(address.to_string().into_bytes()),
            Self::Domain(domain) => Cow::Borrowed(domain),
        }
    }
}

pub(super) fn linked(name: &[u8]) -> Subject<'_> {
    Subject::Domain(served(name).into())
}

/// Returns the address or domain that a question for `name` is about; `None` if there is none. `list_of` finds the DNS list to which a
/// name belongs.
pub(super) fn subject(name: &[u8], list_of: impl FnOnce(&[u8]) -> Option<ListName>) -> Option<Subject<'_>> {
    if let Some(address) = reversed(name) {
        return Some(Subject::Address(address));
    }
    if let Some(list) = list_of(name) {
        return asked_of_list(name, list);
    }
    if let Some(address) = address_before(name, 1) {
        // The zone after a reversed address is probably a DNS list that is not in the configuration.
        return Some(Subject::Address(address));
    }
    match served(name) {
        [0] => None,
        domain => Some(Subject::Domain(domain.into())),
    }
}

/// Returns the domain that is blamed for a failure that shows no zone: the domain of the organisation. For a reverse name, the zone of the
/// network: 256 IPv4 addresses, or an IPv6 /48.
pub(super) fn domain_of(name: &[u8]) -> Box<[u8]> {
    let labels = match reversed(name) {
        Some(IpAddr::V4(_)) => REVERSE_FOUR,
        Some(IpAddr::V6(_)) => REVERSE_SIX,
        None => return organisation(below_service(name)).into(),
    };
    let places: Vec<usize> = label_places(name).collect();
    let begin = places.len().checked_sub(labels).and_then(|place| places.get(place));
    begin.and_then(|begin| name.get(*begin..)).unwrap_or(name).into()
}

const REVERSE_FOUR: usize = 5;

const REVERSE_SIX: usize = 14;

/// Returns the address or domain for which a DNS list is queried. Returns `None` for a list that is queried for hashes.
fn asked_of_list(name: &[u8], list: ListName) -> Option<Subject<'_>> {
    if let Some(address) = address_before(name, list.apex) {
        return Some(Subject::Address(address));
    }
    let domain = asked_domain(name, list).filter(|domain| label_places(domain).count() >= 2)?;
    Some(Subject::Domain(Cow::Owned(domain)))
}

/// Returns the name for which a DNS list is queried, in wire form without a customer key. Returns `None` for the apex of the list.
pub(super) fn asked_domain(name: &[u8], list: ListName) -> Option<Vec<u8>> {
    let own = name.get(..name.len().saturating_sub(list.apex))?;
    let key = label_places(own).last().filter(|_| list.keyed);
    let own = own.get(..key.unwrap_or(own.len())).filter(|own| !own.is_empty())?;
    Some(own.iter().copied().chain([0]).collect())
}

/// The labels before a domain in the names of its mail keys, its mail policies and its services (such as `_tcp`). A name with another underscore
/// label does not count as a name of its domain: for instance, customers of a provider share the policy at `_spf.`.
const SERVICES: [&[u8]; 9] =
    [b"_domainkey", b"_dmarc", b"_mta-sts", b"_tcp", b"_udp", b"_tls", b"_bimi", b"_adsp", b"_vouch"];

/// The label `mta-sts` in wire form. The host with this label before a domain has the MTA-STS policy of the domain (RFC 8461 section 3.3).
const POLICY_HOST: &[u8] = b"\x07mta-sts";

/// Returns the domain or host of a name like `_dmarc.example.`: the name without the labels of services at its start.
pub(super) fn served(name: &[u8]) -> &[u8] {
    if !name.contains(&b'_') {
        return name.strip_prefix(POLICY_HOST).unwrap_or(name);
    }
    behind_last(name, |label| SERVICES.contains(&label))
}

/// Removes the labels up to the last one with an underscore: `selector._domainkey.`, `_dmarc.`, `_25._tcp.`.
fn below_service(name: &[u8]) -> &[u8] {
    behind_last(name, |label| label.first() == Some(&b'_'))
}

fn behind_last(name: &[u8], is_it: impl Fn(&[u8]) -> bool) -> &[u8] {
    let last = label_places(name).filter(|place| label(name, *place).is_some_and(&is_it)).last();
    let behind = last.and_then(|last| label_places(name).find(|place| *place > last));
    behind.and_then(|place| name.get(place..)).unwrap_or(name)
}

/// Returns the domain of the organisation: the last two labels, or three below names like `co.uk`. A list of public suffixes would be more
/// exact. But a mistake only joins two emails of the history or cuts one in two.
pub(super) fn organisation(name: &[u8]) -> &[u8] {
    let places: SmallVec<[usize; 16]> = label_places(name).collect();
    let label = |from_right: usize| {
        let place = *places.get(places.len().checked_sub(from_right)?)?;
        Some(usize::from(*name.get(place)?))
    };
    let many = match (label(1), label(2)) {
        (Some(2), Some(second)) if second <= 3 => 3,
        _ => 2,
    };
    let begin = places.get(places.len().saturating_sub(many)).copied().unwrap_or(0);
    name.get(begin..).unwrap_or(name)
}

/// Returns the address in a name below in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reversed(name: &[u8]) -> Option<IpAddr> {
    const FOUR: &[u8] = b"\x07in-addr\x04arpa\x00";
    const SIX: &[u8] = b"\x03ip6\x04arpa\x00";
    let apex = [FOUR, SIX].into_iter().find(|apex| name.ends_with(apex))?;
    address_before(name, apex.len())
}

/// Returns the reversed address in the labels before an apex of `apex` octets.
fn address_before(name: &[u8], apex: usize) -> Option<IpAddr> {
    let own = name.get(..name.len().checked_sub(apex)?)?;
    // A quick check first: a label of a reversed address has at most three octets.
    if own.first().is_none_or(|length| *length > 3) {
        return None;
    }
    let labels: SmallVec<[&[u8]; 40]> = label_places(own).map_while(|place| label(own, place)).collect();
    let digit = |label: &&[u8]| match **label {
        [digit] => char::from(digit).to_digit(16),
        _ => None,
    };
    let digits = labels.get(..32).and_then(|labels| labels.iter().map(digit).collect::<Option<Vec<u32>>>());
    if let Some(digits) = digits {
        let bits = digits.iter().rev().fold(0_u128, |bits, digit| bits << 4 | u128::from(*digit));
        return Some(Ipv6Addr::from_bits(bits).into());
    }
    let number = |label: &&[u8]| std::str::from_utf8(label).ok()?.parse::<u8>().ok();
    let octets = labels.get(..4)?.iter().map(number).collect::<Option<Vec<u8>>>()?;
    let [d, c, b, a] = *octets.first_chunk()?;
    Some(Ipv4Addr::new(a, b, c, d).into())
}

/// Returns the label at the octet `place` of a name in wire form. `octets` may be only the start of a name.
fn label(octets: &[u8], place: usize) -> Option<&[u8]> {
    let length = usize::from(*octets.get(place)?);
    let begin = place.saturating_add(1);
    octets.get(begin..begin.saturating_add(length))
}
