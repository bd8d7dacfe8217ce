//! `resolverctl shadow`: sends the questions that this host asks to its present resolver and to resolverd, and compares the answers. So an operator
//! knows before a switch to resolverd whether it would change something.

mod examine;
mod lists;
mod replay;
mod sides;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::select_all;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;

use self::examine::Examiner;
use self::lists::ListBudget;
use self::replay::Replay;
use self::sides::Sides;
use super::client::ControlClient;
use super::compare::{forwarders, keyed_lists};
use super::domain::Daemon;
use super::exit::{CommandFailure, Exit};
use super::others::ResolverText;
use super::outcome::CommandOutcome;
use super::render::{Format, json, shadow};
use crate::limits::{
    MAX_SHADOW_EXAMINED, SHADOW_EXAMINED_AT_ONCE, SHADOW_LIST_QUESTIONS, SHADOW_RATE, SHADOW_RATES,
};
use ::shadow::capture;
use ::shadow::capture::{CaptureError, Captured};
use ::shadow::report::{ShadowReport, ShadowSummary, SwitchVerdict};
use doctor::facts::{CheckSubject, OtherResolver, ResolverWay};
use exchange::Exchange;
use gather::connections::ServicePorts;
use protocol::{Blame, Problem, Reply, Request};

/// The command line of `shadow`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Current resolver: ADDRESS or ADDRESS:PORT.
    #[arg(long, value_name = "RESOLVER")]
    against: ResolverText,
    /// File with questions (`-`: standard input).
    ///
    /// A query log of BIND, Unbound, dnsmasq or resolverd, a pcap, pcapng or dnstap file. `tcpdump -i any -w FILE udp port 53`
    /// records the questions of a day.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Questions a second, at most 1000.
    #[arg(long, value_name = "NUMBER", default_value_t = SHADOW_RATE, value_parser = clap::value_parser!(u32).range(SHADOW_RATES))]
    rate: u32,
    /// Maximum of questions to each DNS list.
    #[arg(long, value_name = "NUMBER", default_value_t = SHADOW_LIST_QUESTIONS)]
    list_questions: usize,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let sides = sides(arguments, client)?;
    let captured = captured(arguments)?;
    let examiner = examiner(sides, client, arguments.list_questions)?;
    let against = examiner.sides.in_place.to_string();
    let runtime = Builder::new_current_thread().enable_all().build().map_err(CommandFailure::Output)?;
    let pause = Duration::from_secs(1) / arguments.rate.max(1);
    let replay = Replay { examiner: &examiner, client, pause };
    let (mut report, mut signals) = (ShadowReport::default(), signals(&runtime)?);
    let interrupted = runtime.block_on(async {
        let signal = select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv())));
        replay.run(&captured, &mut report, signal).await
    });
    report.end(&captured);
    // Does not wait for blocking tasks: queries that a signal has interrupted may still wait for the daemon.
    runtime.shutdown_background();
    let summary = report.summary(&against, interrupted);
    let text = match format {
        Format::Json => {
            let differences: String = report.differences().into_iter().map(json::line).collect();
            differences + &json::line(&summary)
        }
        Format::Text(style) => shadow::text(&report, &summary, style),
    };
    Ok(CommandOutcome { text, exit: exit(&summary) })
}

/// Starts to receive the signals that end `resolverctl shadow` early: Ctrl-C, a closed terminal, and a termination. The command then prints
/// the report so far.
fn signals(runtime: &Runtime) -> Result<Vec<Signal>, CommandFailure> {
    let _entered = runtime.enter();
    let kinds = [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::terminate()];
    kinds.into_iter().map(signal).collect::<io::Result<Vec<_>>>().map_err(CommandFailure::Output)
}

fn wrong(sentence: String) -> CommandFailure {
    CommandFailure::Problem(Problem { fault: Blame::Request, sentence })
}

/// Returns the two resolvers. Fails if the daemon does not answer, if it listens at no address, or if it is itself the present resolver.
fn sides(arguments: &Arguments, client: &ControlClient) -> Result<Sides, CommandFailure> {
    let in_place = arguments.against.plain().ok_or_else(|| {
        wrong("shadow asks the current resolver over UDP and TCP: write ADDRESS or ADDRESS:PORT".to_owned())
    })?;
    let listen = client.ask(&Request::Status)?.into_iter().find_map(|reply| match reply {
        Reply::Status(status) => Some(status.daemon.listen),
        _ => None,
    });
    let listen = listen.unwrap_or_default();
    let is_itself = |own: &SocketAddr| {
        *own == in_place
            || own.port() == in_place.port() && own.ip().is_unspecified() && in_place.ip().is_loopback()
    };
    if listen.iter().any(is_itself) {
        return Err(wrong(format!(
            "{in_place} is resolverd itself; give the address of the current resolver"
        )));
    }
    let mut resolverd = *listen.first().ok_or_else(|| {
        wrong("resolverd listens at no address; see [listen] of its configuration".to_owned())
    })?;
    if resolverd.ip().is_unspecified() {
        resolverd.set_ip(if resolverd.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    Ok(Sides { in_place, resolverd, exchange: Exchange::for_command().map_err(CommandFailure::Output)? })
}

fn examiner(sides: Sides, client: &ControlClient, list_questions: usize) -> Result<Examiner, CommandFailure> {
    let subject = CheckSubject {
        resolvers: vec![OtherResolver {
            way: ResolverWay::AtPort(sides.in_place),
            name: format!("the current resolver, {}", sides.in_place),
        }],
        forwarders: forwarders(client)?,
        keyed_lists: keyed_lists(client)?,
        ..CheckSubject::default()
    };
    Ok(Examiner {
        sides,
        subject,
        daemon: Daemon::new(client.clone(), ServicePorts::USUAL),
        places: Semaphore::new(SHADOW_EXAMINED_AT_ONCE),
        left: Semaphore::new(MAX_SHADOW_EXAMINED),
        lists: ListBudget::of_daemon(client, list_questions)?,
    })
}

/// Reads the questions in the file, which is a packet capture or a log. Fails if it cannot be read or contains no question.
fn captured(arguments: &Arguments) -> Result<Captured, CommandFailure> {
    let file = &arguments.from;
    let failed = |error: io::Error| CommandFailure::Input { file: file.clone(), error };
    let input: Box<dyn Read + Send> = match file == Path::new("-") {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(file).map_err(failed)?),
    };
    let captured = capture::read(BufReader::new(input)).map_err(|error| match error {
        CaptureError::Io(error) => failed(error),
        CaptureError::Format(why) => failed(io::Error::other(why)),
    })?;
    if captured.questions.is_empty() {
        let skipped = match captured.skipped_words().join(", ") {
            none if none.is_empty() => "it is empty".to_owned(),
            skipped => format!("skipped: {skipped}"),
        };
        return Err(failed(io::Error::other(format!("no questions found; {skipped}"))));
    }
    Ok(captured)
}

const fn exit(summary: &ShadowSummary) -> Exit {
    match summary.verdict {
        SwitchVerdict::Safe => Exit::Yes,
        SwitchVerdict::LookFirst => Exit::No,
        SwitchVerdict::CouldNotTell => Exit::CouldNotTell,
    }
}
