//! The subject of a name: the address, host or domain that a question is about. Questions with a common subject belong to the same email.
//!
//! The subject is a pure function of the name and its DNS list.

use std::borrow::Cow;
use std::net::IpAddr;

use dns::question::label_places;
use record::domain::{address_before, behind_last, reversed};

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
pub(crate) enum Subject<'n> {
    /// For instance of a host that has connected.
    Address(IpAddr),
    /// In wire form, without labels like `_dmarc` at its start.
    Domain(Cow<'n, [u8]>),
}

impl Subject<'_> {
    /// Returns octets that no other subject has. Only a name in wire form ends with a zero octet, so an address never equals a name.
    pub(crate) fn octets(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Address(address) => Cow::Owned(address.to_string().into_bytes()),
            Self::Domain(domain) => Cow::Borrowed(domain),
        }
    }
}

pub(crate) fn linked(name: &[u8]) -> Subject<'_> {
    Subject::Domain(served(name).into())
}

/// Returns the address or domain that a question for `name` is about; `None` if there is none. `list_of` finds the DNS list to which a
/// name belongs.
pub(crate) fn subject(name: &[u8], list_of: impl FnOnce(&[u8]) -> Option<ListName>) -> Option<Subject<'_>> {
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

/// Returns the address or domain for which a DNS list is queried. Returns `None` for a list that is queried for hashes.
fn asked_of_list(name: &[u8], list: ListName) -> Option<Subject<'_>> {
    if let Some(address) = address_before(name, list.apex) {
        return Some(Subject::Address(address));
    }
    let domain = asked_domain(name, list).filter(|domain| label_places(domain).count() >= 2)?;
    Some(Subject::Domain(Cow::Owned(domain)))
}

/// Returns the name for which a DNS list is queried, in wire form without a customer key. Returns `None` for the apex of the list.
pub(crate) fn asked_domain(name: &[u8], list: ListName) -> Option<Vec<u8>> {
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
pub(crate) fn served(name: &[u8]) -> &[u8] {
    if !name.contains(&b'_') {
        return name.strip_prefix(POLICY_HOST).unwrap_or(name);
    }
    behind_last(name, |label| SERVICES.contains(&label))
}
