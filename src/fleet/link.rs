//! The connection to the store: to one server, to the primary server that Redis sentinels name, or to a cluster.
//!
//! # Decisions
//!
//! - The protocol is spoken here (`reply`, `connection`, `cluster`), not by a library: those read a reply of any length into memory, and give the
//!   password to each server that the store names.
//! - Connections go only to hosts that `fleet.servers` names.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::dial;
use crate::error::StoreError;
use crate::limits::{ENTRY_REPLY, MAX_SEALED, STORE_TIME};
use crate::reply::{Command, Value};
use config::{FleetSection, StoreMode, StoreServer};

#[derive(Clone)]
pub(crate) enum Link {
    Server(Connection),
    Cluster(Arc<Cluster>),
}

impl Link {
    /// Connects to the store, as the configuration says.
    ///
    /// # Errors
    /// Fails if no server can be reached, or if the store refuses this user.
    pub(crate) async fn connect(config: &FleetSection) -> Result<Self, StoreError> {
        if config.mode == StoreMode::Cluster {
            return Cluster::connect(config).await.map(|cluster| Self::Cluster(Arc::new(cluster)));
        }
        let mut failed = StoreError::Broken("no server".to_owned());
        for server in &config.servers {
            let connected = match config.mode {
                StoreMode::Sentinel => primary_of(config, server).await,
                _ => dial::connect(config, server, STORE_TIME).await,
            };
            match connected {
                Ok(connection) => return Ok(Self::Server(connection)),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Returns why the store names a server that is not used.
    pub(crate) fn unnamed(&self) -> Option<StoreError> {
        if let Self::Cluster(cluster) = self { cluster.unnamed() } else { None }
    }

    /// Connects to the nodes of a cluster that have no connection.
    ///
    /// # Errors
    /// As `Cluster::refresh`.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        match self {
            Self::Server(_) => Ok(()),
            Self::Cluster(cluster) => cluster.refresh().await,
        }
    }

    /// Reads the values under these names, each up to the length of the longest entry that gateways write. If a node of a cluster does not
    /// reply, its values are `None`.
    ///
    /// # Errors
    /// Fails if no value could be read.
    pub(crate) async fn values(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let gets: Vec<Command> = names.iter().map(|name| get(name)).collect();
        let mut replies = join_all(gets.iter().map(|get| self.command(get))).await;
        let is_value = |reply: &Result<Value, StoreError>| {
            reply.is_ok() || reply.as_ref().is_err_and(StoreError::is_foreign_content)
        };
        if !replies.iter().any(is_value)
            && let Some(Err(error)) = replies.pop()
        {
            return Err(error);
        }
        let value = |reply| match reply {
            Ok(Value::Text(text)) => Some(text).filter(|text| !text.is_empty()),
            _ => None,
        };
        Ok(replies.into_iter().map(value).collect())
    }

    /// Sends a command and returns its reply.
    ///
    /// # Errors
    /// Fails if the connection is broken, or if the store replies with an error.
    pub(crate) async fn command(&self, command: &Command) -> Result<Value, StoreError> {
        match self {
            Self::Server(server) => server.command(command).await,
            Self::Cluster(cluster) => cluster.command(command).await,
        }
    }

    /// Sends a command without a key, to the nodes of a cluster of which one must reply.
    ///
    /// # Errors
    /// As `command`.
    pub(crate) async fn command_any(&self, command: &Command) -> Result<Value, StoreError> {
        match self {
            Self::Server(server) => server.command(command).await,
            Self::Cluster(cluster) => cluster.command_any(command).await,
        }
    }
}

/// Returns the command that reads an entry. The store cuts a longer value, which then is not authentic.
pub(crate) fn get(name: &str) -> Command {
    Command::new("GETRANGE").key(name).number(0).number(MAX_SEALED - 1).at_most(ENTRY_REPLY)
}

/// Asks a sentinel for the primary server, and connects to that.
async fn primary_of(config: &FleetSection, sentinel: &StoreServer) -> Result<Connection, StoreError> {
    let asked = dial::connect_without_password(config, sentinel, STORE_TIME).await?;
    let ask = Command::new("SENTINEL").word("GET-MASTER-ADDR-BY-NAME").word(&config.primary);
    let Value::List(address) = asked.command(&ask).await? else {
        let unknown = format!("{sentinel} does not know the primary server {}", config.primary);
        return Err(StoreError::Broken(unknown));
    };
    let mut address = address.into_iter();
    let host =
        address.next().and_then(|host| host.into_text().ok()).and_then(|host| String::from_utf8(host).ok());
    let port = address.next().and_then(|port| port.number());
    let (host, port) = host.zip(port).ok_or(StoreError::Garbled)?;
    let server = dial::named(config, &host, port).await?;
    dial::connect(config, &server, STORE_TIME).await
}
