//! Checks `/etc/resolv.conf`: which servers the C library queries, and if it passes on the AD flag of validated answers.
//!
//! The C library uses the first three name servers, or 127.0.0.1 if there are none (resolv.conf(5)).

use std::net::{IpAddr, Ipv4Addr};

use super::host::HostFile;
use crate::system::HostFinding;

/// The name of this check in the output of `check system`.
pub const CHECK: &str = "resolv.conf";

pub(crate) const TRUST_AD: &str = "trust-ad";

/// glibc ignores further name servers (MAXNS).
const MAX_NAMESERVERS: usize = 3;

/// The checked parts of a `resolv.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvConf {
    /// If the file has no name server, this is 127.0.0.1.
    pub(crate) nameservers: Vec<String>,
    options: Vec<String>,
}

impl ResolvConf {
    pub(crate) fn parse(text: &str) -> Self {
        let (mut nameservers, mut options) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_ascii_whitespace().map(str::to_owned);
            match words.next().as_deref() {
                Some("nameserver") => nameservers.extend(words.next()),
                Some("options") => options.extend(words),
                _ => {}
            }
        }
        nameservers.truncate(MAX_NAMESERVERS);
        if nameservers.is_empty() {
            nameservers.push(Ipv4Addr::LOCALHOST.to_string());
        }
        Self { nameservers, options }
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|set| set == option)
    }
}

/// The addresses of systemd-resolved. It gets queries to these addresses even if resolverd listens at a wildcard address.
const STUBS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53)), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 54))];

/// Returns true if a name server of `resolv.conf` is one of resolverd's addresses `ours`. A wildcard address includes the loopback addresses of its
/// family, except those of systemd-resolved.
pub fn is_ours(nameserver: &str, ours: &[IpAddr]) -> bool {
    let any =
        |address: &IpAddr| ours.iter().any(|own| own.is_unspecified() && own.is_ipv4() == address.is_ipv4());
    nameserver.parse().is_ok_and(|address: IpAddr| {
        let is_covered = address.is_loopback() && !STUBS.contains(&address) && any(&address);
        ours.contains(&address) || is_covered
    })
}

/// Returns the name servers in `text` (a resolv.conf) that are not resolverd.
pub fn other_nameservers(text: &str, ours: &[IpAddr]) -> Vec<IpAddr> {
    let conf = ResolvConf::parse(text);
    let others = conf.nameservers.iter().filter(|nameserver| !is_ours(nameserver, ours));
    others.filter_map(|nameserver| nameserver.parse().ok()).collect()
}

/// Checks `/etc/resolv.conf`. `link` is its target if it is a symbolic link.
pub(super) fn check(file: &HostFile, link: Option<&str>, ours: &[IpAddr]) -> Vec<HostFinding> {
    let conf = match file {
        HostFile::Unreadable { path, error } => {
            let evidence = format!("cannot read {path}: {error}");
            return vec![HostFinding::could_not_tell(CHECK, evidence, "run this command with sudo")];
        }
        HostFile::Missing { .. } => ResolvConf::parse(""),
        HostFile::Text { text, .. } => ResolvConf::parse(text),
    };
    let asked = asked(&conf, file, link, ours);
    let mut findings = vec![asked];
    findings.extend(trust_ad(&conf, ours));
    findings
}

fn asked(conf: &ResolvConf, file: &HostFile, link: Option<&str>, ours: &[IpAddr]) -> HostFinding {
    let from =
        link.map_or_else(|| file.path().to_owned(), |link| format!("{} (a link to {link})", file.path()));
    let evidence = match file {
        HostFile::Missing { .. } => format!("{from} does not exist: programs use 127.0.0.1"),
        _ => format!("{from} names {}", conf.nameservers.join(", ")),
    };
    let strangers: Vec<&str> =
        conf.nameservers.iter().map(String::as_str).filter(|nameserver| !is_ours(nameserver, ours)).collect();
    let first = conf.nameservers.first().map_or("", String::as_str);
    let wanted = ours.first().map_or_else(|| "127.0.0.1".to_owned(), ToString::to_string);
    if !is_ours(first, ours) {
        let advice = format!(
            "mail software uses {first}, not resolverd: replace /etc/resolv.conf by a file, not a link, with `nameserver {wanted}` and `options edns0 trust-ad`"
        );
        return HostFinding::failure(CHECK, evidence, advice);
    }
    if strangers.is_empty() {
        return HostFinding::ok(CHECK, evidence);
    }
    let advice = format!(
        "remove {}: programs also query it when resolverd is slow; there DNS lists may refuse the query, and no answer is validated",
        strangers.join(" and ")
    );
    HostFinding::warning(CHECK, evidence, advice)
}

/// Checks that `resolv.conf` has the option `trust-ad`. Without it, glibc 2.31 and later clear the AD flag in replies. Postfix sets the option
/// itself, other programs do not.
fn trust_ad(conf: &ResolvConf, ours: &[IpAddr]) -> Option<HostFinding> {
    const CHECK: &str = TRUST_AD;
    if !conf.nameservers.iter().all(|nameserver| is_ours(nameserver, ours)) {
        return None;
    }
    Some(match conf.has("trust-ad") {
        true => HostFinding::ok(CHECK, format!("resolv.conf has `options {}`", conf.options.join(" "))),
        false => HostFinding::warning(
            CHECK,
            "the C library removes the AD bit (validated) from answers",
            "write `options edns0 trust-ad` in /etc/resolv.conf; DANE needs this option, except in Postfix, which sets it itself",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::CheckVerdict;

    fn verdicts(text: &str) -> Vec<CheckVerdict> {
        let file = HostFile::Text { path: "/etc/resolv.conf".to_owned(), text: text.to_owned() };
        let ours = [IpAddr::from([127, 0, 0, 1])];
        check(&file, None, &ours).into_iter().map(|finding| finding.verdict).collect()
    }

    #[test]
    fn only_resolverd_may_be_asked() {
        use CheckVerdict::{Failure, Ok, Warning};
        assert_eq!(verdicts("nameserver 127.0.0.1\noptions edns0 trust-ad\n"), [Ok, Ok]);
        assert_eq!(verdicts("# nothing\n"), [Ok, Warning], "glibc asks 127.0.0.1");
        assert_eq!(verdicts("nameserver 127.0.0.1\nnameserver 192.0.2.53\n"), [Warning]);
        assert_eq!(verdicts("nameserver 127.0.0.53\noptions edns0 trust-ad\n"), [Failure]);
        assert_eq!(verdicts("nameserver 192.0.2.53\noptions trust-ad\n"), [Failure]);
        assert_eq!(verdicts("nameserver 192.0.2.53\nnameserver 127.0.0.1\n"), [Failure]);
        let file =
            HostFile::Text { path: "/etc/resolv.conf".to_owned(), text: "nameserver 127.0.0.1\n".to_owned() };
        let wildcard = |address: &str| check(&file, None, &[address.parse().unwrap()])[0].verdict;
        assert_eq!((wildcard("0.0.0.0"), wildcard("::")), (Ok, Failure));
        let missing = HostFile::Missing { path: "/etc/resolv.conf".to_owned() };
        let found = check(&missing, None, &["127.0.0.1".parse().unwrap()]);
        assert_eq!(found[0].verdict, Ok);
    }
}
