//! The client that sent a message, as the receivers on its way wrote it down.
//!
//! RFC 5321 section 4.4 (`Received`), RFC 7208 section 9.1 (`Received-SPF`), RFC 8601 (`Authentication-Results`). A receiver with many
//! hosts, or a gateway before the mailbox, adds fields of its own: the topmost host is then not the one for which SPF was evaluated.

use std::net::IpAddr;

use crate::authentication::organizational::organizational_7489;
use crate::facts::private_address::is_private;
use crate::facts::{DomainFacts, canonical};
use crate::limits::{MAX_EARLIER_CLIENTS, MAX_HELO};
use crate::spf;

/// The client that sent a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) address: IpAddr,
    /// The name that it gave with HELO or EHLO.
    pub(super) helo: Option<String>,
    /// Whether receivers evaluate SPF for this address: it is no host of the receiver itself, and no client with a password.
    pub(super) is_sure: bool,
    /// The clients of the hops before.
    pub(super) earlier: Vec<IpAddr>,
}

/// The address that is examined by itself: none of a host that may be the receiver's own, a forwarder's or a filter service's, beside a
/// domain. Its PTR records and its HELO name are not the domain's to change.
pub(crate) fn examined(facts: &DomainFacts) -> Option<IpAddr> {
    let subject = &facts.subject;
    let may_be_of_other = || subject.may_be_relay || spf::passes_before(facts);
    subject.address.filter(|_| subject.domain.is_empty() || !may_be_of_other())
}

/// The relation of the client in a `Received` field to the host that wrote the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// A host of another organization.
    Other,
    /// A host of the same organization by its name only.
    Named,
    /// A host of the same network, or one that hands over without SMTP.
    Own,
}

/// Protocols of fields that tell of no mail from another organization: web mail, delivery within a host, and mail that was fetched.
const NOT_SMTP: [&str; 12] =
    ["HTTP", "HTTPS", "MAPI", "LMTP", "LMTPS", "LMTPA", "LMTPSA", "IMAP", "IMAPS", "POP", "POP3", "POP3S"];

/// A `Received` field with a public address.
struct Hop {
    place: usize,
    sender: Sender,
    /// The names of the client: those that it gave, and those of its address.
    names: Vec<String>,
    by: String,
    relation: Relation,
}

/// The result of SPF that a receiver wrote into the message.
struct SpfClaim {
    place: usize,
    address: Option<IpAddr>,
    helo: Option<String>,
    passes: bool,
    /// The domain of the envelope sender, as this receiver saw it.
    domain: Option<String>,
    /// The host that wrote it, if it says so.
    by: Option<String>,
    /// Whether a forwarder may have written it, of the hop before, in a field that stands above its own: only receivers write
    /// `Authentication-Results`, which others remove (RFC 8601 section 5).
    may_be_earlier: bool,
}

impl SpfClaim {
    /// Whether it is of another envelope sender, and so may be of another hop.
    fn is_of_earlier(&self, envelope: Option<&str>) -> bool {
        self.may_be_earlier
            && envelope.is_some()
            && self.domain.is_some()
            && self.domain.as_deref() != envelope
    }
}

