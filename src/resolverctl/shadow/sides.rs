//! Sends a question to the present resolver of this host and to resolverd at the same time, as a client does.
//!
//! RFC 1035 section 4.2, RFC 6840 section 5.7 (AD in a query), RFC 7766 section 5 (TCP after TC).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_proto::op::Message;
use hickory_proto::rr::Name;
use tokio::time::timeout;

use crate::limits::SHADOW_PATIENCE;
use dns::conduct::Transport;
use dns::wire::presentation::read_name;
use exchange::network::Path;
use exchange::{Exchange, Trouble, UpstreamQuery};
use gather::direct::reply;
use shadow::answer::{SideAnswer, SideReply};
use shadow::asked::AskedQuestion;
use shadow::judge::Sample;

/// A UDP query without a reply is sent again after this time, because the query or its reply may be lost.
const AGAIN: Duration = Duration::from_secs(2);

/// The two resolvers whose answers are compared. `in_place` is the present resolver of this host.
pub(super) struct Sides {
    pub(super) in_place: SocketAddr,
    pub(super) resolverd: SocketAddr,
    pub(super) exchange: Exchange,
}

impl Sides {
    pub(super) async fn sample(&self, question: &AskedQuestion) -> Sample {
        let (in_place, resolverd) =
            tokio::join!(self.ask(self.in_place, question), self.ask(self.resolverd, question));
        Sample { in_place, resolverd }
    }

    async fn ask(&self, server: SocketAddr, question: &AskedQuestion) -> SideAnswer {
        let began = Instant::now();
        let Some(mut name): Option<Name> = read_name(&question.name) else {
            return SideAnswer::None("the query cannot be written".to_owned());
        };
        name.set_fqdn(true);
        let path = Path { server, source: None, encryption: None };
        let query = UpstreamQuery {
            recursion_desired: true,
            authentic_data: true,
            dnssec_ok: question.dnssec_ok,
            checking_disabled: question.checking_disabled,
            ..UpstreamQuery::new(path, name, question.kind)
        };
        match timeout(SHADOW_PATIENCE, self.exchange(query)).await {
            Err(_) => SideAnswer::None(format!("timeout after {} s", SHADOW_PATIENCE.as_secs())),
            Ok(Err(trouble)) => SideAnswer::None(trouble.to_string()),
            Ok(Ok(message)) => answer_of(&message, began.elapsed()),
        }
    }

    /// Sends a query over UDP again and again until a reply arrives. If the reply has TC, sends the query over TCP. The caller limits the time.
    async fn exchange(&self, mut query: UpstreamQuery) -> Result<Arc<Message>, Trouble> {
        loop {
            let is_udp = query.transport == Transport::Udp;
            let patience = if is_udp { AGAIN } else { SHADOW_PATIENCE };
            let place = self.exchange.place(&query.name).await;
            match self.exchange.ask_alone(&query, patience, place).await.reply {
                Err(Trouble::Silent) => {}
                Ok(message) if is_udp && message.metadata.truncation => query.transport = Transport::Tcp,
                reply => return reply,
            }
        }
    }
}

/// Returns the parts of a reply that are compared with the reply of the other resolver.
fn answer_of(message: &Message, elapsed: Duration) -> SideAnswer {
    SideAnswer::Reply(Box::new(SideReply {
        facts: reply(message, elapsed),
        secure: message.metadata.authentic_data,
    }))
}
