//! The local users who own the sockets of clients.
//!
//! A query does not show which program sent it, but the kernel knows the user of a socket on this host. The user is looked up only for
//! questions that wait long or fail, see `local_users`. In the history in memory, the user is an entry of its own, so questions without a
//! known user need no memory for it.
//!
//! # Decisions
//!
//! - The user is looked up while the question waits, because most programs close the socket when they have the answer.
//! - The question does not wait for the lookup. If it fails at once, its user is found only if the program keeps the socket open for a
//!   while.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use tokio::sync::Notify;

use crate::entry::{OwnerEntry, QuestionEntry};
use crate::limits::{MAX_WANTED_OWNERS, OWNER_LATE};
use crate::lock;
use dns::clock::micros;

/// A client whose user must be looked up. `server` and `is_stream` distinguish its socket from others with the same port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedOwner {
    /// The client's socket.
    pub client: SocketAddr,
    /// Where the client sent its question. The address is unspecified if the listener serves all addresses of the host.
    pub server: SocketAddr,
    /// True for TCP, false for UDP.
    pub is_stream: bool,
}

#[derive(Debug, Default)]
pub(crate) struct WantedOwners {
    clients: Mutex<Vec<WantedOwner>>,
    wake: Notify,
}

impl WantedOwners {
    pub(crate) async fn next(&self) -> Vec<WantedOwner> {
        loop {
            let wanted = std::mem::take(&mut *lock(&self.clients));
            if !wanted.is_empty() {
                return wanted;
            }
            self.wake.notified().await;
        }
    }

    /// Adds a client whose local user must be looked up, unless `MAX_WANTED_OWNERS` clients already wait for this.
    pub(crate) fn add(&self, client: WantedOwner) {
        let mut clients = lock(&self.clients);
        if clients.len() < MAX_WANTED_OWNERS && !clients.contains(&client) {
            clients.push(client);
            self.wake.notify_one();
        }
    }
}

/// Gives each question the user that was found for the client's port while the question waited, or soon after. If several users were found,
/// for instance because two had the same port over UDP and TCP, the question gets none.
pub(crate) fn give(owners: &[OwnerEntry], questions: &mut [QuestionEntry]) {
    let mut of_client: BTreeMap<(IpAddr, u16), Vec<&OwnerEntry>> = BTreeMap::new();
    for owner in owners {
        of_client.entry((owner.client, owner.port)).or_default().push(owner);
    }
    if of_client.is_empty() {
        return;
    }
    for question in questions.iter_mut().filter(|question| question.port > 0 && question.user.is_none()) {
        let Some(owners) = of_client.get(&(question.client, question.port)) else { continue };
        let span = question.at..=question.end().saturating_add(micros(OWNER_LATE));
        let mut users = owners.iter().filter(|owner| span.contains(&owner.at)).map(|owner| &owner.user);
        let first = users.next();
        question.user = first.filter(|first| users.all(|user| user == *first)).cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::{DnsResult, Outcome};
    use hickory_proto::rr::RecordType;

    const SECOND: u64 = 1_000_000;

    fn question(port: u16, at: u64, elapsed: u64) -> QuestionEntry {
        QuestionEntry {
            name: (*b"\x01a\x00").into(),
            kind: RecordType::A,
            client: [127, 0, 0, 1].into(),
            port,
            transport: None,
            view: 0,
            at,
            outcome: Outcome::Failed,
            elapsed,
            flight: None,
            error: "".into(),
            code: None,
            user: None,
            result: DnsResult::Unknown,
            stored: false,
        }
    }

    #[test]
    fn user_matches_port_and_time() {
        let owner =
            |port, at, user: &str| OwnerEntry { client: [127, 0, 0, 1].into(), port, at, user: user.into() };
        let owners =
            [owner(7, 5 * SECOND, "postfix"), owner(7, 60 * SECOND, "rspamd"), owner(8, 5 * SECOND, "991")];
        let mut questions = [
            question(7, 4 * SECOND, 4 * SECOND),
            question(7, 4 * SECOND, SECOND / 2),
            question(7, 59 * SECOND, 2 * SECOND),
            question(8, 4 * SECOND, 4 * SECOND),
            // The next four get no user: the time or the port differs, or the port is not known.
            question(7, 20 * SECOND, SECOND),
            question(7, 6 * SECOND, SECOND),
            question(9, 4 * SECOND, 4 * SECOND),
            question(0, 4 * SECOND, 4 * SECOND),
            // This one gets no user, because the port belonged to two users in its time.
            question(7, 4 * SECOND, 57 * SECOND),
        ];
        give(&owners, &mut questions);
        let users: Vec<Option<&str>> = questions.iter().map(|question| question.user.as_deref()).collect();
        let expected =
            [Some("postfix"), Some("postfix"), Some("rspamd"), Some("991"), None, None, None, None, None];
        assert_eq!(users, expected);
    }
}
