//! Fetches the policy file of MTA-STS for `check DOMAIN --connect`, with the code that the daemon fetches policies with.

use std::net::SocketAddr;

use tokio::time::timeout;

use super::peer::lost;
use crate::limits::CONNECTION_TIME;
use doctor::facts::{Got, NoReply, PolicyFile};
use tls_policy::fetch::{self, FetchError, Trust};

/// Downloads the MTA-STS policy file of `host` from `server`. The certificate of the server must be valid for `host`.
pub(super) async fn fetch(host: String, server: SocketAddr) -> Got {
    let host = host.trim_end_matches('.');
    match timeout(CONNECTION_TIME, fetch::fetch(host, &[server], &Trust::System)).await {
        Ok(Ok(text)) => Got::PolicyFile(PolicyFile::Text(text)),
        Ok(Err(FetchError::Fault(fault))) => Got::PolicyFile(PolicyFile::Fault(fault)),
        Ok(Err(FetchError::Connection(error))) => Got::NoReply(lost(&error)),
        Err(_) => Got::NoReply(NoReply::Silent),
    }
}
