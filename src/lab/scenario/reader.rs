//! Reads a scenario from its text. The module `scenario` documents the format.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use super::{Action, Ask, Expected, ExpectedRecord, Holding, Scenario, ScenarioError, ScenarioStep, repeat};
use crate::delegations::Tree;
use crate::fault::{Fault, span};
use crate::signing::Signing;
use crate::simulated::Ipv6Way;
use crate::world::{ServerPlan, absolute};
use crate::zone_file::{read_kind, read_record};
use dns::cached::Rank;
use dns::question::Outcome;

const RCODES: [(&str, ResponseCode); 7] = [
    ("NOERROR", ResponseCode::NoError),
    ("FORMERR", ResponseCode::FormErr),
    ("SERVFAIL", ResponseCode::ServFail),
    ("NXDOMAIN", ResponseCode::NXDomain),
    ("NOTIMP", ResponseCode::NotImp),
    ("REFUSED", ResponseCode::Refused),
    ("YXDOMAIN", ResponseCode::YXDomain),
];

impl FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        let (title, steps) = Default::default();
        let scenario = Self { title, toml: None, tree: Tree::default(), steps };
        let mut reader = ScenarioReader { scenario, zone: None, in_toml: false };
        let lines = repeat::lines(text).map_err(|(line, reason)| ScenarioError::Line { line, reason })?;
        for (number, line) in lines {
            let at_line = |reason| ScenarioError::Line { line: number, reason };
            let is_comment = line.trim().is_empty() || line.trim_start().starts_with('#');
            if !is_comment {
                reader.line(number, &line).map_err(at_line)?;
            }
        }
        reader.end_zone().map_err(|reason| ScenarioError::Line { line: text.lines().count(), reason })?;
        Ok(reader.scenario)
    }
}

struct ScenarioReader {
    scenario: Scenario,
    /// The zone being read: its name, its servers, and its text so far.
    zone: Option<(String, Vec<String>, String)>,
    in_toml: bool,
}

/// Begins the text of a configuration file with empty lines, so that its line numbers are those of the scenario.
fn begin_of_file(line: usize) -> String {
    format!("{}version = 1", "\n".repeat(line.saturating_sub(1)))
}

/// Appends a line to a configuration file, so that it has the line number `number`.
fn add_line(file: &mut String, number: usize, line: &str) {
    let lines = file.matches('\n').count().saturating_add(1);
    file.push_str(&"\n".repeat(number.saturating_sub(lines)));
    file.push_str(line);
}

