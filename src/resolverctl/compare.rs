//! `resolverctl compare`: asks resolverd, other resolvers, and each name server of the zone the same question, and compares the answers.

use std::net::IpAddr;
use std::path::PathBuf;

use gather::connections::ServicePorts;
use hickory_proto::rr::{Name, RecordType};

use super::client::ControlClient;
use super::domain::{Daemon, kept_here};
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::others::{OtherArguments, ResolverText, resolvers};
use super::outcome::CommandOutcome;
use super::render::{Format, compare, json};
use super::typed_name::TypedQuestion;
use crate::limits::MAX_COMPARED_NAMES;
use dns::wire::presentation::name_text;
use doctor::facts::{CheckSubject, canonical};
use doctor::side_by_side::{Compared, Conclusion, SideBySide, compared, conclude};
use protocol::lookup::{read_kind, read_name};
use protocol::zones::{ZoneSource, ZoneState};
use protocol::{Blame, Problem, Reply, Request};

/// The command line of `compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    question: TypedQuestion,
    /// Resolvers instead of the public ones, with commas: ADDRESS, ADDRESS:PORT, tls://HOST, quic://HOST, https://HOST/PATH.
    #[arg(long, value_name = "RESOLVER", value_delimiter = ',', conflicts_with = "local")]
    with: Vec<ResolverText>,
    /// Query only this resolver and the name servers of the zone.
    #[arg(long)]
    local: bool,
    #[arg(long, value_name = "FILE", default_value = "/etc/resolv.conf", hide = true)]
    resolv_conf: PathBuf,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let (name, kind) = arguments.question.name_and_kind();
    let (name, kind) = question(&name, kind.as_deref())?;
    let keyed_lists = keyed_lists(client)?;
    let others = OtherArguments {
        local: arguments.local,
        resolver: arguments.with.clone(),
        resolv_conf: arguments.resolv_conf.clone(),
    };
    let subject = CheckSubject {
        resolvers: resolvers(&others, client)?,
        forwarders: forwarders(client)?,
        keyed_lists,
        domain: name,
        ..CheckSubject::default()
    };
    let compared = along_aliases(subject, kind, client)?;
    let text = match format {
        Format::Json => {
            let lines = |(compared, conclusion): &(Compared, Conclusion)| {
                compared.answers.iter().map(json::line).collect::<String>() + &json::line(conclusion)
            };
            compared.iter().map(lines).collect()
        }
        Format::Text(style) => compare::text(&compared, style),
    };
    Ok(CommandOutcome { text, exit: exit(&compared) })
}

/// The current configuration of the daemon.
fn configuration(client: &ControlClient) -> Result<toml::Table, CommandFailure> {
    let line = |reply: Reply| match reply {
        Reply::Config { line } => Some(line + "\n"),
        _ => None,
    };
    let text: String =
        client.ask(&Request::Config { changed: false })?.into_iter().filter_map(line).collect();
    let config = text.parse::<toml::Table>();
    config.map_err(|error| CommandFailure::CutOff(error.message().to_owned()))
}

/// Returns the zones of DNS lists whose queries contain a customer key of the operator.
pub(super) fn keyed_lists(client: &ControlClient) -> Result<Vec<String>, CommandFailure> {
    let config = configuration(client)?;
    let lists = config.get("list").and_then(toml::Value::as_array).into_iter().flatten();
    let text = |list: &toml::Value, key: &str| {
        list.get(key).and_then(toml::Value::as_str).filter(|text| !text.is_empty()).map(canonical)
    };
    Ok(lists.filter_map(|list| text(list, "key").and_then(|_| text(list, "name"))).collect())
}

/// Returns the servers to which the daemon forwards all questions.
pub(super) fn forwarders(client: &ControlClient) -> Result<Vec<String>, CommandFailure> {
    let is_root = |zone: &ZoneState| zone.zone == "." && zone.kind == ZoneSource::Forward;
    let of_reply = |reply: Reply| match reply {
        Reply::ZoneState(zone) if is_root(&zone) => zone.servers,
        _ => Vec::new(),
    };
    let servers = client.ask(&Request::Zones)?.into_iter().flat_map(of_reply);
    Ok(servers.map(|server| server.address.to_string()).collect())
}

/// Compares the answers for a name, and for each further name in its chain of aliases (CNAME).
fn along_aliases(
    mut subject: CheckSubject,
    kind: &'static str,
    client: &ControlClient,
) -> Result<Vec<(Compared, Conclusion)>, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CommandFailure::Output)?;
    let daemon = Daemon::new(client.clone(), ServicePorts::USUAL);
    let (mut all, mut names) = (Vec::new(), Vec::new());
    let ended = runtime.block_on(async {
        loop {
            subject.kept_here = kept_here(client, &subject.domain)?;
            subject.unix = moment::unix();
            names.push(subject.domain.clone());
            let compared = compared(&daemon.facts(subject.clone(), &SideBySide { kind }).await?, kind);
            let mut targets = compared.targets.clone();
            targets.retain(|target| !names.contains(target));
            let is_last = targets.is_empty() || names.len() == MAX_COMPARED_NAMES;
            let next = if is_last { None } else { Some(targets.remove(0)) };
            let conclusion = conclude(&compared, targets);
            all.push((compared, conclusion));
            match next {
                Some(target) => subject.domain = target,
                None => return Ok(()),
            }
        }
    });
    // Does not wait for blocking tasks: queries that exceeded the time limit may still wait for the daemon.
    runtime.shutdown_background();
    ended.map(|()| all)
}

/// Returns the name and the record type to compare. The default type is PTR for an address, and A for a name.
fn question(typed: &str, kind: Option<&str>) -> Result<(String, &'static str), CommandFailure> {
    let (name, usual) = match typed.parse::<IpAddr>() {
        Ok(address) => (Name::from(address), RecordType::PTR),
        Err(_) => (read_name(typed)?, RecordType::A),
    };
    let kind = kind.map_or(Ok(usual), read_kind)?;
    if matches!(kind, RecordType::ANY | RecordType::Unknown(_)) {
        let sentence = "compare needs a record type with a name of its own, such as MX or TXT".to_owned();
        return Err(Problem { fault: Blame::Request, sentence }.into());
    }
    Ok((name_text(&name).to_ascii_lowercase(), kind.into()))
}

/// Returns "no" if an answer differs, otherwise "could not tell" if an answer or the conclusion is incomplete, otherwise "yes".
fn exit(compared: &[(Compared, Conclusion)]) -> Exit {
    let any = |wanted: fn(&[_]) -> bool| compared.iter().any(|(compared, _)| wanted(&compared.answers));
    let is_partial = compared.iter().any(|(_, conclusion)| conclusion.is_partial());
    Exit::judged(any(Conclusion::differs), any(Conclusion::is_unknown) || is_partial)
}
