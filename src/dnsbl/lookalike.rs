//! Finds zones that clients use like DNS lists although resolverd does not know them as lists. Their answers are not judged. `resolverctl` shows
//! these zones in a table.
//!
//! # Decisions
//!
//! - If clients look up the same addresses in a zone as in a known list, the zone is learned: it gets a number, and batches may ask it. Without
//!   batches, a list that the registry does not have is asked after all others, and takes a third of the DNS time of a message.
//! - Only the batches use learned zones. A learned zone must not become a list, because names of lists are resolved without stale answers and without
//!   the filter of private addresses.
//! - A zone that clients ask about domains is learned in the same way: clients have just asked a known list about the first labels of the name. Only
//!   if clients ask such lists at all, each name of four or more labels that the cache does not have is compared.
//! - Names with reversed addresses also occur in zones of SPF macros (RFC 7208 section 7.2, `%{ir}`), which belong to senders. Such a zone may be
//!   learned. However, a batch asks a zone only if clients looked up nearly all addresses of a list since the first one in the zone too
//!   (`BATCH_PERCENT`). So only a sender of nearly all mail can get such questions, and `dnsbl.batch_waste` limits them.
//! - The number of zones is limited: the zone with the fewest questions is removed first, and the least recently used learned zone is no longer
//!   learned. Zones of strangers are asked less often than the lists of the gateway.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;

use super::batch::{BatchStanding, LEARNED, ListId};
use super::list::reversed;
use crate::limits::{
    LEARNED_ZONE_TIME, LEAST_DOMAIN_LABELS, LOOKALIKE_SUBJECTS, MAX_LEARNED_ZONES, MAX_LOOKALIKES,
};
use dns::clock::Mono;
use dns::question::lies_within;
use record::redact::looks_like_a_key;

/// The zones that clients use like DNS lists.
#[derive(Debug, Default)]
pub struct Lookalikes {
    table: Mutex<LookalikeTable>,
    /// True if clients have asked a known DNS list about a domain.
    has_domains: AtomicBool,
}

#[derive(Debug, Default)]
struct LookalikeTable {
    zones: BTreeMap<Name, AskedZone>,
    /// The number of zones that were learned so far. It gives the id of the next one. No id is used twice, because answers in the cache contain ids.
    numbers: ListId,
}

#[derive(Clone, Debug)]
struct AskedZone {
    subjects: LookalikeSubjects,
    questions: u64,
    /// The number of questions whose subject differs from that of the previous question.
    changes: u64,
    last: Name,
    /// The subjects that clients looked up in this zone and in a known DNS list, since the time `since`.
    shared: Vec<Name>,
    since: Mono,
    learned: Option<LearnedZone>,
}

/// The data that batches need about a learned zone: a zone that clients query like a DNS list.
#[derive(Clone, Debug)]
struct LearnedZone {
    number: ListId,
    asked: Mono,
    /// The usual round trip of the zone's servers. `None` if it is unknown, or if they did not answer last time.
    usual: Option<Duration>,
    negative_ttl: Option<Duration>,
}

/// A zone that clients use like a DNS list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookalike {
    /// The zone: the part of the names after the reversed address.
    pub zone: Name,
    /// The number of questions about names in this zone that were not answered from the cache.
    pub questions: u64,
    /// The number under which batches know the zone, if it is learned.
    pub number: Option<ListId>,
}

/// What clients look up in a zone that looks like a DNS list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookalikeSubjects {
    /// IP addresses.
    Addresses,
    /// Names of domains.
    Domains,
}

/// A zone that was learned, for batches.
#[derive(Clone, Debug)]
pub struct KnownZone {
    /// The apex.
    pub zone: Name,
    /// What clients look up in it.
    pub subjects: LookalikeSubjects,
    /// How well it answers.
    pub standing: BatchStanding,
}

/// A name that looks like a question to a DNS list, split into its parts.
#[derive(Debug)]
pub struct LookalikeName {
    subjects: LookalikeSubjects,
    /// The reversed address or the domain.
    pub subject: Name,
    zone: Name,
    /// True if a label that looks like a customer's key was removed between the subject and the zone, because a key must not be shown. Such a zone is
    /// not learned.
    keyed: bool,
}

impl Lookalikes {
    /// Counts a question for `name`, which belongs to no known DNS list. Returns true if it may be a question to an unknown list: the name begins with
    /// a reversed address, or perhaps with a domain.
    pub fn notice(&self, name: &Name) -> bool {
        let Some(reversed) = LookalikeName::reversed(name) else {
            return self.may_be_of_domain(name);
        };
        self.lock().count(&reversed);
        true
    }

