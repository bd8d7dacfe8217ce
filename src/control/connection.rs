//! Serves one connection to the control socket: reads the request, does what it asks for, and writes the reply.
//!
//! Every user who may connect may read the state of the daemon. Only root and the user that the daemon runs as may change it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::controlled::Controlled;
use super::{configured, fleet, health, lists, root_servers, rows, zones};
use crate::limits;
use dns::cached::Flush;
use dns::clock::micros;
use dns::conduct::network_text;
use dns::question::{Question, ServerQuery};
use dns::wire::presentation::name_text;
use doctor::facts::NoReply;
use explain::costs::CostReport;
use explain::failed::FailedReport;
use explain::spent::FromRecord;
use explain::why::MessageReport;
use gather::direct;
use protocol::fleet::FleetOrder;
use protocol::zones::ZoneWhat;
use protocol::{
    Blame, CostsRequest, FailedRequest, FlushWhat, MonitorRequest, NtaWhat, Problem, QueryReply, Removed,
    Reply, Request, Table, TlsPolicyReply, TraceRequest, WhyRequest, lookup,
};
use record::changes::ChangesReport;
use record::minutes::limits::MAX_SPANS;
use record::minutes::row::{Busy, BusyKind};
use record::minutes::span::SpanReport;
use record::redact::Secrets;
use record::{Counter, Window};
use resolver::cache::servers::KnownServer;
use resolver::resolve::list_keys::{kept_here, secrets_of};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rights {
    Look,
    Change,
}

/// Requests whose reply is a stream: one line for each event, when the event occurs.
pub(super) enum Streamed {
    /// Shows queries until the client disconnects or the daemon stops.
    Monitor(UnixStream, MonitorRequest),
    /// Shows a resolution until the resolution is complete.
    Trace(UnixStream, TraceRequest),
}

/// Reads the request of a client and sends the reply. If the reply is a stream of lines, the request is returned to the caller
/// instead. When the daemon stops (`ending`), this function no longer waits for the request.
pub(super) async fn serve(
    mut stream: UnixStream,
    subject: &impl Controlled,
    readers: &Semaphore,
    mut ending: watch::Receiver<bool>,
) -> io::Result<Option<Streamed>> {
    let rights = rights(stream.peer_cred().ok().map(|peer| peer.uid()));
    let request = tokio::select! {
        biased;
        request = read(&mut stream) => request?,
        () = ended(&mut ending) => return Ok(None),
    };
    let mut shown = Secrets::default();
    // The permit to read the query history. Replies about the history are large, so this function drops the permit only after it
    // has written the reply.
    let mut reading = None;
    let lines = match request {
        None => return Ok(None),
        Some(Ok(Request::Monitor(request))) => return Ok(Some(Streamed::Monitor(stream, request))),
        Some(Ok(Request::Trace(request))) => return Ok(Some(Streamed::Trace(stream, request))),
        Some(Err(problem)) => vec![Reply::Problem(problem)],
        Some(Ok(request)) if request.reads_history() => match readers.try_acquire() {
            Ok(permit) => {
                reading = Some(permit);
                answer(request, subject).await
            }
            Err(_) => {
                subject.recorder().count(Counter::ControlRefused, 1);
                let most = limits::MAX_HISTORY_REQUESTS;
                let sentence = format!(
                    "{most} requests for the query history are in progress, which is the maximum; try again when one of them has ended."
                );
                vec![Reply::Problem(Problem { fault: Blame::Daemon, sentence })]
            }
        },
        Some(Ok(request)) => match permitted(&request, rights) {
            Ok(()) => {
                if may_show_keys(&request) {
                    shown = secrets_of(&subject.config());
                }
                answer(request, subject).await
            }
            Err(problem) => vec![Reply::Problem(problem)],
        },
    };
    write(&mut stream, lines, &shown).await?;
    drop(reading);
    Ok(None)
}

/// Writes the reply in blocks of `CONTROL_WRITE` octets, and removes `keys` (customer keys of DNS lists) from each line. The text
/// of the whole reply would need several times the memory of its rows.
async fn write(stream: &mut UnixStream, lines: Vec<Reply>, keys: &Secrets) -> io::Result<()> {
    let mut octets = Vec::new();
    for line in lines {
        if keys.is_empty() {
            serde_json::to_writer(&mut octets, &line)?;
        } else {
            octets.extend(keys.without_keys(serde_json::to_string(&line)?).into_bytes());
        }
        octets.push(b'\n');
        if octets.len() >= limits::CONTROL_WRITE {
            stream.write_all(&octets).await?;
            octets.clear();
        }
    }
    stream.write_all(&octets).await?;
    stream.shutdown().await
}

