//! `resolverctl shadow`: the answers of the resolver in place next to those of resolverd, over the questions that this host asks.

mod examine;
mod lists;
mod live;
mod relay;
mod replay;
mod sides;

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::select_all;
use futures_util::stream::{self, Stream};
use ipnet::IpNet;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;

use self::examine::{Examiner, as_other};
use self::lists::ListBudget;
use self::live::Live;
use self::relay::AccessLists;
use self::replay::{Played, Replay, Waiting};
use self::sides::Sides;
use super::client::ControlClient;
use super::compare::{configuration, forwarders, keyed_lists};
use super::domain::{Daemon, ServicePorts};
use super::exit::{CommandFailure, Exit};
use super::monitor::span_like;
use super::others::ResolverText;
use super::outcome::CommandOutcome;
use super::peer;
use super::render::{Format, json, shadow};
use crate::limits::{
    MAX_SHADOW_EXAMINED, MAX_SHADOW_TIME, SHADOW_EXAMINED_AT_ONCE, SHADOW_LIST_QUESTIONS, SHADOW_RATE,
    SHADOW_RATES,
};
use ::shadow::asked::AskedQuestion;
use ::shadow::capture;
use ::shadow::capture::{CaptureError, Captured};
use ::shadow::report::{NotCompared, ShadowReport, ShadowSummary, SwitchVerdict};
use control::protocol::{Blame, Problem, Reply, Request};
use dns::random::Random;
use doctor::facts::CheckSubject;

/// The command line of `shadow`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Resolver in place: ADDRESS or ADDRESS:PORT.
    #[arg(long, value_name = "RESOLVER")]
    against: ResolverText,
    /// File with questions (`-`: standard input), or "live": those of clients of --listen.
    ///
    /// A query log of BIND, Unbound, dnsmasq or resolverd, a pcap file or a dnstap file.
    #[arg(long, value_name = "FILE|live")]
    from: PathBuf,
    /// Listener of --from live; clients get the answers of the resolver in place.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// End after this time, like 30m or 1h; at most 168h.
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    time: Option<Duration>,
    /// Questions a second, at most 1000.
    #[arg(long, value_name = "NUMBER", default_value_t = SHADOW_RATE, value_parser = clap::value_parser!(u32).range(SHADOW_RATES))]
    rate: u32,
    /// Maximum of questions to each DNS list.
    #[arg(long, value_name = "NUMBER", default_value_t = SHADOW_LIST_QUESTIONS)]
    list_questions: usize,
}

/// Reads a span for `--for`.
fn span(typed: &str) -> Result<Duration, String> {
    let examples = "30m or 1h";
    let time = match typed.strip_suffix('h').map(str::parse::<u32>) {
        Some(Ok(hours)) => Duration::from_secs(3_600) * hours,
        _ => span_like(typed, examples)?,
    };
    let is_fit = (Duration::from_secs(1)..=MAX_SHADOW_TIME).contains(&time);
    is_fit
        .then_some(time)
        .ok_or_else(|| format!("\"{typed}\" is out of range: 1 s to {} h", MAX_SHADOW_TIME.as_secs() / 3_600))
}

/// The word of `--from` for the questions of clients.
const LIVE: &str = "live";

