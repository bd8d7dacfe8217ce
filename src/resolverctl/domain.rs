//! Sends the questions of `check DOMAIN` and `compare`: over the control socket, or directly from this command.

use std::net::IpAddr;

use futures_util::future::BoxFuture;

use super::CommandFailure;
use super::client::ControlClient;
use super::render::html::chain::KeyChain;
use super::secured::SecuredResolvers;
use doctor::Plan;
use doctor::facts::{CheckSubject, DomainFacts, Got, NoReply, Want, is_below_root};
use gather::connections::{ServicePorts, connect};
use gather::limits::CHECK_DOMAIN_TIME;
use gather::{Sources, gather};
use protocol::facts::{got, request};
use protocol::{Blame, Problem, Reply, Request, TraceRequest};

/// Gets the answers to the questions of a check. DNS questions go to the daemon over its control socket. resolverctl itself
/// connects to mail hosts, to hosts of policies, and to resolvers over TLS, HTTPS or QUIC.
pub(super) struct Daemon {
    client: ControlClient,
    ports: ServicePorts,
    resolvers: SecuredResolvers,
}

impl Daemon {
    pub(super) fn new(client: ControlClient, ports: ServicePorts) -> Self {
        let resolvers = SecuredResolvers::new(client.clone());
        Self { client, ports, resolvers }
    }

    /// Gets the facts for the check of a domain. Fails if the daemon does not answer, or stops during the check: otherwise the domain's servers would
    /// seem to be silent.
    pub(super) async fn facts(
        &self,
        subject: CheckSubject,
        plan: &impl Plan,
    ) -> Result<DomainFacts, CommandFailure> {
        self.is_reached().await?;
        let root_servers = match is_below_root(&subject.domain) {
            true => self.root_servers().await?,
            false => Vec::new(),
        };
        let facts = gather(CheckSubject { root_servers, ..subject }, plan, self).await;
        self.is_reached().await?;
        Ok(facts)
    }

    /// Returns one address of each root server that the daemon uses.
    async fn root_servers(&self) -> Result<Vec<IpAddr>, CommandFailure> {
        let replies = self.asked(|client| client.ask(&Request::RootServers)).await?;
        let addresses = |reply| match reply {
            Reply::RootServers { addresses } => addresses,
            _ => Vec::new(),
        };
        Ok(replies.into_iter().flat_map(addresses).collect())
    }

    /// Runs `ask` on a separate thread, because the client of the control socket blocks its thread.
    async fn asked<Said: Send + 'static>(
        &self,
        ask: impl FnOnce(&ControlClient) -> Result<Said, CommandFailure> + Send + 'static,
    ) -> Result<Said, CommandFailure> {
        let client = self.client.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&client)).await;
        asked.map_err(|ended| CommandFailure::CutOff(ended.to_string()))?
    }

    /// Returns the chain of keys of a domain from a fresh trace of its SOA record, or why it could not be read.
    pub(super) async fn key_chain(&self, domain: &str) -> Result<KeyChain, String> {
        let kind = Some("SOA".to_owned());
        let request = Request::Trace(TraceRequest { name: domain.to_owned(), kind, fresh: true });
        let asked = self.asked(move |client| client.ask(&request));
        match tokio::time::timeout(CHECK_DOMAIN_TIME, asked).await {
            Ok(Ok(trace)) => KeyChain::of(domain, &trace),
            Ok(Err(failure)) => Err(failure.to_string()),
            Err(_) => Err(format!("its trace takes longer than {} s", CHECK_DOMAIN_TIME.as_secs())),
        }
    }

    /// Fails if the daemon does not answer.
    async fn is_reached(&self) -> Result<(), CommandFailure> {
        self.asked(|client| client.ask(&Request::Status)).await.map(drop)
    }

    /// Returns why no server except the daemon may be asked about a name; `None` if others may be asked. The daemon decides this,
    /// because it knows the names that must stay on this host, such as those with the key of a DNS list.
    async fn kept_here(&self, name: &str) -> Result<Option<String>, CommandFailure> {
        let name = name.to_owned();
        self.asked(move |client| kept_here(client, &name)).await
    }
}

/// Returns why no server except the daemon may be asked about a name; `None` if others may be asked. Blocks the thread until the daemon
/// replies.
pub(super) fn kept_here(client: &ControlClient, name: &str) -> Result<Option<String>, CommandFailure> {
    let said = client.ask(&Request::KeptHere { name: name.to_owned() })?.into_iter();
    let of_reply = |reply| if let Reply::KeptHere { why } = reply { Some(why) } else { None };
    let why = said.filter_map(of_reply).next();
    why.ok_or_else(|| {
        CommandFailure::CutOff("the daemon does not say whether others may be asked".to_owned())
    })
}

impl Sources for Daemon {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        if let Want::Secured { resolver, name, kind } = want {
            return Box::pin(async move {
                match self.kept_here(name).await {
                    Ok(None) => {}
                    Ok(Some(why)) => return Got::NoReply(NoReply::Unknown(why)),
                    Err(failure) => return Got::NoReply(NoReply::Unknown(failure.to_string())),
                }
                self.resolvers.ask(resolver, (name, kind)).await.map_or_else(Got::NoReply, Got::Reply)
            });
        }
        if let Some(connection) = connect(want, self.ports) {
            return connection;
        }
        let (client, Some(request)) = (self.client.clone(), request(want)) else {
            return Box::pin(async { Got::Lists(Vec::new()) });
        };
        let lists = matches!(want, Want::Lists { .. } | Want::NamedLists { .. });
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || client.ask(&request)).await {
                Ok(Ok(replies)) => got(replies),
                // The daemon returns this error if no configured DNS list covers this kind of name.
                Ok(Err(CommandFailure::Problem(Problem { fault: Blame::Request, .. }))) if lists => {
                    Got::Lists(Vec::new())
                }
                Ok(Err(failure)) => Got::NoReply(NoReply::Unknown(failure.to_string())),
                Err(ended) => Got::NoReply(NoReply::Unknown(ended.to_string())),
            }
        })
    }
}
