//! The task that tests negative trust anchors, so that validation is on again as soon as a zone is repaired.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::time::sleep;

use super::running::Running;
use crate::limits::NTA_TEST_INTERVAL;
use dns::random::Random;
use dns::wire::presentation::name_text;
use exchange::network::Network;
use resolver::background::negative_trust_anchors::remove_unneeded;

/// Tests at intervals each negative trust anchor that has an expiry time, and removes the anchor if its zone validates again.
/// Runs forever.
pub(super) async fn test(subject: Arc<Running>, random: Random) -> Infallible {
    let network = Arc::clone(&subject.network) as Arc<dyn Network>;
    loop {
        sleep(NTA_TEST_INTERVAL).await;
        for name in remove_unneeded(&subject.resolver, &network, &random).await {
            subject.outdate_snapshot();
            tracing::info!("{} validates again: its negative trust anchor was removed", name_text(&name));
        }
    }
}