/// The client by the fields from the top, for the domain of the envelope sender: the one that a `Received-SPF` or
/// `Authentication-Results` field of the receiver names, or else the first host outside of the receiver's network.
pub(super) fn client(fields: &[(String, String)], envelope: Option<&str>) -> Option<Sender> {
    let of = |wanted: &'static [&'static str]| {
        let numbered = fields.iter().enumerate();
        numbered.filter(move |(_, (name, _))| wanted.contains(&name.as_str()))
    };
    let hops: Vec<Hop> = of(&["received"]).filter_map(|(place, (_, body))| hop(place, body)).collect();
    let claims = of(&["received-spf", "authentication-results", "arc-authentication-results"]);
    let claims = claims.filter_map(|(place, (name, body))| claim(place, name, body));
    let (earlier, claims): (Vec<SpfClaim>, Vec<SpfClaim>) =
        claims.partition(|claim| claim.is_of_earlier(envelope));
    let outside = hops.iter().find(|hop| hop.relation == Relation::Other);
    let is_of_receiver = |claim: &&SpfClaim| outside.is_none_or(|hop| claim.place < hop.place);
    let own = claims.iter().filter(|claim| claim.address.is_some()).find(is_of_receiver);
    if let Some((own, address)) = own.and_then(|own| Some((own, own.address?))) {
        let seen = hops.iter().find(|hop| hop.sender.address == address);
        let of_claim = || {
            let mut of_address = claims.iter().filter(|claim| claim.address == Some(address));
            of_address.find_map(|claim| claim.helo.clone())
        };
        let helo = seen.and_then(|hop| hop.sender.helo.clone()).or_else(of_claim);
        let is_of_envelope = own.domain.is_none() || own.domain.as_deref() == envelope;
        let is_other =
            |claim: &SpfClaim| is_of_other(claim, (address, own.place, own.by.as_deref()), envelope);
        let is_sure = is_of_envelope && !claims.iter().any(is_other);
        return Some(Sender { address, helo, is_sure, earlier: Vec::new() });
    }
    let hop = outside.or_else(|| hops.last())?;
    let above = hops.iter().take_while(|above| above.place <= hop.place);
    let is_named = above.into_iter().any(|above| above.relation == Relation::Named);
    let is_other =
        |claim: &SpfClaim| is_of_other(claim, (hop.sender.address, hop.place, Some(&hop.by)), envelope);
    let is_sure = hop.sender.is_sure && outside.is_some() && !is_named && !claims.iter().any(is_other);
    // This receiver saw another envelope sender than the one that the message has now.
    let is_renamed = earlier.iter().any(|claim| claim.address == Some(hop.sender.address));
    let is_sure = is_sure && !is_renamed && !hops.iter().any(|below| has_relayed(hop, below));
    Some(Sender { is_sure, earlier: earlier_clients(hop, &hops), ..hop.sender.clone() })
}

/// The clients of the hops before one that are no hosts of the receiver's and have given no password.
fn earlier_clients(hop: &Hop, hops: &[Hop]) -> Vec<IpAddr> {
    let is_earlier =
        |below: &&Hop| below.place > hop.place && below.relation == Relation::Other && below.sender.is_sure;
    let addresses = hops.iter().filter(is_earlier).map(|below| below.sender.address);
    addresses.filter(|address| *address != hop.sender.address).take(MAX_EARLIER_CLIENTS).collect()
}

/// Whether the client of a field is a gateway or forwarder: a field below tells that its organization took the mail from another one.
fn has_relayed(hop: &Hop, below: &Hop) -> bool {
    let is_of_client = || hop.names.iter().any(|name| is_one(name, &below.by));
    below.place > hop.place && below.relation == Relation::Other && below.sender.is_sure && is_of_client()
}

/// Whether a receiver found that SPF passes for the envelope sender at another client than the one with this address, which a field
/// at this place names.
fn is_of_other(
    claim: &SpfClaim,
    (address, place, by): (IpAddr, usize, Option<&str>),
    envelope: Option<&str>,
) -> bool {
    let is_below = || {
        let is_same_host = claim.by.as_deref().zip(by).is_some_and(|(one, other)| is_one(one, other));
        claim.place > place && !is_same_host
    };
    let is_of_envelope = claim.domain.is_some() && claim.domain.as_deref() == envelope;
    claim.passes && is_of_envelope && claim.address.map_or_else(is_below, |other| other != address)
}