    /// Registers that clients have asked a known DNS list about a domain.
    pub fn note_domains(&self) {
        self.has_domains.store(true, Ordering::Relaxed);
    }

    /// Splits a name at a learned zone, or else behind the longest domain for which `is_checked` returns true: clients have just asked a known DNS
    /// list about it. Counts the question.
    pub fn domain_of(&self, name: &Name, is_checked: impl Fn(&Name) -> bool) -> Option<LookalikeName> {
        let labels: Vec<&[u8]> = name.iter().collect();
        // The table is not locked while `is_checked` runs, because it locks the batches, whose owner locks this table.
        let learned =
            self.lock().domain_zone(name).map(|zone| labels.len().saturating_sub(zone.iter().len()));
        let before_zone = || {
            (2..=labels.len().checked_sub(2)?)
                .rev()
                .find_map(|count| is_checked(&LookalikeName::at(&labels, count)?.subject).then_some(count))
        };
        let found = LookalikeName::at(&labels, learned.or_else(before_zone)?)?;
        self.lock().count(&found);
        Some(found)
    }

    fn may_be_of_domain(&self, name: &Name) -> bool {
        self.has_domains.load(Ordering::Relaxed) && name.num_labels() >= LEAST_DOMAIN_LABELS
    }

    /// Returns the id of the zone if it was learned. `is_shared`: true if clients have just looked up the same subject in a known DNS list. The zone
    /// is learned after enough subjects for which `is_shared` was true.
    pub fn asked(&self, name: &LookalikeName, is_shared: bool, now: Mono) -> Option<ListId> {
        let mut table = self.lock();
        let zone = table.zones.get_mut(&name.zone).filter(|_| !name.keyed)?;
        if let Some(learned) = zone.learned.as_mut().filter(|learned| learned.is_used(now)) {
            learned.asked = now;
            return Some(learned.number);
        }
        if is_shared && zone.shares(&name.subject, now) {
            table.learn(&name.zone, now);
        }
        None
    }

    /// Records the result of a question. Returns the number of the zone if it is learned. `round_trip` is `None` if the answer came from the cache.
    pub fn heard(
        &self,
        name: &Name,
        is_answered: bool,
        round_trip: Option<Duration>,
        negative_ttl: Option<Duration>,
    ) -> Option<ListId> {
        // Each resolution of a name comes here, so the table is locked only for names that may belong to a learned zone.
        let zone = match LookalikeName::reversed(name) {
            Some(LookalikeName { zone, keyed: false, .. }) => zone,
            None if self.may_be_of_domain(name) => self.lock().domain_zone(name)?.clone(),
            _ => return None,
        };
        let mut table = self.lock();
        let learned = table.zones.get_mut(&zone)?.learned.as_mut()?;
        learned.usual = match (round_trip, learned.usual) {
            (Some(round_trip), Some(usual)) => Some((usual * 7 + round_trip) / 8),
            (round_trip, usual) => round_trip.or(usual).filter(|_| is_answered),
        };
        learned.negative_ttl = negative_ttl.or(learned.negative_ttl);
        Some(learned.number)
    }

    /// Returns all learned zones that are in use, each with its number.
    pub fn all_learned(&self, now: Mono) -> Vec<(ListId, KnownZone)> {
        self.lock().zones.iter().filter_map(|(zone, asked)| asked.known(zone, now)).collect()
    }

    /// Restores a zone that an earlier process has learned. Returns its number in this process.
    pub fn restore(&self, known: &KnownZone, now: Mono) -> Option<ListId> {
        let KnownZone { zone, subjects, standing } = known;
        if *subjects == LookalikeSubjects::Domains {
            self.note_domains();
        }
        let mut table = self.lock();
        if table.zones.len() >= MAX_LOOKALIKES {
            return None;
        }
        let new = || AskedZone { questions: 0, ..AskedZone::new(*subjects, &Name::root()) };
        table.zones.entry(zone.clone()).or_insert_with(new);
        table.learn(zone, now);
        let learned = table.zones.get_mut(zone)?.learned.as_mut()?;
        (learned.usual, learned.negative_ttl) = (standing.usual, standing.negative_ttl);
        Some(learned.number)
    }

