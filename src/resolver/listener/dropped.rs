//! Counts the datagrams that the kernel dropped because the buffer of a listener's socket was full: queries, and packets of QUIC.
//!
//! The kernel shows a count for each socket in `/proc/net/udp` and `/proc/net/udp6` (proc_net_udp(5)). SO_RXQ_OVFL was rejected, because
//! the safe wrapper of recvmmsg cannot read such a report after a datagram without one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::net::UdpSocket;
use std::sync::{Mutex, PoisonError};

use crate::limits::MAX_SOCKET_TABLE;

/// A kernel without IPv6 has only the first file.
const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];

/// The inode of a socket, which identifies the socket in the tables of /proc/net.
pub(super) type Inode = u64;

/// For each socket, the number of dropped datagrams when it was last read.
#[derive(Default)]
pub(super) struct Dropped(Mutex<HashMap<Inode, u64>>);

impl Dropped {
    /// Returns the number of datagrams that the kernel dropped at these sockets since the last call. Returns 0 if the kernel's tables of sockets
    /// cannot be read.
    pub(super) fn take(&self, sockets: &[Inode]) -> u64 {
        let of_table = |table: &&str| read(table).unwrap_or_default();
        self.since(sockets, &TABLES.iter().map(of_table).collect::<String>())
    }

    fn since(&self, sockets: &[Inode], table: &str) -> u64 {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|inode, _| sockets.contains(inode));
        let now = table.lines().filter_map(row).filter(|(inode, _)| sockets.contains(inode));
        now.map(|(inode, drops)| drops.saturating_sub(last.insert(inode, drops).unwrap_or(0))).sum()
    }
}

pub(super) fn inode(socket: &UdpSocket) -> io::Result<Inode> {
    Ok(rustix::fs::fstat(socket)?.st_ino)
}

fn read(table: &str) -> io::Result<String> {
    let mut text = String::new();
    File::open(table)?.take(MAX_SOCKET_TABLE).read_to_string(&mut text)?;
    Ok(text)
}

/// Returns the inode of the socket and the number of dropped datagrams: the tenth and the last of thirteen columns.
fn row(line: &str) -> Option<(Inode, u64)> {
    let mut fields = line.split_ascii_whitespace();
    let inode = fields.nth(9)?.parse().ok()?;
    Some((inode, fields.nth(2)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Drops at sockets of other programs do not count, and none counts twice.
    #[test]
    fn kernel_drops_are_counted_per_socket() {
        let table = |ours: u64, others: u64| {
            format!(
                "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
                 \x20 101: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 00000000a5b6c7d8 {ours}\n\
                 \x20 102: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 78 2 00000000a5b6c7d9 {others}\n"
            )
        };
        let dropped = Dropped::default();
        assert_eq!(dropped.since(&[77], &table(5, 9)), 5);
        assert_eq!(dropped.since(&[77], &table(7, 90)), 2);
        assert_eq!(dropped.since(&[77], &table(7, 900)), 0);
        assert_eq!(dropped.since(&[77], ""), 0, "a table that is hidden for once");
        assert_eq!(dropped.since(&[77], &table(8, 900)), 1);
    }

    #[test]
    fn full_buffer_drops_are_counted() {
        let ours = UdpSocket::bind("127.0.0.1:0").unwrap();
        let inode = inode(&ours).unwrap();
        let dropped = Dropped::default();
        assert_eq!(dropped.take(&[inode]), 0);
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sent = 1_000;
        for _ in 0..sent {
            client.send_to(&[0; 4_096], ours.local_addr().unwrap()).unwrap();
        }
        ours.set_nonblocking(true).unwrap();
        let read = std::iter::from_fn(|| ours.recv(&mut [0; 4_096]).ok()).count() as u64;
        assert!(read < sent, "the buffer holds all of them");
        assert_eq!(dropped.take(&[inode]), sent - read);
        assert_eq!(dropped.take(&[inode]), 0);
    }
}
