//! Queries root servers when a server does not answer. The result shows whether the server's zone or the network of this host is the cause.
//!
//! This runs as a task of the daemon, so no client's question waits for it. The history records the answers of the root servers like all other
//! answers, and decides from all of them whether the network has an outage.

use std::convert::Infallible;
use std::sync::Arc;

use crate::limits::NETWORK_WITNESS_PAUSE;
use crate::resolve::Resolver;
use crate::resolve::side::nowhere;
use dns::question::ViewId;
use dns::random::Random;
use history::Recorder;

/// Queries root servers whenever no other server answers. Never returns.
pub async fn ask_root_in_doubt(
    resolver: Arc<Resolver>,
    recorder: Arc<Recorder>,
    random: Random,
) -> Infallible {
    loop {
        recorder.doubted().await;
        resolver.side().ask_for_nothing(ViewId::default(), &nowhere(&random)).await;
        tokio::time::sleep(NETWORK_WITNESS_PAUSE).await;
    }
}
