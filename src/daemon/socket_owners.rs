//! The local users who own the sockets of clients, from the tables of the kernel.
//!
//! proc_net_udp(5) and proc_net_tcp(5) describe the tables; the eighth column of a row is the user id. passwd(5) describes the
//! names of users.
//!
//! # Decisions
//!
//! - The tables in /proc are read instead of NETLINK_SOCK_DIAG, because the service may not open netlink sockets.
//! - Only the tables of the client's transport are read, because a UDP port and the TCP port with the same number may belong
//!   to two users. If several users are possible, none is shown, because a wrong name would lead the operator to the wrong
//!   program.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};

use crate::limits::MAX_USERS;
use host::system::proc::socket_address;
use record::limits::MAX_USER_NAME;
use record::owner::WantedOwner;
use resolver::limits::MAX_SOCKET_TABLE;

/// The file with the names of users, their ids and their first groups.
pub(crate) const PASSWD: &str = "/etc/passwd";

/// The tables of UDP sockets (`false`) and TCP sockets (`true`). A kernel without IPv6 has only the first table of each pair.
const TABLES: [(bool, [&str; 2]); 2] =
    [(false, ["/proc/net/udp", "/proc/net/udp6"]), (true, ["/proc/net/tcp", "/proc/net/tcp6"])];

/// Returns each client whose socket was found on this host, with the id of the user that owns the socket.
pub(crate) fn user_numbers_of(clients: &[WantedOwner]) -> Vec<(SocketAddr, u32)> {
    let mut found = Vec::new();
    for (is_stream, tables) in TABLES {
        let mut wanted = clients.iter().filter(|wanted| wanted.is_stream == is_stream).peekable();
        if wanted.peek().is_some() {
            let table: String = tables.iter().map(|table| read(table, MAX_SOCKET_TABLE)).collect();
            found.extend(wanted.filter_map(|wanted| Some((wanted.client, owner(&table, wanted)?))));
        }
    }
    found
}

/// Returns each client whose socket was found on this host, with the user that owns the socket.
pub(crate) fn users_of(clients: &[WantedOwner]) -> Vec<(SocketAddr, String)> {
    let found = user_numbers_of(clients);
    let passwd = if found.is_empty() { String::new() } else { read(PASSWD, MAX_USERS) };
    found.into_iter().map(|(client, number)| (client, user_name(&passwd, number))).collect()
}

/// Returns the first `most` octets of a file as text, or an empty text if the file cannot be read.
pub(crate) fn read(path: &str, most: u64) -> String {
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut octets));
    read.map(|_| String::from_utf8_lossy(&octets).into_owned()).unwrap_or_default()
}

/// Returns the user that owns the socket of a client in `table`, the text of the socket table for UDP or TCP. The socket must
/// have the port and the address of the client; for UDP, it may also be bound to any address. A connected socket must be
/// connected to the server that the client asked. Returns `None` if there is no such socket, or if several users have one.
fn owner(table: &str, wanted: &WantedOwner) -> Option<u32> {
    let WantedOwner { client, server, is_stream } = wanted;
    let is_server = |remote: &SocketAddr| {
        remote.port() == server.port()
            && (server.ip().is_unspecified() || remote.ip().to_canonical() == server.ip().to_canonical())
    };
    let is_unconnected = |remote: &SocketAddr| !is_stream && remote.port() == 0;
    let of_port: Vec<(IpAddr, u32)> = table
        .lines()
        .filter_map(socket)
        .filter(|(local, remote, _)| {
            local.port() == client.port() && (is_server(remote) || is_unconnected(remote))
        })
        .map(|(local, _, user)| (local.ip().to_canonical(), user))
        .collect();
    let only = |is_it: &dyn Fn(IpAddr) -> bool| {
        let mut users = of_port.iter().filter(|(local, _)| is_it(*local)).map(|(_, user)| *user);
        let first = users.next()?;
        Some(users.all(|user| user == first).then_some(first))
    };
    let exact = only(&|local| local == client.ip().to_canonical());
    // If there are sockets with the exact address of the client, only these count, even if they belong to several users. Otherwise UDP sockets that
    // are bound to any address count.
    exact.or_else(|| only(&|local| !is_stream && local.is_unspecified()))?
}

/// Returns the local address, the remote address and the user of a row. Returns `None` for a row without an inode: a closed
/// connection that only waits for late segments, and has no user.
fn socket(line: &str) -> Option<(SocketAddr, SocketAddr, u32)> {
    let mut columns = line.split_ascii_whitespace();
    let local = socket_address(columns.nth(1)?)?;
    let remote = socket_address(columns.next()?)?;
    let user = columns.nth(4)?.parse().ok()?;
    let inode: u64 = columns.nth(1)?.parse().ok()?;
    (inode > 0).then_some((local, remote, user))
}

