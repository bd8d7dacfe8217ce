//! The task that looks up which local users own the sockets of clients.
//!
//! proc_net_udp(5), proc_net_tcp(5): the eighth column of a row is the user's number. passwd(5): its name.
//!
//! # Decisions
//!
//! - The tables of the kernel are read and not NETLINK_SOCK_DIAG, because the service may use no other sockets than those of the network.
//! - One reading serves all clients that are wanted by then, and readings are `OWNER_PAUSE` apart: the kernel walks through all sockets for
//!   each.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::check::system::proc::socket_address;
use crate::limits::{MAX_SOCKET_TABLE, MAX_USER_NAME, MAX_USERS, OWNER_PAUSE};
use crate::record::Recorder;

/// The tables of sockets. A kernel without IPv6 has only the first of each pair. Most clients use UDP.
const TABLES: [[&str; 2]; 2] = [["/proc/net/udp", "/proc/net/udp6"], ["/proc/net/tcp", "/proc/net/tcp6"]];

/// Looks up the users that the record wants.
pub(super) async fn look_up(recorder: Arc<Recorder>) -> Infallible {
    loop {
        let wanted = recorder.wanted_owners().await;
        for (client, user) in block_in_place(|| users_of(&wanted)) {
            recorder.owned(client, &user);
        }
        sleep(OWNER_PAUSE).await;
    }
}

/// The users of these clients, as far as they have a socket.
fn users_of(clients: &[SocketAddr]) -> Vec<(SocketAddr, String)> {
    let mut found: BTreeMap<SocketAddr, u32> = BTreeMap::new();
    for tables in TABLES {
        if found.len() < clients.len() {
            let table: String = tables.iter().map(|table| read(table, MAX_SOCKET_TABLE)).collect();
            let left = clients.iter().filter(|client| !found.contains_key(client));
            let of_table: Vec<_> =
                left.filter_map(|client| Some((*client, owner(&table, *client)?))).collect();
            found.extend(of_table);
        }
    }
    let passwd = if found.is_empty() { String::new() } else { read("/etc/passwd", MAX_USERS) };
    found.into_iter().map(|(client, number)| (client, user_name(&passwd, number))).collect()
}

/// A file; empty if it cannot be read.
fn read(path: &str, most: u64) -> String {
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut octets));
    read.map(|_| String::from_utf8_lossy(&octets).into_owned()).unwrap_or_default()
}

/// The number of the user that owns the socket of a client: the one with its address, else the one with its port at any address. None if
/// there is none, or if several users have one.
fn owner(table: &str, client: SocketAddr) -> Option<u32> {
    let (address, port) = (client.ip().to_canonical(), client.port());
    let of_port: Vec<(IpAddr, u32)> = table
        .lines()
        .filter_map(socket)
        .filter(|(local, _)| local.port() == port)
        .map(|(local, user)| (local.ip().to_canonical(), user))
        .collect();
    let only = |is_it: &dyn Fn(IpAddr) -> bool| {
        let mut users = of_port.iter().filter(|(local, _)| is_it(*local)).map(|(_, user)| *user);
        let first = users.next()?;
        users.all(|user| user == first).then_some(first)
    };
    only(&|local| local == address).or_else(|| only(&|local| local.is_unspecified()))
}

/// The local address and the user of a row. A closed connection that only waits for late segments has no inode, and no user.
fn socket(line: &str) -> Option<(SocketAddr, u32)> {
    let mut columns = line.split_ascii_whitespace();
    let local = socket_address(columns.nth(1)?)?;
    let user = columns.nth(5)?.parse().ok()?;
    let inode: u64 = columns.nth(1)?.parse().ok()?;
    (inode > 0).then_some((local, user))
}

/// The name of a user, or its number if it has none that is fit for a line of the log.
fn user_name(passwd: &str, number: u32) -> String {
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, its) = (fields.next()?, fields.nth(1)?);
        (its.parse() == Ok(number)).then_some(name)
    });
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-$".contains(letter);
    let name = name.filter(|name| (1..=MAX_USER_NAME).contains(&name.len()) && name.chars().all(plain));
    name.map_or_else(|| number.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    #[test]
    fn the_user_of_a_socket_is_found_in_the_tables_of_the_kernel() {
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let anywhere = UdpSocket::bind("0.0.0.0:0").unwrap();
        let listener = TcpListener::bind("[::1]:0").or_else(|_| TcpListener::bind("127.0.0.1:0")).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let at_any = SocketAddr::new([127, 0, 0, 1].into(), anywhere.local_addr().unwrap().port());
        let mine = rustix::process::getuid().as_raw();
        let expected = user_name(&read("/etc/passwd", MAX_USERS), mine);
        let [one, three] = [datagrams.local_addr().unwrap(), stream.local_addr().unwrap()];
        let found: BTreeMap<SocketAddr, String> = users_of(&[one, at_any, three, gone]).into_iter().collect();
        for client in [one, at_any, three] {
            assert_eq!(found.get(&client), Some(&expected), "{client}");
        }
        assert_eq!(found.get(&gone), None);
    }

    #[test]
    fn a_socket_of_the_address_goes_before_one_of_any_address_and_doubt_is_no_user() {
        let row = |address: &str, port: u16, user: u32, inode: u64| {
            format!(
                " 9: {address}:{port:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000 {user} 0 {inode} 2 0 0\n"
            )
        };
        let own = format!("{:08X}", u32::from_ne_bytes([127, 0, 0, 1]));
        let any = "00000000";
        let client: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        let port = client.port();
        let first = row(any, port, 7, 1) + &row(&own, port, 8, 2) + &row(&own, 9, 9, 3);
        assert_eq!(owner(&first, client), Some(8));
        assert_eq!(owner(&row(any, port, 7, 1), client), Some(7));
        assert_eq!(owner(&(row(any, port, 7, 1) + &row(any, port, 9, 2)), client), None);
        assert_eq!(owner(&row(&own, port, 0, 0), client), None, "a closed connection");
        assert_eq!(owner("head\n\n", client), None);
    }

    #[test]
    fn a_user_without_a_plain_name_is_a_number() {
        let passwd = "root:x:0:0::/:/bin/sh\nbroken\npostfix:x:89:89::/:/bin/false\nbad name\u{1b}:x:7:7:::\n:x:8:8:::\n";
        for (number, name) in [(0, "root"), (89, "postfix"), (7, "7"), (8, "8"), (61_184, "61184")] {
            assert_eq!(user_name(passwd, number), name);
        }
    }
}
