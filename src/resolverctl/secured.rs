//! Queries other resolvers over TLS, HTTPS or QUIC for `check DOMAIN` and `compare`.
//!
//! resolverctl itself opens the connections, one for all questions to a resolver.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::timeout;

use super::client::ControlClient;
use crate::limits::SECURED_RESOLVER_TIME;
use doctor::facts::{NoReply, Record, ReplyFacts, SecuredResolver};
use exchange::network::Path;
use exchange::{Exchange, UpstreamQuery};
use gather::direct::facts;
use protocol::lookup::{read_kind, read_name};
use protocol::{Problem, Reply, Request};

/// The connections to other resolvers.
pub(super) struct SecuredResolvers {
    client: ControlClient,
    exchange: io::Result<Exchange>,
}

impl SecuredResolvers {
    pub(super) fn new(client: ControlClient) -> Self {
        Self { client, exchange: Exchange::for_command() }
    }

    /// Sends the question once. The error says why there is no reply.
    pub(super) async fn ask(
        &self,
        resolver: &SecuredResolver,
        (name, kind): (&str, &str),
    ) -> Result<ReplyFacts, NoReply> {
        let unread = |problem: Problem| NoReply::Unknown(problem.sentence);
        let (name, kind) = (read_name(name).map_err(unread)?, read_kind(kind).map_err(unread)?);
        let exchange = self.exchange.as_ref().map_err(|error| NoReply::Unknown(error.to_string()))?;
        let asked = async {
            let server = self.address(resolver).await?;
            let path = Path { server, source: None, encryption: Some(Arc::new(resolver.encryption.clone())) };
            let place = exchange.place(&name).await;
            let query =
                UpstreamQuery { recursion_desired: true, ..UpstreamQuery::new(path, name.clone(), kind) };
            facts(Ok(exchange.ask_alone(&query, SECURED_RESOLVER_TIME, place).await))
        };
        timeout(SECURED_RESOLVER_TIME, asked).await.unwrap_or(Err(NoReply::Silent))
    }

    /// Returns the address of the resolver, an IPv4 address if it has one. The daemon resolves the name of the resolver.
    async fn address(&self, resolver: &SecuredResolver) -> Result<SocketAddr, NoReply> {
        if let Ok(address) = resolver.host.parse() {
            return Ok(SocketAddr::new(address, resolver.port));
        }
        for kind in ["A", "AAAA"] {
            let (client, name) = (self.client.clone(), resolver.host.clone());
            let request = Request::Query { name, kind: Some(kind.to_owned()), dnssec: false };
            // The client of the control socket blocks its thread while it waits for the daemon, so it runs on a separate thread.
            let asked = tokio::task::spawn_blocking(move || client.ask(&request)).await;
            let replies = asked.map_err(|ended| NoReply::Unknown(ended.to_string()))?;
            for reply in replies.unwrap_or_default() {
                if let Reply::Query(query) = reply
                    && let Some(address) = query.answers.iter().find_map(Record::address)
                {
                    return Ok(SocketAddr::new(address, resolver.port));
                }
            }
        }
        Err(NoReply::Unknown(format!("no address of {} was found", resolver.host)))
    }
}
