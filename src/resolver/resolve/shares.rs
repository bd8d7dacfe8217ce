//! Divides the allowed number of resolutions (flights) fairly among zones and clients, and decides which resolution is ended when there are
//! too many. Several clients may wait for one resolution. Each resolution counts for one client and one zone.
//!
//! While less than half of the allowed resolutions are in progress, only questions for silent zones are refused. From half on, new
//! resolutions of the zone or client with the most resolutions are refused. When all are in progress, any other new resolution ends a
//! resolution of the zone or client with the most. A zone that has not answered recently may have only a small part of the resolutions.
//! Models: Unbound's jostle list and BIND's fetches-per-zone.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hash};
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::limits::{
    EVEN_SHARE, FEW_PLACES, HEARD_TIME, JOSTLE_AGE, NEW_ZONE_TIME, PRIVATE_LABELS, REVERSE_IPV4_LABELS,
    REVERSE_IPV6_LABELS, WorkBounds,
};
use dns::clock::Mono;
use dns::hash::Plain;
use dns::question::{label_places, name_text};

/// The keyed hash of a zone's name.
pub(super) type ZoneHash = u64;

/// The keyed hash of a client's address or prefix.
pub(super) type ClientKey = u64;

/// A hash table whose keys are keyed hashes, or numbers that resolverd chooses. An attacker cannot choose them, so they are not hashed
/// again.
pub(super) type Numbered<Key, Kept> = HashMap<Key, Kept, BuildHasherDefault<Plain>>;

/// The client and the zone for which a resolution counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShareAccount {
    pub(super) client: ClientKey,
    /// The zone cut at or below which the resolution currently queries servers.
    pub(super) zone: ZoneHash,
}

