//! The questions of `check DOMAIN` over the control socket, and the replies of the daemon as facts.

use std::net::SocketAddr;

use futures_util::future::BoxFuture;

use super::CommandFailure;
use super::client::ControlClient;
use super::{policy_file, smtp};
use crate::check::domain::facts::{Got, Listing, Lost, QueryForm, Record, ReplyFacts, ReplySecurity, Want};
use crate::check::domain::gather::Sources;
use crate::control::protocol::lists::ListTest;
use crate::control::protocol::{
    Blame, NotHeard, Problem, QueryReply, RecordText, Reply, Request, ServerSaid,
};
use crate::dnsbl::list::Purpose;
use crate::question::{ListSays, Security};

/// The daemon behind a control socket. Mail hosts and hosts of policies are heard by this command.
pub(super) struct Daemon {
    client: ControlClient,
    ports: Ports,
}

/// The ports of strangers that this command connects to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    /// Of mail hosts (RFC 5321 section 4.5.4.2).
    pub(super) smtp: u16,
    /// Of hosts of policies.
    pub(super) https: u16,
}

impl Ports {
    /// The ports of the internet.
    pub(super) const USUAL: Self = Self { smtp: 25, https: 443 };
}

impl Daemon {
    pub(super) const fn new(client: ControlClient, ports: Ports) -> Self {
        Self { client, ports }
    }
}

impl Sources for Daemon {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        type Connect = fn(&str, SocketAddr) -> Got;
        let connection = match want {
            Want::MailHost { host, address } => Some((smtp::hear as Connect, host, address, self.ports.smtp)),
            Want::PolicyFile { host, address } => {
                Some((policy_file::fetch as Connect, host, address, self.ports.https))
            }
            _ => None,
        };
        if let Some((connect, host, address, port)) = connection {
            let (host, server) = (host.clone(), SocketAddr::new(*address, port));
            return Box::pin(async move {
                let heard = tokio::task::spawn_blocking(move || connect(&host, server)).await;
                heard.unwrap_or_else(|ended| Got::Lost(Lost::Unknown(ended.to_string())))
            });
        }
        let (client, Some(request)) = (self.client.clone(), request(want)) else {
            return Box::pin(async { Got::Lists(Vec::new()) });
        };
        let lists = matches!(want, Want::Lists { .. });
        Box::pin(async move {
            // The client waits in system calls.
            match tokio::task::spawn_blocking(move || client.ask(&request)).await {
                Ok(Ok(replies)) => got(replies),
                // No list in use covers this kind of name.
                Ok(Err(CommandFailure::Problem(Problem { fault: Blame::Request, .. }))) if lists => {
                    Got::Lists(Vec::new())
                }
                Ok(Err(failure)) => Got::Lost(Lost::Unknown(failure.to_string())),
                Err(ended) => Got::Lost(Lost::Unknown(ended.to_string())),
            }
        })
    }
}

/// The request of a question; none if the daemon is not asked.
pub fn request(want: &Want) -> Option<Request> {
    Some(match want {
        Want::MailHost { .. } | Want::PolicyFile { .. } => return None,
        Want::Lookup { name, kind } => {
            Request::Query { name: name.clone(), kind: Some((*kind).to_owned()), trace: false }
        }
        Want::Server { server, name, kind, way } => Request::AskServer {
            server: *server,
            name: name.clone(),
            kind: (*kind).to_owned(),
            tcp: way.over_tcp().is_none(),
            edns: *way != QueryForm::Plain,
            recursion: matches!(way, QueryForm::Recursive | QueryForm::RecursiveTcp),
            mixed_case: *way == QueryForm::MixedCase,
        },
        Want::Lists { subject } => Request::DnsblTest { subject: subject.clone(), all: false },
    })
}

/// The facts in the lines of a reply.
pub fn got(replies: Vec<Reply>) -> Got {
    let mut listings = Vec::new();
    for reply in replies {
        match reply {
            Reply::Query(query) => return Got::Reply(of_query(*query)),
            Reply::ServerSaid(said) => return of_server(*said),
            Reply::ListTest(test) => listings.extend(listing(test)),
            _ => {}
        }
    }
    Got::Lists(listings)
}

fn of_query(query: QueryReply) -> ReplyFacts {
    let error = query.extended_error;
    let bogus = error.as_ref().is_some_and(|error| error.is_bogus());
    let security = match query.security {
        _ if query.rcode == "SERVFAIL" && bogus => ReplySecurity::Bogus,
        _ if query.rcode == "SERVFAIL" => ReplySecurity::Unknown,
        Security::Secure => ReplySecurity::Secure,
        Security::Insecure => ReplySecurity::Insecure,
        Security::Unchecked => ReplySecurity::Unknown,
    };
    ReplyFacts {
        rcode: query.rcode,
        security,
        millis: millis(query.elapsed),
        why: error.map(|error| error.text).unwrap_or_default(),
        answers: records(query.answers),
        authority: records(query.authority),
        ..ReplyFacts::default()
    }
}

fn of_server(said: ServerSaid) -> Got {
    let flag = |name: &str| said.flags.iter().any(|flag| flag == name);
    let (authoritative, recursive, truncated) = (flag("aa"), flag("ra"), flag("tc"));
    match said.not_heard {
        Some(NotHeard::Silent) => Got::Lost(Lost::Silent),
        Some(NotHeard::Unreachable) => Got::Lost(Lost::Unreachable),
        Some(NotHeard::OtherCase) => Got::Lost(Lost::OtherCase),
        Some(NotHeard::Unfit) => Got::Lost(Lost::Unfit),
        Some(NotHeard::NoRoute) => Got::Lost(Lost::NoRoute),
        Some(NotHeard::NotSent) => Got::Lost(Lost::Unknown(said.why)),
        None => Got::Reply(ReplyFacts {
            rcode: said.rcode,
            authoritative,
            recursive,
            truncated,
            millis: millis(said.elapsed),
            answers: records(said.answers),
            authority: records(said.authority),
            additional: records(said.additional),
            ..ReplyFacts::default()
        }),
    }
}

/// Milliseconds of seconds.
fn millis(seconds: f64) -> u64 {
    let span = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn records(texts: Vec<RecordText>) -> Vec<Record> {
    let record =
        |RecordText { name, ttl, kind, data }| Record { name: name.to_ascii_lowercase(), ttl, kind, data };
    texts.into_iter().map(record).collect()
}

/// The answer of a blocklist; none if it was not asked.
fn listing(test: ListTest) -> Option<Listing> {
    if test.purpose != Purpose::Block {
        return None;
    }
    let listed = match test.says? {
        ListSays::Listed => Some(true),
        ListSays::NotListed => Some(false),
        ListSays::Untold => None,
    };
    let codes = test.codes.into_iter().map(|code| format!("{}: {}", code.code, code.means));
    let removal = test.removal.map(|page| format!("removal: {page}"));
    let why: Vec<String> = codes.chain(test.text).chain(test.why).chain(removal).collect();
    Some(Listing { list: test.list, listed, why: why.join("; ") })
}
