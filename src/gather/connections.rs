//! Connections to mail hosts and to hosts of MTA-STS policies, for `check DOMAIN --connect` and for own domains of the daemon.

use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;

use super::{policy_file, smtp};
use doctor::facts::{Got, NoReply, Want};

/// The ports of the services that a check connects to.
#[derive(Clone, Copy, Debug)]
pub struct ServicePorts {
    /// The port of mail hosts (RFC 5321 section 4.5.4.2).
    pub smtp: u16,
    /// The port of the servers that have MTA-STS policies.
    pub https: u16,
}

impl ServicePorts {
    /// The ports of the standards.
    pub const USUAL: Self = Self { smtp: 25, https: 443 };
}

/// Makes the connection that the question needs. Returns `None` if the question needs none.
pub fn connect(want: &Want, ports: ServicePorts) -> Option<BoxFuture<'static, Got>> {
    match want {
        Want::MailHost { host, address } => {
            let (host, server) = (host.clone(), SocketAddr::new(*address, ports.smtp));
            Some(Box::pin(async move {
                let heard = spawn_blocking(move || smtp::hear(&host, server)).await;
                heard.unwrap_or_else(|ended| Got::NoReply(NoReply::Unknown(ended.to_string())))
            }))
        }
        Want::PolicyFile { host, address } => {
            Some(Box::pin(policy_file::fetch(host.clone(), SocketAddr::new(*address, ports.https))))
        }
        _ => None,
    }
}
