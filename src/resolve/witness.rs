//! Root servers asked when somebody does not answer: whether the zone is at fault or our own network.
//!
//! May call: `resolve`, `record`, `random`, `limits`. A task of the daemon; nothing on the way of a question waits for it. What root servers
//! do is told to the record as of all servers, which judges it.

use std::convert::Infallible;
use std::sync::Arc;

use super::Resolver;
use super::side::nowhere;
use crate::limits::NETWORK_WITNESS_PAUSE;
use crate::question::ViewId;
use crate::random::Random;

/// Asks them whenever nobody is heard, as long as it runs.
pub async fn ask_root_in_doubt(resolver: Arc<Resolver>, random: Random) -> Infallible {
    loop {
        resolver.recorder.doubted().await;
        resolver.ask_for_nothing(ViewId::default(), &nowhere(&random)).await;
        tokio::time::sleep(NETWORK_WITNESS_PAUSE).await;
    }
}