impl ScenarioReader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if let Some(inner) = line.strip_prefix("  ") {
            return self.inner_line(number, inner);
        }
        self.end_zone()?;
        self.in_toml = false;
        if let Some(title) = line.strip_prefix("title:") {
            title.trim().clone_into(&mut self.scenario.title);
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["toml"] if self.scenario.steps.is_empty() && self.scenario.toml.is_none() => {
                self.scenario.toml = Some(begin_of_file(number));
                self.in_toml = true;
                Ok(())
            }
            ["reload"] => {
                let action = Action::Reload(begin_of_file(number));
                self.scenario.steps.push(ScenarioStep { line: number, action });
                Ok(())
            }
            ["server", name, address, options @ ..] => self.server(name, address, options),
            ["sign", zone, words @ ..] if self.scenario.steps.is_empty() => {
                let signed = self.scenario.tree.sign(zone, Some(signing(words)?));
                signed.map_err(|error| error.to_string())
            }
            ["private", zone] if self.scenario.steps.is_empty() => {
                self.scenario.tree.keep_private(zone).map_err(|error| error.to_string())
            }
            ["zone", name, servers @ ..] => {
                let servers = servers.iter().map(ToString::to_string).collect();
                self.zone = Some(((*name).to_owned(), servers, String::new()));
                Ok(())
            }
            _ => {
                let action = action(&words)?;
                self.scenario.steps.push(ScenarioStep { line: number, action });
                Ok(())
            }
        }
    }

    /// Reads an indented line, which belongs to the zone, configuration file or question above.
    fn inner_line(&mut self, number: usize, line: &str) -> Result<(), String> {
        if let Some(file) = self.scenario.toml.as_mut().filter(|_| self.in_toml) {
            add_line(file, number, line);
            return Ok(());
        }
        if let Some((_, _, text)) = &mut self.zone {
            text.push_str(line);
            text.push('\n');
            return Ok(());
        }
        match self.scenario.steps.last_mut() {
            Some(ScenarioStep { action: Action::Ask(ask), .. }) => expect(&mut ask.expected, line.trim()),
            Some(ScenarioStep { action: Action::Reload(file), .. }) => {
                add_line(file, number, line);
                Ok(())
            }
            Some(ScenarioStep { action: Action::Cache { held, .. }, .. }) => {
                held.extend(holding(line.trim())?);
                Ok(())
            }
            _ => Err("nothing is expected of this step".to_owned()),
        }
    }

    fn end_zone(&mut self) -> Result<(), String> {
        let Some((name, servers, text)) = self.zone.take() else { return Ok(()) };
        self.scenario.tree.zone(&name, &servers, &text).map_err(|error| error.to_string())
    }

    fn server(&mut self, name: &str, address: &str, options: &[&str]) -> Result<(), String> {
        let addresses: Result<Vec<IpAddr>, _> = address.split(',').map(str::parse).collect();
        let mut plan = ServerPlan::new(name, addresses.map_err(|error| format!("{address}: {error}"))?);
        for option in options {
            let spanned = |text: &str| span(text).ok_or_else(|| format!("{text} is not a span"));
            match option.split_once('=') {
                Some(("rtt", text)) => plan.distance.round_trip = spanned(text)?,
                Some(("loss", text)) => {
                    plan.distance.loss_per_mille =
                        text.parse().map_err(|_| format!("{text} is not a number"))?;
                }
                _ => plan.faults.push(option.parse().map_err(|error| format!("{error}"))?),
            }
        }
        self.scenario.tree.server(plan).map_err(|error| error.to_string())
    }
}

fn action(words: &[&str]) -> Result<Action, String> {
    match words {
        ["ask", name, kind, options @ ..] => {
            let (with, expected) = Default::default();
            let mut ask = Ask { name: read_name(name)?, kind: read_type(kind)?, clients: 1, with, expected };
            for option in options {
                match *option {
                    "+DO" => ask.with.dnssec_ok = true,
                    "+CD" => ask.with.checking_disabled = true,
                    "+AD" => ask.with.authentic_data = true,
                    _ if option.starts_with("via=") => {
                        let place = option.trim_start_matches("via=").parse();
                        ask.with.listener = place.map_err(|_| format!("{option} is no listener's place"))?;
                    }
                    _ if option.starts_with("from=") => {
                        let client = option.trim_start_matches("from=").parse();
                        ask.with.client = Some(client.map_err(|_| format!("{option} is no address"))?);
                    }
                    _ => {
                        let count = option.strip_prefix('x').and_then(|count| count.parse().ok());
                        ask.clients = count.ok_or_else(|| format!("{option} is not a number of clients"))?;
                    }
                }
            }
            Ok(Action::Ask(Box::new(ask)))
        }
        ["cache", name, kind @ ..] if kind.len() < 2 => {
            let kind = kind.first().map(|kind| read_type(kind)).transpose()?;
            Ok(Action::Cache { name: read_name(name)?, kind, held: Vec::new() })
        }
        ["unpoisoned"] => Ok(Action::Unpoisoned),
        ["counted", counters @ ..] => {
            Ok(Action::Counted(counters.iter().map(|one| counter(one)).collect::<Result<_, _>>()?))
        }
        ["sign", zone, words @ ..] => Ok(Action::Sign { zone: (*zone).to_owned(), signing: signing(words)? }),
        ["advance", text] => span(text).map(Action::Advance).ok_or_else(|| format!("{text} is not a span")),
        ["fault", server, faults @ ..] => {
            let faults: Result<Vec<Fault>, _> = faults.iter().map(|fault| fault.parse()).collect();
            let faults = faults.map_err(|error| error.to_string())?;
            Ok(Action::Fault { server: (*server).to_owned(), faults })
        }
        ["clock", "right"] => Ok(Action::Clock(0)),
        ["clock", way @ ("slow" | "fast"), text] => {
            let seconds = span(text).and_then(|span| i64::try_from(span.as_secs()).ok());
            let seconds = seconds.ok_or_else(|| format!("{text} is not a span"))?;
            Ok(Action::Clock(if *way == "slow" { -seconds } else { seconds }))
        }
        ["network", "down"] => Ok(Action::NetworkDown(true)),
        ["network", "up"] => Ok(Action::NetworkDown(false)),
        ["ipv6", "open"] => Ok(Action::Ipv6(Ipv6Way::Open)),
        ["ipv6", "unrouted"] => Ok(Action::Ipv6(Ipv6Way::Unrouted)),
        ["ipv6", "swallowed"] => Ok(Action::Ipv6(Ipv6Way::Swallowed)),
        _ => Err(format!("not a step: {}", words.join(" "))),
    }
}

