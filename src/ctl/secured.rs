//! Queries other resolvers over TLS (RFC 7858), with Hickory's client, or over HTTPS (RFC 8484), for `check DOMAIN`.
//!
//! resolverctl itself opens the connections, not the daemon. Each resolver has one connection, which is used for all questions.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use hickory_net::NetError;
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::tls::{client_config, tls_client_connect};
use hickory_net::xfer::{DnsExchange, DnsHandle, DnsMultiplexer};
use hickory_proto::op::{DnsRequest, DnsRequestOptions, Edns, Message, Query};
use rustls_pki_types::ServerName;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::rustls;

use super::certificate_fault;
use super::client::ControlClient;
use super::https::{self, HttpsConnection};
use super::peer::lost;
use crate::limits::SECURED_RESOLVER_TIME;
use control::direct::reply;
use control::lookup::{read_kind, read_name};
use control::protocol::{Problem, Reply, Request};
use doctor::facts::{NoReply, Record, ReplyFacts, SecuredResolver};

/// An open connection to a resolver. All clones of this value share the connection.
#[derive(Clone)]
enum Connection {
    Tls(DnsExchange<TokioRuntimeProvider>),
    Https(HttpsConnection),
}

/// The connections to other resolvers. Each one is opened for the first question to that resolver. The daemon resolves the names of the resolvers.
pub(super) struct SecuredResolvers {
    client: ControlClient,
    open: Mutex<BTreeMap<SecuredResolver, Arc<Mutex<Option<Connection>>>>>,
}

impl SecuredResolvers {
    pub(super) fn new(client: ControlClient) -> Self {
        Self { client, open: Mutex::default() }
    }

    /// Sends a question to a resolver, without a retry, and returns its reply.
    ///
    /// # Errors
    /// Returns the reason why there is no reply.
    pub(super) async fn ask(
        &self,
        resolver: &SecuredResolver,
        (name, kind): (&str, &str),
    ) -> Result<ReplyFacts, NoReply> {
        let message = question(name, kind).map_err(|problem| NoReply::Unknown(problem.sentence))?;
        let place = Arc::clone(self.open.lock().await.entry(resolver.clone()).or_default());
        let began = Instant::now();
        let asked = async {
            let kept = place.lock().await.clone();
            if let Some(connection) = kept
                && let Ok(message) = exchange(&connection, message.clone()).await
            {
                return Ok(message);
            }
            // There is no open connection: this is the first question to the resolver, or the resolver has closed the connection.
            let connection = connect(resolver, self.address(resolver).await?).await?;
            *place.lock().await = Some(connection.clone());
            exchange(&connection, message).await
        };
        let heard = timeout(SECURED_RESOLVER_TIME, asked).await.unwrap_or(Err(NetError::Timeout));
        heard.map(|message| reply(&message, began.elapsed())).map_err(|error| reason(&error))
    }

    /// Returns the first address of a resolver; IPv4 is preferred to IPv6. If the resolver is given by name, the daemon resolves the name.
    async fn address(&self, resolver: &SecuredResolver) -> Result<SocketAddr, NetError> {
        if let Ok(address) = resolver.host.parse() {
            return Ok(SocketAddr::new(address, resolver.port));
        }
        for kind in ["A", "AAAA"] {
            let (client, name) = (self.client.clone(), resolver.host.clone());
            let request = Request::Query { name, kind: Some(kind.to_owned()) };
            // `ControlClient` blocks its thread while it waits for the daemon, so it runs on a separate thread.
            let asked = tokio::task::spawn_blocking(move || client.ask(&request)).await;
            for reply in asked.map_err(io::Error::other)?.unwrap_or_default() {
                if let Reply::Query(query) = reply
                    && let Some(address) = query.answers.iter().find_map(Record::address)
                {
                    return Ok(SocketAddr::new(address, resolver.port));
                }
            }
        }
        Err(NetError::Msg(format!("no address of {} was found", resolver.host)))
    }
}

fn question(name: &str, kind: &str) -> Result<Message, Problem> {
    let mut message = Message::query();
    message.add_query(Query::query(read_name(name)?, read_kind(kind)?));
    message.metadata.recursion_desired = true;
    message.edns = Some(Edns::new());
    Ok(message)
}

async fn exchange(connection: &Connection, message: Message) -> Result<Message, NetError> {
    match connection {
        Connection::Https(connection) => connection.exchange(&message).await,
        Connection::Tls(connection) => {
            let mut replies = connection.send(DnsRequest::new(message, DnsRequestOptions::default()));
            replies.next().await.unwrap_or(Err(NetError::NoConnections)).map(Message::from)
        }
    }
}

async fn connect(resolver: &SecuredResolver, server: SocketAddr) -> Result<Connection, NetError> {
    // `client_config` reads the CA certificates of the system, some hundred files, so it runs on a separate thread.
    let config = tokio::task::spawn_blocking(client_config).await.map_err(io::Error::other)?;
    let config = config.map_err(io::Error::other)?;
    if let Some(path) = &resolver.path {
        return https::connect(resolver, path, server, config).await.map(Connection::Https);
    }
    let name = ServerName::try_from(resolver.certificate.clone()).map_err(io::Error::other)?;
    let (stream, sender) =
        tls_client_connect(server, name, Arc::new(config), TokioRuntimeProvider::default());
    let stream = DnsMultiplexer::new(stream.await?, sender).with_timeout(SECURED_RESOLVER_TIME);
    let (connection, background) = DnsExchange::from_stream(stream);
    // This background task moves data of the connection, and ends when the last `Connection` for it is dropped. If Hickory's own provider had started
    // the task, it would end with the provider.
    drop(tokio::spawn(background));
    Ok(Connection::Tls(connection))
}

fn reason(error: &NetError) -> NoReply {
    match error {
        NetError::Timeout => NoReply::Silent,
        NetError::Io(error) => {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            inner.map_or_else(|| lost(error), |inner| NoReply::Unknown(certificate_fault::words(inner)))
        }
        other => NoReply::Unknown(other.to_string()),
    }
}
