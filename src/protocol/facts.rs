//! Connects the checks of domains with the daemon: converts the questions of a check (`check DOMAIN`, or a watched domain) to requests, and the
//! replies to facts.

use crate::lists::ListTest;
use crate::zones::ZoneSource;
use crate::{ConfiguredSource, QueryReply, Reply, Request};
use dns::question::{ExtendedError, ListSays, Outcome, Security, ServerQuery};
use dnsbl::list::Purpose;
use doctor::facts::{Got, Listed, Listing, ReplyFacts, ReplySecurity, Want};
use gather::direct::in_lower_case;

/// Returns the request for a question of a check; `None` if the daemon cannot answer this question.
pub fn request(want: &Want) -> Option<Request> {
    Some(match want {
        Want::MailHost { .. } | Want::PolicyFile { .. } | Want::Secured { .. } => return None,
        Want::Lookup { name, kind } => {
            Request::Query { name: name.clone(), kind: Some((*kind).to_owned()), dnssec: false }
        }
        Want::Server { server, name, kind, way } => {
            Request::AskServer(ServerQuery::new((*server, None), (name, kind), *way)?)
        }
        Want::Resolver { server, name, kind, way } => {
            Request::AskServer(ServerQuery::new((server.ip(), Some(server.port())), (name, kind), *way)?)
        }
        Want::Lists { subject } => {
            Request::DnsblTest { subject: subject.clone(), all: false, lists: Vec::new() }
        }
        Want::NamedLists { subject, lists } => {
            Request::DnsblTest { subject: subject.clone(), all: false, lists: lists.clone() }
        }
    })
}

/// Converts the lines of a reply of the daemon to the facts that a check of a domain needs.
pub fn got(replies: Vec<Reply>) -> Got {
    let mut listings = Vec::new();
    for reply in replies {
        match reply {
            Reply::Query(query) => return Got::Reply(of_query(*query)),
            Reply::ServerReply { facts } => return (*facts).map_or_else(Got::NoReply, Got::Reply),
            Reply::ListTest(test) => listings.extend(listing(test)),
            _ => {}
        }
    }
    Got::Lists(listings)
}

fn of_query(query: QueryReply) -> ReplyFacts {
    let (error, configured, views) = (query.extended_error, query.configured.map(in_words), query.views);
    // A stale answer (its TTL has expired and its servers do not answer) does not show which records the zone has now.
    if let Some(error) = error.as_ref().filter(|error| error.code == ExtendedError::STALE_ANSWER) {
        let why = error.text.clone();
        return ReplyFacts {
            rcode: "SERVFAIL".to_owned(),
            millis: millis(query.elapsed),
            why,
            expired: in_lower_case(query.answers),
            ..ReplyFacts::default()
        };
    }
    let bogus = error.as_ref().is_some_and(|error| error.is_bogus());
    let security = match query.security {
        _ if query.rcode == "SERVFAIL" && bogus => ReplySecurity::Bogus,
        _ if query.rcode == "SERVFAIL" => ReplySecurity::Unknown,
        Security::Secure => ReplySecurity::Secure,
        Security::Insecure => ReplySecurity::Insecure,
        // Answers are `Unchecked` if the CD flag is set or if validation is off. Requests over the control socket never set the CD flag, so
        // validation is off.
        Security::Unchecked => ReplySecurity::Off,
    };
    ReplyFacts {
        rcode: query.rcode,
        from_cache: query.outcome == Outcome::Cache,
        security,
        millis: millis(query.elapsed),
        why: error.map(|error| error.text).unwrap_or_default(),
        configured,
        views,
        answers: in_lower_case(query.answers),
        authority: in_lower_case(query.authority),
        ..ReplyFacts::default()
    }
}

/// Describes the part of the configuration that answers for a name, in words that fit into a sentence.
fn in_words(source: ConfiguredSource) -> String {
    let ConfiguredSource { zone, kind, servers, file } = source;
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    let zone = zone.trim_end_matches('.');
    match kind {
        ZoneSource::Forward => format!("[[zone]] {zone}, which forwards to {}", servers.join(", ")),
        ZoneSource::Stub => format!("[[zone]] {zone}, whose servers are {}", servers.join(", ")),
        ZoneSource::Recurse => format!("[[zone]] {zone}, which is resolved from the root servers"),
        ZoneSource::File => format!("[[zone]] {zone}, the zone file {}", file.unwrap_or_default()),
        ZoneSource::Records => format!("records of the configuration for {zone}"),
        ZoneSource::Blocked => format!("[[zone]] {zone}, which blocks the name"),
        ZoneSource::Host => format!("[[host]] {zone}"),
    }
}

fn millis(seconds: f64) -> u64 {
    let span = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Returns `None` if the list was not asked, or if it is not a blocklist.
fn listing(test: ListTest) -> Option<Listing> {
    if test.purpose != Purpose::Block {
        return None;
    }
    let listed = match test.says? {
        ListSays::Listed => Listed::Yes,
        ListSays::NotListed => Listed::No,
        ListSays::Unknown => Listed::Unknown,
    };
    let codes = test.codes.into_iter().map(|code| match code.means.as_str() {
        "" => code.code,
        means => format!("{}: {means}", code.code),
    });
    let removal = test.removal.map(|page| format!("removal: {page}"));
    let why: Vec<String> = match (listed, test.why) {
        // If resolverd does not believe the answer of the DNS list, its return codes have no meaning, so the reason replaces
        // them.
        (Listed::Unknown, Some(why)) => vec![why],
        (_, why) => codes.chain(test.text).chain(why).chain(removal).collect(),
    };
    Some(Listing { list: test.list, listed, why: why.join("; ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::CodeFact;

    #[test]
    fn listing_has_reason_and_removal_page() {
        let test = |says, purpose| ListTest {
            list: "bl.a.test.".to_owned(),
            purpose,
            says,
            codes: vec![CodeFact { code: "127.0.0.2".to_owned(), means: "spam".to_owned() }],
            text: vec!["seen on Monday".to_owned()],
            why: None,
            removal: Some("https://bl.a.test/remove".to_owned()),
            elapsed: 0.0,
        };
        let of = |says| listing(test(Some(says), Purpose::Block)).unwrap();
        let bare = ListTest {
            codes: vec![CodeFact { code: "127.0.0.2".to_owned(), means: String::new() }],
            text: Vec::new(),
            removal: None,
            ..test(Some(ListSays::Listed), Purpose::Block)
        };
        assert_eq!(listing(bare).unwrap().why, "127.0.0.2");
        let listed = of(ListSays::Listed);
        assert_eq!(listed.why, "127.0.0.2: spam; seen on Monday; removal: https://bl.a.test/remove");
        assert_eq!(listed.listed, Listed::Yes);
        assert_eq!(
            (of(ListSays::NotListed).listed, of(ListSays::Unknown).listed),
            (Listed::No, Listed::Unknown)
        );
        assert_eq!(listing(test(None, Purpose::Block)), None, "not asked");
        assert_eq!(listing(test(Some(ListSays::Listed), Purpose::Allow)), None, "it blocks nobody");
    }
}