fn signing(words: &[&str]) -> Result<Signing, String> {
    words.join(" ").parse().map_err(|error| format!("{error}"))
}

fn read_name(text: &str) -> Result<Name, String> {
    absolute(text).map_err(|error| error.to_string())
}

fn read_type(text: &str) -> Result<RecordType, String> {
    read_kind(text).ok_or_else(|| format!("unknown type {text}"))
}

/// Reads an expected cache entry; `None` for the word `none`.
fn holding(line: &str) -> Result<Option<Holding>, String> {
    if line == "none" {
        return Ok(None);
    }
    let (word, rest) = line.split_once(' ').ok_or_else(|| format!("{line} says nothing"))?;
    let record = |rank| {
        let wanted = wanted(rest)?.ok_or_else(|| "no record".to_owned())?;
        Ok(Some(Holding::Record(rank, Box::new(wanted))))
    };
    match (word, rest) {
        ("rrset", _) => record(Rank::Answer),
        ("glue", _) => record(Rank::Glue),
        ("negative", "NXDOMAIN" | "NODATA") => Ok(Some(Holding::Negative(rest == "NXDOMAIN"))),
        ("delegation", _) => {
            let servers: Result<_, _> = rest.split_whitespace().map(read_name).collect();
            Ok(Some(Holding::Delegation(servers?)))
        }
        ("failure", _) => {
            rest.parse().map(|code| Some(Holding::Failure(code))).map_err(|_| format!("{rest} is no code"))
        }
        _ => Err(format!("nothing that memory holds: {line}")),
    }
}

/// Reads the expected value of a counter: `strays=60` or `strays=50..60`.
fn counter(text: &str) -> Result<(String, RangeInclusive<u64>), String> {
    let (word, count) = text.split_once('=').ok_or_else(|| format!("{text} is no counter"))?;
    let counts = counts(count)?;
    let wide = |count: &usize| u64::try_from(*count).unwrap_or(u64::MAX);
    Ok((word.to_owned(), wide(counts.start())..=wide(counts.end())))
}

fn expect(expected: &mut Expected, line: &str) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').ok_or_else(|| format!("{line} says nothing"))?;
    match word {
        "rcode" => {
            let known = RCODES.iter().find(|(name, _)| *name == rest);
            expected.rcode = Some(known.ok_or_else(|| format!("unknown RCODE {rest}"))?.1);
        }
        "answer" => expected.answers.get_or_insert_default().extend(wanted(rest)?),
        "authority" => expected.authorities.get_or_insert_default().extend(wanted(rest)?),
        "flags" => expected.flags.extend(rest.split_whitespace().map(ToOwned::to_owned)),
        "ede" if rest == "none" => expected.extended_error = Some(None),
        "ede" => {
            expected.extended_error = Some(Some(rest.parse().map_err(|_| format!("{rest} is no code"))?))
        }
        "why" => expected.why = Some(rest.to_owned()),
        "outcome" => {
            for part in rest.split_whitespace() {
                expected.outcomes.push(outcome(part)?);
            }
        }
        "packets" => {
            let (count, server) =
                rest.split_once(' ').map_or((rest, None), |(count, server)| (count, Some(server)));
            expected.packets.push((server.map(ToOwned::to_owned), counts(count)?));
        }
        "packet:" => expected.packet_lines.push(rest.to_owned()),
        "elapsed" => expected.elapsed = Some(spans(rest)?),
        "signatures" => expected.signatures = Some(counts(rest)?),
        "proofs" => expected.proofs = Some(counts(rest)?),
        _ => return Err(format!("not an expectation: {word}")),
    }
    Ok(())
}

