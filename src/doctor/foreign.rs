//! Foreign copies of the zone: another zone of this name at a name server of it.
//!
//! RFC 1035 section 3.3.13 (MNAME), RFC 4035 section 5.2 (DS).
//!
//! # Decisions
//!
//! - A copy is foreign only if it comes from another primary server than the zone. An account at a former provider, or a zone that was entered
//!   twice, looks so. Nothing in it is a word of the zone.
//! - The DS records at the zone above decide if they fit the keys of some servers. Then a copy with other keys, or without keys, is foreign if
//!   its NS records are not those of the zone above, or if it has other mail hosts. With the same of both it may be that of a second signer.
//! - Otherwise the NS records tell. A copy is foreign if it names none of the servers that the zone above names, while another server names
//!   exactly these. One that names some of them may also be the zone of now at a new primary server. It is foreign if more than half of the
//!   servers that the zone above names have exactly this set. Otherwise it cannot be told (`copies`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::key_records::{Ds, fits, names_one};
use super::remedies;
use super::reply_facts::ReplyFacts;

/// A foreign copy of the zone.
pub(super) struct Foreign {
    /// The primary server that it names.
    pub(super) primary: String,
    /// The servers that it names.
    pub(super) names: BTreeSet<String>,
    /// The primary servers that the servers with the zone name.
    pub(super) others: BTreeSet<String>,
    /// The keys of the copy, if the DS records fit those of the zone.
    pub(super) keys: CopyKeys,
    /// Whether it names exactly the servers that the zone above names.
    pub(super) has_names_above: bool,
}

/// The keys of a copy against the DS records at the zone above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyKeys {
    /// A DS record names one that signs the keys.
    Fit,
    /// It has none.
    Missing,
    /// None of them is named by a DS record.
    Other,
    /// It could not be told.
    Untold,
}

impl CopyKeys {
    /// The keys in the reply of a server against DS records.
    pub(super) fn read(apex: &str, ds: &[Ds], reply: &ReplyFacts) -> Self {
        match () {
            () if fits(apex, ds, reply) => Self::Fit,
            () if reply.data("DNSKEY").next().is_none() => Self::Missing,
            // Its signatures are lost on the way. With those of another key it is another zone, which holds the key of this one.
            () if reply.data("RRSIG").next().is_none() && names_one(apex, ds, reply) => Self::Untold,
            () => Self::Other,
        }
    }
}

/// The copy of the zone that a server has.
pub(super) struct ZoneCopy {
    pub(super) server: IpAddr,
    /// The primary server that it names; none if it is not known.
    pub(super) primary: Option<String>,
    /// The servers that it names.
    pub(super) names: BTreeSet<String>,
    pub(super) keys: CopyKeys,
    /// Its MX records of the domain, or the alias in their place; none if they are not known.
    pub(super) mail: Option<BTreeSet<String>>,
}

/// The foreign copies among some. `above`: the servers that the zone above names; `do_most_name`: most of these name exactly these.
pub(super) fn among(
    above: &BTreeSet<String>,
    do_most_name: bool,
    copies: &[ZoneCopy],
) -> BTreeMap<IpAddr, Foreign> {
    let has_fit = copies.iter().any(|copy| copy.keys == CopyKeys::Fit);
    let is_told_above = copies.iter().any(|copy| copy.names == *above);
    let is_right = |copy: &&ZoneCopy| if has_fit { copy.keys == CopyKeys::Fit } else { copy.names == *above };
    let right = || copies.iter().filter(is_right);
    let others: BTreeSet<String> = right().filter_map(|copy| copy.primary.clone()).collect();
    let mail: BTreeSet<&BTreeSet<String>> = right().filter_map(|copy| copy.mail.as_ref()).collect();
    let has_other_mail =
        |copy: &ZoneCopy| copy.mail.as_ref().is_some_and(|own| !mail.is_empty() && !mail.contains(own));
    let by_keys = |copy: &ZoneCopy| {
        has_fit && copy.keys != CopyKeys::Untold && (copy.names != *above || has_other_mail(copy))
    };
    let by_names = |copy: &ZoneCopy| {
        copy.names != *above && is_told_above && (copy.names.is_disjoint(above) || do_most_name)
    };
    let of_copy = |copy: &ZoneCopy| {
        let primary = copy.primary.clone()?;
        let is_other = !copy.names.is_empty() && copy.keys != CopyKeys::Fit && !others.contains(&primary);
        let foreign = || Foreign {
            primary,
            names: copy.names.clone(),
            others: others.clone(),
            keys: if has_fit { copy.keys } else { CopyKeys::Untold },
            has_names_above: copy.names == *above,
        };
        (is_other && (by_keys(copy) || by_names(copy))).then(|| (copy.server, foreign()))
    };
    let found = copies.iter().filter_map(of_copy);
    if others.is_empty() { BTreeMap::new() } else { found.collect() }
}

/// The change that helps against foreign copies.
pub(super) fn remedy(foreign: &BTreeMap<IpAddr, Foreign>) -> &'static str {
    match foreign.values().any(|copy| copy.keys == CopyKeys::Other) {
        true => remedies::FOREIGN_SIGNED_ZONE,
        false => remedies::FOREIGN_ZONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Got;
    use crate::facts::tests::facts;

    #[test]
    fn keys_that_only_another_key_signs_are_those_of_another_zone() {
        let ds = Ds::read("1551 13 9 aa").unwrap();
        let read = |records: &str| {
            let facts = facts("a.b.", &format!("server 192.0.2.1 a.b. DNSKEY udp aa{records}"));
            let Some(Got::Reply(reply)) = facts.got.values().next() else { panic!("{records}") };
            CopyKeys::read("a.b.", std::slice::from_ref(&ds), reply)
        };
        let signed_by = |tag: u16| format!(" | =a.b. RRSIG DNSKEY 13 2 300 4000000000 1 {tag} a.b. x");
        let (named, other) = (" | 257 3 13 AAEC", " | 257 3 13 AAED");
        for (records, keys) in [
            (String::new(), CopyKeys::Missing),
            (named.to_owned(), CopyKeys::Untold),
            (format!("{named}{}", signed_by(1_551)), CopyKeys::Fit),
            (format!("{named}{other}{}", signed_by(1_807)), CopyKeys::Other),
            (format!("{other}{}", signed_by(1_807)), CopyKeys::Other),
        ] {
            assert_eq!(read(&records), keys, "{records}");
        }
    }
}
