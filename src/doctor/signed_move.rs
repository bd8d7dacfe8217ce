//! A move of a signed domain to servers with other keys, or of a domain to servers that sign it, while resolvers still have the former name
//! servers: the failure that is to come.
//!
//! RFC 6781 section 4.3.5 (a change of the operator), section 4.1.2 (both keys until the old DS record has ended), RFC 4035 section 5.
//!
//! # Decisions
//!
//! - A resolver with the old NS and the old DS records validates the old zone. When one of the two ends before the other, it has keys of one
//!   side and a DS record of the other, and fails until the second has ended too.
//! - The keys of the former servers are compared with those of now (`former_keys`). Which DS record a resolver has, it is asked itself.
//! - A resolver with the old NS records and the new DS record demands signatures of the former servers. Where these do not sign, or not with the
//!   key of this record, it fails until the old NS records have ended.
//! - A resolver does not compare the DNSKEY records in its cache with a new DS record before their TTL ends. Until then it validates what the
//!   former servers have signed, and, where the key of the new servers is not among them, nothing of these.
//!   It may fetch these DNSKEY records from the former servers as long as it has the old NS records, and keeps them for their TTL behind that.
//! - While the keys of the former servers are not known, no end is told.
//! - Name servers that have moved to other addresses under their old names are no former servers. An old DS record of a resolver that names no
//!   key of now shows such a move, and any other change of keys that came too early.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, OtherResolver};
use super::former_keys::{self, FormerKeys, signers};
use super::former_servers::{self, Former};
use super::old_keys::{self, DsThere, KeptKeys};
use super::record_set::positive_ttl;
use super::{keys, old_addresses, parents, remedies, served, ttl_end, zone};
use dns::clock::minute;

/// The tags of the keys with which the records of the servers of now are signed.
fn signing_now(facts: &DomainFacts) -> BTreeSet<u16> {
    let now: BTreeSet<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let of_records = served::replies(facts)
        .filter(|of| now.contains(&of.server) && of.reply.authoritative && of.lookup.1 != "DNSKEY");
    let mut signing: BTreeSet<u16> = of_records.flat_map(|of| signers(of.reply, zone::apex(facts))).collect();
    if signing.is_empty() {
        let published = keys::told_records(facts).into_iter().filter_map(keys::algorithm_and_tag);
        signing.extend(published.map(|(_, tag)| tag));
    }
    signing
}

/// The keys that a resolver has, or may still fetch, and the last end of them in its cache.
fn kept_and_fetched(facts: &DomainFacts, resolver: &OtherResolver, former: &Former) -> Vec<KeptKeys> {
    let replies = former_servers::keys(facts, former);
    let ttl = replies.iter().filter_map(|reply| positive_ttl(reply, "DNSKEY")).max();
    let records = replies.iter().flat_map(|reply| reply.data("DNSKEY"));
    let tags = records.filter_map(keys::algorithm_and_tag).map(|(_, tag)| tag).collect();
    // The former servers give them until it has forgotten these servers.
    let fetched = ttl.map(|ttl| KeptKeys { tags, end: former.end.saturating_add(ttl.into()) });
    old_keys::kept_keys(facts, resolver).into_iter().chain(fetched).collect()
}

/// The end of those of these keys with which the records of the servers of now are not signed.
fn end_of_others(facts: &DomainFacts, keys: &[KeptKeys]) -> Option<u64> {
    let signing = signing_now(facts);
    let are_others = |keys: &&KeptKeys| !signing.is_empty() && signing.is_disjoint(&keys.tags);
    keys.iter().filter(are_others).map(|keys| keys.end).max()
}

/// Whether a resolver has former servers with other keys, without keys, or with keys that are not known: then its DS records are of interest.
pub(super) fn is_at(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    former_servers::former(facts, resolver)
        .is_some_and(|former| former_keys::judge(facts, &former) != FormerKeys::Same)
}

/// The failure that is to come at a resolver.
pub(super) struct Foretold {
    /// The reason in words, which may be that of other resolvers too.
    reason: &'static str,
    /// The course at this resolver, in words.
    course: String,
    /// The time by which it is over, in seconds since 1970; none if that could not be told.
    pub(super) end: Option<u64>,
    /// The change that helps.
    pub(super) remedy: &'static str,
}

/// Such failures in words, each reason once.
pub(super) fn words<'f>(foretold: impl Iterator<Item = &'f Foretold>) -> Vec<String> {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for Foretold { reason, course, .. } in foretold {
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, courses)) if courses.contains(&course.as_str()) => {}
            Some((_, courses)) => courses.push(course),
            None => by_reason.push((*reason, vec![course.as_str()])),
        }
    }
    by_reason.into_iter().map(|(reason, courses)| format!("{reason}: {}", courses.join("; "))).collect()
}

