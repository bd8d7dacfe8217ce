//! Who may read the page at `/` of the metrics listener.
//!
//! The page has names and clients, which the control socket shows only to some users. So the page is served to the same users:
//! the kernel knows which user of this host owns the other end of a connection. group(5) and passwd(5) describe the members of groups.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio::task::block_in_place;

use crate::limits::MAX_USERS;
use crate::socket_owners::{PASSWD, read, user_numbers_of};
use config::PageReaders;
use record::owner::WantedOwner;

/// The file with the names of groups, their ids and their members (group(5)).
pub(crate) const GROUPS: &str = "/etc/group";

const OFF: &str = "There is no page here; set `page` of [metrics] to \"control\" or \"all\".\n";

const OTHERS: &str = "The page is served to local users who may use the control socket: join its group, or set `page` of [metrics] to \"all\".\n";

/// The ends of a connection.
pub(super) struct Peer {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
}

/// The permissions of the control socket.
struct Permissions {
    owner: u32,
    group: u32,
    mode: u32,
}

impl Peer {
    /// Returns the reason why this client may not read the page, as a sentence; `None` if it may.
    pub(super) fn refusal(&self, page: PageReaders, socket: &Path) -> Option<&'static str> {
        match page {
            PageReaders::Everyone => None,
            PageReaders::Nobody => Some(OFF),
            PageReaders::ControlUsers => {
                let may_read = block_in_place(|| self.user().is_some_and(|user| may_use(socket, user)));
                (!may_read).then_some(OTHERS)
            }
        }
    }

    /// Returns the user who owns the client's end. `None` if the client is not on this host, or its user cannot be told.
    fn user(&self) -> Option<u32> {
        let wanted = WantedOwner { client: self.client, server: self.server, is_stream: true };
        let is_here = self.client.ip().to_canonical().is_loopback();
        let found = if is_here { user_numbers_of(&[wanted]) } else { Vec::new() };
        found.first().map(|(_, user)| *user)
    }
}

/// Returns true for root, for the user that the daemon runs as, and for users whom the permissions of the control socket let write.
fn may_use(socket: &Path, user: u32) -> bool {
    let about = std::fs::metadata(socket).ok();
    let permissions =
        about.map(|about| Permissions { owner: about.uid(), group: about.gid(), mode: about.mode() });
    user == 0
        || user == rustix::process::geteuid().as_raw()
        || permissions.is_some_and(|its| its.permit(user, &read(PASSWD, MAX_USERS), &read(GROUPS, MAX_USERS)))
}

impl Permissions {
    /// Returns true if `user` may write. `passwd` and `groups` are the contents of the files with users and groups.
    fn permit(&self, user: u32, passwd: &str, groups: &str) -> bool {
        let bit = if user == self.owner {
            0o200
        } else if is_member(user, self.group, passwd, groups) {
            0o020
        } else {
            0o002
        };
        self.mode & bit != 0
    }
}

fn is_member(user: u32, group: u32, passwd: &str, groups: &str) -> bool {
    let members: Vec<&str> = groups
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':').skip(2);
            (fields.next()?.parse() == Ok(group)).then(|| fields.next()).flatten()
        })
        .flat_map(|members| members.split(',').map(str::trim))
        .collect();
    passwd.lines().any(|line| {
        let mut fields = line.split(':');
        let (name, number, first) = (fields.next(), fields.nth(1), fields.next());
        let is_user = number.is_some_and(|number| number.parse() == Ok(user));
        let is_first = first.is_some_and(|first| first.parse() == Ok(group));
        is_user && (is_first || name.is_some_and(|name| !name.is_empty() && members.contains(&name)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_mode_permits_owner_and_group() {
        let passwd = "root:x:0:0::/:/bin/sh\nresolverd:x:90:91::/:\nann:x:1000:1000::/:\nben:x:1001:91::/:\nbad\n:x:7:7::/:\n";
        let groups = "resolverd:x:91:carl,ann\nother:x:92:ben\nbad:x:91\nempty:x:93:\n";
        let of = |mode| Permissions { owner: 90, group: 91, mode };
        let permitted = |mode| -> Vec<u32> {
            let users = [90, 1000, 1001, 1002, 7];
            users.into_iter().filter(|user| of(mode).permit(*user, passwd, groups)).collect()
        };
        assert_eq!(permitted(0o140_660), [90, 1000, 1001]);
        assert_eq!(permitted(0o140_600), [90]);
        assert_eq!(permitted(0o140_666), [90, 1000, 1001, 1002, 7]);
        assert_eq!(permitted(0o140_606), [90, 1002, 7]);
    }

    #[test]
    fn a_client_elsewhere_is_refused() {
        let peer =
            |client: &str| Peer { client: client.parse().unwrap(), server: ([127, 0, 0, 1], 9453).into() };
        for client in ["192.0.2.1:4711", "[2001:db8::1]:4711", "127.0.0.1:1"] {
            let refusal = |page| peer(client).refusal(page, Path::new("/"));
            assert_eq!(refusal(PageReaders::ControlUsers), Some(OTHERS), "{client}");
            assert_eq!(refusal(PageReaders::Everyone), None, "{client}");
            assert_eq!(refusal(PageReaders::Nobody), Some(OFF), "{client}");
        }
    }
}
