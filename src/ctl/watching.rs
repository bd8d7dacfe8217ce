//! `resolverctl check DOMAIN --watch`: the report once, then a line when a finding comes or goes, until Ctrl-C.

use std::io::{self, Write};
use std::time::Duration;

use futures_util::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::domain::Daemon;
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::monitor::span_like;
use super::outcome::CommandOutcome;
use super::render::{Format, domain, json, watched};
use crate::limits::WATCH_SCREEN_INTERVALS;
use ::watched::ended::ended;
use ::watched::history::{Confirmation, DomainHistory};
use doctor::facts::{CheckSubject, DomainFacts};
use doctor::finding::Level;
use doctor::{WholeDomain, judge};

/// Reads the time between two checks.
pub(super) fn interval(typed: &str) -> Result<Duration, String> {
    let interval = span_like(typed, "30s or 5m")?;
    let (least, most) = (*WATCH_SCREEN_INTERVALS.start(), *WATCH_SCREEN_INTERVALS.end());
    if WATCH_SCREEN_INTERVALS.contains(&interval) {
        Ok(interval)
    } else {
        Err(format!("\"{typed}\" is out of range: {} s to {} min", least.as_secs(), most.as_secs() / 60))
    }
}

/// A domain that is looked at.
struct Watching<'n> {
    name: &'n str,
    format: Format,
    history: DomainHistory,
    /// Whether the report was printed.
    is_reported: bool,
    /// The exit code if the daemon did not answer in the last round.
    unreached: Option<Exit>,
}

/// Checks until Ctrl-C. The last state gives the exit code.
pub(super) fn run(
    subject: &CheckSubject,
    name: &str,
    daemon: &Daemon,
    (interval, format): (Duration, Format),
) -> Result<CommandOutcome, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CommandFailure::Output)?;
    let mut watching =
        Watching { name, format, history: DomainHistory::default(), is_reported: false, unreached: None };
    let ended = runtime.block_on(watching.follow(subject, daemon, interval));
    // Questions that are still under way wait for the daemon.
    runtime.shutdown_background();
    match ended {
        Ok(()) => {}
        // The reader of the pipe, for instance `head`, has closed it. This is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => return Err(CommandFailure::Output(error)),
    }
    Ok(CommandOutcome { text: String::new(), exit: watching.exit() })
}

