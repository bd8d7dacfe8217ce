//! The command `resolverctl why`: why a mail was slow, and which causes delayed mail in a period.

use std::cmp::Reverse;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::path::PathBuf;

use super::client::ControlClient;
use super::input::read_at_most;
use super::line_search::{LINES_AT_ONCE, LineSearch};
use super::pasted::{self, LineResult, PastedLine, QueuedMails};
use super::render::html::waterfall;
use super::render::queue::{self, QueueCause};
use super::render::{Format, Style, costs, json, list_delays, tls_policy, why};
use super::typed_name::typed_domain;
use super::{CommandFailure, CommandOutcome, Exit, check, moment, stats};
use crate::limits::{MAX_PASTED, MAX_PASTED_LINES, MAX_QUEUE_DOMAINS, WHY_AROUND};
use dns::wire::presentation::harmless;
use doctor::message::is_about_tls;
use explain::costs::CostSpan;
use explain::limits::MAX_WHY_MESSAGES;
use explain::why::{CulpritReport, MessageReport};
use protocol::{CostsRequest, Reply, Request, TlsPolicyReply, WhyRequest};
use record::culprit::CulpritKind;

/// The command line of `why`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Name, domain, address or mail address; `-` reads pasted lines of a mail log, a bounce or mailq. Default: what delayed mail.
    ///
    /// A domain stands for all names below it too, an address for its names in DNS lists and the hosts with this address, a mail address
    /// for its domain. A line of a mail log in quotes is read as if it was pasted.
    #[arg(value_name = "NAME|ADDRESS|DOMAIN", allow_hyphen_values = true, value_parser = subject)]
    subject: Option<String>,
    /// Show this number of the slowest messages (emails), at most 100.
    #[arg(long, value_name = "NUMBER", conflicts_with = "subject", value_parser = number_of_messages)]
    slowest: Option<usize>,
    /// Show messages within two minutes of this time, like 03:12 or 2026-08-01 03:12:30, or of a day, like 2026-08-01 or yesterday.
    #[arg(long, value_name = "TIME", conflicts_with = "since")]
    at: Option<String>,
    /// Show messages since this time, like 03:00, or of the last 1h or 30m.
    #[arg(long, value_name = "SPAN|TIME")]
    since: Option<String>,
    /// Show only messages of these clients.
    #[arg(long, value_name = "ADDRESS|NETWORK")]
    client: Option<String>,
    /// Show the messages that this DNS list delayed, and by how much, like zen.spamhaus.org.
    ///
    /// The sums include delays below `history.slow`. The messages are listed as far as the history has them: those of the last minutes, and
    /// those that waited long.
    #[arg(long, value_name = "LIST", conflicts_with_all = ["subject", "slowest", "html"])]
    list: Option<String>,
    /// Write the messages of `--list` as CSV.
    #[arg(long, requires = "list")]
    csv: bool,
    /// Write the slowest message to this file too, as an HTML page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The number of messages if the command line has no `--slowest`.
const MOST: usize = 20;

/// The period of the causes in seconds, if the command line has no period.
const COSTS_SPAN: f64 = 3_600.0;

/// Printed if the query history does not reach back to the wanted time.
const STATISTICS: &str = "Statistics of the whole time and of all clients, from the minutes on disk:\n";

/// Accepts a line of a mail log, which contains blanks, or a domain, which does not.
fn subject(typed: &str) -> Result<String, String> {
    if is_queue_id(typed) {
        return Err(format!(
            "this looks like a queue id, which no DNS query has: paste the lines of the mail log, `grep {typed} /var/log/mail.log | resolverctl why -`"
        ));
    }
    let now = moment::now();
    let is_name = typed.contains('.') || typed.parse::<IpAddr>().is_ok();
    if !is_name && (moment::day(typed, now).is_some() || moment::read_both(typed, now).is_some()) {
        return Err(format!("this is a time: `resolverctl why --at \"{typed}\"`"));
    }
    if is_line(typed) { Ok(typed.to_owned()) } else { typed_domain(typed) }
}