    /// Returns the learned zone with this number. Returns `None` if no client has asked the zone for `LEARNED_ZONE_TIME`.
    pub fn learned(&self, number: ListId, now: Mono) -> Option<KnownZone> {
        let table = self.lock();
        let mut known = table.zones.iter().filter_map(|(zone, asked)| asked.known(zone, now));
        known.find_map(|(of, known)| (of == number).then_some(known))
    }

    /// Returns the zones in which clients asked about so many different addresses that they are probably DNS lists, the one with the most questions
    /// first.
    pub fn list(&self) -> Vec<Lookalike> {
        let table = self.lock();
        let alike = table.zones.iter().filter(|(_, asked)| asked.changes >= LOOKALIKE_SUBJECTS);
        let lookalike = |(zone, asked): (&Name, &AskedZone)| Lookalike {
            zone: zone.clone(),
            questions: asked.questions,
            number: asked.learned.as_ref().map(|learned| learned.number),
        };
        let mut found: Vec<Lookalike> = alike.map(lookalike).collect();
        found.sort_by_key(|alike| std::cmp::Reverse(alike.questions));
        found
    }

    fn lock(&self) -> MutexGuard<'_, LookalikeTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LookalikeTable {
    /// Counts a question in the zone of the name, which is added if it is new.
    fn count(&mut self, LookalikeName { subjects, subject, zone, .. }: &LookalikeName) {
        let zones = &mut self.zones;
        if let Some(asked) = zones.get_mut(zone) {
            asked.questions = asked.questions.saturating_add(1);
            asked.changes = asked.changes.saturating_add(u64::from(asked.last != *subject));
            asked.last = subject.clone();
            return;
        }
        if zones.len() >= MAX_LOOKALIKES {
            let least = zones.iter().min_by_key(|(_, asked)| asked.questions).map(|(zone, _)| zone.clone());
            if let Some(least) = least {
                zones.remove(&least);
            }
        }
        zones.insert(zone.clone(), AskedZone::new(*subjects, subject));
    }

    /// Returns the learned zone of domains to which the name belongs.
    fn domain_zone(&self, name: &Name) -> Option<&Name> {
        let is_of_domains =
            |asked: &AskedZone| asked.learned.is_some() && asked.subjects == LookalikeSubjects::Domains;
        let mut zones = self.zones.iter().filter(|(_, asked)| is_of_domains(asked)).map(|(zone, _)| zone);
        zones.find(|zone| *zone != name && lies_within(name, zone))
    }

    fn learn(&mut self, zone: &Name, now: Mono) {
        let learned = self.zones.values_mut().filter(|zone| zone.learned.is_some());
        let mut learned: Vec<&mut AskedZone> = learned.collect();
        if learned.len() >= MAX_LEARNED_ZONES {
            let asked = |zone: &&mut AskedZone| zone.learned.as_ref().map(|learned| learned.asked);
            if let Some(oldest) = learned.iter_mut().min_by_key(|zone| asked(zone)) {
                oldest.learned = None;
            }
        }
        let number = LEARNED.saturating_add(self.numbers);
        self.numbers = self.numbers.saturating_add(1);
        if let Some(zone) = self.zones.get_mut(zone) {
            zone.learned = Some(LearnedZone { number, asked: now, usual: None, negative_ttl: None });
        }
    }
}

impl AskedZone {
    fn new(subjects: LookalikeSubjects, subject: &Name) -> Self {
        let (shared, since, learned) = (Vec::new(), Mono::START, None);
        Self { subjects, questions: 1, changes: 0, last: subject.clone(), shared, since, learned }
    }

    /// Returns the number of the zone and what batches need, if the zone is learned and in use.
    fn known(&self, zone: &Name, now: Mono) -> Option<(ListId, KnownZone)> {
        let LearnedZone { number, usual, negative_ttl, .. } =
            *self.learned.as_ref().filter(|learned| learned.is_used(now))?;
        let standing = BatchStanding { ready: true, usual, negative_ttl };
        Some((number, KnownZone { zone: zone.clone(), subjects: self.subjects, standing }))
    }

    /// Records that clients have looked up `subject` both in this zone and in a known DNS list. Returns true if `LOOKALIKE_SUBJECTS` different
    /// subjects were recorded within `LEARNED_ZONE_TIME`.
    fn shares(&mut self, subject: &Name, now: Mono) -> bool {
        if self.shared.is_empty() || now.since(self.since) >= LEARNED_ZONE_TIME {
            self.shared.clear();
            self.since = now;
        }
        if !self.shared.contains(subject) {
            self.shared.push(subject.clone());
        }
        let is_enough = u64::try_from(self.shared.len()).is_ok_and(|count| count >= LOOKALIKE_SUBJECTS);
        if is_enough {
            self.shared.clear();
        }
        is_enough
    }
}

