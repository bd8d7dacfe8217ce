//! Asks the daemon about the DNSKEY records of the root zone, for `resolverctl check system`.

use super::client::{ControlClient, unexpected};
use super::exit::CommandFailure;
use dns::question::Security;
use host::system::root_keys::{RootKeysHere, RootKeysUnknown, RootKeysVerdict};
use protocol::{QueryReply, Reply, Request, RootKeyStanding, RootKeysUnfollowed, Status};
use record::{SecurityStatus, Window};

/// Returns the DNSKEY records of the root that the daemon has, its trust anchors, and the result of the validation; or why these
/// are unknown.
pub(super) fn here(client: &ControlClient) -> Result<RootKeysHere, RootKeysUnknown> {
    let failed = |failure: CommandFailure| match failure {
        CommandFailure::Unreachable { socket, error } => {
            RootKeysUnknown::NotRunning(format!("cannot connect to {}: {error}", socket.display()))
        }
        failure => RootKeysUnknown::NotAsked(failure.to_string()),
    };
    let other = |words: &str| RootKeysUnknown::NotAsked(words.to_owned());
    let tags = match client.ask_one(&Request::Status).map_err(failed)? {
        Reply::Status(status) => tags(&status),
        _ => return Err(other("the daemon did not tell its state")),
    };
    let stats = Request::Stats { window: Window::Start, table: None };
    let Reply::Stats(stats) = client.ask_one(&stats).map_err(failed)? else {
        return Err(other("the daemon did not send its statistics"));
    };
    let count = |state| stats.report.upstream.validated.get(&state).copied().unwrap_or(0);
    let (secure, bogus) = (count(SecurityStatus::Secure), count(SecurityStatus::Bogus));
    let keys = Request::Query { name: ".".to_owned(), kind: Some("DNSKEY".to_owned()), dnssec: false };
    match client.ask_one(&keys).map_err(failed)? {
        Reply::Query(reply) => Ok(RootKeysHere { verdict: verdict(&reply), tags, secure, bogus }),
        _ => Err(other("the daemon did not answer a query")),
    }
}

/// Returns a line if the daemon validates no answer with DNSSEC, and otherwise nothing.
pub(super) fn validation_off(client: &ControlClient) -> Result<&'static str, CommandFailure> {
    let Reply::Status(status) = client.ask_one(&Request::Status)? else { return Err(unexpected()) };
    let is_off = status.daemon.root_keys.unfollowed == Some(RootKeysUnfollowed::ValidationOff);
    Ok(if is_off { "DNSSEC validation is off: dnssec.validate is false\n" } else { "" })
}

/// Returns the key tags of the daemon's trust anchors for the root zone.
fn tags(status: &Status) -> Vec<u16> {
    use RootKeyStanding::{Configured, Missing, Valid};
    let keys = status.daemon.root_keys.keys.iter();
    keys.filter(|key| [Configured, Missing, Valid].contains(&key.state)).map(|key| key.tag).collect()
}

fn verdict(reply: &QueryReply) -> RootKeysVerdict {
    let error = reply.extended_error.as_ref();
    let why = error.map_or_else(|| reply.rcode.clone(), |error| error.text.trim_end_matches('.').to_owned());
    match (reply.rcode.as_str(), reply.security) {
        ("SERVFAIL", _) if error.is_some_and(|error| error.is_bogus()) => RootKeysVerdict::Bogus(why),
        ("NOERROR", _) if reply.answers.is_empty() => {
            RootKeysVerdict::NoAnswer("the answer has no DNSKEY record".to_owned())
        }
        ("NOERROR", Security::Secure) => RootKeysVerdict::Secure,
        ("NOERROR", Security::Insecure) => RootKeysVerdict::Insecure,
        // Requests over the control socket never set the CD flag, so an unchecked answer means that validation is off.
        ("NOERROR", Security::Unchecked) => RootKeysVerdict::Off,
        _ => RootKeysVerdict::NoAnswer(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::{ExtendedError, Outcome};
    use doctor::facts::Record;

    #[test]
    fn dnskey_reply_gives_root_key_verdict() {
        let of = |rcode: &str, security, code: Option<u16>, has_keys: bool| {
            let record = Record::read(".", 1, "DNSKEY", "257 3 13 AAAA").unwrap();
            let error = code.map(|code| ExtendedError { code, text: "why.".to_owned() });
            verdict(&QueryReply {
                name: ".".to_owned(),
                kind: "DNSKEY".to_owned(),
                rcode: rcode.to_owned(),
                outcome: Outcome::Upstream,
                elapsed: 0.0,
                flags: Vec::new(),
                security,
                answers: if has_keys { vec![record] } else { Vec::new() },
                authority: Vec::new(),
                extended_error: error,
                configured: None,
                views: Vec::new(),
            })
        };
        let unchecked = Security::Unchecked;
        assert_eq!(of("NOERROR", Security::Secure, None, true), RootKeysVerdict::Secure);
        assert_eq!(of("NOERROR", Security::Insecure, None, true), RootKeysVerdict::Insecure);
        assert_eq!(of("NOERROR", unchecked, None, true), RootKeysVerdict::Off);
        assert_eq!(of("SERVFAIL", unchecked, Some(9), false), RootKeysVerdict::Bogus("why".to_owned()));
        assert_eq!(of("SERVFAIL", unchecked, Some(22), false), RootKeysVerdict::NoAnswer("why".to_owned()));
        assert_eq!(of("SERVFAIL", unchecked, None, false), RootKeysVerdict::NoAnswer("SERVFAIL".to_owned()));
        assert!(matches!(of("NOERROR", unchecked, None, false), RootKeysVerdict::NoAnswer(_)));
    }
}