/// Returns the lines of the reply to a request that only reads. Other listeners than the control socket use it, such as the
/// metrics page. A request that changes something, or whose reply is a stream, is refused. The caller limits the number of
/// concurrent requests, and removes the customer keys of DNS lists.
pub async fn read_only(request: Request, subject: &impl Controlled) -> Vec<Reply> {
    if matches!(request, Request::Monitor(_) | Request::Trace(_)) {
        return vec![Reply::Problem(wrong("This request is served only on the control socket."))];
    }
    match permitted(&request, Rights::Look) {
        Ok(()) => answer(request, subject).await,
        Err(problem) => vec![Reply::Problem(problem)],
    }
}

/// Returns true if the reply may contain customer keys of DNS lists, because it shows names for which clients asked. The query
/// history contains no keys, and the names in the replies to other requests come from the operator.
fn may_show_keys(request: &Request) -> bool {
    matches!(
        request,
        Request::Status
            | Request::Stats { .. }
            | Request::Inflight
            | Request::Servers { .. }
            | Request::Dnsbl { .. }
            | Request::Lookahead
    )
}

/// Waits until the daemon stops: until `ending` is true, or until its sender is dropped.
pub(super) async fn ended(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

/// Returns what a client may do. `user` is the user of the client as the kernel reports it (SO_PEERCRED, unix(7)). If the kernel does
/// not report the user, the client may only read.
fn rights(user: Option<u32>) -> Rights {
    let owner = rustix::process::geteuid().as_raw();
    user.map_or(Rights::Look, |user| rights_of(user, owner))
}

fn rights_of(user: u32, owner: u32) -> Rights {
    const ROOT: u32 = 0;
    if user == ROOT || user == owner { Rights::Change } else { Rights::Look }
}

fn permitted(request: &Request, rights: Rights) -> Result<(), Problem> {
    if request.changes() && rights == Rights::Look {
        return Err(Problem {
            fault: Blame::Permission,
            sentence: "Permission denied: only root and the user of resolverd may do that; use sudo."
                .to_owned(),
        });
    }
    Ok(())
}

/// Reads a request. Returns `None` if the client disconnected without sending one.
async fn read(stream: &mut UnixStream) -> io::Result<Option<Result<Request, Problem>>> {
    let most = u64::try_from(protocol::limits::MAX_CONTROL_REQUEST).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    let mut limited = BufReader::new(stream.take(most));
    match timeout(limits::CONTROL_REQUEST_TIME, limited.read_until(b'\n', &mut line)).await {
        Err(_) => return Ok(Some(Err(wrong("Timeout: no complete request arrived.")))),
        Ok(read) => read?,
    };
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Ok(Some(Err(wrong("The request is not a complete line, or is too long."))));
    }
    let request = serde_json::from_slice(&line);
    Ok(Some(request.map_err(|error| {
        wrong(format!(
            "Unknown request ({error}); check that resolverctl and resolverd have the same version."
        ))
    })))
}

fn wrong(sentence: impl Into<String>) -> Problem {
    Problem { fault: Blame::Request, sentence: sentence.into() }
}

