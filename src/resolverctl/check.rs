//! `resolverctl check`: finds problems of this host, even without a daemon, and problems of a domain, an address or an email.

use std::io::{self, IsTerminal};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Subcommand};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use hickory_proto::rr::Name;

use super::client::ControlClient;
use super::domain::Daemon;
use super::exit::{CommandFailure, Exit};
use super::input::read_at_most;
use super::others::{OtherArguments, resolvers};
use super::outcome::CommandOutcome;
use super::render::html::chain::KeyChain;
use super::render::html::{self, DomainReport};
use super::render::{Format, domain, domains, findings, json};
use super::typed_name::{typed_selector, typed_subject};
use super::{moment, root_keys, terms, watched};
use crate::limits::{
    CHECKED_AT_ONCE, MAX_CHECKED_LIST, MAX_CHECKED_MESSAGE, MAX_GIVEN_SELECTORS, WHY_CHECK_TIME,
};
use ::gather::connections::ServicePorts;
use ::gather::limits::CHECK_DOMAIN_TIME;
use dns::wire::presentation::{harmless, name_text, shown};
use doctor as check_domain;
use doctor::codes::Code;
use doctor::facts::{CheckSubject, DomainFacts, Role, canonical};
use doctor::finding::{Finding, Level};
use doctor::limits::MAX_HELO;
use doctor::message::MessageSubjects;
use doctor::{WholeDomain, message};
use host::system::{CheckVerdict, HostFinding, gather, judge};
use protocol::lookup::read_name;
use protocol::{Blame, Problem, Reply, Request, Severity, Warning};

/// The options of `check` that have an effect only with a domain or an address.
const OF_SUBJECT: [&str; 8] =
    ["as_sender", "as_recipient", "from", "helo", "selector", "html", "connect", "csv"];

/// The command line of `check`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(group = ArgGroup::new("of_subject").args(OF_SUBJECT).multiple(true).requires("subjects"))]
#[command(group = ArgGroup::new("subjects").args(["subject", "list"]).multiple(true))]
pub(super) struct Arguments {
    /// Domains of mail addresses, or addresses of mail clients; several get a row each. Default: this host, as `check system`.
    #[arg(value_name = "DOMAIN|ADDRESS", allow_hyphen_values = true, value_parser = typed_word)]
    subject: Option<String>,
    /// Apart from the first, because clap takes all words after a value with hyphens for values.
    #[arg(value_name = "MORE", value_parser = typed_word, hide = true)]
    more: Vec<String>,
    /// Check the domains in this file too, one a line; - is standard input. Three are checked at once.
    #[arg(long, value_name = "FILE|-")]
    list: Option<PathBuf>,
    /// Print a row of CSV for each domain, in the order of the file.
    #[arg(long, hide_short_help = true)]
    csv: bool,
    /// Check the domain as a sender only: without MTA-STS, TLS reporting and DANE.
    #[arg(long, conflicts_with = "as_recipient", hide_short_help = true)]
    as_sender: bool,
    /// Check the domain as a recipient only: without SPF, DKIM and DMARC.
    #[arg(long, hide_short_help = true)]
    as_recipient: bool,
    /// Address that sends mail for the domain: check its PTR records and SPF.
    #[arg(long, value_name = "ADDRESS")]
    from: Option<IpAddr>,
    /// HELO name of the client: check its form and address.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    helo: Option<String>,
    /// DKIM selector to check; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = typed_selector, hide_short_help = true)]
    selector: Vec<String>,
    /// Write the findings to this file too, as an HTML page with the chain of keys.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    html: Option<PathBuf>,
    /// Check STARTTLS and certificates of the mail hosts and the MTA-STS policy too, with connections from this host.
    #[arg(long)]
    connect: bool,
    #[arg(long, value_name = "PORT", default_value_t = ServicePorts::USUAL.smtp, hide = true)]
    smtp_port: u16,
    #[arg(long, value_name = "PORT", default_value_t = ServicePorts::USUAL.https, hide = true)]
    https_port: u16,
    #[command(flatten)]
    others: OtherArguments,
    #[command(subcommand)]
    what: Option<CheckCommand>,
}

/// The subject of the check.
#[derive(Debug, Subcommand)]
enum CheckCommand {
    /// Check this host: resolv.conf, port 53, mail software, clock, network, DNSSEC.
    #[command(aliases = ["dnssec", "clock", "ipv6", "tcp", "firewall", "uplink"])]
    System(System),
    /// Check the domains of a message or a bounce.
    ///
    /// Checks recipients that it was not delivered to, senders and signers, with the DKIM selectors, addresses and HELO names in it. If a
    /// bounce has the reply of a receiver, its reason is checked first: a DNS list, PTR records, SPF or TLS. At most 4 domains, for at
    /// most 10 s each.
    Mail(MailFile),
    /// Show the findings of the domains of `[[watch]]`.
    #[command(after_long_help = terms::WATCHED)]
    Watched(watched::Arguments),
}