/// The failure that is to come at such a resolver; none if there is no such move.
pub(super) fn foretold(facts: &DomainFacts, resolver: &OtherResolver) -> Option<Foretold> {
    let former = former_servers::former(facts, resolver)?;
    let old = OldSets::new(facts, resolver, &former);
    let (reason, course, end, remedy) = match former_keys::judge(facts, &former) {
        FormerKeys::Same => return None,
        FormerKeys::Others => {
            let reason = "these servers sign with other keys than those of now";
            (reason, old.of_other_keys(), old.last(), remedies::FORMER_SIGNERS)
        }
        FormerKeys::Named => {
            let reason = "these servers sign with a key with which those of now do not sign";
            // With the DS records of now it validates both zones, once it has fetched the keys of now.
            let ds = if old_keys::fit_now(facts, resolver) { DsThere::New } else { old.ds };
            let old = OldSets { ds, ..old };
            (reason, old.of_named_keys()?, old.last(), remedies::FORMER_SIGNERS)
        }
        FormerKeys::Unnamed => {
            let reason = "these servers sign with keys that the DS records of now do not name";
            (reason, old.of_unnamed_keys(), Some(old.servers), remedies::FORMER_KEY_UNNAMED)
        }
        FormerKeys::Removed => {
            let reason = "these servers sign, and those of now do not";
            (reason, old.of_removed_keys(), old.last(), remedies::FORMER_SIGNED)
        }
        FormerKeys::Added => return unsigned(facts, resolver),
        FormerKeys::Gone => {
            let reason = "these servers do not serve the zone any more";
            let is_unfit = old_keys::name_no_key_of_now(facts, resolver);
            (reason, old.of_gone_servers(is_unfit)?, old.last(), remedies::OLD_KEYS)
        }
        FormerKeys::Untold => {
            let reason = "the keys of these servers could not be told";
            match (has_ds(facts), old.ds) {
                (true, _) => {
                    let course = old.of_untold_keys(old_keys::name_no_key_of_now(facts, resolver));
                    (reason, course, None, remedies::FORMER_SIGNERS)
                }
                (false, DsThere::Old(_)) => (reason, old.of_removed_keys(), None, remedies::FORMER_SIGNED),
                (false, _) => return None,
            }
        }
    };
    Some(Foretold { reason, course, end, remedy })
}

/// Whether the zone above has DS records, by its answers for them or by its referrals.
fn has_ds(facts: &DomainFacts) -> bool {
    keys::told_above(facts).map_or_else(|| parents::is_signed(facts), |records| !records.is_empty())
}

/// The failure at a resolver with former servers that do not sign the zone, which has DS records now; none if there is no such move.
pub(super) fn unsigned(facts: &DomainFacts, resolver: &OtherResolver) -> Option<Foretold> {
    let former = former_servers::former(facts, resolver)?;
    if former_keys::judge(facts, &former) != FormerKeys::Added || !has_ds(facts) {
        return None;
    }
    let old = OldSets::new(facts, resolver, &former);
    Some(Foretold {
        reason: "these servers do not sign the zone, and those of now do",
        course: old.of_added_keys(),
        end: Some(old.servers),
        remedy: remedies::FORMER_UNSIGNED,
    })
}

/// The failure that is to come at a resolver whose old DS records name no key of now, in words, and the time by which it is over; none if it has
/// no such records, or asks former servers until their end.
pub(super) fn of_kept_ds(facts: &DomainFacts, resolver: &OtherResolver) -> Option<(String, u64)> {
    let old = old_keys::delegated(facts, resolver).filter(|_| !former_servers::are_at(facts, resolver))?;
    let of_ds = old.end().filter(|_| old_keys::name_no_key_of_now(facts, resolver))?;
    let of_keys = old_keys::kept_keys(facts, resolver).map_or(of_ds, |kept| of_ds.max(kept.end));
    let fails = "once it has asked the name servers of now for records, DNSSEC validation fails there";
    let text = format!("{}: {fails}, until {}", old.text, ttl_end::over_by(of_keys));
    Some(match old_addresses::end(facts, resolver) {
        // With the new DS record, the answers of the old servers fail.
        Some(of_addresses) if of_addresses > of_keys => {
            let until = minute(of_addresses);
            let others = "of the name servers than those of now";
            let may = "DNSSEC validation may fail there until then";
            (
                format!("{text}. {} has other addresses {others} until {until}: {may}", resolver.name),
                of_addresses,
            )
        }
        _ => (text, of_keys),
    })
}