fn wanted(text: &str) -> Result<Option<ExpectedRecord>, String> {
    if text == "none" {
        return Ok(None);
    }
    let with_ttl = text.split_whitespace().nth(1).is_some_and(|word| word.parse::<u32>().is_ok());
    let record = read_record(text).map_err(|error| error.to_string())?;
    Ok(Some(ExpectedRecord { record, with_ttl }))
}

/// Reads an expected outcome: `shared`, or `shared=9` for nine of the clients.
fn outcome(text: &str) -> Result<(Outcome, usize), String> {
    let (name, count) = text.split_once('=').unwrap_or((text, "1"));
    let outcome: Outcome =
        serde_json::from_value(name.into()).map_err(|_| format!("unknown outcome {name}"))?;
    Ok((outcome, count.parse().map_err(|_| format!("{count} is not a number"))?))
}

/// Reads a number, or a range such as `3..5`, which includes 5.
fn counts(text: &str) -> Result<RangeInclusive<usize>, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("{text} is not a number"));
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    Ok(number(low)?..=number(high)?)
}

/// Reads a time span, or a range such as `30ms..50ms`, which includes 50 ms.
fn spans(text: &str) -> Result<RangeInclusive<Duration>, String> {
    let read = |text: &str| span(text).ok_or_else(|| format!("{text} is not a span"));
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    Ok(read(low)?..=read(high)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
title: It can be read
# a comment
toml
  [[list]]
  # a comment
  name = \"bl.example\"
server a.root 127.0.0.1,::1 rtt=10ms loss=5 no-tcp
zone . a.root
  www 300 A 10.0.0.1
ask www. A x3 +DO via=1 from=10.0.0.1
  rcode NOERROR
  answer www. 300 A 10.0.0.1
  outcome upstream shared=2
  packets 1..2 a.root
  packet: a.root www. A
  elapsed 10ms..12ms
  flags ra !ad
  ede none
cache www. A
  rrset www. A 10.0.0.1
unpoisoned
counted scrubbed=0 answered=1..2
advance 5m
fault a.root dead slow=3s
network down
reload
  [cache]
";

    #[test]
    fn a_scenario_is_read_as_written() {
        let scenario: Scenario = TEXT.parse().unwrap();
        assert_eq!(scenario.title, "It can be read");
        assert_eq!(scenario.steps.len(), 8);
        let file = format!("{}version = 1\n[[list]]\n\nname = \"bl.example\"", "\n".repeat(3));
        assert_eq!(scenario.toml, Some(file));
        let Action::Reload(file) = &scenario.steps[7].action else { panic!("no reload") };
        assert_eq!(*file, format!("{}version = 1\n[cache]", "\n".repeat(26)));
        let Action::Ask(ask) = &scenario.steps[0].action else { panic!("no question") };
        assert_eq!((ask.clients, ask.expected.outcomes.len(), ask.expected.packets.len()), (3, 2, 1));
        assert_eq!(ask.expected.answers.as_ref().unwrap().len(), 1);
        assert!(ask.with.dnssec_ok && !ask.with.checking_disabled);
        assert_eq!((ask.with.listener, ask.with.client), (1, Some([10, 0, 0, 1].into())));
        let Action::Cache { held, .. } = &scenario.steps[1].action else { panic!("no look at memory") };
        assert_eq!(held.len(), 1);
        assert!(ask.expected.answers.as_ref().unwrap()[0].with_ttl);
    }

    #[test]
    fn unreadable_line_is_reported() {
        for (text, part) in [
            ("title: x\ndance\n", "line 2"),
            ("ask www. NOSUCH\n", "NOSUCH"),
            ("ask www. A\n  rcode NOPE\n", "line 2"),
            ("server a 127.0.0.1 sleepy\n", "sleepy"),
            ("advance soon\n", "soon"),
            ("cache www. A\n  perhaps\n", "perhaps"),
            ("counted strays\n", "strays"),
        ] {
            let error = text.parse::<Scenario>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