/// The command line of `check mail`.
#[derive(Debug, clap::Args)]
struct MailFile {
    /// File with the message; - is standard input.
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Write the findings to this file too, as an HTML page with the chain of keys.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    others: OtherArguments,
}

/// The command line of `check system`; tests use another host and another root server.
#[derive(Debug, clap::Args)]
struct System {
    #[arg(long, value_name = "DIRECTORY", default_value = "/", hide = true)]
    root: PathBuf,
    #[arg(long, value_name = "ADDR:PORT", hide = true)]
    root_server: Vec<SocketAddr>,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    match &arguments.what {
        Some(CheckCommand::System(system)) => Ok(of_system(system, client, format)),
        Some(CheckCommand::Mail(mail)) => {
            let read = subjects_of(&mail.file)?;
            of_mail(read, (&mail.others, mail.html.as_deref()), client, format)
        }
        Some(CheckCommand::Watched(watched)) => watched::run(watched, client, format),
        None if arguments.subject.is_none() && arguments.list.is_none() => {
            let system = System { root: PathBuf::from("/"), root_server: Vec::new() };
            Ok(of_system(&system, client, format))
        }
        None => of_typed(arguments, client, format),
    }
}

fn of_mail(
    read: MessageSubjects,
    (others, html): (&OtherArguments, Option<&Path>),
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let further: Vec<Finding> = of_unread(&read.unread).into_iter().collect();
    let subjects = with_others(read.subjects, others, client)?;
    let subjects = subjects.into_iter().map(|subject| (None, subject)).collect();
    let daemon = Daemon::new(client.clone(), ServicePorts::USUAL);
    let mut reports = reports((subjects, further), &daemon, html.is_some())?;
    worst_first(&mut reports);
    shown_as(reports, html, |reports| text_of(reports, format))
}

/// Checks a bounce. Returns `None` if it names nothing that can be checked.
pub(super) fn of_bounce(
    octets: &[u8],
    html: Option<&Path>,
    client: &ControlClient,
    format: Format,
) -> Option<Result<CommandOutcome, CommandFailure>> {
    let read = message::read(octets);
    let is_checked = !read.is_delivered && !read.subjects.is_empty();
    is_checked.then(|| of_mail(read, (&OtherArguments::usual(), html), client, format))
}

/// Checks the domains and addresses of the command line and of the list.
fn of_typed(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let listed = arguments.list.as_deref().map(listed).transpose()?.unwrap_or_default();
    let typed: Vec<&String> = arguments.subject.iter().chain(&arguments.more).chain(&listed).collect();
    let subjects = typed.iter().map(|typed| subject_of(arguments, typed)).collect::<Result<Vec<_>, _>>()?;
    let subjects = with_others(subjects, &arguments.others, client)?;
    let subjects = typed.into_iter().map(|typed| Some(typed.clone())).zip(subjects).collect();
    let ports = ServicePorts { smtp: arguments.smtp_port, https: arguments.https_port };
    let daemon = Daemon::new(client.clone(), ports);
    let mut reports = reports((subjects, Vec::new()), &daemon, arguments.html.is_some())?;
    let is_table = reports.len() > 1 || arguments.list.is_some();
    let has_screen = is_table && !arguments.csv && format != Format::Json;
    if has_screen {
        worst_first(&mut reports);
    }
    let off = if has_screen { root_keys::validation_off(client)? } else { "" };
    shown_as(reports, arguments.html.as_deref(), |reports| match format {
        _ if arguments.csv => domains::csv(reports),
        Format::Text(style) if is_table => domains::table(reports, style) + off,
        _ => text_of(reports, format),
    })
}