/// The old records of a domain that a resolver has in its cache, with their ends in seconds since 1970.
struct OldSets<'f> {
    /// The name of the resolver.
    name: &'f str,
    apex: &'f str,
    /// The time of the check.
    now: u64,
    /// The end of the NS records of the former servers.
    servers: u64,
    /// Its DS records.
    ds: DsThere,
    /// The end of the old DNSKEY records.
    validating: Option<u64>,
    /// The same, also of those that it may still fetch from the former servers, if it is later than that of the NS records, and the records of
    /// now are not signed with these keys.
    keys: Option<u64>,
}

impl<'f> OldSets<'f> {
    fn new(facts: &'f DomainFacts, resolver: &'f OtherResolver, former: &Former) -> Self {
        let keys = kept_and_fetched(facts, resolver, former);
        Self {
            name: &resolver.name,
            apex: zone::apex(facts),
            now: facts.subject.unix,
            servers: former.end,
            ds: old_keys::ds_there(facts, resolver),
            validating: old_keys::kept_keys(facts, resolver).map(|kept| kept.end),
            keys: end_of_others(facts, &keys).filter(|of_keys| *of_keys > former.end),
        }
    }

    /// The last of the ends; none if it is not known which DS records the resolver has.
    fn last(&self) -> Option<u64> {
        let of_ds = match self.ds {
            DsThere::Old(end) => end,
            DsThere::New | DsThere::Denied(_) => self.servers,
            DsThere::Untold => return None,
        };
        Some(self.servers.max(of_ds).max(self.keys.unwrap_or_default()))
    }

    /// The failure after a move to other keys.
    fn of_other_keys(&self) -> String {
        match self.ds {
            DsThere::Old(of_ds) if of_ds < self.servers => format!(
                "{} until {}: from {} on, {}{}",
                self.old_ds(),
                minute(of_ds),
                ttl_end::over_by(of_ds),
                self.with_kept_keys(of_ds),
                self.behind(self.servers)
            ),
            DsThere::Old(of_ds) => self.behind_the_servers(of_ds),
            DsThere::New => {
                format!("{}{}", self.new_ds(&self.with_kept_keys(self.now)), self.behind(self.servers))
            }
            DsThere::Denied(_) | DsThere::Untold => format!(
                "where the old NS records end before the old DS record, or after it, DNSSEC validation fails until the second has ended{}",
                self.behind(self.servers)
            ),
        }
    }

    /// The failure from the end of the old NS records to that of the old DS records, `of_ds`, which name no key of now.
    fn behind_the_servers(&self, of_ds: u64) -> String {
        format!(
            "{} until {}: from {} on, when the old NS records have ended, DNSSEC validation fails there, until {}{}",
            self.old_ds(),
            minute(of_ds),
            ttl_end::over_by(self.servers),
            ttl_end::over_by(of_ds),
            self.behind(of_ds)
        )
    }

    /// The begin of a text.
    fn old_ds(&self) -> String {
        format!("{} has the old DS record of {}", self.name, self.apex)
    }

    /// The state of a resolver that has the new DS record before the old NS records have ended. `fails`: the failure at it.
    fn new_ds(&self, fails: &str) -> String {
        let (name, apex) = (self.name, self.apex);
        format!("{name} has the new DS record of {apex} already. For all that it fetches from them, {fails}")
    }

    /// The state of a resolver between the end of its old DS record, `begin`, and that of its old NS records: it does not accept the keys of the
    /// former servers any more, unless it has them already.
    fn with_kept_keys(&self, begin: u64) -> String {
        let fails = self.fails_until_the_servers_end();
        let may = "it may still validate with the old DNSKEY records";
        match self.validating.filter(|end| *end > begin) {
            Some(end) if end >= self.servers => format!("{may} until the old NS records have ended"),
            Some(end) => {
                format!("{may} until {}, and from {} on, {fails}", minute(end), ttl_end::over_by(end))
            }
            None => format!("{may} until these have ended too; then {fails}"),
        }
    }

    /// See above.
    fn fails_until_the_servers_end(&self) -> String {
        format!("DNSSEC validation fails there, until {}", ttl_end::over_by(self.servers))
    }

    /// The failure behind the end of the old NS records, while the old DNSKEY records are still in a cache, as a further sentence; empty if these
    /// end before `begin`.
    fn behind(&self, begin: u64) -> String {
        let joint = if self.may_be_fetched() { "; " } else { ". " };
        let of_keys = self.keys.filter(|end| *end > begin);
        of_keys.map(|end| format!("{joint}{}", self.of_kept_keys(end))).unwrap_or_default()
    }

    /// Whether the last of the old DNSKEY records are those that the resolver may still fetch.
    fn may_be_fetched(&self) -> bool {
        self.keys > self.validating
    }