/// Returns true for a word like the queue IDs of Postfix, Exim and Sendmail: at least `QUEUE_ID` letters and digits, without a dot.
fn is_queue_id(typed: &str) -> bool {
    let is_of_id = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    typed.len() >= QUEUE_ID
        && typed.bytes().all(is_of_id)
        && typed.bytes().any(|octet| octet.is_ascii_digit())
        && !typed.starts_with('-')
}

/// The fewest characters of a queue ID. Those of Postfix have 10 or more, but short ones of `enable_long_queue_ids = no` may have 6
/// (postconf(5)).
const QUEUE_ID: usize = 6;

fn is_line(subject: &str) -> bool {
    subject.trim().contains(char::is_whitespace)
}

fn number_of_messages(typed: &str) -> Result<usize, String> {
    let number = typed.parse().ok().filter(|number| (1..=MAX_WHY_MESSAGES).contains(number));
    number.ok_or_else(|| format!("\"{typed}\" is not a number from 1 to {MAX_WHY_MESSAGES}"))
}

impl Arguments {
    /// `now` is in seconds since 1970.
    fn request(&self, now: f64) -> Result<WhyRequest, CommandFailure> {
        let around = WHY_AROUND.as_secs_f64();
        let read = |typed| {
            let at = || moment::read_both(typed, now).map(|(first, last)| (first - around, last + around));
            moment::day(typed, now).or_else(at).ok_or_else(|| moment::not_a_time(typed))
        };
        let (from, to) = match self.at.as_deref().map(read).transpose()? {
            Some((first, last)) => (Some(first), Some(last)),
            None => {
                let since = self.since.as_deref();
                let read = |typed| moment::begin(typed, now);
                (since.map(read).transpose()?, None)
            }
        };
        let (subject, client) = (self.subject.clone(), self.client.clone());
        let most = self.slowest.unwrap_or(MOST);
        Ok(WhyRequest { subject, from, to, client, most, ..WhyRequest::default() })
    }

    fn write_html(&self, messages: &[&MessageReport]) -> Result<(), CommandFailure> {
        let Some(file) = &self.html else { return Ok(()) };
        let written = std::fs::write(file, waterfall::page(messages, "", &moment::shown, true));
        written.map_err(|error| CommandFailure::Written { file: file.clone(), error })
    }
}

/// Finds the messages (emails) that match the arguments, and explains their delay. The exit code is "could not tell" if the query
/// history has no such message.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    match arguments.subject.as_deref() {
        Some("-") => return run_text(arguments, &read_text(io::stdin().lock())?, client, format),
        Some(line) if is_line(line) => {
            return run_text(arguments, &read_text(line.as_bytes())?, client, format);
        }
        _ => {}
    }
    let asked = arguments.request(moment::now())?;
    if arguments.subject.is_none() && arguments.slowest.is_none() {
        return run_costs(arguments, asked, client, format);
    }
    let replies = client.ask(&Request::Why { requests: vec![asked] })?;
    let messages = messages(&replies);
    arguments.write_html(&messages)?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => why::messages(&messages, &moment::shown, style),
    };
    let known = messages.iter().any(|message| message.culprit.kind != CulpritKind::Unknown);
    Ok(CommandOutcome { text, exit: if known { Exit::Yes } else { Exit::CouldNotTell } })
}

