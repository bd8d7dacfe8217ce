//! Finds the client that sent an email, from the header fields of receiving hosts.
//!
//! RFC 5321 section 4.4 (`Received`), RFC 7208 section 9.1 (`Received-SPF`), RFC 8601 (`Authentication-Results`).
//!
//! The client is certain only if the email has one host outside of the receiver's network, and no field says that SPF passes for another
//! host. Otherwise the client may be a forwarder or a gateway. Then the check reports nothing about its PTR records and its HELO name, and
//! reports the result of SPF only if it is "pass".

use std::net::IpAddr;

use super::text::Field;
use crate::facts::DomainFacts;
use crate::facts::private_address::is_private;
use crate::limits::MAX_HELO;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) address: IpAddr,
    /// The HELO or EHLO name, if it is known.
    pub(super) helo: Option<String>,
    /// True if receivers certainly evaluate SPF for this address.
    pub(super) is_sure: bool,
}

/// Returns the address of the client if its PTR records and HELO name are checked. They are not checked if the client may be a relay,
/// because the owner of the domain cannot change them.
pub(crate) fn examined(facts: &DomainFacts) -> Option<IpAddr> {
    let subject = &facts.subject;
    subject.address.filter(|_| subject.domain.is_empty() || !subject.may_be_relay)
}

/// Protocols that are not SMTP: web mail, delivery inside a host, and mail that was fetched. `Received` fields with them do not name the
/// client.
const NOT_SMTP: [&str; 6] = ["HTTP", "MAPI", "LMTP", "IMAP", "POP", "POP3"];

/// A `Received` field with the public address of a client.
struct Hop {
    place: usize,
    address: IpAddr,
    helo: Option<String>,
    /// True if the client is in the network of the host that wrote the field, or logged in with a password.
    is_own: bool,
}

/// An SPF result in the header of the email.
struct SpfClaim {
    place: usize,
    address: Option<IpAddr>,
    passes: bool,
}

/// Finds the client for which a receiver evaluated SPF, or else the first host outside of the receiver's network. `fields`: the header
/// fields, the newest first.
pub(super) fn client(fields: &[Field]) -> Option<Sender> {
    let numbered = || fields.iter().enumerate();
    let hops: Vec<Hop> = numbered().filter_map(|(place, field)| hop(place, field)).collect();
    let claims: Vec<SpfClaim> = numbered().filter_map(|(place, field)| claim(place, field)).collect();
    let outside = hops.iter().find(|hop| !hop.is_own);
    let is_of_receiver = |claim: &&SpfClaim| outside.is_none_or(|hop| claim.place < hop.place);
    let named = claims.iter().filter(is_of_receiver).find_map(|claim| claim.address);
    let address = named.or_else(|| Some(outside.or_else(|| hops.last())?.address))?;
    let helo = hops.iter().find(|hop| hop.address == address).and_then(|hop| hop.helo.clone());
    let is_single = hops.iter().all(|hop| hop.is_own || hop.address == address);
    let is_other = |claim: &SpfClaim| claim.passes && claim.address != Some(address);
    let is_sure = (named.is_some() || outside.is_some()) && is_single && !claims.iter().any(is_other);
    Some(Sender { address, helo, is_sure })
}

fn hop(place: usize, (name, body): &Field) -> Option<Hop> {
    let from = body.strip_prefix("from ").filter(|_| name == "received")?;
    let (before, after) = from.split_once(" by ").unwrap_or((from, ""));
    let within = |text: &str, open: char, close: char| {
        public(text.split_once(open)?.1.split_once(close)?.0.trim_matches(['[', ']']))
    };
    // Microsoft writes the client as "from HELO (ADDRESS)".
    let address = within(before, '[', ']').or_else(|| within(before, '(', ')'))?;
    // Postfix and Sendmail write "from HELO (NAME [ADDRESS])". Exim writes "from NAME ([ADDRESS] helo=HELO)" if NAME and HELO differ.
    let named = before.split_once("helo=").and_then(|(_, rest)| rest.split([')', ' ']).next());
    let first = before.split_once(" (").map(|(helo, _)| helo).filter(|helo| !helo.starts_with('['));
    let helo = named.or(first).filter(|helo| !helo.contains(' ') && helo.len() <= MAX_HELO);
    let by = after.split(" with ").next().unwrap_or_default();
    let protocol = after.split_once(" with ").and_then(|(_, rest)| rest.split([' ', ';']).next());
    let protocol = protocol.unwrap_or_default().to_ascii_uppercase();
    let is_near = within(by, '(', ')').is_some_and(|own| is_near(own, address));
    // After a login with a password, the name of the protocol ends with A (RFC 3848).
    let has_password = protocol.contains("SMTP") && protocol.ends_with('A') || protocol == "ASMTP";
    let is_local = NOT_SMTP.contains(&protocol.trim_end_matches(['A', 'S']));
    let helo = helo.map(str::to_owned);
    Some(Hop { place, address, helo, is_own: is_near || has_password || is_local })
}

/// Returns true if two addresses are in the same /24 (IPv4) or /32 (IPv6, the size that registries assign to providers).
pub(crate) fn is_near(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => one.octets()[..3] == other.octets()[..3],
        (IpAddr::V6(one), IpAddr::V6(other)) => one.segments()[..2] == other.segments()[..2],
        _ => false,
    }
}

/// Parses a public address.
fn public(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim_start_matches("IPv6:").parse().ok()?;
    Some(address).filter(|address| !is_private(*address))
}

/// Returns what a header field says about the SPF result for the envelope sender: whether it is `pass`, and the address of the client. Fields of
/// ARC contain the result of an earlier host, so they are not read.
fn claim(place: usize, (name, body): &Field) -> Option<SpfClaim> {
    let lower = body.to_ascii_lowercase();
    let behind = |words: &str| {
        let ends = |letter: char| letter.is_whitespace() || ";,()<>\"'".contains(letter);
        lower.split_once(words)?.1.split(ends).next()
    };
    let passes = match name.as_str() {
        "received-spf" => !lower.contains("identity=helo") && lower.starts_with("pass"),
        "authentication-results" => behind("spf=")? == "pass",
        _ => return None,
    };
    let address =
        ["client-ip=", "sender ip is ", "designates "].into_iter().find_map(|words| public(behind(words)?));
    Some(SpfClaim { place, address, passes })
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