pub(super) async fn answer(request: Request, subject: &impl Controlled) -> Vec<Reply> {
    let lines = match request {
        Request::Status => Ok(vec![Reply::Status(Box::new(health::status(subject)))]),
        Request::Stats { window, table: None } => Ok(vec![Reply::Stats(Box::new(
            super::main_screen::stats(subject.recorder(), subject.fill(), window),
        ))]),
        Request::Stats { window, table: Some(table) } => Ok(rows(subject, table, window).await),
        Request::Minutes { from, to, step } => minutes(subject, (from, to), step).await,
        Request::Query { name, kind, dnssec } => query(subject, (&name, kind.as_deref()), dnssec).await,
        Request::AskServer(query) => Ok(ask_server(subject, query).await),
        Request::KeptHere { name } => kept_here_reply(subject, &name),
        Request::RootServers => Ok(vec![Reply::RootServers { addresses: root_servers::ask(subject).await }]),
        Request::Flush { what, fleet } => flush(subject, &what, fleet).await,
        Request::Fleet => Ok(fleet::rows(subject)),
        Request::Servers { address } => {
            Ok(rows::servers(subject.servers().await, address, subject.recorder()))
        }
        Request::Zones => {
            let temporary = subject.temporary_zones();
            Ok(zones::rows(&subject.config(), &temporary, &subject.servers().await))
        }
        Request::Zone { what } => change_zones(subject, what).await,
        Request::Inflight => Ok(rows::flights(subject.inflight())),
        // The function `serve` handles these requests.
        Request::Monitor(_) | Request::Trace(_) => Ok(Vec::new()),
        Request::Why { requests } => why(subject, &requests).await,
        Request::Costs(request) => costs(subject, &request).await,
        Request::Failed(request) => failed(subject, &request).await,
        Request::Cache { name, kind } => look(subject, &name, kind.as_deref()).await,
        Request::Config { changed } => Ok(configuration(subject, changed)),
        Request::Dnsbl { list: None } => Ok(lists::states(subject)),
        Request::Dnsbl { list: Some(list) } => lists::of_zone(subject, &list),
        Request::DnsblHealth => Ok(lists::health(subject).await),
        Request::DnsblList => Ok(lists::facts(subject)),
        Request::DnsblTest { subject: asked, all, lists: named } => {
            let choice = match (all, named.as_slice()) {
                (true, _) => lists::ListChoice::All,
                (false, []) => lists::ListChoice::InUse,
                (false, named) => lists::ListChoice::Named(named),
            };
            lists::test(subject, &asked, choice).await
        }
        Request::Changes { name, from } => changes(subject, &name, from),
        Request::Lookahead => Ok(rows::lookahead(subject)),
        Request::Watched => Ok(subject
            .watched()
            .into_iter()
            .map(|one| Reply::Watched(Box::new(rows::watched(one))))
            .collect()),
        Request::TlsPolicy { next_hop } => tls_policy(subject, next_hop).await,
        Request::Reload => Ok(reload(subject).await),
        Request::Nta { what, fleet } => ntas(subject, &what, fleet).await,
    };
    match lines {
        Ok(mut lines) => {
            lines.push(Reply::End);
            lines
        }
        Err(problem) => vec![Reply::Problem(problem)],
    }
}

async fn tls_policy(subject: &impl Controlled, next_hop: String) -> Result<Vec<Reply>, Problem> {
    let asked = timeout(limits::TLS_POLICY_TIME, subject.tls_policy(next_hop.clone())).await;
    let verdict = asked.map_err(|_| Problem {
        fault: Blame::Daemon,
        sentence: "The host of the MTA-STS policy is slow, and the fetch goes on: try again in a minute."
            .to_owned(),
    })?;
    Ok(vec![Reply::TlsPolicy(TlsPolicyReply {
        next_hop,
        policy: verdict.level,
        answer: verdict.reply(),
        meaning: verdict.meaning().to_owned(),
        reasons: verdict.reasons(),
    })])
}

fn kept_here_reply(subject: &impl Controlled, name: &str) -> Result<Vec<Reply>, Problem> {
    let name = lookup::read_name(name)?;
    let why = kept_here(&subject.config(), &name).map(str::to_owned);
    Ok(vec![Reply::KeptHere { why }])
}

fn changes(subject: &impl Controlled, name: &str, from: f64) -> Result<Vec<Reply>, Problem> {
    let domain = lookup::read_name(name)?.to_lowercase();
    let from = Duration::try_from_secs_f64(from.max(0.0)).unwrap_or(Duration::MAX).as_secs();
    let ChangesReport { changes, since } = subject.changes(&domain, from);
    let off = subject.config().history_size() == 0;
    let rows = changes.into_iter().map(Reply::RecordChange);
    Ok(rows.chain([Reply::ChangesBegin { since, off }]).collect())
}

async fn rows(subject: &impl Controlled, table: Table, window: Window) -> Vec<Reply> {
    let recorder = subject.recorder();
    let now = micros(Duration::from_secs(subject.now().unix));
    let from = window.length().map_or(0, |length| now.saturating_sub(micros(length)));
    match table {
        Table::Stage => {
            let FromRecord { span, rows } = subject.stages(from).await;
            rows.into_iter().map(Reply::Stage).chain([Reply::TableSpan(span)]).collect()
        }
        Table::Zone => recorder.by_zone(window).into_iter().map(Reply::Zone).collect(),
        Table::Server => recorder.by_server(window).into_iter().map(Reply::Server).collect(),
        Table::Client => recorder.by_client(window).into_iter().map(Reply::Client).collect(),
        Table::User => recorder.by_user(window).into_iter().map(Reply::User).collect(),
        Table::Type => recorder.by_type(window).into_iter().map(Reply::Type).collect(),
    }
}