/// Prints the causes that delayed mail. With `--html`, writes the slowest message (email) of the period to the file.
fn run_costs(
    arguments: &Arguments,
    asked: WhyRequest,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let now = moment::now();
    let (from, to) = (asked.from.unwrap_or(now - COSTS_SPAN), asked.to.unwrap_or(now));
    if let Some(file) = &arguments.html {
        let slowest = WhyRequest { from: Some(from), to: Some(to), most: 1, ..asked.clone() };
        let replies = client.ask(&Request::Why { requests: vec![slowest] })?;
        let messages = messages(&replies);
        if messages.iter().all(|message| message.is_absent()) {
            let error = io::Error::other("the query history has no message (email) of this time");
            return Err(CommandFailure::Written { file: file.clone(), error });
        }
        arguments.write_html(&messages)?;
    }
    let list = arguments.list.clone();
    let replies = client.ask(&Request::Costs(CostsRequest { from, to, client: asked.client, list }))?;
    let has_span = |wanted: fn(&CostSpan) -> bool| {
        replies.iter().any(|reply| matches!(reply, Reply::CostSpan(span) if wanted(span)))
    };
    if arguments.list.is_some() {
        let is_of_list = |reply: &&Reply| matches!(reply, Reply::ListDelays(_) | Reply::CostSpan(_));
        let text = match format {
            _ if arguments.csv => list_delays::csv(&replies),
            Format::Json => replies.iter().filter(is_of_list).map(json::reply).collect(),
            Format::Text(style) => list_delays::text(&replies, &moment::shown, style),
        };
        let exit = if has_span(|span| span.empty) { Exit::CouldNotTell } else { Exit::Yes };
        return Ok(CommandOutcome { text, exit });
    }
    let mut text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => costs::costs(&replies, &moment::shown, style),
    };
    let has_time = arguments.at.is_some() || arguments.since.is_some();
    if has_time && has_span(|span| span.empty || span.cut) {
        text.push_str(&statistics(arguments, client, format)?);
    }
    let exit = if has_span(|span| span.empty) { Exit::CouldNotTell } else { Exit::Yes };
    Ok(CommandOutcome { text, exit })
}

