//! Checks that the clock of this host is within the validity period of the root zone's signatures.
//!
//! If the clock is wrong by days, validation of all signed names fails.

use super::root_zone::RootZoneReplies;
use crate::system::HostFinding;
use dns::clock::date;
use dns::limits::CLOCK_FLOOR;

const CHECK: &str = "clock";

const ADVICE: &str = "set the clock and keep it in sync: `timedatectl set-ntp true`, or chrony";

/// Compares the time of the clock, `unix` (in seconds since 1970), with the release date of this version, and then with the validity period
/// of a signature of the root zone. If no such signature was received, the result is unknown.
pub(super) fn check(unix: u64, heard: &RootZoneReplies) -> HostFinding {
    let said = [&heard.udp, &heard.tcp].into_iter().filter_map(|reply| reply.as_ref().ok());
    let genuine = said.filter(|(_, said)| said.authoritative && !said.recursive);
    let signature = genuine.filter_map(|(_, said)| said.signature).next();
    let today = date(unix);
    if unix < CLOCK_FLOOR {
        let evidence = format!("the date is {today}, which is before the release of this version");
        return HostFinding::failure(CHECK, evidence, ADVICE);
    }
    let Some((from, until)) = signature else {
        return HostFinding::could_not_tell(
            CHECK,
            format!("the date is {today}; no signature of the root zone was received to compare it with"),
            "compare the date with that of another host, and keep the clock in sync: `timedatectl set-ntp true`, or chrony",
        );
    };
    let valid = format!("signatures of the root zone are valid from {} to {}", date(from), date(until));
    if (from..=until).contains(&unix) {
        HostFinding::ok(CHECK, format!("the date is {today}; {valid}"))
    } else {
        HostFinding::failure(CHECK, format!("the date is {today}; {valid}"), ADVICE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::root_zone::RootZoneAnswer;
    use super::*;
    use crate::system::CheckVerdict;

    #[test]
    fn root_signature_shows_wrong_clock() {
        let said = |authoritative, signature| {
            let said = RootZoneAnswer { authoritative, recursive: false, signature };
            RootZoneReplies {
                udp: Ok(("198.41.0.4:53".parse().unwrap(), said)),
                tcp: Err("silent".to_owned()),
            }
        };
        let now = CLOCK_FLOOR + 86_400;
        let verdict = |unix, heard: &RootZoneReplies| check(unix, heard).verdict;
        let valid = said(true, Some((now - 86_400, now + 86_400)));
        assert_eq!(verdict(now, &valid), CheckVerdict::Ok);
        assert_eq!(verdict(now + 100_000, &valid), CheckVerdict::Failure);
        assert_eq!(verdict(CLOCK_FLOOR - 1, &said(true, None)), CheckVerdict::Failure);
        assert_eq!(verdict(now, &said(true, None)), CheckVerdict::CouldNotTell);
        assert_eq!(verdict(now, &said(false, Some((now, now)))), CheckVerdict::CouldNotTell);
    }
}
