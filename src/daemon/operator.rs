//! The questions of the operator and of the daemon itself, which are asked as a client of `[listen]` asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use dns::clock::Clock;
use dns::question::{Client, Question};
use protocol::lookup::Lookup;
use resolver::resolve::{Asked, Resolver};

/// The address that stands for the operator. Questions from it do not count as those of mail software, from which look-ahead learns.
pub(super) const OPERATOR: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// The address that stands for the mail server that waits for a TLS policy. Its questions count: it used what look-ahead has asked.
pub(super) const MAIL_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 255, 255, 254));

/// Asks the resolver. It is cheap to copy.
#[derive(Clone)]
pub(super) struct Operator {
    pub(super) resolver: Arc<Resolver>,
    pub(super) clock: Clock,
    /// For whom it asks.
    pub(super) address: IpAddr,
}

impl Operator {
    /// Returns the question with the view of `[listen]`, as if a client of `[listen]` had asked it.
    pub(super) fn general(&self, question: &Question) -> Question {
        let views = self.resolver.views();
        let view = views.general().map_or(question.view, |view| view.id);
        Question { view, ..question.clone() }
    }

    /// Returns the client for whom it asks. It has an address that no real client has. Its port and id come from the current time, so they
    /// differ for concurrent queries.
    pub(super) fn client(&self) -> Client {
        let micros = self.clock.mono().as_micros().to_le_bytes();
        Client {
            address: self.address,
            port: u16::from_le_bytes([micros[0], micros[1]]),
            id: u16::from_le_bytes([micros[2], micros[3]]),
        }
    }

    /// Resolves a question like a client's question.
    pub(super) async fn ask(&self, question: &Question) -> Lookup {
        let question = self.general(question);
        self.until_replied(|client| self.resolver.ask(question.clone(), client)).await
    }

    /// Calls `ask` until there is a reply.
    pub(super) async fn until_replied<Asking: Future<Output = Asked>>(
        &self,
        ask: impl Fn(Client) -> Asking,
    ) -> Lookup {
        let began = self.clock.mono();
        loop {
            // There is no reply if another query of the operator has begun in the same microsecond, because both have the same client (see
            // `client`). Then it is asked again.
            if let Asked::Replied(replied) = ask(self.client()).await {
                let now = self.clock.mono();
                let (answer, outcome) = (replied.answer, replied.outcome);
                return Lookup { answer, now, outcome, elapsed: now.since(began) };
            }
            tokio::task::yield_now().await;
        }
    }
}