/// Reads a `Received` field; none if it has no client with a public address.
fn hop(place: usize, body: &str) -> Option<Hop> {
    let from = body.strip_prefix("from ")?;
    let (before, after) = from.split_once(" by ").unwrap_or((from, ""));
    let within = |open: char, close: char| Some(before.split_once(open)?.1.split_once(close)?.0);
    // Microsoft writes "from HELO (ADDRESS)".
    let inside = within('[', ']').or_else(|| within('(', ')'))?;
    let address = public(inside)?;
    // "from HELO (NAME [ADDRESS])", as Postfix and Sendmail write it; Exim writes "from NAME ([ADDRESS] helo=HELO)" if these differ.
    let named = before.split_once("helo=").and_then(|(_, rest)| rest.split([')', ' ']).next());
    let first = before.split_once(" (").map(|(helo, _)| helo).filter(|helo| !helo.starts_with('['));
    let helo = named.or(first).filter(|helo| !helo.contains(' ') && helo.len() <= MAX_HELO);
    let by = after.split([' ', ';']).next().unwrap_or_default().to_owned();
    let protocol = after.split_once(" with ").and_then(|(_, rest)| rest.split([' ', ';']).next());
    let protocol = protocol.unwrap_or_default().to_ascii_uppercase();
    let own = after.strip_prefix(by.as_str()).and_then(|rest| rest.trim_start().strip_prefix('('));
    let own = own.and_then(|rest| public(rest.split_once(')')?.0.trim_matches(['[', ']'])));
    // Receivers ask for no SPF where the client has given a password.
    let has_password = ["ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "ASMTP"].contains(&protocol.as_str());
    let is_local = NOT_SMTP.contains(&protocol.as_str());
    let names: Vec<String> = [host_name(before), helo].into_iter().flatten().map(str::to_owned).collect();
    let relation = if is_local || own.is_some_and(|own| is_near(own, address)) {
        Relation::Own
    } else if names.iter().any(|name| is_one(name, &by)) {
        Relation::Named
    } else {
        Relation::Other
    };
    let helo = helo.map(str::to_owned);
    let sender = Sender { address, helo, is_sure: !has_password, earlier: Vec::new() };
    Some(Hop { place, sender, names, by, relation })
}

/// The name before the address in brackets, as in `HELO (NAME [ADDRESS])`.
fn host_name(before: &str) -> Option<&str> {
    let (name, _) = before.split_once('(')?.1.split_once('[')?;
    Some(name.trim()).filter(|name| name.contains('.') && !name.contains(['=', ' ']))
}

/// Whether two hosts are of one organization by their names.
fn is_one(one: &str, other: &str) -> bool {
    let of = |name: &str| organizational_7489(&canonical(name)).map(str::to_owned);
    of(one).is_some_and(|found| of(other) == Some(found))
}

/// Whether two addresses are in one network: of 24 bits for IPv4, and of 32 bits, as registries give them, for IPv6.
pub(crate) fn is_near(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => one.octets()[..3] == other.octets()[..3],
        (IpAddr::V6(one), IpAddr::V6(other)) => one.segments()[..2] == other.segments()[..2],
        _ => false,
    }
}

/// A public address of a text.
fn public(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim_start_matches("IPv6:").parse().ok()?;
    Some(address).filter(|address| !is_private(*address))
}

/// Reads the result of SPF in a field; none if it has none.
fn claim(place: usize, field: &str, body: &str) -> Option<SpfClaim> {
    let lower = body.to_ascii_lowercase();
    let ends = |letter: char| letter.is_whitespace() || ";,()<>\"'".contains(letter);
    let behind = |words: &str| {
        let (_, rest) = lower.split_once(words)?;
        rest.trim_start_matches(['"', '<', ' ']).split(ends).next().filter(|word| !word.is_empty())
    };
    let of_helo = lower.contains("identity=helo");
    let (passes, by) = if field == "received-spf" {
        (lower.starts_with("pass") && !of_helo, behind("receiver="))
    } else {
        let rest = lower.split_once("i=").filter(|(before, _)| before.is_empty());
        let rest = rest.and_then(|(_, rest)| rest.split_once(';')).map_or(lower.as_str(), |(_, rest)| rest);
        let by = rest.trim_start().split([';', ' ']).next();
        (behind("spf=")? == "pass", by.filter(|word| !word.contains('=')))
    };
    let address =
        ["client-ip=", "sender ip is ", "designates "].into_iter().find_map(|words| public(behind(words)?));
    let domain = ["smtp.mailfrom=", "envelope-from=", "domain of "].into_iter().find_map(behind);
    let domain = domain.and_then(|sender| sender.rsplit('@').next()).filter(|_| !of_helo).map(canonical);
    let helo = behind("helo=").filter(|helo| helo.len() <= MAX_HELO).map(str::to_owned);
    let (by, may_be_earlier) = (by.map(str::to_owned), field != "authentication-results");
    Some(SpfClaim { place, address, helo, passes, domain, by, may_be_earlier })
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