impl LearnedZone {
    fn is_used(&self, now: Mono) -> bool {
        now.since(self.asked) < LEARNED_ZONE_TIME
    }
}

impl LookalikeName {
    /// Splits a name that starts with a reversed address. Returns `None` for other names, and in a reverse zone.
    pub fn reversed(name: &Name) -> Option<Self> {
        // A reversed address has at least four labels. A zone with one label is a top-level domain, which is not a DNS list.
        if name.num_labels() < 6 {
            return None;
        }
        let labels: Vec<&[u8]> = name.iter().collect();
        if labels.last().is_some_and(|last| last.eq_ignore_ascii_case(b"arpa")) {
            return None;
        }
        [32, 4].into_iter().find_map(|count| {
            let (front, rest) = labels.split_at_checked(count)?;
            reversed(front)?;
            // The zone is shown to the operator, and a customer's key must not be shown.
            let without_key = rest.split_first().filter(|(first, _)| looks_like_a_key(first));
            let rest = without_key.map_or(rest, |(_, rest)| rest);
            let mut zone = Name::from_labels(rest.iter().copied()).ok().filter(|_| rest.len() >= 2)?;
            zone.set_fqdn(true);
            let subject = Name::from_labels(front.iter().copied()).ok()?;
            let subjects = LookalikeSubjects::Addresses;
            Some(Self { subjects, subject, zone, keyed: without_key.is_some() })
        })
    }

