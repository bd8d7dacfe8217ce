//! The questions of the operator and of the daemon itself, which are asked as a client of `[listen]` asks.

use std::sync::Arc;

use dns::clock::Clock;
use dns::question::{Client, Question};
use protocol::lookup::Lookup;
use resolver::resolve::{Asked, Resolver};

/// Asks the resolver. It is cheap to copy.
#[derive(Clone)]
pub(super) struct Operator {
    pub(super) resolver: Arc<Resolver>,
    pub(super) clock: Clock,
}

impl Operator {
    /// Returns the question with the view of `[listen]`, as if a client of `[listen]` had asked it.
    pub(super) fn general(&self, question: &Question) -> Question {
        let views = self.resolver.views();
        let view = views.general().map_or(question.view, |view| view.id);
        Question { view, ..question.clone() }
    }

    /// Returns the client that stands for the operator. It has an address that no real client has. Its port and id come from the current
    /// time, so they differ for concurrent queries.
    pub(super) fn client(&self) -> Client {
        let micros = self.clock.mono().as_micros().to_le_bytes();
        Client {
            address: std::net::Ipv6Addr::UNSPECIFIED.into(),
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
        let client = self.client();
        loop {
            // There is no reply if another query of the operator has begun in the same microsecond, because both have the same client (see
            // `client`). Then it is asked again.
            if let Asked::Replied(replied) = ask(client).await {
                let now = self.clock.mono();
                let (answer, outcome) = (replied.answer, replied.outcome);
                return Lookup { answer, now, outcome, elapsed: now.since(began) };
            }
            tokio::task::yield_now().await;
        }
    }
}