/// Compares, and reports.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let is_live = arguments.from == Path::new(LIVE);
    if is_live != arguments.listen.is_some() {
        return Err(wrong(
            "--listen ADDRESS:PORT belongs to --from live, and --from live needs it".to_owned(),
        ));
    }
    let sides = sides(arguments, client)?;
    let mut captured = if is_live { Captured::default() } else { captured(arguments)? };
    let examiner = examiner(sides, client, arguments.list_questions)?;
    let against = examiner.sides.in_place.to_string();
    let runtime = Builder::new_current_thread().enable_all().build().map_err(CommandFailure::Output)?;
    let pause = Duration::from_secs(1) / arguments.rate.max(1);
    let replay = Replay { examiner: &examiner, client, pause, ends_in_silence: !is_live };
    let mut report = ShadowReport::default();
    let ends = Ends { signals: signals(&runtime)?, time: arguments.time };
    let interrupted = match arguments.listen {
        Some(listen) => serve((listen, ends), (&runtime, &replay), (&mut captured, &mut report))?,
        None => {
            let waiting =
                |(question, _): &(AskedQuestion, u64)| Waiting { question: question.clone(), in_place: None };
            let questions = stream::iter(captured.questions.iter().map(waiting));
            let (played, interrupted) = play((&runtime, &replay), questions, ends, &mut report);
            report.leave_out(NotCompared::Ended, count(captured.questions.len() - played.ended));
            interrupted
        }
    };
    report.count_captured(&captured);
    // Questions that a signal has cut off still wait for the daemon.
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

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Serves clients until the end, and compares meanwhile. Returns whether a signal ended it.
fn serve(
    (listen, ends): (SocketAddr, Ends),
    (runtime, replay): (&Runtime, &Replay<'_>),
    (captured, report): (&mut Captured, &mut ShadowReport),
) -> Result<bool, CommandFailure> {
    let in_place = replay.examiner.sides.in_place;
    if listen == in_place || listen.ip().is_unspecified() {
        let sentence = format!(
            "cannot listen at {listen}: give one address of this host, and none of the resolver in place"
        );
        return Err(wrong(sentence));
    }
    let (live, mut relayed) = Live::start((listen, in_place), access(replay.client)?)
        .map_err(|error| wrong(format!("cannot listen at {listen}: {}", peer::words(&error))))?;
    // If stderr is closed, the clients are served nevertheless.
    let _closed = writeln!(
        io::stderr(),
        "resolverctl: listens at {} and answers with the answers of {}; Ctrl-C ends with the report",
        live.address,
        in_place
    );
    let (played, interrupted) =
        play((runtime, replay), live::questions(&mut relayed, captured), ends, report);
    let left = live::waiting(&mut relayed, captured);
    report.leave_out(NotCompared::Ended, count(played.cut + left));
    live.count(report);
    Ok(interrupted)
}

/// The clients that resolverd answers.
///
/// # Errors
/// The daemon does not answer.
fn access(client: &ControlClient) -> Result<AccessLists, CommandFailure> {
    let config = configuration(client)?;
    let networks = |key: &str| {
        let networks =
            config.get("listen").and_then(|listen| listen.get(key)).and_then(toml::Value::as_array);
        let read = |network: &toml::Value| network.as_str()?.parse::<IpNet>().ok();
        networks.into_iter().flatten().filter_map(read).collect::<Vec<_>>()
    };
    Ok(AccessLists { allow: networks("allow"), denied: [networks("refuse"), networks("drop")].concat() })
}

/// The events that end a run while questions are left: a signal, or the time of `--for`.
struct Ends {
    signals: Vec<Signal>,
    time: Option<Duration>,
}

/// The signals that end a run with its report. They are caught from now on.
fn signals(runtime: &Runtime) -> Result<Vec<Signal>, CommandFailure> {
    let _entered = runtime.enter();
    let kinds = [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::terminate()];
    kinds.into_iter().map(signal).collect::<io::Result<Vec<_>>>().map_err(CommandFailure::Output)
}

/// Compares until the end of the questions, of the time, or a signal; returns whether there was one.
fn play(
    (runtime, replay): (&Runtime, &Replay<'_>),
    questions: impl Stream<Item = Waiting>,
    Ends { mut signals, time }: Ends,
    report: &mut ShadowReport,
) -> (Played, bool) {
    runtime.block_on(async {
        let come = select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv())));
        let mut interrupted = false;
        let end = async {
            tokio::select! {
                _ = come => interrupted = true,
                () = tokio::time::sleep(time.unwrap_or_default()), if time.is_some() => {}
            }
        };
        let played = replay.run(questions, report, end).await;
        (played, interrupted)
    })
}

fn wrong(sentence: String) -> CommandFailure {
    CommandFailure::Problem(Problem { fault: Blame::Request, sentence })
}

/// Both resolvers.
///
/// # Errors
/// The daemon does not answer, it has no listener, or it is itself the other one.
fn sides(arguments: &Arguments, client: &ControlClient) -> Result<Sides, CommandFailure> {
    let in_place = arguments.against.plain().ok_or_else(|| {
        wrong("shadow asks the resolver in place over UDP and TCP: write ADDRESS or ADDRESS:PORT".to_owned())
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
            "{in_place} is resolverd itself; give the address of the resolver in place"
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
    Ok(Sides { in_place, resolverd, random: Random::system().map_err(CommandFailure::Output)? })
}

fn examiner(sides: Sides, client: &ControlClient, list_questions: usize) -> Result<Examiner, CommandFailure> {
    let subject = CheckSubject {
        resolvers: vec![as_other(&sides)],
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

/// The questions of the file.
///
/// # Errors
/// It cannot be read, or has none.
fn captured(arguments: &Arguments) -> Result<Captured, CommandFailure> {
    let file = &arguments.from;
    let failed = |error: io::Error| CommandFailure::Input { file: file.clone(), error };
    let input: Box<dyn Read> = match file == Path::new("-") {
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