    /// Splits a name behind a domain of `count` labels. Returns `None` if the rest is a top-level domain, or begins with what may be a customer's key.
    fn at(labels: &[&[u8]], count: usize) -> Option<Self> {
        let (front, rest) = labels.split_at_checked(count).filter(|(_, rest)| rest.len() >= 2)?;
        if rest.first().is_some_and(|first| looks_like_a_key(first)) {
            return None;
        }
        let subject = Name::from_labels(front.iter().copied()).ok()?;
        let mut zone = Name::from_labels(rest.iter().copied()).ok()?;
        zone.set_fqdn(true);
        Some(Self { subjects: LookalikeSubjects::Domains, subject, zone, keyed: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::stage::name;

    #[test]
    fn many_addresses_show_lookalike_zone() {
        let lookalikes = Lookalikes::default();
        for last in 1..=20 {
            lookalikes.notice(&name(&format!("{last}.2.0.192._spf.corp.example.")));
            lookalikes.notice(&name(&format!("{last}.2.0.192.in-addr.arpa.")));
            lookalikes.notice(&name("1.1.1.1.once.example."));
            lookalikes.notice(&name("www.corp.example."));
        }
        let zone = name("_spf.corp.example.");
        assert_eq!(lookalikes.list(), [Lookalike { zone, questions: 20, number: None }]);
    }

    #[test]
    fn possible_list_key_is_hidden() {
        let lookalikes = Lookalikes::default();
        for last in 1..=20 {
            lookalikes
                .notice(&name(&format!("{last}.2.0.192.a1b2c3d4e5f6a7b8c9d0e1f2g3.new.provider.example.")));
        }
        let zone = name("new.provider.example.");
        assert_eq!(lookalikes.list(), [Lookalike { zone, questions: 20, number: None }]);
    }

    #[test]
    fn strangers_cannot_fill_the_table() {
        let lookalikes = Lookalikes::default();
        for last in 1..=20 {
            lookalikes.notice(&name(&format!("{last}.2.0.192.much.example.")));
        }
        for number in 0..10_000 {
            lookalikes.notice(&name(&format!("4.3.2.1.z{number}.example.")));
        }
        assert_eq!(lookalikes.lock().zones.len(), MAX_LOOKALIKES);
        assert_eq!(lookalikes.list().len(), 1);
    }

    /// Asks for `asked`, and returns the id of its zone if the zone was learned. `is_shared`: true if the client has asked a known DNS list about the
    /// same address.
    fn ask(lookalikes: &Lookalikes, asked: &str, is_shared: bool, now: Mono) -> Option<ListId> {
        let asked = name(asked);
        assert!(lookalikes.notice(&asked));
        lookalikes.asked(&LookalikeName::reversed(&asked).unwrap(), is_shared, now)
    }

    fn number(lookalikes: &Lookalikes, zone: &str) -> Option<ListId> {
        let list = lookalikes.list();
        list.iter().find(|alike| alike.zone == name(zone)).and_then(|alike| alike.number)
    }

    #[test]
    fn zone_is_learned_from_shared_addresses() {
        let (lookalikes, now) = (Lookalikes::default(), Mono::START);
        for last in 1..=20 {
            ask(&lookalikes, &format!("{last}.2.0.192.alone.example."), false, now);
            ask(&lookalikes, "1.2.0.192.one.example.", true, now);
            ask(&lookalikes, &format!("{last}.2.0.192.a1b2c3d4e5f6a7b8c9d0e1f2g3.keyed.example."), true, now);
            ask(&lookalikes, &format!("{last}.2.0.192.both.example."), true, now);
            // One address in ten minutes is too seldom, so this zone is not learned.
            let later = now.after(Duration::from_secs(600 * last));
            ask(&lookalikes, &format!("{last}.2.0.192.seldom.example."), true, later);
        }
        let zones = ["alone.example.", "one.example.", "keyed.example.", "seldom.example."];
        assert_eq!(zones.map(|zone| number(&lookalikes, zone)), [None; 4]);
        let learned = number(&lookalikes, "both.example.").unwrap();
        assert_eq!(ask(&lookalikes, "99.2.0.192.both.example.", false, now), Some(learned));
        let KnownZone { zone, standing, .. } = lookalikes.learned(learned, now).unwrap();
        assert_eq!((zone, standing.usual, standing.negative_ttl), (name("both.example."), None, None));
        let ms = Duration::from_millis;
        let heard = |is_answered, round_trip: Option<u64>| {
            let asked = name("99.2.0.192.both.example.");
            assert_eq!(lookalikes.heard(&asked, is_answered, round_trip.map(ms), Some(ms(9))), Some(learned));
            lookalikes.learned(learned, now).unwrap().standing.usual
        };
        assert_eq!(heard(true, Some(80)), Some(ms(80)));
        assert_eq!(heard(true, Some(160)), Some(ms(90)));
        assert_eq!(heard(true, None), Some(ms(90)), "from the cache");
        assert_eq!(heard(false, None), None, "not answered");
        assert!(lookalikes.learned(learned, now.after(LEARNED_ZONE_TIME)).is_none());
    }

    #[test]
    fn learned_zones_of_strangers_are_bounded() {
        let lookalikes = Lookalikes::default();
        let at = |millis: u64| Mono::START.after(Duration::from_millis(millis));
        let mut first = None;
        for mail in 0..40 {
            for last in 1..=20 {
                let now = at(mail * 1_000 + last);
                ask(&lookalikes, &format!("{last}.{mail}.0.192.list.example."), true, now);
                ask(&lookalikes, &format!("{last}.{mail}.0.192.z{mail}.evil.example."), true, now);
            }
            first = first.or_else(|| number(&lookalikes, "list.example."));
        }
        assert_eq!(number(&lookalikes, "list.example."), first);
        let learned = lookalikes.list().iter().filter(|alike| alike.number.is_some()).count();
        assert_eq!(learned, MAX_LEARNED_ZONES);
    }

    #[test]
    fn domain_list_is_learned_from_domains() {
        let (lookalikes, now) = (Lookalikes::default(), Mono::START);
        let question = |number: u64| name(&format!("shop{number}.example.uri.list.test."));
        assert!(!lookalikes.notice(&question(0)), "no list of domains is in use");
        lookalikes.note_domains();
        let ask = |number: u64, is_known: bool| {
            assert!(lookalikes.notice(&question(number)));
            let subject = Name::from_labels(question(number).iter().take(2)).unwrap();
            let asked = lookalikes.domain_of(&question(number), |name| is_known && *name == subject)?;
            lookalikes.asked(&asked, true, now)
        };
        (0..20).for_each(|number| assert_eq!(ask(number, false), None));
        for number in 0..=LOOKALIKE_SUBJECTS {
            ask(number, true);
        }
        let number = ask(99, false).expect("it is learned, and is known without a list");
        let KnownZone { zone, subjects, .. } = lookalikes.learned(number, now).unwrap();
        assert_eq!((zone, subjects), (name("uri.list.test."), LookalikeSubjects::Domains));
        let keyed = name("shop.example.a1b2c3d4e5f6a7b8c9d0e1f2g3.list.test.");
        assert!(lookalikes.domain_of(&keyed, |name| name.iter().len() == 2).is_none());
        assert!(!lookalikes.notice(&name("mail.shop.example.")), "too short");
    }
}
