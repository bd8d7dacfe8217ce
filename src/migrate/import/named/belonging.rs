//! The key of our file to which the clients of a list of BIND belong, for those that only the operator knows: networks of interfaces,
//! places of addresses, lists that the file does not have, and clients with a TSIG key.

use super::reader::Statement;
use crate::import::draft::Draft;
use crate::import::finding::Setting;
use crate::import::finding::Weight::{Dangerous, Unneeded};

/// The use of a list.
#[derive(Clone, Copy)]
pub(super) enum Belonging {
    /// It names the clients that are answered.
    Allowed,
    /// It names the clients that get no reply.
    Dropped,
    /// It names addresses of this host to listen at.
    Listening,
    /// It names addresses that are removed from answers.
    Private,
}

impl Belonging {
    /// The advice for clients that an element names or denies.
    fn advice(self, whose: &str, denied: bool) -> String {
        match (self, denied) {
            (Self::Allowed, false) => format!("add {whose} to listen.allow"),
            (Self::Allowed, true) => format!("add {whose} to listen.refuse"),
            (Self::Dropped, false) => format!("add {whose} to listen.drop"),
            (Self::Dropped, true) => format!("add {whose} to listen.allow if they may query"),
            (Self::Listening, false) => "add the addresses to listen.addresses".to_owned(),
            (Self::Listening, true) => "remove the addresses from listen.addresses".to_owned(),
            (Self::Private, false) => format!("add {whose} to resolve.private_addresses"),
            (Self::Private, true) => format!("remove {whose} from resolve.private_addresses"),
        }
    }

    /// Reports an element that names networks which the file does not have.
    pub(super) fn tell_unknown(self, element: &Statement, denied: bool, draft: &mut Draft) {
        let (option, did) = match element.option().trim_start_matches('!') {
            "localnets" => ("localnets".to_owned(), "stood for the networks of this host's interfaces"),
            "geoip" => (element.shown(), "chose clients by the place of their addresses"),
            name => (name.to_owned(), "is not the name of an access list"),
        };
        let instead = self.advice("their prefixes", denied);
        draft.report(Dangerous, &(&element.place, &option), (did, &instead));
    }

    /// Reports clients with a TSIG key, which no address tells.
    pub(super) fn tell_key(self, element: &Statement, denied: bool, draft: &mut Draft) {
        if denied {
            let (did, instead) = ("left out clients with a TSIG key", "resolverd has no TSIG");
            return draft.report(Unneeded, element, (did, instead));
        }
        let instead = format!("resolverd has no TSIG; {}", self.advice("their addresses", false));
        draft.report(Dangerous, element, ("stood for clients with a TSIG key", &instead));
    }
}
