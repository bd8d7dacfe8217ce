//! `resolverctl compare`: one question at this resolver, at other resolvers, and at each name server of the zone.

use std::net::IpAddr;
use std::path::PathBuf;

use hickory_proto::rr::{Name, RecordType};

use super::client::ControlClient;
use super::domain::{Daemon, ServicePorts};
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::others::{OtherArguments, ResolverText, resolvers};
use super::outcome::CommandOutcome;
use super::render::{Format, compare, json};
use super::typed_name::{typed_kind, typed_name};
use crate::check::domain::facts::{CheckSubject, canonical};
use crate::check::domain::side_by_side::{AnswerVerdict, ComparedAnswer, SideBySide, answers, target};
use crate::control::lookup::{read_kind, read_name};
use crate::control::protocol::{Blame, Problem};
use crate::limits::MAX_COMPARED_NAMES;

/// The command line of `compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Name, or an address for its PTR record.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: String,
    /// Record type. Default: A; PTR for an address.
    #[arg(value_name = "TYPE", allow_hyphen_values = true, value_parser = typed_kind)]
    kind: Option<String>,
    /// Resolvers to query instead of 8.8.8.8, 1.1.1.1 and 9.9.9.9, separated by commas: an address, ADDRESS:PORT or
    /// [IPV6-ADDRESS]:PORT, tls://HOST, or https://HOST/PATH. The nameservers of /etc/resolv.conf are queried too.
    #[arg(long, value_name = "RESOLVER", value_delimiter = ',', conflicts_with = "local")]
    with: Vec<ResolverText>,
    /// Query no other resolvers, only this one and the name servers of the zone.
    #[arg(long)]
    local: bool,
    #[arg(long, value_name = "FILE", default_value = "/etc/resolv.conf", hide = true)]
    resolv_conf: PathBuf,
}

/// Asks all of them, and shows the answers.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let (name, kind) = question(&arguments.name, arguments.kind.as_deref())?;
    let others = OtherArguments {
        local: arguments.local,
        resolver: arguments.with.clone(),
        resolv_conf: arguments.resolv_conf.clone(),
    };
    let subject = CheckSubject {
        resolvers: resolvers(&others, client)?,
        unix: moment::unix(),
        domain: name,
        ..CheckSubject::default()
    };
    let compared = along_aliases(subject, kind, &Daemon::new(client.clone(), ServicePorts::USUAL))?;
    let text = match format {
        Format::Json => compared.iter().flatten().map(json::line).collect(),
        Format::Text(style) => compare::text(&compared, style),
    };
    Ok(CommandOutcome { text, exit: verdict(&compared) })
}

/// The answers for a name, and for the target of each alias.
fn along_aliases(
    mut subject: CheckSubject,
    kind: &'static str,
    daemon: &Daemon,
) -> Result<Vec<Vec<ComparedAnswer>>, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CommandFailure::Output)?;
    let (mut compared, mut names) = (Vec::new(), Vec::new());
    while compared.len() < MAX_COMPARED_NAMES {
        names.push(subject.domain.clone());
        let facts = match runtime.block_on(daemon.facts(subject.clone(), &SideBySide { kind })) {
            Ok(facts) => facts,
            Err(failure) => {
                // Questions may wait for a daemon that is stuck.
                runtime.shutdown_background();
                return Err(failure);
            }
        };
        compared.push(answers(&facts, kind));
        match target(&facts, kind).filter(|target| !names.contains(target)) {
            Some(target) => subject.domain = target,
            None => break,
        }
    }
    // Questions that the end of the time has cut off still wait for the daemon.
    runtime.shutdown_background();
    Ok(compared)
}

/// The name and the type of the command line.
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
    Ok((canonical(&name.to_ascii()), kind.into()))
}

/// "No" if an answer differs.
fn verdict(compared: &[Vec<ComparedAnswer>]) -> Exit {
    let any =
        |wanted: fn(AnswerVerdict) -> bool| compared.iter().flatten().any(|answer| wanted(answer.verdict));
    let differs = |verdict| !matches!(verdict, AnswerVerdict::Same | AnswerVerdict::Unknown);
    Exit::judged(any(differs), any(|verdict| verdict == AnswerVerdict::Unknown))
}