/// Returns the domains and addresses of a list: the first word of each line. `#` begins a comment.
fn listed(file: &Path) -> Result<Vec<String>, CommandFailure> {
    let failed = |error| CommandFailure::Input { file: file.to_owned(), error };
    let (octets, is_cut) = read_file(file, MAX_CHECKED_LIST).map_err(failed)?;
    if is_cut {
        let why = format!("it has more than {} KiB: split it", MAX_CHECKED_LIST >> 10);
        return Err(failed(io::Error::other(why)));
    }
    let text = String::from_utf8_lossy(&octets);
    let lines = (1..).zip(text.lines()).filter_map(|(number, line)| {
        let word = line.split('#').next().unwrap_or_default().split_whitespace().next()?;
        Some(typed_word(word).map_err(|wrong| format!("line {number}: {}: {wrong}", harmless(word))))
    });
    let found = lines.collect::<Result<Vec<_>, _>>().map_err(|wrong| failed(io::Error::other(wrong)))?;
    if found.is_empty() {
        return Err(failed(io::Error::other("it has no domain and no address")));
    }
    Ok(found)
}

/// Fails if the word is neither a domain nor an address.
fn typed_word(text: &str) -> Result<String, String> {
    typed_subject(text).map(|_| text.to_owned())
}

fn of_system(system: &System, client: &ControlClient, format: Format) -> CommandOutcome {
    let mut facts = gather::gather(&system.root, &system.root_server, moment::unix());
    facts.root_keys = Some(root_keys::here(client));
    let mut found = judge(&facts);
    found.extend(reported(client));
    let text = match format {
        Format::Json => found.iter().map(json::line).collect(),
        Format::Text(style) => findings::text(&found, style),
    };
    CommandOutcome { text, exit: exit(&found) }
}

/// Returns the problems that the daemon reports in `resolverctl status`, except those of others. A daemon that does not answer has a finding already.
fn reported(client: &ControlClient) -> Vec<HostFinding> {
    let Ok(Reply::Status(status)) = client.ask_one(&Request::Status) else { return Vec::new() };
    let is_here = |warning: &Warning| warning.severity > Severity::Notice;
    let finding = |warning: Warning| HostFinding::warning("resolverd", warning.problem, warning.remedy);
    status.warnings.into_iter().filter(is_here).map(finding).collect()
}

fn subject_of(arguments: &Arguments, typed: &str) -> Result<CheckSubject, CommandFailure> {
    let typed = typed_as(&typed_subject(typed).unwrap_or_default())?;
    let mut subject = CheckSubject {
        address: typed.address.or_else(|| arguments.from.map(|address| address.to_canonical())),
        selectors: arguments.selector.clone(),
        helo: arguments.helo.clone(),
        connect: arguments.connect,
        ..typed
    };
    if let Some(sentence) = without_effect(arguments, &subject) {
        return Err(CommandFailure::Problem(Problem { fault: Blame::Request, sentence }));
    }
    subject.role = match (arguments.as_sender, arguments.as_recipient) {
        (true, _) => Role::Sender,
        (_, true) => Role::Recipient,
        _ => Role::Both,
    };
    Ok(subject)
}

fn typed_as(typed: &str) -> Result<CheckSubject, CommandFailure> {
    let mut subject = CheckSubject::default();
    match typed.parse::<IpAddr>() {
        // Mail software treats a client with an IPv4-mapped address as an IPv4 client.
        Ok(address) => subject.address = Some(address.to_canonical()),
        Err(_) => {
            let name = read_name(typed)?;
            match reversed(&name) {
                Some(address) => subject.address = Some(address),
                None => subject.domain = canonical(&name_text(&name)),
            }
        }
    }
    Ok(subject)
}

/// Returns the address of a reverse name. Returns `None` if the name is not the reverse name of a single address.
fn reversed(name: &Name) -> Option<IpAddr> {
    let network = name.parse_arpa_name().ok()?;
    (network.prefix_len() == network.max_prefix_len()).then(|| network.addr())
}

/// Returns an error message if an option has no effect on the checked domain or address, or if there are too many `--selector`.
fn without_effect(arguments: &Arguments, subject: &CheckSubject) -> Option<String> {
    let of_domain = [
        ("--as-sender", arguments.as_sender),
        ("--as-recipient", arguments.as_recipient),
        ("--selector", !arguments.selector.is_empty()),
        ("--from", arguments.from.is_some()),
        ("--connect", arguments.connect),
        ("--resolver", arguments.others.names_resolvers()),
    ];
    if subject.domain.is_empty() {
        let (option, _) = of_domain.into_iter().find(|(_, is_set)| *is_set)?;
        return Some(format!(
            "{option} has no effect on the check of an address: name a domain, or omit the option."
        ));
    }
    if arguments.selector.len() > MAX_GIVEN_SELECTORS {
        return Some(format!(
            "A check has {MAX_GIVEN_SELECTORS} selectors at most: run it again for the others."
        ));
    }
    if arguments.helo.is_some() && subject.address.is_none() {
        return Some(
            "--helo has no effect without --from, the address of the client that gives this name.".to_owned(),
        );
    }
    let of_sender = [
        ("--selector", !arguments.selector.is_empty()),
        ("--from", arguments.from.is_some()),
        ("--helo", arguments.helo.is_some()),
    ];
    let (option, _) = of_sender.into_iter().find(|(_, is_set)| *is_set && arguments.as_recipient)?;
    Some(format!("{option} is about senders and has no effect with --as-recipient: omit one of them."))
}