async fn minutes(
    subject: &impl Controlled,
    (from, to): (u64, u64),
    step: u64,
) -> Result<Vec<Reply>, Problem> {
    let spans = to.saturating_sub(from).checked_div(step).unwrap_or(1);
    if spans > MAX_SPANS {
        return Err(wrong(format!("More than {MAX_SPANS} parts of a span at once.")));
    }
    let reports = subject.minutes((from, to), step).await.ok_or_else(|| Problem {
        fault: Blame::Daemon,
        sentence: "The daemon has no state directory (StateDirectory= in its unit), so it keeps no statistics of earlier times."
            .to_owned(),
    })?;
    let zones = zones_of_networks(subject.servers().await);
    let named = reports.into_iter().map(|report| {
        let networks = report.busiest.iter().filter(|busy| busy.kind == BusyKind::Network);
        let zone = |busy: &Busy| Some((busy.name.clone(), zones.get(&*busy.name)?.clone()));
        SpanReport { zones_of_networks: networks.filter_map(zone).collect(), ..report }
    });
    Ok(named.map(|report| Reply::Minutes(Box::new(report))).collect())
}

/// Returns a zone for each network of servers: that of the server with the lowest address.
fn zones_of_networks(servers: Vec<KnownServer>) -> BTreeMap<String, String> {
    let zone = |server: KnownServer| Some((server.address, server.zone?));
    let in_order: BTreeMap<SocketAddr, Name> = servers.into_iter().filter_map(zone).collect();
    let named = |(address, zone): (&SocketAddr, &Name)| (network_text(address.ip()), name_text(zone));
    in_order.iter().rev().map(named).collect()
}

async fn query(
    subject: &impl Controlled,
    (name, kind): (&str, Option<&str>),
    dnssec_ok: bool,
) -> Result<Vec<Reply>, Problem> {
    let question = Question { dnssec_ok, ..lookup::question(name, kind)? };
    let found = subject.query(question.clone()).await;
    let config = subject.config();
    let configured = configured::source(&config, &question.name);
    let views = configured::views(&config, &question.name);
    let reply = QueryReply { configured, views, ..lookup::reply(&question, &found)? };
    Ok(vec![Reply::Query(Box::new(reply))])
}

/// Sends a query to one server. If the name must be answered on this host only, no query is sent.
async fn ask_server(subject: &impl Controlled, query: ServerQuery) -> Vec<Reply> {
    let facts = match kept_here(&subject.config(), &query.name) {
        Some(why) => Err(NoReply::Unknown(why.to_owned())),
        None => direct::facts(subject.ask_server(query).await),
    };
    vec![Reply::ServerReply { facts: Box::new(facts) }]
}

async fn flush(
    subject: &impl Controlled,
    what: &FlushWhat,
    is_for_fleet: bool,
) -> Result<Vec<Reply>, Problem> {
    let flush = match what {
        FlushWhat::Negative => Flush::Negative,
        FlushWhat::All => Flush::All,
        FlushWhat::Name { name, tree, kind } => {
            let name = lookup::read_name(name)?.to_lowercase();
            let kind = kind.as_deref().map(lookup::read_kind).transpose()?;
            if *tree { Flush::Tree { name, kind } } else { Flush::Name { name, kind } }
        }
    };
    let order = match is_for_fleet {
        true => Some(fleet::send(subject, FleetOrder::Flush(flush.clone()))?),
        false => None,
    };
    let flushed = subject.flush(flush).await;
    fleet::confirmed(order).await?;
    Ok(vec![Reply::Flushed(Removed::from(flushed))])
}

async fn ntas(subject: &impl Controlled, what: &NtaWhat, is_for_fleet: bool) -> Result<Vec<Reply>, Problem> {
    let mut order = None;
    match what {
        NtaWhat::List => {}
        NtaWhat::Add { name, seconds } => {
            let time = Duration::from_secs(*seconds).min(protocol::limits::MAX_NTA_TIME);
            let name = lookup::read_name(name)?.to_lowercase();
            if is_for_fleet {
                order = Some(fleet::send(subject, FleetOrder::AddNta(name.clone(), time))?);
            }
            if !subject.add_nta(name, time).await {
                let most = resolver::limits::MAX_NTAS;
                let sentence =
                    format!("The maximum of {most} negative trust anchors is reached; remove one first.");
                return Err(Problem { fault: Blame::Daemon, sentence });
            }
        }
        NtaWhat::Remove { name } => {
            let name = lookup::read_name(name)?.to_lowercase();
            if is_for_fleet {
                order = Some(fleet::send(subject, FleetOrder::RemoveNta(name.clone()))?);
            }
            if !subject.remove_nta(name.clone()).await && !is_for_fleet {
                return Err(wrong(format!(
                    "No negative trust anchor was added for {} with resolverctl. To remove one that is in dnssec.negative_trust_anchors, edit the configuration file and reload.",
                    name_text(&name)
                )));
            }
        }
    }
    fleet::confirmed(order).await?;
    let configured = subject.config();
    let configured = configured.dnssec.negative_trust_anchors.iter().map(|name| (name.clone(), None));
    let added = subject.ntas().into_iter().map(|(name, left)| (name, Some(left.as_secs_f64())));
    let row = |(name, left): (Name, Option<f64>)| Reply::Nta { name: name_text(&name), left };
    Ok(configured.chain(added).map(row).collect())
}

