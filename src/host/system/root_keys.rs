//! Checks that the daemon can validate the DNSKEY records of the root zone with its trust anchors.
//!
//! See RFC 4035 section 5.3 and RFC 5011. If the trust anchors are not keys of the root zone, all queries of clients fail, even those for unsigned
//! domains.

use crate::system::HostFinding;

const CHECK: &str = "root keys";

/// Findings about the daemon itself have this check name.
const DAEMON_CHECK: &str = "resolverd";

const ADVICE: &str = "update resolverd or the package dns-root-data, or set dnssec.trust_anchor to a file with the keys of \
    https://data.iana.org/root-anchors/root-anchors.xml, or to \"\" for the built-in keys; if the trust anchors are right, another server answers in \
    place of the root servers: `resolverctl trace . DNSKEY` shows each step";

const UNREACHED: &str = "first make sure that the forwarders answer or, without forwarders, that outgoing UDP and TCP work; `resolverctl trace . DNSKEY` shows each step";

/// The result of validating the keys of the root zone with the daemon's trust anchors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootKeysVerdict {
    /// A trust anchor matches a key of the root, and the signatures are valid.
    Secure,
    /// The configuration has no trust anchor for the root.
    Insecure,
    /// DNSSEC validation is turned off.
    Off,
    /// No trust anchor matches a key, or the signatures are wrong, for this reason.
    Bogus(String),
    /// The daemon could not get the DNSKEY records of the root, for this reason.
    NoAnswer(String),
}

/// The daemon's trust anchors for the root zone, and the result of validating the keys with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeysHere {
    /// The result of validating the DNSKEY records of the root zone.
    pub verdict: RootKeysVerdict,
    /// The key tags of the trust anchors for the root zone.
    pub tags: Vec<u16>,
    /// The number of resolutions with a secure answer since the start of the daemon.
    pub secure: u64,
    /// The number of resolutions with a bogus answer since the start of the daemon.
    pub bogus: u64,
}

/// Why the state of the root keys is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootKeysUnknown {
    /// No daemon answers on the control socket.
    NotRunning(String),
    /// The daemon was not asked, refused, or sent no usable reply.
    NotAsked(String),
}

/// Checks the root keys. `listens` is true if a daemon listens on port 53. If that daemon does not answer on the control socket, its control socket
/// probably has another path.
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
                 {bogus} bogus (`resolverctl failed` shows those of clients)"
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
    fn wrong_root_anchors_are_failure() {
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

    // A daemon that may not be asked is "could not tell".
    #[test]
    fn stopped_daemon_is_failure() {
        let not_running = Err(RootKeysUnknown::NotRunning("cannot connect".to_owned()));
        let stopped = check(&not_running, false);
        assert_eq!((stopped.check, stopped.verdict), ("resolverd", CheckVerdict::Failure));
        let closed = check(&Err(RootKeysUnknown::NotAsked("permission denied".to_owned())), false);
        for unknown in [closed, check(&not_running, true)] {
            assert_eq!((unknown.check, unknown.verdict), ("root keys", CheckVerdict::CouldNotTell));
        }
    }
}