fn subjects_of(file: &Path) -> Result<MessageSubjects, CommandFailure> {
    let failed = |error| CommandFailure::Input { file: file.to_owned(), error };
    let (octets, is_cut) = read_file(file, MAX_CHECKED_MESSAGE).map_err(failed)?;
    let mut read = message::read(&octets);
    if is_cut {
        let rest = format!("all that follows the first {} KiB of the file", MAX_CHECKED_MESSAGE >> 10);
        read.unread.insert(0, rest);
    }
    if read.is_delivered && !is_cut {
        return Err(failed(io::Error::other(
            "it reports that all its recipients got the message, so there is nothing to check",
        )));
    }
    if read.subjects.is_empty() {
        let unread = read.unread.first().map(|part| format!("; not read: {part}")).unwrap_or_default();
        let why = format!("no header field with a mail address or the address of a client{unread}");
        return Err(failed(io::Error::other(why)));
    }
    Ok(read)
}

/// Reads at most `most` octets of a file, or of standard input for `-`. Also returns true if there are more.
fn read_file(file: &Path, most: u64) -> io::Result<(Vec<u8>, bool)> {
    match file == Path::new("-") {
        true => read_at_most(io::stdin().lock(), most),
        false => read_at_most(std::fs::File::open(file)?, most),
    }
}

/// Adds the other resolvers whose answers are compared.
fn with_others(
    mut subjects: Vec<CheckSubject>,
    others: &OtherArguments,
    client: &ControlClient,
) -> Result<Vec<CheckSubject>, CommandFailure> {
    let resolvers = resolvers(others, client)?;
    for subject in &mut subjects {
        subject.resolvers.clone_from(&resolvers);
    }
    Ok(subjects)
}

/// Returns the finding that parts of the checked email cannot be read; `None` if all parts were read.
fn of_unread(unread: &[String]) -> Option<Finding> {
    (!unread.is_empty()).then(|| Finding::new(Code::MessageUnread, unread.join("; ")))
}

/// A report, and true if it answers the bounce.
type AnsweringReport = (bool, DomainReport);

/// Checks the subjects, each with what was typed, and returns their reports in this order. `further` are findings about the whole email, which
/// are in the last report.
fn reports(
    (subjects, mut further): (Vec<(Option<String>, CheckSubject)>, Vec<Finding>),
    daemon: &Daemon,
    has_page: bool,
) -> Result<Vec<AnsweringReport>, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CommandFailure::Output)?;
    let (own, now, last) = (own_addresses(), moment::unix(), subjects.len());
    if last > 1 && io::stderr().is_terminal() {
        let seconds = CHECK_DOMAIN_TIME.as_secs();
        eprintln!(
            "checking {last} domains or addresses, {CHECKED_AT_ONCE} at once, for at most {seconds} s each"
        );
    }
    let one = |(typed, subject): (Option<String>, CheckSubject)| {
        let subject = CheckSubject { unix: now, own: own.clone(), ..subject };
        async move {
            let name = name_of(&subject);
            gathered(daemon, subject, has_page).await.map(|(facts, chain)| (typed, name, facts, chain))
        }
    };
    let found = stream::iter(subjects).map(one).buffered(CHECKED_AT_ONCE).try_collect::<Vec<_>>();
    let found = runtime.block_on(found);
    // Does not wait for blocking tasks: queries that exceeded the time limit may still wait for the daemon.
    runtime.shutdown_background();
    let judged = (1..).zip(found?).map(|(place, (typed, subject, facts, chain))| {
        let mut findings = check_domain::judge(&facts);
        if place == last {
            findings.append(&mut further);
            check_domain::in_order(&mut findings, facts.subject.refusal.reason);
        }
        let is_reason = check_domain::answers_refusal(&facts, &findings);
        (is_reason, DomainReport { typed, subject, findings, chain })
    });
    Ok(judged.collect())
}