/// Returns the statistics of a time that the query history does not cover. If the daemon has no minutes on disk, returns the reason.
fn statistics(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<String, CommandFailure> {
    let (at, since) = (arguments.at.as_deref(), arguments.since.as_deref());
    match (stats::of_time(at, since, client, format), format) {
        (Ok(text), Format::Text(_)) => Ok(format!("\n{STATISTICS}{text}")),
        (Ok(text), Format::Json) => Ok(text),
        (Err(CommandFailure::Problem(problem)), Format::Text(_)) => Ok(format!("{problem}\n")),
        (Err(CommandFailure::Problem(_)), Format::Json) => Ok(String::new()),
        (Err(failure), _) => Err(failure),
    }
}

fn messages(replies: &[Reply]) -> Vec<&MessageReport> {
    replies.iter().filter_map(Reply::message).collect()
}

/// Reads a pasted text as what it is: a bounce, a mail queue, or lines of a mail log.
fn run_text(
    arguments: &Arguments,
    (text, is_cut): &(String, bool),
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let now = moment::now();
    if pasted::is_bounce(text, now)
        && let Some(checked) = check::of_bounce(text.as_bytes(), arguments.html.as_deref(), client, format)
    {
        let _closed =
            writeln!(io::stderr(), "resolverctl: read as a bounce, as `resolverctl check mail -` does");
        return checked;
    }
    let lines = pasted::read(text, now);
    match pasted::queued(&lines) {
        Some(queued) => {
            if *is_cut {
                let _closed = writeln!(
                    io::stderr(),
                    "resolverctl: only the first {} MiB of the queue was read",
                    MAX_PASTED >> 20
                );
            }
            run_queue(arguments, queued, client, format)
        }
        None => run_pasted(arguments, log_lines(lines, *is_cut)?, client, format),
    }
}

/// Prints one verdict for the mails of a queue, by cause. One mail stands for all mails to the same domains.
fn run_queue(
    arguments: &Arguments,
    mut queued: Vec<QueuedMails>,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let asked = arguments.request(moment::now())?;
    let search = LineSearch { asked: &asked, client };
    let others = queued.split_off(queued.len().min(MAX_QUEUE_DOMAINS));
    let lines: Vec<PastedLine> = queued.iter().flat_map(|queued| queued.lines.clone()).collect();
    let mut found = Vec::new();
    for lines in lines.chunks(LINES_AT_ONCE) {
        found.extend(search.settled(lines)?);
    }
    let mut found = lines.iter().zip(found);
    let mut causes: Vec<QueueCause> = Vec::new();
    for QueuedMails { domains, mails, lines } in queued {
        let best = |(line, messages): (&PastedLine, Vec<MessageReport>)| {
            Some(LineResult::new(line, messages.into_iter().next()?, true))
        };
        let results: Vec<LineResult> = found.by_ref().take(lines.len()).filter_map(best).collect();
        let Some(best) = pasted::known_first(results).into_iter().next() else { continue };
        let culprit = best.into_message().culprit;
        match causes.iter_mut().find(|cause| cause.is_same(&culprit)) {
            Some(cause) => {
                cause.mails += mails;
                cause.domains.extend(domains);
            }
            None => causes.push(QueueCause { mails, domains, culprit }),
        }
    }
    let is_unknown = |cause: &QueueCause| cause.culprit.kind == CulpritKind::Unknown;
    causes.sort_by_key(|cause| (is_unknown(cause), Reverse(cause.mails)));
    let text = match format {
        Format::Json => queue::lines(&causes),
        Format::Text(style) => queue::text(&causes, others.iter().map(|queued| queued.mails).sum(), style),
    };
    let is_known = causes.iter().any(|cause| !is_unknown(cause));
    Ok(CommandOutcome { text, exit: if is_known { Exit::Yes } else { Exit::CouldNotTell } })
}

/// Prints for each line the message (email) to which the line belongs.
fn run_pasted(
    arguments: &Arguments,
    lines: Vec<PastedLine>,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let asked = arguments.request(moment::now())?;
    let lines = pasted::failures_first(pasted::without_quiet(lines));
    let search = LineSearch { asked: &asked, client };
    let mut results: Vec<LineResult> = Vec::new();
    for lines in lines.chunks(LINES_AT_ONCE) {
        for (line, messages) in lines.iter().zip(search.settled(lines)?) {
            let note = line.unread_note(asked.from.is_some());
            if let Some(note) = &note {
                let _closed = writeln!(io::stderr(), "resolverctl: {}", harmless(note));
            }
            for (place, message) in messages.into_iter().enumerate() {
                let message = MessageReport { note: note.clone(), ..message };
                // Several lines of one mail belong to the same message (email), which is printed only once.
                let same = results.iter_mut().find(|other| {
                    let LineResult { message: other, .. } = other;
                    other.began == message.began
                        && other.client == message.client
                        && other.culprit == message.culprit
                });
                match same {
                    Some(same) => same.add(line, place == 0),
                    None => results.push(LineResult::new(line, message, place == 0)),
                }
            }
        }
    }
    let results = pasted::known_first(results);
    arguments.write_html(&pasted::longest_wait_first(&results))?;
    let results: Vec<MessageReport> = results.into_iter().map(LineResult::into_message).collect();
    let known = results.iter().any(|message| message.culprit.kind != CulpritKind::Unknown);
    let policy = tls_policy_of(&lines, client);
    let mut text: String = match format {
        Format::Json => {
            results.into_iter().map(|message| json::reply(&Reply::Message(Box::new(message)))).collect()
        }
        Format::Text(style) => text_of(&results, client, style),
    };
    if let Some(policy) = policy {
        text.push_str(&match format {
            Format::Json => json::line(&policy),
            Format::Text(style) => format!("TLS policy of {}", tls_policy::screen(&policy, style)),
        });
    }
    Ok(CommandOutcome { text, exit: if known { Exit::Yes } else { Exit::CouldNotTell } })
}

/// Returns the TLS policy of the first recipient's domain in a line that reports that TLS failed, as the mail server gets it now.
fn tls_policy_of(lines: &[PastedLine], client: &ControlClient) -> Option<TlsPolicyReply> {
    let is_refused = |line: &&PastedLine| is_about_tls(&line.text);
    let line = lines.iter().find(is_refused)?;
    let next_hop = line.mail_domains.first()?.clone();
    // Without a policy, the lines stand for themselves.
    match client.ask_one(&Request::TlsPolicy { next_hop }).ok()? {
        Reply::TlsPolicy(reply) => Some(reply),
        _ => None,
    }
}

/// Returns the results as text. If the advice for a culprit is to check a name, the first line of the output of that check
/// follows. Only the name of the first such culprit is checked, because each check may take seconds.
fn text_of(results: &[MessageReport], client: &ControlClient, style: Style) -> String {
    let (mut text, mut is_checked) = (String::new(), false);
    for message in results {
        text.push_str(&why::messages(&[message], &moment::shown, style));
        let CulpritReport { kind, zone, list, .. } = &message.culprit;
        let Some(name) = zone.as_ref().filter(|_| *kind == CulpritKind::Answer && list.is_none()) else {
            continue;
        };
        if !std::mem::replace(&mut is_checked, true)
            && let Some(line) = check::first_line(name, client)
        {
            text.push_str(&format!("Check: {line}\n"));
        }
    }
    text
}

/// Reads the pasted text. Also returns true if the rest of it was not read.
fn read_text(input: impl Read) -> Result<(String, bool), CommandFailure> {
    let failed = |error| CommandFailure::Input { file: PathBuf::from("-"), error };
    let (mut octets, is_cut) = read_at_most(input, MAX_PASTED).map_err(failed)?;
    if is_cut {
        // The last line of the cut input may be incomplete and name a different domain.
        octets.truncate(octets.iter().rposition(|octet| *octet == b'\n').unwrap_or(octets.len()));
    }
    Ok((String::from_utf8_lossy(&octets).into_owned(), is_cut))
}

/// Returns the lines of a mail log. If lines are left out, a sentence on standard error has their number.
fn log_lines(mut lines: Vec<PastedLine>, is_cut: bool) -> Result<Vec<PastedLine>, CommandFailure> {
    if lines.is_empty() {
        let sentence = if is_cut {
            format!(
                "no line in the first {} MiB of the text names an address or a domain, and the rest was not read; paste the lines of one mail",
                MAX_PASTED >> 20
            )
        } else {
            "no line names an address or a domain".to_owned()
        };
        return Err(CommandFailure::Input { file: PathBuf::from("-"), error: io::Error::other(sentence) });
    }
    if let Some(sentence) = leave_out(&mut lines, is_cut) {
        // Standard output may be JSON, so the sentence goes to standard error, which may be closed.
        let _closed = writeln!(io::stderr(), "resolverctl: {sentence}; paste the lines of one mail");
    }
    Ok(lines)
}

/// Removes the lines after the first `MAX_PASTED_LINES`, and returns a sentence with their number. Lines that come from the same
/// pasted line stay together. `is_cut` is true if the text after `MAX_PASTED` octets was not read.
fn leave_out(lines: &mut Vec<PastedLine>, is_cut: bool) -> Option<String> {
    let octets = format!("the first {} MiB", MAX_PASTED >> 20);
    let mut numbers: Vec<usize> = lines.iter().map(|line| line.number).collect();
    numbers.dedup();
    let Some(first) = numbers.get(MAX_PASTED_LINES) else {
        return is_cut.then(|| format!("only {octets} of the text was read, and the rest was left out"));
    };
    lines.retain(|line| line.number < *first);
    let more = numbers.len().saturating_sub(MAX_PASTED_LINES);
    let were = if more == 1 { "was" } else { "were" };
    let read = format!("only the first {MAX_PASTED_LINES} lines with an address or a domain were read");
    Some(if is_cut {
        format!("{read}; {more} more in {octets} of the text {were} left out, and so was the rest")
    } else {
        format!("{read}, and {more} more {were} left out")
    })
}