/// Identifies a resolution. A lower number means that it began earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlightAdmission {
    /// The new resolution may begin.
    Room,
    /// The new resolution may begin if this resolution, of the zone or client with the most resolutions, is ended.
    InPlaceOf(Ticket),
    /// The new resolution is refused, mostly because its zone or client already has the most resolutions.
    Refused(ShedReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShedReason {
    /// The zone has not answered recently, and has the maximum number of resolutions for such a zone.
    SilentZone,
    /// More than half of the allowed resolutions are in progress, and this zone has the most of them.
    Zone,
    /// More than half of the allowed resolutions are in progress. This client has the most of them, and most of these are for the zone of
    /// its question.
    Client,
    /// All allowed resolutions are in progress, and none of them may be ended for this question.
    Full,
    /// The resolution was ended for another question, because its zone or client had the most resolutions.
    MadeRoom,
    /// The maximum number of clients is waiting.
    Waiters,
    /// There was no memory left for a long reply from a server of the zone.
    LongReply,
    /// A reload has changed the route of names that the resolution may need.
    Reloaded,
}

impl ShedReason {
    /// Returns the reason as the text of an extended error, for a question that counts for `zone`.
    pub(crate) fn sentence(self, zone: &Name) -> String {
        let zone = name_text(zone);
        match self {
            Self::SilentZone => {
                format!("too many queries in progress for {zone}, whose servers have not answered lately")
            }
            Self::Zone => format!("too many queries in progress; {zone} has the most of them"),
            Self::Client => {
                format!("too many queries in progress; this client has the most of them, mainly for {zone}")
            }
            Self::MadeRoom => {
                format!(
                    "too many queries in progress; the query for {zone} got SERVFAIL so that other zones are answered"
                )
            }
            Self::Full => "too many queries in progress".to_owned(),
            Self::Waiters => "too many clients are waiting, for this answer or in total".to_owned(),
            Self::LongReply => {
                format!("too many long replies in use; one from a server of {zone} was dropped")
            }
            Self::Reloaded => format!("reloads changed the routes of {zone} again and again"),
        }
    }
}

/// Returns the zone against whose limit of resolutions a question for `name` counts when it begins: the closest known zone cut, which has `cut`
/// labels. If it is the root or a top-level domain, the returned zone has more labels, because the domains below have different owners. Names are
/// in wire form.
pub(super) fn zone_at_first(name: &[u8], cut: usize) -> &[u8] {
    let owned = if name.ends_with(b"\x07in-addr\x04arpa\x00") {
        REVERSE_IPV4_LABELS
    } else if name.ends_with(b"\x03ip6\x04arpa\x00") {
        REVERSE_IPV6_LABELS
    } else {
        PRIVATE_LABELS
    };
    let over = label_places(name).count().saturating_sub(owned.max(cut));
    label_places(name).nth(over).and_then(|place| name.get(place..)).unwrap_or(name)
}

#[derive(Debug)]
pub(super) struct Shares {
    bounds: WorkBounds,
    /// The client and the zone of each resolution, and the time at which it began.
    places: Numbered<Ticket, (ShareAccount, Mono)>,
    next: u64,
    clients: Ranks<()>,
    zones: Ranks<()>,
    zones_of: Ranks<ClientKey>,
    clients_of: Ranks<ZoneHash>,
    /// The resolutions sorted by age. `None` until this order is needed.
    ages: Option<Ages>,
    seen: Numbered<ZoneHash, ZoneActivity>,
}

/// The resolutions sorted by age, for each client, and for each client and zone.
#[derive(Debug, Default)]
struct Ages {
    of_client: BTreeSet<(ClientKey, Ticket)>,
    of_account: BTreeSet<(ShareAccount, Ticket)>,
}

#[derive(Clone, Copy, Debug)]
struct ZoneActivity {
    /// Since when at least one resolution for the zone has been in progress.
    since: Mono,
    heard: Option<Mono>,
}

impl Shares {
    pub(super) fn new(bounds: WorkBounds) -> Self {
        let (places, next, ages, seen) = Default::default();
        let (clients, zones, zones_of, clients_of) = Default::default();
        Self { bounds, places, next, clients, zones, zones_of, clients_of, ages, seen }
    }

    pub(super) fn taken(&self) -> usize {
        self.places.len()
    }

    /// Decides about one more resolution of `account`. If at least `half` resolutions are in progress, a new resolution of the zone or
    /// client with the most of them is refused.
    pub(super) fn judge(&mut self, account: ShareAccount, half: usize, now: Mono) -> FlightAdmission {
        let ShareAccount { client, zone } = account;
        if self.zones.count((), zone) >= self.most_of_zone(zone, now) {
            return self.within_zone(account, zone, ShedReason::SilentZone);
        }
        if self.taken() < half.min(self.bounds.flights) {
            return FlightAdmission::Room;
        }
        let (most_of_client, heaviest_client) = self.clients.heaviest(()).unwrap_or_default();
        let (most_of_zone, heaviest_zone) = self.zones.heaviest(()).unwrap_or_default();
        let verdict = if most_of_zone >= most_of_client {
            let equal = self.zones.count((), zone) >= most_of_zone;
            self.within_zone(account, if equal { zone } else { heaviest_zone }, ShedReason::Zone)
        } else {
            let equal = self.clients.count((), client) >= most_of_client;
            self.within_client(account, if equal { client } else { heaviest_client }, now)
        };
        let gives_way_early =
            matches!(verdict, FlightAdmission::Refused(ShedReason::Zone | ShedReason::Client));
        if self.taken() >= self.bounds.flights || gives_way_early { verdict } else { FlightAdmission::Room }
    }

    pub(super) fn take(&mut self, account: ShareAccount, now: Mono) -> Ticket {
        let ticket = Ticket(self.next);
        self.next = self.next.wrapping_add(1);
        self.add(ticket, account, now, now);
        ticket
    }

    /// Returns the client and the zone for which a resolution counts, or `None` if it has ended.
    pub(super) fn account(&self, ticket: Ticket) -> Option<ShareAccount> {
        self.places.get(&ticket).map(|(account, _)| *account)
    }

    /// Makes a resolution count for another zone, because the previous zone has answered with a referral.
    pub(super) fn go_over(&mut self, ticket: Ticket, zone: ZoneHash, now: Mono) {
        if let Some((account, taken)) = self.remove(ticket) {
            self.hear(account.zone, now);
            self.add(ticket, ShareAccount { zone, ..account }, taken, now);
        }
    }

    /// Makes a resolution count for another client that waits for it, if that client has fewer resolutions.
    pub(super) fn hand_over(&mut self, ticket: Ticket, client: ClientKey) {
        let Some((account, taken)) = self.places.get(&ticket).copied() else { return };
        if self.clients.count((), client) < self.clients.count((), account.client) {
            let seen = self.seen.get(&account.zone).copied();
            self.remove(ticket);
            self.add(ticket, ShareAccount { client, ..account }, taken, taken);
            if let Some(seen) = seen {
                self.seen.insert(account.zone, seen);
            }
        }
    }

    /// Removes a resolution that has ended. `answered`: the time at which the zone answered, if it did.
    pub(super) fn give_up(&mut self, ticket: Ticket, answered: Option<Mono>) {
        if let (Some((account, _)), Some(now)) = (self.remove(ticket), answered) {
            self.hear(account.zone, now);
        }
    }

    /// Chooses which resolution in `zone` ends in favour of `newcomer`: the oldest of the client that has the most there. If `newcomer`
    /// belongs to this client and zone, it is refused with the reason `why`.
    fn within_zone(&mut self, newcomer: ShareAccount, zone: ZoneHash, why: ShedReason) -> FlightAdmission {
        let (most, client) = self.clients_of.heaviest(zone).unwrap_or_default();
        if newcomer.zone == zone && self.clients_of.count(zone, newcomer.client) >= most {
            return FlightAdmission::Refused(why);
        }
        self.in_place_of(ShareAccount { client, zone })
    }

    /// Chooses the resolution of `client` that the new one replaces: the oldest one in the zone in which the client has the most. If the
    /// client has at most `EVEN_SHARE` in each zone, it is the oldest one of all.
    fn within_client(&mut self, newcomer: ShareAccount, client: ClientKey, now: Mono) -> FlightAdmission {
        let (most, zone) = self.zones_of.heaviest(client).unwrap_or_default();
        if most > EVEN_SHARE {
            if newcomer.client == client && self.zones_of.count(client, newcomer.zone) >= most {
                return FlightAdmission::Refused(ShedReason::Client);
            }
            return self.in_place_of(ShareAccount { client, zone });
        }
        let of_client = &self.ages().of_client;
        let oldest = of_client.range((client, Ticket::FIRST)..=(client, Ticket::LAST)).next();
        let Some((_, oldest)) = oldest.copied() else { return FlightAdmission::Refused(ShedReason::Full) };
        let age = self.places.get(&oldest).map_or(Duration::ZERO, |(_, taken)| now.since(*taken));
        let gives_way = newcomer.client != client || age >= JOSTLE_AGE;
        if gives_way {
            FlightAdmission::InPlaceOf(oldest)
        } else {
            FlightAdmission::Refused(ShedReason::Full)
        }
    }

    /// Chooses the oldest resolution of this client and zone.
    fn in_place_of(&mut self, account: ShareAccount) -> FlightAdmission {
        let mut by_age = self.ages().of_account.range((account, Ticket::FIRST)..=(account, Ticket::LAST));
        by_age.next().map_or(FlightAdmission::Refused(ShedReason::Full), |(_, oldest)| {
            FlightAdmission::InPlaceOf(*oldest)
        })
    }

    /// Returns the maximum number of resolutions for a zone. A zone that has answered recently gets as many as all zones together. A zone that was
    /// not asked before gets a quarter of these for `NEW_ZONE_TIME`. Any other zone gets few.
    fn most_of_zone(&self, zone: ZoneHash, now: Mono) -> usize {
        let Some(seen) = self.seen.get(&zone) else { return self.bounds.new_flights() };
        if seen.heard.is_some_and(|heard| now.since(heard) < HEARD_TIME) {
            self.bounds.flights
        } else if now.since(seen.since) < NEW_ZONE_TIME {
            self.bounds.new_flights()
        } else {
            self.bounds.silent_flights()
        }
    }

    fn hear(&mut self, zone: ZoneHash, now: Mono) {
        if let Some(seen) = self.seen.get_mut(&zone) {
            seen.heard = Some(now);
        }
    }

    fn add(&mut self, ticket: Ticket, account: ShareAccount, taken: Mono, now: Mono) {
        let ShareAccount { client, zone } = account;
        self.seen.entry(zone).or_insert(ZoneActivity { since: now, heard: None });
        self.places.insert(ticket, (account, taken));
        self.clients.add((), client);
        self.zones.add((), zone);
        self.zones_of.add(client, zone);
        self.clients_of.add(zone, client);
        if let Some(ages) = &mut self.ages {
            ages.add(ticket, account);
        }
    }

    fn ages(&mut self) -> &Ages {
        self.ages.get_or_insert_with(|| {
            let mut ages = Ages::default();
            self.places.iter().for_each(|(ticket, (account, _))| ages.add(*ticket, *account));
            ages
        })
    }

    fn remove(&mut self, ticket: Ticket) -> Option<(ShareAccount, Mono)> {
        let (account, taken) = self.places.remove(&ticket)?;
        let ShareAccount { client, zone } = account;
        self.clients.remove((), client);
        self.zones.remove((), zone);
        self.zones_of.remove(client, zone);
        self.clients_of.remove(zone, client);
        if let Some(ages) = &mut self.ages {
            ages.of_client.remove(&(client, ticket));
            ages.of_account.remove(&(account, ticket));
        }
        if self.zones.count((), zone) == 0 {
            self.seen.remove(&zone);
        }
        if self.taken() < FEW_PLACES {
            self.rest();
        }
        Some((account, taken))
    }

    /// Drops the sorted tables until they are needed again.
    fn rest(&mut self) {
        self.ages = None;
        self.clients.ranked = None;
        self.zones.ranked = None;
        self.zones_of.ranked = None;
        self.clients_of.ranked = None;
    }
}

impl Ages {
    fn add(&mut self, ticket: Ticket, account: ShareAccount) {
        self.of_client.insert((account.client, ticket));
        self.of_account.insert((account, ticket));
    }
}

impl Ticket {
    const FIRST: Self = Self(0);
    const LAST: Self = Self(u64::MAX);

    pub(super) fn numbered(number: u64) -> Self {
        Self(number)
    }

    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// Counts the resolutions of each client or zone (a member of a group), and finds the member of a group with the most resolutions.
#[derive(Debug)]
struct Ranks<Group> {
    counts: Numbered<(Group, u64), usize>,
    /// The members sorted by their number of resolutions. `None` until this order is needed.
    ranked: Option<BTreeSet<(Group, usize, u64)>>,
}

impl<Group> Default for Ranks<Group> {
    fn default() -> Self {
        Self { counts: Numbered::default(), ranked: None }
    }
}

impl<Group: Copy + Ord + Hash> Ranks<Group> {
    fn count(&self, group: Group, key: u64) -> usize {
        self.counts.get(&(group, key)).copied().unwrap_or(0)
    }

    /// Returns the member of `group` with the most resolutions, and their number.
    fn heaviest(&mut self, group: Group) -> Option<(usize, u64)> {
        let ranked = self.ranked.get_or_insert_with(|| {
            self.counts.iter().map(|((group, key), count)| (*group, *count, *key)).collect()
        });
        let of_group = ranked.range((group, 0, 0)..=(group, usize::MAX, u64::MAX));
        of_group.last().map(|(_, count, key)| (*count, *key))
    }

    fn add(&mut self, group: Group, key: u64) {
        let count = self.counts.entry((group, key)).or_default();
        let before = *count;
        *count = before.saturating_add(1);
        let after = *count;
        self.rank(group, key, before, after);
    }

    fn remove(&mut self, group: Group, key: u64) {
        let Some(count) = self.counts.get_mut(&(group, key)) else { return };
        let before = *count;
        *count = before.saturating_sub(1);
        let after = *count;
        if after == 0 {
            self.counts.remove(&(group, key));
        }
        self.rank(group, key, before, after);
    }

    fn rank(&mut self, group: Group, key: u64, before: usize, after: usize) {
        let Some(ranked) = &mut self.ranked else { return };
        ranked.remove(&(group, before, key));
        if after > 0 {
            ranked.insert((group, after, key));
        }
    }
}

#[cfg(test)]
#[path = "shares_tests.rs"]
mod tests;
