//! Queries root servers when no other server answers, or none over TCP. The result shows if a zone or the network of this host is the cause.
//!
//! The history records the replies of root servers like all others, and finds network outages.

use std::convert::Infallible;
use std::sync::Arc;

use crate::limits::NETWORK_WITNESS_PAUSE;
use crate::resolve::Resolver;
use crate::resolve::side::nowhere;
use dns::question::ViewId;
use dns::random::Random;
use record::Recorder;

/// Queries root servers whenever no other server answers, and over TCP whenever TCP fails to several networks. Never returns.
pub async fn ask_root_in_doubt(
    resolver: Arc<Resolver>,
    recorder: Arc<Recorder>,
    random: Random,
) -> Infallible {
    tokio::join!(ask_root(&resolver, &recorder, &random), ask_root_over_tcp(&resolver, &recorder)).0
}

async fn ask_root(resolver: &Resolver, recorder: &Recorder, random: &Random) -> Infallible {
    loop {
        recorder.doubted().await;
        resolver.side().ask_for_nothing(ViewId::default(), &nowhere(random)).await;
        tokio::time::sleep(NETWORK_WITNESS_PAUSE).await;
    }
}

/// Continues until a server answers over TCP, which ends the fault.
async fn ask_root_over_tcp(resolver: &Resolver, recorder: &Recorder) -> Infallible {
    loop {
        recorder.streams_doubted().await;
        resolver.side().ask_root_over_tcp().await;
        tokio::time::sleep(NETWORK_WITNESS_PAUSE).await;
    }
}
