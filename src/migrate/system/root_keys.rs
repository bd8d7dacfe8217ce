//! Checks whether the daemon can validate the DNSKEY records of the root zone with its trust anchors.
//!
//! Follows RFC 4035 section 5.3 and RFC 5011. If the trust anchors are not the keys of the root zone, the queries of all clients fail, even those for
//! domains that are not signed.

use crate::system::HostFinding;

const CHECK: &str = "root keys";

/// The name of the finding about the daemon, which is not about the root keys.
const DAEMON_CHECK: &str = "resolverd";

/// The advice to the operator if the trust anchors are not the keys of the root zone.
const ADVICE: &str = "update resolverd or the package dns-root-data, or set dnssec.trust_anchor to a file with the keys of \
    https://data.iana.org/root-anchors/root-anchors.xml, or to \"\" for the built-in keys; if the trust anchors are right, another server answers in \
    place of the root servers: `resolverctl trace . DNSKEY` shows each step";

/// The advice to the operator if the daemon could not get the DNSKEY records of the root zone.
const UNREACHED: &str = "first make sure that the forwarders answer or, without forwarders, that outgoing UDP and TCP work; `resolverctl trace . DNSKEY` shows each step";

/// What the daemon found when it validated the keys of the root zone with its trust anchors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootKeysVerdict {
    /// A trust anchor matches one of the root's keys, and the signatures are valid.
    Secure,
    /// The configuration has no trust anchor for the root zone.
    Insecure,
    /// DNSSEC validation is turned off in the configuration.
    Off,
    /// No trust anchor matches one of the keys, or their signatures are wrong; the text says why.
    Bogus(String),
    /// The daemon could not get the DNSKEY records of the root; the text says why.
    NoAnswer(String),
}

/// The daemon's trust anchors for the root zone, and whether it can validate the keys of the root zone with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeysHere {
    /// The result of validating the DNSKEY records of the root zone.
    pub verdict: RootKeysVerdict,
    /// The key tags of the daemon's trust anchors for the root zone.
    pub tags: Vec<u16>,
    /// The number of resolutions since the start of the daemon whose answer was validated (secure).
    pub secure: u64,
    /// The number of resolutions since the start of the daemon whose answer was bogus.
    pub bogus: u64,
}

/// The reason why it is unknown whether the daemon can validate the root keys, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootKeysUnknown {
    /// No daemon answers on the control socket.
    NotRunning(String),
    /// The daemon was not asked, or it refused or did not send a usable reply.
    NotAsked(String),
}

/// Returns the finding about the root keys from the facts of the daemon. If no daemon answers on the control socket, returns a finding about that.
/// `listens` is true if a daemon listens on port 53: then its control socket probably has another path.
pub(super) fn check(here: &Result<RootKeysHere, RootKeysUnknown>, listens: bool) -> HostFinding {
    let RootKeysHere { verdict, tags, secure, bogus } = match here {
        Ok(here) => here,
        Err(RootKeysUnknown::NotRunning(why)) if !listens => {
            return HostFinding::failure(
                DAEMON_CHECK,
                format!(
                    "resolverd does not run, so the programs of this host that query it get no answers: {why}"
                ),
                "`systemctl enable --now resolverd.socket resolverd`; if it does not start, `journalctl -u resolverd` says why; whether \
                 it validates the root zone was not checked",
            );
        }
        Err(RootKeysUnknown::NotRunning(why) | RootKeysUnknown::NotAsked(why)) => {
            return HostFinding::could_not_tell(
                CHECK,
                why,
                "repeat this check while resolverd runs, with sudo; give its socket with --socket if it is not the default",
            );
        }
    };
    let tags: Vec<String> = tags.iter().map(u16::to_string).collect();
    let tags = if tags.is_empty() { "none".to_owned() } else { format!("key tags {}", tags.join(", ")) };
    let anchors = format!("keys of the root zone that resolverd trusts (trust anchors): {tags}");
    match verdict {
        RootKeysVerdict::Secure => HostFinding::ok(
            CHECK,
            format!(
                "DNSSEC validation works: resolverd validates the root zone; {anchors}; resolutions since start: {secure} secure, \
                 {bogus} bogus (`resolverctl failed` shows these)"
            ),
        ),
        RootKeysVerdict::Off => {
            HostFinding::ok(CHECK, "the configuration of resolverd says not to validate answers")
        }
        RootKeysVerdict::Insecure => HostFinding::warning(
            CHECK,
            format!("resolverd does not validate the root zone; {anchors}"),
            "look at dnssec.trust_anchor, dnssec.negative_trust_anchors and `resolverctl nta list`; without these keys forged answers \
             are not detected, and DANE has no effect",
        ),
        RootKeysVerdict::Bogus(why) => HostFinding::failure(
            CHECK,
            format!("the root zone fails DNSSEC validation, so all queries of clients fail: {why}"),
            ADVICE,
        ),
        RootKeysVerdict::NoAnswer(why) => HostFinding::could_not_tell(
            CHECK,
            format!("resolverd got no usable answer with the keys of the root zone: {why}"),
            UNREACHED,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    #[test]
    fn anchors_that_are_not_the_keys_of_the_root_are_a_failure() {
        let found = |verdict, tags: &[u16]| {
            check(&Ok(RootKeysHere { verdict, tags: tags.to_vec(), secure: 12, bogus: 3 }), true)
        };
        let well = found(RootKeysVerdict::Secure, &[20326, 38696]);
        assert_eq!(well.verdict, CheckVerdict::Ok);
        let counts = "(trust anchors): key tags 20326, 38696; resolutions since start: 12 secure, 3 bogus";
        assert!(well.evidence.contains(counts), "{well:?}");
        let bogus = found(RootKeysVerdict::Bogus("no DNSKEY fits".to_owned()), &[7]);
        assert_eq!(bogus.verdict, CheckVerdict::Failure);
        assert!(bogus.evidence.ends_with("fail: no DNSKEY fits"), "{bogus:?}");
        assert!(bogus.advice.unwrap().contains("root-anchors.xml"));
        let without = found(RootKeysVerdict::Insecure, &[]);
        assert_eq!(without.verdict, CheckVerdict::Warning);
        assert!(without.evidence.ends_with("(trust anchors): none"), "{without:?}");
        assert_eq!(found(RootKeysVerdict::Off, &[7]).verdict, CheckVerdict::Ok);
        let silent = found(RootKeysVerdict::NoAnswer("timeout".to_owned()), &[7]);
        assert_eq!(silent.verdict, CheckVerdict::CouldNotTell);
    }

    #[test]
    fn a_daemon_that_does_not_run_is_a_failure_and_one_that_may_not_be_asked_is_not() {
        let not_running = Err(RootKeysUnknown::NotRunning("cannot connect".to_owned()));
        let stopped = check(&not_running, false);
        assert_eq!((stopped.check, stopped.verdict), ("resolverd", CheckVerdict::Failure));
        let closed = check(&Err(RootKeysUnknown::NotAsked("permission denied".to_owned())), false);
        for unknown in [closed, check(&not_running, true)] {
            assert_eq!((unknown.check, unknown.verdict), ("root keys", CheckVerdict::CouldNotTell));
        }
    }
}