    /// The same, with the end of these.
    fn of_kept_keys(&self, end: u64) -> String {
        let (begin, end_words) = (ttl_end::over_by(self.servers), ttl_end::over_by(end));
        if self.may_be_fetched() {
            return format!(
                "these servers still give the old DNSKEY records, which resolvers fetch until the old NS records have ended, and those of now are not \
                 signed with these keys: from {begin} on, DNSSEC validation of records of the servers of now may fail, until {end_words}"
            );
        }
        format!(
            "{} has the old DNSKEY records until {}, longer than the old NS records, and those of now are not signed with these keys: from {begin} on, \
             DNSSEC validation of records of the servers of now fails there, until {end_words}",
            self.name,
            minute(end)
        )
    }

    /// The state after a move to other keys, with the DS records of both at the zone above: with both it validates the records of both. None if
    /// nothing fails.
    fn of_named_keys(&self) -> Option<String> {
        let DsThere::Old(of_ds) = self.ds else { return self.keys.map(|end| self.of_kept_keys(end)) };
        let then = if of_ds > self.servers {
            format!(
                "from {} on, when the old NS records have ended, DNSSEC validation fails there until then",
                ttl_end::over_by(self.servers)
            )
        } else {
            "until then it accepts no records with other signatures than theirs".to_owned()
        };
        Some(format!(
            "{} without that of now until {}: {then}{}",
            self.old_ds(),
            minute(of_ds),
            self.behind(of_ds)
        ))
    }

    /// The failure after a move to servers that do not sign. Without a DS record their records and those of the former servers are accepted.
    fn of_removed_keys(&self) -> String {
        match self.ds {
            DsThere::Old(of_ds) if of_ds > self.servers => format!(
                "{} until {}, and from {} on, when the old NS records have ended, DNSSEC validation fails there until then",
                self.old_ds(),
                minute(of_ds),
                ttl_end::over_by(self.servers)
            ),
            DsThere::Old(of_ds) => {
                format!("{} until {}, and needs their signatures until then", self.old_ds(), minute(of_ds))
            }
            _ => {
                "where the old NS records end before the old DS record, DNSSEC validation fails until that has ended"
                    .to_owned()
            }
        }
    }

    /// The failure after a move from servers that do not answer for the zone any more; none if nothing fails. `is_unfit`: whether the old DS
    /// records name no key of now.
    fn of_gone_servers(&self, is_unfit: bool) -> Option<String> {
        match self.ds {
            DsThere::Old(of_ds) if is_unfit && of_ds > self.servers => Some(self.behind_the_servers(of_ds)),
            _ => self.keys.map(|end| self.of_kept_keys(end)),
        }
    }

    /// The state after a move from servers whose keys are not known. `is_unfit`: as above.
    fn of_untold_keys(&self, is_unfit: bool) -> String {
        match self.ds {
            DsThere::Old(_) if is_unfit => self.of_other_keys(),
            _ => format!(
                "if they do not sign with the keys of now, DNSSEC validation may fail at {} until {} or longer",
                self.name,
                ttl_end::over_by(self.servers)
            ),
        }
    }

    /// The failure after a move to servers that sign: with the DS record, the records of the former servers fail validation.
    fn of_added_keys(&self) -> String {
        let fails = |_| self.fails_until_the_servers_end();
        self.until_the_servers_end(&self.denial(), fails)
    }

    /// The failure after a move to keys which the servers of now have beside the former ones: with the new DS record, the records of the former
    /// servers fail validation.
    fn of_unnamed_keys(&self) -> String {
        self.until_the_servers_end(&self.record(), |of_ds| self.with_kept_keys(of_ds))
    }

    /// An answer of before in a cache, in words.
    fn denial(&self) -> String {
        format!("the answer that {} has no DS record", self.apex)
    }

    /// See above.
    fn record(&self) -> String {
        format!("the old DS record of {}", self.apex)
    }

    /// A failure from the new DS record on until the end of the former NS records. `before`: the answer for DS records that caches may have from
    /// before; `fails`: the state from the end of that answer on.
    fn until_the_servers_end(&self, before: &str, fails: impl Fn(u64) -> String) -> String {
        let name = self.name;
        let of_others =
            "where it ends before the old NS records, DNSSEC validation fails until these have ended";
        let kept = match self.ds {
            DsThere::Denied(_) => self.denial(),
            _ => self.record(),
        };
        match self.ds {
            DsThere::New => self.new_ds(&fails(self.now)),
            DsThere::Denied(end) | DsThere::Old(end) if end < self.servers => format!(
                "{name} has {kept} until {}: from {} on, {}",
                minute(end),
                ttl_end::over_by(end),
                fails(end)
            ),
            DsThere::Denied(end) | DsThere::Old(end) => format!(
                "{name} has {kept} until {}, longer than the old NS records. Other caches may have it for less time: {of_others}",
                minute(end)
            ),
            DsThere::Untold => format!("caches may still have {before}: {of_others}"),
        }
    }
}

#[cfg(test)]
#[path = "signed_move_tests.rs"]
mod tests;
