//! The part of the recorder that requests the lookup of local users (who own the sockets of clients), and records the users that were found; see
//! `owner`.

use std::net::SocketAddr;

use super::Recorder;
use super::entry::{Entry, OwnerEntry};
use super::lock;
use super::owner::WantedOwner;
use crate::limits::MAX_USER_NAME;

impl Recorder {
    /// Requests the lookup of the local user of a client whose question waits long or has failed. Only clients at loopback addresses are looked up.
    pub fn want_owner(&self, wanted: WantedOwner) {
        let client = wanted.client;
        if self.kept.is_on() && client.port() > 0 && client.ip().to_canonical().is_loopback() {
            self.log.owners.add(wanted);
        }
    }

    /// Waits until some users must be looked up, and returns the clients whose sockets they own.
    pub async fn wanted_owners(&self) -> Vec<WantedOwner> {
        self.log.owners.next().await
    }

    /// Records the user who owns the socket of a client at this time.
    pub fn owned(&self, client: SocketAddr, user: &str) {
        let end = user.floor_char_boundary(MAX_USER_NAME);
        let user = user.get(..end).unwrap_or_default().into();
        let at = self.clock.mono().as_micros();
        let owner = OwnerEntry { client: client.ip(), port: client.port(), at, user };
        lock(&self.kept.misses).entry(&Entry::Owner(owner));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::limits::MAX_WANTED_OWNERS;
    use dns::clock::Clock;

    #[test]
    fn users_of_clients_on_this_host_are_wanted_once_and_their_number_is_bounded() {
        let recorder = Recorder::new(Clock::machine(), 1);
        let want = |client: SocketAddr| {
            let server = ([127, 0, 0, 1], 53).into();
            recorder.want_owner(WantedOwner { client, server, is_stream: false });
        };
        for client in ["192.0.2.1:7", "[2001:db8::1]:7", "127.0.0.1:0"] {
            want(client.parse().unwrap());
        }
        assert!(recorder.wanted_owners().now_or_never().is_none());
        let local = ["127.0.0.1:7", "[::1]:7", "[::ffff:127.0.0.1]:8", "127.0.0.1:7"];
        local.iter().for_each(|client| want(client.parse().unwrap()));
        assert_eq!(recorder.wanted_owners().now_or_never().unwrap().len(), 3);
        assert!(recorder.wanted_owners().now_or_never().is_none());
        for port in 1..1_000 {
            want(([127, 0, 0, 1], port).into());
        }
        assert_eq!(recorder.wanted_owners().now_or_never().unwrap().len(), MAX_WANTED_OWNERS);
    }
}