/// Returns the name of a user, or the user id if there is no name that can be written to the log. `passwd` is the content of /etc/passwd.
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
    use std::collections::BTreeMap;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    fn wanted(client: SocketAddr, server: SocketAddr, is_stream: bool) -> WantedOwner {
        WantedOwner { client, server, is_stream }
    }

    #[test]
    fn socket_user_is_found_in_kernel() {
        let server: SocketAddr = "127.0.0.1:53".parse().unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let anywhere = UdpSocket::bind("0.0.0.0:0").unwrap();
        let listener = TcpListener::bind("[::1]:0").or_else(|_| TcpListener::bind("127.0.0.1:0")).unwrap();
        let accepting = listener.local_addr().unwrap();
        let stream = TcpStream::connect(accepting).unwrap();
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let at_any = SocketAddr::new([127, 0, 0, 1].into(), anywhere.local_addr().unwrap().port());
        let mine = rustix::process::getuid().as_raw();
        let expected = user_name(&read(PASSWD, MAX_USERS), mine);
        let [one, three] = [datagrams.local_addr().unwrap(), stream.local_addr().unwrap()];
        let all = [
            wanted(one, server, false),
            wanted(at_any, server, false),
            wanted(three, accepting, true),
            wanted(gone, server, false),
        ];
        let found: BTreeMap<SocketAddr, String> = users_of(&all).into_iter().collect();
        for client in [one, at_any, three] {
            assert_eq!(found.get(&client), Some(&expected), "{client}");
        }
        assert_eq!(found.get(&gone), None);
        // No user is found for sockets with the same ports, but with the other transport or another server.
        let others =
            [wanted(one, server, true), wanted(three, accepting, false), wanted(three, server, true)];
        assert_eq!(users_of(&others), []);
    }

    /// Returns a row of the kernel's socket table. `local` and `remote` are the last octets of addresses in 127.0.0.0/8; 0 stands for
    /// any address.
    fn row((local, port): (u8, u16), (remote, other): (u8, u16), user: u32, inode: u64) -> String {
        let digits = |octet: u8| {
            let address = if octet == 0 { [0; 4] } else { [127, 0, 0, octet] };
            format!("{:08X}", u32::from_ne_bytes(address))
        };
        let (local, remote) = (digits(local), digits(remote));
        format!(
            " 9: {local}:{port:04X} {remote}:{other:04X} 07 00000000:00000000 00:00000000 00000000 {user} 0 {inode} 2 0 0\n"
        )
    }

    // Two users of equally fitting sockets are doubt, so no user is named.
    #[test]
    fn exact_address_precedes_any_address() {
        let client: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        let udp = wanted(client, "127.0.0.2:53".parse().unwrap(), false);
        let port = client.port();
        let free = |local: u8, user: u32| row((local, port), (0, 0), user, 1);
        for (table, user, what) in [
            (free(0, 7) + &free(1, 8) + &row((1, 9), (0, 0), 9, 3), Some(8), "the exact address"),
            (free(0, 7), Some(7), "any address"),
            (free(0, 7) + &free(0, 9), None, "two users"),
            (free(1, 7) + &free(1, 9) + &free(0, 7), None, "two users of the exact address"),
            (row((1, port), (2, 53), 8, 1), Some(8), "connected to the server"),
            (row((1, port), (3, 53), 8, 1), None, "connected to another server"),
            (row((1, port), (2, 54), 8, 1), None, "connected to another port"),
            (row((1, port), (0, 0), 0, 0), None, "a closed connection"),
            ("head\n\n".to_owned(), None, "no row"),
        ] {
            assert_eq!(owner(&table, &udp), user, "{what}");
        }
    }

    #[test]
    fn tcp_user_needs_both_ends() {
        let client: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        let tcp = wanted(client, "127.0.0.2:53".parse().unwrap(), true);
        let of_any = WantedOwner { server: "0.0.0.0:53".parse().unwrap(), ..tcp };
        let port = client.port();
        for (table, of_two, of_all, what) in [
            (row((1, port), (2, 53), 8, 1), Some(8), Some(8), "its connection"),
            (row((1, port), (3, 53), 8, 1), None, Some(8), "to another address of this host"),
            (row((1, port), (2, 25), 8, 1), None, None, "a connection to another service"),
            (row((1, port), (0, 0), 8, 1), None, None, "a listener with its port"),
            (row((0, port), (0, 0), 8, 1), None, None, "a listener at any address"),
            (row((2, 53), (1, port), 8, 1), None, None, "our own end"),
        ] {
            assert_eq!(owner(&table, &tcp), of_two, "{what}");
            assert_eq!(owner(&table, &of_any), of_all, "{what}");
        }
    }

    #[test]
    fn user_without_plain_name_is_number() {
        let passwd = "root:x:0:0::/:/bin/sh\nbroken\npostfix:x:89:89::/:/bin/false\nbad name\u{1b}:x:7:7:::\n:x:8:8:::\n";
        for (number, name) in [(0, "root"), (89, "postfix"), (7, "7"), (8, "8"), (61_184, "61184")] {
            assert_eq!(user_name(passwd, number), name);
        }
    }
}
