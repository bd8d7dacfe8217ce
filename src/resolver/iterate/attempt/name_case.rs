//! Mixed case in names (0x20): if a server finds names in mixed case, and repeats them as they were sent.

use super::{Attempt, NextQuery};
use crate::iterate::classify::Classified;
use crate::iterate::query_form::{NameCase, Signed, UpstreamForm, WantedAnswer};
use dns::clock::Mono;
use dns::conduct::{Conduct, Transport};
use exchange::Trouble;

impl Attempt {
    /// Called if a server of a DNS list has denied a name in mixed case (0x20). Sends the same query without mixed case once a day, because
    /// some servers do not find names in mixed case. The client does not wait for this check: a denial is the usual answer of a list, and
    /// no mail is lost if one listing is missed.
    pub(super) async fn check_list(&self) {
        let now = self.shared.clock.mono();
        if self.standing().finds_mixed_case {
            return;
        }
        self.server.finds_mixed_case(now);
        let form = UpstreamForm { case: NameCase::AsAsked, ..self.first };
        let NextQuery::Classified(said) = self.again(form, "own_case", false).await else { return };
        let finds_it = match *said {
            Classified::Found(found) => !found.denies(),
            Classified::Referral(_) => true,
            _ => false,
        };
        if finds_it {
            self.server.flips_case(now);
        }
    }

    /// Compares `doubted`, the reply to a query in mixed case, with `later`, the result of a query without mixed case. If `doubted` is a denial and
    /// `later` is `Nothing`, returns `doubted`: servers that limit the rate of their replies drop or refuse the second query. Otherwise returns
    /// `later`.
    pub(super) fn compare(&self, doubted: Classified, later: Classified, now: Mono) -> Classified {
        if doubted.differs_from(&later) {
            self.server.flips_case(now);
        } else if matches!((&doubted, &later), (Classified::Found(_), Classified::Found(_))) {
            self.server.repeats_denial(now);
        } else if matches!((&doubted, &later), (Classified::Found(_), Classified::Nothing(_))) {
            // If the server refused the second query, it was recorded as lame for the zone. This is wrong, because it answered the first query.
            self.server.serves(&self.zone, now);
            return doubted;
        }
        later
    }

    /// Repeats the query over TCP after replies over UDP that may be forged. If the server does not accept TCP, the query is repeated over UDP, and
    /// such replies are then skipped. If the name in a reply had another case, the server is also recorded as one that changes the case, and the
    /// query has no mixed case. This does not help an attacker: to get here, a forged reply must already have had the correct port and query id.
    /// Returns the form of the last query, and what follows its reply.
    pub(super) async fn check_over_tcp(
        &self,
        form: UpstreamForm,
        trouble: &Trouble,
    ) -> (UpstreamForm, NextQuery) {
        let is_case = *trouble == Trouble::OtherCase;
        let form = UpstreamForm { transport: Transport::Tcp, ..form };
        let turn = self.again(form, if is_case { "other_case" } else { "forged" }, false).await;
        // A query that the budget or this host prevented shows nothing about the server.
        let has_failed = matches!(
            &turn,
            NextQuery::Classified(said)
                if matches!(**said, Classified::Nothing(conduct) if !conduct.came_back())
        );
        if !has_failed || self.standing().features.tcp {
            return (form, turn);
        }
        let form = UpstreamForm { transport: Transport::Udp, skips_forgeries: true, ..form };
        if !is_case {
            return (form, self.again(form, "forged", false).await);
        }
        self.server.flips_case(self.shared.clock.mono());
        let form = UpstreamForm { case: NameCase::AsAsked, ..form };
        (form, self.again(form, "own_case", false).await)
    }

    /// Returns true if the reply about a name in mixed case (0x20) must be confirmed by a query without mixed case. Some servers compare names octet
    /// by octet. They deny names in mixed case, or do not find their zone, and mail to the domain would bounce.
    ///
    /// The client waits for the second query. So it is not sent where it would show nothing: the server has found a name in mixed case before, the
    /// denial has a proof that will be validated, the server was lame before, only a referral is needed, or the name has no letters. A server that
    /// has only denied names so far is asked twice until it has repeated `CONFIRMED_DENIALS` denials. For DNS lists, which deny nearly all names, see
    /// `check_list`.
    pub(super) fn doubts_case(&self, said: &Classified) -> bool {
        let standing = self.standing();
        let has_letters = self.name.iter().flatten().any(u8::is_ascii_alphabetic);
        let is_useless = self.wanted == WantedAnswer::Referral || !has_letters;
        if self.is_list || standing.finds_mixed_case || is_useless {
            return false;
        }
        match said {
            Classified::Found(found) => found.denies() && !(self.signed == Signed::Yes && found.has_proof()),
            Classified::Doubtful(_)
            | Classified::Nothing(Conduct::Lame | Conduct::Refused | Conduct::NotAuth) => !standing.lame,
            Classified::Referral(_) | Classified::Nothing(_) | Classified::NoRoom => false,
        }
    }
}
