//! The subject of a name: the address or the domain of an organisation that a question is about. Questions with a common subject belong
//! to one message (an email).
//!
//! Pure: a function of the name and its DNS list.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smallvec::SmallVec;

use dns::question::label_places;

/// The DNS list of a name: the octets of its apex in wire form, and whether the label before it is a client's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListName {
    /// Octets of the apex.
    pub apex: usize,
    /// Whether the label before the apex is a secret of the client.
    pub keyed: bool,
}

impl ListName {
    /// The apex, of a name of the list in wire form.
    pub(crate) fn of(self, name: &[u8]) -> Option<&[u8]> {
        name.get(name.len().checked_sub(self.apex)?..)
    }
}

/// The subject of a question: questions with a common subject belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject<'n> {
    /// An address.
    Address(IpAddr),
    /// A domain or a host, in wire form: the name behind labels of services.
    Domain(Cow<'n, [u8]>),
}

impl Subject<'_> {
    /// Octets that no other subject has: those of an address are no name in wire form, because they do not end with 0.
    pub(super) fn octets(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Address(address) => Cow::Owned(address.to_string().into_bytes()),
            Self::Domain(domain) => Cow::Borrowed(domain),
        }
    }
}

/// The subject of a name in an answer.
pub(super) fn linked(name: &[u8]) -> Subject<'_> {
    Subject::Domain(served(name).into())
}

/// The subject of a name, whose list `list_of` knows; none if it has none.
pub(super) fn subject(name: &[u8], list_of: impl FnOnce(&[u8]) -> Option<ListName>) -> Option<Subject<'_>> {
    if let Some(address) = reversed(name) {
        return Some(Subject::Address(address));
    }
    if let Some(list) = list_of(name) {
        return asked_of_list(name, list);
    }
    if let Some(address) = address_before(name, 1) {
        // The zone looks like a list that is not known.
        return Some(Subject::Address(address));
    }
    match served(name) {
        [0] => None,
        domain => Some(Subject::Domain(domain.into())),
    }
}

/// The domain that a failure of a name counts for if no zone is known: the domain of the organisation; of a reverse name the network
/// of its address, 256 addresses of IPv4 or a /48 of IPv6.
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

/// Labels of the reverse zone of a /24 and of a /48.
const REVERSE_FOUR: usize = 5;

/// See `REVERSE_FOUR`.
const REVERSE_SIX: usize = 14;

/// The address or the domain that a list is asked about; none for a hash.
fn asked_of_list(name: &[u8], list: ListName) -> Option<Subject<'_>> {
    if let Some(address) = address_before(name, list.apex) {
        return Some(Subject::Address(address));
    }
    let domain = asked_domain(name, list).filter(|domain| label_places(domain).count() >= 2)?;
    Some(Subject::Domain(Cow::Owned(domain)))
}

/// The name that a list is asked about, in wire form and without the label of a key; none if it is asked about its own apex.
pub(super) fn asked_domain(name: &[u8], list: ListName) -> Option<Vec<u8>> {
    let own = name.get(..name.len().saturating_sub(list.apex))?;
    let key = label_places(own).last().filter(|_| list.keyed);
    let own = own.get(..key.unwrap_or(own.len())).filter(|own| !own.is_empty())?;
    Some(own.iter().copied().chain([0]).collect())
}

/// Labels of services of a domain: keys and policies of its mail, and protocols of its hosts. Other labels with an underscore are names
/// of their own: `_spf.` of a provider is a policy that its customers share.
const SERVICES: [&[u8]; 9] =
    [b"_domainkey", b"_dmarc", b"_mta-sts", b"_tcp", b"_udp", b"_tls", b"_bimi", b"_adsp", b"_vouch"];

/// The host with the policy of MTA-STS of a domain (RFC 8461 section 3.3).
const POLICY_HOST: &[u8] = b"\x07mta-sts";

/// The domain or host that a name of a service is about; any other name itself.
pub(super) fn served(name: &[u8]) -> &[u8] {
    if !name.contains(&b'_') {
        return name.strip_prefix(POLICY_HOST).unwrap_or(name);
    }
    let is_service = |place: &usize| label(name, *place).is_some_and(|label| SERVICES.contains(&label));
    let Some(last) = label_places(name).filter(is_service).last() else { return name };
    let behind = label_places(name).find(|place| *place > last);
    behind.and_then(|place| name.get(place..)).unwrap_or(name)
}

/// The name behind labels of services: `selector._domainkey.`, `_dmarc.`, `_25._tcp.`.
fn below_service(name: &[u8]) -> &[u8] {
    if !name.contains(&b'_') {
        return name;
    }
    let service = |place: &usize| name.get(place.saturating_add(1)) == Some(&b'_');
    let Some(last) = label_places(name).filter(service).last() else { return name };
    let behind = label_places(name).find(|place| *place > last);
    behind.and_then(|place| name.get(place..)).unwrap_or(name)
}

/// The domain of an organisation: the last two labels, or three below names like `co.uk`. A list of public suffixes would
/// be more exact; a mistake joins or cuts a message and changes no answer.
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

/// The address of a name below in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reversed(name: &[u8]) -> Option<IpAddr> {
    const FOUR: &[u8] = b"\x07in-addr\x04arpa\x00";
    const SIX: &[u8] = b"\x03ip6\x04arpa\x00";
    let apex = [FOUR, SIX].into_iter().find(|apex| name.ends_with(apex))?;
    address_before(name, apex.len())
}

/// The reversed address in the first labels of a name, before an apex of some octets.
fn address_before(name: &[u8], apex: usize) -> Option<IpAddr> {
    let own = name.get(..name.len().checked_sub(apex)?)?;
    // Most names have no address: a label of an address has at most three octets.
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

/// The label at a place of a name in wire form, or of its begin.
fn label(octets: &[u8], place: usize) -> Option<&[u8]> {
    let length = usize::from(*octets.get(place)?);
    let begin = place.saturating_add(1);
    octets.get(begin..begin.saturating_add(length))
}
