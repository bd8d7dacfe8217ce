//! Root servers asked when somebody does not answer: whether the zone is at fault or our own network.
//!
//! A task of the daemon: no question waits for it. The record hears of the root servers' answers as of all servers', and
//! judges them.

use std::convert::Infallible;
use std::sync::Arc;

use crate::limits::NETWORK_WITNESS_PAUSE;
use crate::question::ViewId;
use crate::random::Random;
use crate::resolve::Resolver;
use crate::resolve::side::nowhere;

/// Asks them whenever nobody is heard, as long as it runs.
pub async fn ask_root_in_doubt(resolver: Arc<Resolver>, random: Random) -> Infallible {
    loop {
        resolver.recorder().doubted().await;
        resolver.ask_for_nothing(ViewId::default(), &nowhere(&random)).await;
        tokio::time::sleep(NETWORK_WITNESS_PAUSE).await;
    }
}
