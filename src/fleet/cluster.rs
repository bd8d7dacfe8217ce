//! A cluster as the store: a connection to each primary node, and the node of each key.
//!
//! Only the heartbeat connects to nodes (`refresh`). A command whose node has no connection fails at once, so that no question waits for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{join_all, select_ok};

use crate::connection::Connection;
use crate::dial;
use crate::error::StoreError;
use crate::limits::{CLOCK_NODES, LONG_REPLY, NODE_TIME};
use crate::reply::{Command, Value};
use crate::slots::{Node, Redirect, Slots, slot_of};
use config::FleetSection;

pub(crate) struct Cluster {
    config: FleetSection,
    known: Mutex<Known>,
    /// True if the slots must be read again.
    is_outdated: AtomicBool,
}

#[derive(Default)]
struct Known {
    slots: Slots,
    connections: HashMap<Node, Connection>,
    /// Why the cluster names a node that is not used.
    unnamed: Option<StoreError>,
}

impl Cluster {
    /// Connects to the nodes that the first reachable server names.
    ///
    /// # Errors
    /// No server can be reached, or no node may be used.
    pub(crate) async fn connect(config: &FleetSection) -> Result<Self, StoreError> {
        let cluster =
            Self { config: config.clone(), known: Mutex::default(), is_outdated: AtomicBool::new(true) };
        cluster.refresh().await?;
        Ok(cluster)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the slots again if they have changed or a node has no connection, and connects to the nodes without one.
    ///
    /// # Errors
    /// No node can be reached that may be used.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let is_complete = {
            let known = self.known();
            known.slots.nodes().iter().all(|node| known.connections.contains_key(node))
        };
        if is_complete && !self.is_outdated.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let mut slots = self.read_slots().await?;
        let (mut nodes, mut unnamed) = (Vec::new(), None);
        for (host, port) in slots.nodes() {
            match dial::named(&self.config, &host, port).await {
                Ok(server) => nodes.push(((host, port), server)),
                Err(error) => unnamed = Some(error),
            }
        }
        let names: Vec<Node> = nodes.iter().map(|(node, _)| node.clone()).collect();
        slots.retain(&names);
        let missing: Vec<_> = {
            let mut known = self.known();
            known.connections.retain(|node, _| names.contains(node));
            nodes.into_iter().filter(|(node, _)| !known.connections.contains_key(node)).collect()
        };
        let connected = join_all(missing.into_iter().map(|(node, server)| async move {
            dial::connect(&self.config, &server, NODE_TIME).await.map(|connection| (node, connection))
        }));
        let (new, mut failed): (Vec<_>, Vec<_>) = connected.await.into_iter().partition(Result::is_ok);
        let mut known = self.known();
        known.slots = slots;
        known.connections.extend(new.into_iter().flatten());
        known.unnamed = unnamed;
        if !known.connections.is_empty() {
            return Ok(());
        }
        let failed = failed.pop().and_then(Result::err).or_else(|| known.unnamed.clone());
        Err(failed.unwrap_or_else(|| StoreError::Broken("the cluster names no node".to_owned())))
    }

    /// Returns why the cluster names a node that is not used.
    pub(crate) fn unnamed(&self) -> Option<StoreError> {
        self.known().unnamed.clone()
    }

    /// Asks the connected nodes, and then the configured ones, until one replies.
    async fn read_slots(&self) -> Result<Slots, StoreError> {
        let ask = Command::new("CLUSTER").word("SLOTS").at_most(LONG_REPLY);
        let connected: Vec<_> = self.known().connections.clone().into_iter().collect();
        for ((host, _), connection) in connected {
            if let Some(slots) =
                connection.command(&ask).await.ok().and_then(|reply| Slots::read(reply, &host))
            {
                return Ok(slots);
            }
        }
        let mut failed = StoreError::Broken("no server".to_owned());
        for server in &self.config.servers {
            let asked = async {
                let connection = dial::connect(&self.config, server, NODE_TIME).await?;
                let reply = connection.command(&ask).await?;
                Slots::read(reply, &server.host).ok_or(StoreError::Garbled)
            };
            match asked.await {
                Ok(slots) => return Ok(slots),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Sends a command to the node of its key.
    ///
    /// # Errors
    /// The node has no connection, or replies with an error.
    pub(crate) async fn command(&self, command: &Command) -> Result<Value, StoreError> {
        let slot = slot_of(command.key_octets().unwrap_or_default());
        let node = self.known().slots.node(slot).cloned();
        let Some(node) = node else { return Err(self.without("no node has the hash slot")) };
        match self.at(&node, command, false).await {
            Err(StoreError::Refused(text)) => match Redirect::read(&text) {
                Some(redirect) => self.follow(redirect, node, command).await,
                None => Err(StoreError::Refused(text)),
            },
            replied => replied,
        }
    }

    /// Sends a command to the node that another node has named, if there is a connection to it. The heartbeat makes connections, and only to
    /// hosts of the configuration.
    async fn follow(&self, to: Redirect, from: Node, command: &Command) -> Result<Value, StoreError> {
        let (host, port) = to.node;
        let node = if host.is_empty() { (from.0, port) } else { (host, port) };
        if !to.is_once {
            self.is_outdated.store(true, Ordering::Relaxed);
        }
        self.at(&node, command, to.is_once).await
    }

    async fn at(&self, node: &Node, command: &Command, is_asking: bool) -> Result<Value, StoreError> {
        let connection = self.known().connections.get(node).cloned();
        let Some(connection) = connection else { return Err(self.without("no connection to the node")) };
        let replied = match is_asking {
            true => connection.command_asking(command).await,
            false => connection.command(command).await,
        };
        if replied.as_ref().is_err_and(StoreError::is_broken) {
            self.known().connections.remove(node);
            self.is_outdated.store(true, Ordering::Relaxed);
        }
        replied
    }

    fn without(&self, why: &str) -> StoreError {
        self.is_outdated.store(true, Ordering::Relaxed);
        StoreError::Broken(why.to_owned())
    }

    /// Sends a command without a key to some nodes, and returns the first reply, so that one dead node does not matter.
    ///
    /// # Errors
    /// No node replied.
    pub(crate) async fn command_any(&self, command: &Command) -> Result<Value, StoreError> {
        let nodes: Vec<Node> = self.known().connections.keys().take(CLOCK_NODES).cloned().collect();
        if nodes.is_empty() {
            return Err(self.without("no connection to a node"));
        }
        let asked = nodes.iter().map(|node| Box::pin(self.at(node, command, false)));
        select_ok(asked).await.map(|(value, _)| value)
    }
}
