//! Why a failed question to a DNS list leaves open whether the name is listed.

use crate::iterate::failure::Failure;
use dns::conduct::Conduct;
use dnsbl::gate::UnknownReason;
use dnsbl::list::List;

/// Returns why a failed question to a DNS list leaves open whether the name is listed. Returns `None` if the list did not cause the
/// failure.
pub(super) fn unknown_reason(list: &List, failure: &Failure) -> Option<UnknownReason> {
    let what = failure.of_list(&list.apex);
    match failure {
        Failure::Servers { faults, .. }
            if !faults.is_empty() && faults.iter().all(|(_, conduct)| *conduct == Conduct::Refused) =>
        {
            Some(if list.rewrite.is_some() {
                UnknownReason::KeyRefused { what }
            } else {
                UnknownReason::NotServed { what }
            })
        }
        Failure::Servers { .. }
        | Failure::Silent { .. }
        | Failure::Time { .. }
        | Failure::Addresses { .. } => Some(UnknownReason::Silent { what }),
        // The cause of these failures is the question itself or this host, not the list.
        Failure::TooLarge { .. }
        | Failure::TooLong { .. }
        | Failure::List { .. }
        | Failure::NoRoom { .. }
        | Failure::Reloaded { .. } => None,
        _ => Some(UnknownReason::Unusable { error: failure.extended_error() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dnsbl::gate::{Given, Guarding};
    use dnsbl::list::{ListSubject, Purpose};
    use hickory_proto::rr::Name;
    use validate::verdict::{SecurityStatus as Validated, ValidationFailure, Why as Wrong};

    // Bogus or endless answers give NXDOMAIN at an allow list and SERVFAIL at a block list.
    #[test]
    fn unusable_list_fails_by_purpose() {
        let apex = Name::from_ascii("wl.example.").unwrap();
        let fault = Box::new(ValidationFailure::new(Wrong::Expired, "the signature has run out"));
        let untrusted = Failure::Untrusted { zone: apex.clone(), state: Validated::Bogus, fault };
        for failure in [untrusted, Failure::Aliases { name: apex.clone() }] {
            for purpose in [Purpose::Allow, Purpose::Block] {
                let list = List::new(apex.clone(), purpose, vec![ListSubject::Ip4]);
                let why = unknown_reason(&list, &failure).unwrap();
                assert_eq!(why.state(), None, "it is neither silent nor refusing");
                match why.given(&list, Guarding::default()) {
                    Given::Nxdomain(error) => {
                        assert_eq!(purpose, Purpose::Allow);
                        assert!(error.text.contains("wl.example"), "{}", error.text);
                    }
                    Given::Servfail(_) => assert_eq!(purpose, Purpose::Block),
                    Given::Answer => panic!("{failure}"),
                }
            }
        }
    }
}
