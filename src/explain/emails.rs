//! Joins the messages (groups of queries) that belong to one email, so that emails can be counted and timed.
//!
//! An email mostly has several groups, because the connecting host, the sender, the links in the text and the recipient have no name in
//! common. On a busy gateway, an email has more and smaller groups; joining them keeps the number of emails independent of the load.
//!
//! # Decisions
//!
//! - Each email has one leading group: the group with the reverse name of the connecting host, otherwise a group in which DNS lists are
//!   asked about its address, otherwise a group with the MX of a sender or recipient. Other groups of the same client at the same time are
//!   parts of this email.
//! - An email has one sender and one recipient's domain. So each further group with an MX is an email of its own, for instance a delivery
//!   to another domain.
//! - A group is an email of its own if the client has no leading group at the same time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;

use crate::limits::{MAX_OPEN_MESSAGES, MAX_SENDERS_AND_RECIPIENTS};
use crate::message::Message;
use crate::traffic::waited;
use record::Recorded;

/// The groups of queries of an email.
pub(crate) struct Email<'m> {
    /// The group to which the others were joined. Its time counts as the time of the email.
    pub(crate) lead: &'m Message,
    others: Vec<&'m Message>,
}

impl<'m> Email<'m> {
    /// Returns the groups, the leading one first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &'m Message> {
        std::iter::once(self.lead).chain(self.others.iter().copied())
    }

    /// Returns the time between `at` and the nearest begin or end of a query, in microseconds.
    fn distance(&self, at: u64, recorded: &Recorded) -> u64 {
        self.groups().map(|group| group.distance(at, recorded)).min().unwrap_or(u64::MAX)
    }

    /// Returns the time in which at least one query was in progress, in microseconds.
    pub(crate) fn waited(&self, recorded: &Recorded) -> u64 {
        let queries = self.groups().flat_map(|group| group.queries(recorded));
        waited(queries.map(|query| (query.at, query.end())))
    }
}

/// What a group of queries is about, from the least value to the greatest. Each email has one leading group, for example the group with the
/// reverse name of the connecting host. All other groups of the email have a smaller value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lead {
    /// Names of which an email may have any number, such as those in links.
    Part,
    /// The domain of a sender or of a recipient.
    Domain,
    /// The address of a host, perhaps from the header of the email.
    Address,
    /// The reverse name of a host that has just connected.
    Connection,
}

impl Lead {
    fn from_group(group: &Message, recorded: &Recorded) -> Self {
        if group.queries(recorded).any(|query| query.kind == RecordType::PTR) {
            Self::Connection
        } else if group.has_host() {
            Self::Address
        } else if group.exchangers() > 0 {
            Self::Domain
        } else {
            Self::Part
        }
    }
}

/// The emails of a client, sorted by the begin of the group of queries with which each email begins. Each element has the index of the
/// email, and the number of further MX queries that may belong to it.
type Leaders = Vec<(usize, usize)>;

/// Returns the index of the email to which `group`, a group of queries, belongs: the email whose queries are nearest to the begin of the group,
/// because mail software sends its next query at once. Returns `None` if the group fits no email.
fn find(
    leaders: &mut Leaders,
    group: &Message,
    (emails, recorded): (&[Email<'_>], &Recorded),
) -> Option<usize> {
    let exchangers = group.exchangers();
    let is_earlier =
        |(place, _): &(usize, usize)| emails.get(*place).is_some_and(|email| email.lead.began <= group.began);
    let earlier = leaders.partition_point(is_earlier);
    let (before, after) = leaders.split_at_mut(earlier);
    let is_in_reach =
        |(place, _): &&mut (usize, usize)| emails.get(*place).is_some_and(|email| email.lead.may_lead(group));
    let fits = |(place, room): &&mut (usize, usize)| {
        let is_near = |email: &Email<'_>| email.groups().any(|one| one.is_near(group));
        *room >= exchangers
            && emails.get(*place).is_some_and(|email| is_near(email) || email.lead.greets_after(group))
    };
    let after = after.iter_mut().take_while(is_in_reach);
    let near = before.iter_mut().rev().take(MAX_OPEN_MESSAGES).chain(after).filter(fits);
    let distance = |place: usize| emails.get(place).map(|email| email.distance(group.began, recorded));
    let (place, room) = near.min_by_key(|(place, _)| distance(*place))?;
    *room = room.saturating_sub(exchangers);
    Some(*place)
}

/// Joins groups of queries to emails. The groups are sorted by their begin. Programs that read logs ask only for reverse names, so their
/// groups are left out.
pub(crate) fn emails<'m>(groups: impl Iterator<Item = &'m Message>, recorded: &Recorded) -> Vec<Email<'m>> {
    let of_mail = groups.filter(|group| group.is_email(recorded));
    let mut sorted: Vec<(Lead, &Message)> =
        of_mail.map(|group| (Lead::from_group(group, recorded), group)).collect();
    // The sort is stable, so groups of one kind stay sorted by their begin.
    sorted.sort_by_key(|(lead, _)| Reverse(*lead));
    let mut emails: Vec<Email<'_>> = Vec::new();
    let mut clients: HashMap<IpAddr, Leaders> = HashMap::new();
    for same in sorted.chunk_by(|one, other| one.0 == other.0) {
        // Two groups of the same kind belong to different emails. So a group is only compared with the emails that begin with a group of an
        // earlier kind, and not with those that this round adds.
        let first = emails.len();
        for (_, group) in same {
            let found =
                clients.get_mut(&group.client).and_then(|leaders| find(leaders, group, (&emails, recorded)));
            match found.and_then(|place| emails.get_mut(place)) {
                Some(email) => email.others.push(group),
                None => emails.push(Email { lead: group, others: Vec::new() }),
            }
        }
        for (place, email) in emails.iter().enumerate().skip(first) {
            let room = MAX_SENDERS_AND_RECIPIENTS.saturating_sub(email.lead.exchangers());
            clients.entry(email.lead.client).or_default().push((place, room));
        }
        let began = |place: usize| emails.get(place).map_or(0, |email| email.lead.began);
        clients.values_mut().for_each(|leaders| leaders.sort_by_key(|(place, _)| began(*place)));
    }
    emails
}