impl Watching<'_> {
    /// Checks and prints until a signal comes.
    async fn follow(
        &mut self,
        subject: &CheckSubject,
        daemon: &Daemon,
        interval: Duration,
    ) -> io::Result<()> {
        let mut signals = signals()?;
        loop {
            let subject = CheckSubject { unix: moment::unix(), ..subject.clone() };
            let now = subject.unix;
            let round = tokio::select! {
                biased;
                () = come(&mut signals) => return Ok(()),
                round = daemon.facts(subject, &WholeDomain) => round,
            };
            let text = match round {
                Ok(facts) => self.take(&facts),
                Err(failure) => self.without_daemon(&failure, now),
            };
            let mut output = io::stdout();
            output.write_all(text.as_bytes()).and_then(|()| output.flush())?;
            tokio::select! {
                biased;
                () = come(&mut signals) => return Ok(()),
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    /// The output of a round in which the daemon did not answer: this is no fault of the domain.
    fn without_daemon(&mut self, failure: &CommandFailure, now: u64) -> String {
        self.unreached = Some(failure.exit());
        self.untold(&failure.to_string(), now)
    }

    fn untold(&self, why: &str, now: u64) -> String {
        match self.format {
            Format::Json => json::untold(Some(why), now, self.name),
            Format::Text(style) => watched::untold(why, now, &moment::shown, style),
        }
    }

    /// The output for a check.
    fn take(&mut self, facts: &DomainFacts) -> String {
        let now = facts.subject.unix;
        let was_told = self.history.untold.is_none() && self.unreached.take().is_none();
        let changes = self.history.take(ended(facts, false), now, Confirmation::Once);
        if !self.is_reported {
            self.is_reported = true;
            let found = judge(facts);
            return match self.format {
                Format::Json => found.iter().map(|finding| json::finding(finding, self.name)).collect(),
                Format::Text(style) => domain::text(self.name, &found, style),
            };
        }
        if let Some(why) = &self.history.untold {
            return self.untold(why, now);
        }
        let mut text = if was_told { String::new() } else { self.told_again(now) };
        match self.format {
            Format::Json => text.extend(changes.iter().map(|change| json::change(change, self.name))),
            Format::Text(style) => {
                text.extend(changes.iter().map(|change| watched::change(change, &moment::shown, style)));
            }
        }
        text
    }

    /// The line of the first round with a result after others without one.
    fn told_again(&self, now: u64) -> String {
        match self.format {
            Format::Json => json::untold(None, now, self.name),
            Format::Text(style) => watched::told_again(now, &moment::shown, style),
        }
    }

    fn exit(&self) -> Exit {
        let any = |level| self.history.findings.iter().any(|finding| finding.level == level);
        let untold = self.history.checked.is_none() || self.history.untold.is_some();
        self.unreached
            .unwrap_or_else(|| Exit::judged(any(Level::Failure), untold || any(Level::CouldNotTell)))
    }
}

/// The signals of Ctrl-C, of a terminal that closes, and of a shutdown.
fn signals() -> io::Result<Vec<Signal>> {
    let kinds = [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::terminate()];
    kinds.into_iter().map(signal).collect()
}

async fn come(signals: &mut [Signal]) {
    select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ControlClient;
    use crate::domain::ServicePorts;
    use crate::render::Style;
    use doctor::facts::{Got, Record, ReplyFacts, lookup};
    use std::path::Path;

    #[test]
    fn checks_that_could_not_tell_are_told_until_one_can_and_leave_the_state() {
        let subject = CheckSubject { domain: "a.test.".to_owned(), unix: 60, ..CheckSubject::default() };
        let unheard = DomainFacts::new(subject.clone());
        let mut missing = DomainFacts::new(subject);
        let reply = ReplyFacts { rcode: "NXDOMAIN".to_owned(), ..ReplyFacts::default() };
        for name in ["a.test.", "test.", "."] {
            missing.got.insert(lookup(name, "SOA"), Got::Reply(reply.clone()));
        }
        let format = Format::Text(Style::Plain);
        let history = DomainHistory::default();
        let mut watching = Watching { name: "a.test", format, history, is_reported: false, unreached: None };
        assert_eq!(watching.exit(), Exit::CouldNotTell);
        assert!(watching.take(&missing).contains("the domain does not exist"));
        assert_eq!((watching.take(&missing).as_str(), watching.exit()), ("", Exit::No));
        let told = watching.take(&unheard);
        assert!(told.contains("this check gave no result: no name server answered"), "{told}");
        assert_eq!((watching.take(&unheard), watching.exit()), (told, Exit::No));
        let again = watching.take(&missing);
        assert!(again.ends_with("  checks give results again\n"), "{again}");
        assert_eq!(watching.take(&missing), "");
        watching.format = Format::Json;
        let told = watching.take(&unheard);
        assert!(told.starts_with("{\"at\":60,\"could_not_tell\":\"no name server answered"), "{told}");
        assert!(told.ends_with("\"subject\":\"a.test\"}\n"), "{told}");
        let again = watching.take(&missing);
        assert_eq!(again, "{\"at\":60,\"could_not_tell\":null,\"subject\":\"a.test\"}\n");
        watching.unreached = Some(Exit::Unreachable);
        assert_eq!(watching.take(&missing), again, "the daemon runs again");
    }

    #[test]
    fn a_finding_that_comes_and_goes_has_a_line_each_and_the_exit_code_follows() {
        let record = |name: &str, kind: &'static str, data: &str| {
            let record =
                Record { name: name.to_owned(), ttl: 60, kind: kind.to_owned(), data: data.to_owned() };
            let answers = if data.is_empty() { Vec::new() } else { vec![record] };
            let rcode = if data.is_empty() { "NXDOMAIN" } else { "NOERROR" };
            (
                lookup(name, kind),
                Got::Reply(ReplyFacts { rcode: rcode.to_owned(), answers, ..ReplyFacts::default() }),
            )
        };
        let facts = |pointer: &str| {
            let address = "192.0.2.7".parse().ok();
            let mut facts = DomainFacts::new(CheckSubject { address, unix: 60, ..CheckSubject::default() });
            facts.got.extend([
                record("7.2.0.192.in-addr.arpa.", "PTR", pointer),
                record("mx.a.test.", "A", "192.0.2.7"),
                record("mx.a.test.", "AAAA", ""),
            ]);
            facts
        };
        let (sound, faulty) = (facts("mx.a.test."), facts(""));
        let title = "an address of a mail host has no PTR record";
        for (format, came, went) in [
            (
                Format::Text(Style::Plain),
                format!("failure confirmed: {title} (192.0.2.7)"),
                "failure ended after ".to_owned(),
            ),
            (Format::Json, "\"change\":\"came\"".to_owned(), "\"change\":\"went\"".to_owned()),
        ] {
            let history = DomainHistory::default();
            let mut watching =
                Watching { name: "192.0.2.7", format, history, is_reported: false, unreached: None };
            watching.take(&sound);
            assert_eq!((watching.take(&sound).as_str(), watching.exit()), ("", Exit::Yes));
            let told = watching.take(&faulty);
            assert!(told.contains(&came) && told.lines().count() == 1, "{told}");
            assert_eq!((watching.take(&faulty).as_str(), watching.exit()), ("", Exit::No));
            let told = watching.take(&sound);
            assert!(told.contains(&went) && told.lines().count() == 1, "{told}");
            assert_eq!(watching.take(&sound), "");
            assert_eq!(watching.exit(), Exit::Yes);
        }
    }

    #[test]
    fn a_daemon_that_does_not_run_is_told_in_each_round() {
        let client = ControlClient::new(Path::new("/nowhere/control.sock"));
        let daemon = Daemon::new(client, ServicePorts::USUAL);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let failure = runtime.block_on(daemon.facts(CheckSubject::default(), &WholeDomain)).unwrap_err();
        for format in [Format::Text(Style::Plain), Format::Json] {
            let history = DomainHistory::default();
            let mut watching =
                Watching { name: "a.test", format, history, is_reported: true, unreached: None };
            for round in 1..3 {
                let told = watching.without_daemon(&failure, round * 60);
                assert!(told.contains("cannot connect to resolverd at /nowhere/control.sock"), "{told}");
            }
            assert_eq!(watching.exit(), Exit::Unreachable);
            assert_eq!(watching.history, DomainHistory::default(), "nothing is said about the domain");
        }
    }

    #[test]
    fn an_interval_is_polite() {
        assert_eq!(interval("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(interval("10m"), Ok(Duration::from_secs(600)));
        for wrong in ["29s", "1ms", "1441m", "example.com", ""] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
