//! The task that looks up which local users own the sockets of clients.
//!
//! # Decisions
//!
//! - For each reading of the tables, the kernel goes through all sockets. So two readings are at least `OWNER_PAUSE` apart, and
//!   each serves all clients whose users were requested before.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::limits::OWNER_PAUSE;
use crate::socket_owners::users_of;
use record::Recorder;

/// Records the users of the clients for which the query history requests them. Runs forever.
pub(super) async fn look_up(recorder: Arc<Recorder>) -> Infallible {
    loop {
        let wanted = recorder.wanted_owners().await;
        for (client, user) in block_in_place(|| users_of(&wanted)) {
            recorder.owned(client, &user);
        }
        sleep(OWNER_PAUSE).await;
    }
}