/// Puts the report that answers the bounce first, or else the report with the worst finding.
fn worst_first(reports: &mut [AnsweringReport]) {
    let fails =
        reports.iter().flat_map(|(_, report)| &report.findings).any(|found| found.level == Level::Failure);
    reports.sort_by_key(|(is_reason, report)| {
        let first = report.findings.first();
        (
            !first.is_some_and(|finding| finding.code.answers_bounce() || finding.code.leads(fails)),
            first.map_or(Level::Ok, |finding| finding.level),
            !is_reason,
        )
    });
}

/// Writes the page, if there is one, and returns the screen with the exit code of the worst finding.
fn shown_as(
    reports: Vec<AnsweringReport>,
    html: Option<&Path>,
    screen: impl FnOnce(&[DomainReport]) -> String,
) -> Result<CommandOutcome, CommandFailure> {
    let reports: Vec<DomainReport> = reports.into_iter().map(|(_, report)| report).collect();
    if let Some(file) = html {
        let written = std::fs::write(file, html::page(&reports, moment::unix()));
        written.map_err(|error| CommandFailure::Written { file: file.to_owned(), error })?;
    }
    Ok(CommandOutcome { text: screen(&reports), exit: exit_of_domain(&reports) })
}

/// Gets the facts about a subject. If `has_page` is true and the subject is a domain, gets its chain of keys at the same time.
async fn gathered(
    daemon: &Daemon,
    subject: CheckSubject,
    has_page: bool,
) -> Result<(DomainFacts, Option<Result<KeyChain, String>>), CommandFailure> {
    let domain = Some(subject.domain.clone()).filter(|domain| has_page && !domain.is_empty());
    let chain = async {
        match &domain {
            Some(domain) => Some(daemon.key_chain(domain).await),
            None => None,
        }
    };
    let (facts, chain) = tokio::join!(daemon.facts(subject, &WholeDomain), chain);
    Ok((facts?, chain))
}

/// Returns the first line of the check of a domain or an address; `None` if the check takes longer than `WHY_CHECK_TIME`.
pub(super) fn first_line(typed: &str, client: &ControlClient) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let subject = CheckSubject { unix: moment::unix(), own: own_addresses(), ..typed_as(typed).ok()? };
    let (name, daemon) = (name_of(&subject), Daemon::new(client.clone(), ServicePorts::USUAL));
    let facts = runtime
        .block_on(async { tokio::time::timeout(WHY_CHECK_TIME, daemon.facts(subject, &WholeDomain)).await });
    // Does not wait for blocking tasks: queries that exceeded the time limit may still wait for the daemon.
    runtime.shutdown_background();
    let facts = facts.ok()?.ok()?;
    Some(domain::first_line(&name, &check_domain::judge(&facts)))
}

fn text_of(reports: &[DomainReport], format: Format) -> String {
    let mut text = String::new();
    for DomainReport { typed, subject, findings, .. } in reports {
        match format {
            Format::Json => text
                .extend(findings.iter().map(|finding| json::finding(finding, (subject, typed.as_deref())))),
            Format::Text(style) => {
                let gap = if text.is_empty() { "" } else { "\n" };
                text.push_str(&format!("{gap}{}", domain::text(subject, findings, style)));
            }
        }
    }
    text
}

fn name_of(subject: &CheckSubject) -> String {
    match (subject.domain.trim_end_matches('.'), subject.address, &subject.helo) {
        ("", Some(address), _) => address.to_string(),
        ("", None, Some(helo)) => shown(helo, MAX_HELO),
        (domain, ..) => domain.to_owned(),
    }
}

/// Returns the addresses of this host, without loopback addresses; an empty list if the interfaces cannot be read.
pub(super) fn own_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let address = |storage: nix::sys::socket::SockaddrStorage| -> Option<IpAddr> {
        let ipv4 = storage.as_sockaddr_in().map(|address| address.ip().into());
        ipv4.or_else(|| storage.as_sockaddr_in6().map(|address| address.ip().into()))
    };
    let addresses = interfaces.filter_map(|interface| interface.address).filter_map(address);
    addresses.filter(|address| !address.is_loopback()).collect()
}

/// Returns "no" for a failure, "could not tell" for an unknown result, otherwise "yes", even with warnings.
fn exit(findings: &[HostFinding]) -> Exit {
    let any = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
    Exit::judged(any(CheckVerdict::Failure), any(CheckVerdict::CouldNotTell))
}

/// Returns "no" if any domain has a failure, otherwise "could not tell" if any check had an unknown result, otherwise "yes".
fn exit_of_domain(reports: &[DomainReport]) -> Exit {
    let findings = reports.iter().flat_map(|report| &report.findings);
    let any = |level| findings.clone().any(|finding| finding.level == level);
    Exit::judged(any(Level::Failure), any(Level::CouldNotTell))
}