async fn look(subject: &impl Controlled, name: &str, kind: Option<&str>) -> Result<Vec<Reply>, Problem> {
    let name = lookup::read_name(name)?.to_lowercase();
    let kind = kind.map(lookup::read_kind).transpose()?;
    let (held, now) = subject.look(name, kind).await;
    Ok(rows::bounded(held, |held| Reply::Held(rows::held_row(held, now))))
}

async fn why(subject: &impl Controlled, requests: &[WhyRequest]) -> Result<Vec<Reply>, Problem> {
    let most = explain::limits::MAX_WHY_REQUESTS;
    if requests.len() > most {
        return Err(wrong(format!("More than {most} requests for messages at once; send them in parts.")));
    }
    let wanted: Result<Vec<_>, _> = requests.iter().map(super::why::wanted).collect();
    let replies = subject.why_each(wanted?).await.into_iter();
    let reply = |messages: Vec<MessageReport>| {
        let messages = messages.into_iter().map(|message| Reply::Message(Box::new(message)));
        messages.chain([Reply::MessagesEnd])
    };
    Ok(replies.flat_map(reply).collect())
}

async fn costs(subject: &impl Controlled, request: &CostsRequest) -> Result<Vec<Reply>, Problem> {
    let CostReport { rows, span, list } = subject.costs(super::why::costs(request)?).await;
    let list = list.map(|list| Reply::ListDelays(Box::new(list)));
    Ok(rows.into_iter().map(Reply::Cost).chain(list).chain([Reply::CostSpan(span)]).collect())
}

async fn failed(subject: &impl Controlled, request: &FailedRequest) -> Result<Vec<Reply>, Problem> {
    let mut report = subject.failed(super::why::failed(request)?).await;
    let zones = std::mem::take(&mut report.zones);
    let mut replies = rows::bounded(zones, |zone| Reply::FailedZone(Box::new(zone)));
    let FailedReport { begin, off, .. } = report;
    replies.push(Reply::RecordBegin { begin, off });
    Ok(replies)
}

/// Returns the configuration in use, one line of its file in each reply. If `changed` is true, values equal to the default are left out.
fn configuration(subject: &impl Controlled, changed: bool) -> Vec<Reply> {
    let text = config::show(&subject.config(), changed);
    text.lines().map(|line| Reply::Config { line: line.to_owned() }).collect()
}

async fn change_zones(subject: &impl Controlled, what: ZoneWhat) -> Result<Vec<Reply>, Problem> {
    let changes = subject.change_zones(what).await.map_err(wrong)?;
    Ok(changes.into_iter().map(|sentence| Reply::Change { sentence }).collect())
}

async fn reload(subject: &impl Controlled) -> Vec<Reply> {
    match subject.reload().await {
        Ok(changes) => changes.into_iter().map(|sentence| Reply::Change { sentence }).collect(),
        Err(wrong) => wrong.into_iter().map(|sentence| Reply::Wrong { sentence }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_and_owner_may_change() {
        assert_eq!(rights_of(0, 990), Rights::Change);
        assert_eq!(rights_of(990, 990), Rights::Change);
        assert_eq!(rights_of(1_000, 990), Rights::Look);
        let flush = Request::Flush { what: FlushWhat::All, fleet: false };
        for change in [flush, Request::Reload] {
            assert!(permitted(&change, Rights::Change).is_ok());
            assert_eq!(permitted(&change, Rights::Look).unwrap_err().fault, Blame::Permission);
        }
        for look in [Request::Status, Request::Inflight, Request::Config { changed: true }] {
            assert!(permitted(&look, Rights::Look).is_ok());
        }
    }
}
