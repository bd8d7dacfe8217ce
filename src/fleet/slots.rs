//! The hash slots of a cluster, and the nodes that have them (Redis Cluster Specification). All functions are pure.

use crate::limits::MAX_NODES;
use crate::reply::Value;

/// A node: its host, and its port.
pub(crate) type Node = (String, u16);

/// The number of hash slots of each cluster.
const SLOTS: u16 = 16_384;

/// Returns the hash slot of a key. Keys of gateways have no braces, so the whole key counts.
pub(crate) fn slot_of(key: &[u8]) -> u16 {
    key.iter().fold(0, |sum, octet| crc16(sum, *octet)) % SLOTS
}

/// Adds an octet to a checksum (CRC-16/XMODEM: polynomial 0x1021).
fn crc16(sum: u16, octet: u8) -> u16 {
    (0..8).fold(sum ^ (u16::from(octet) << 8), |sum, _| {
        let shifted = sum << 1;
        if sum & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
    })
}

/// The primary node of each range of slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots(Vec<((u16, u16), Node)>);

impl Slots {
    /// Reads the reply to CLUSTER SLOTS. `asked`: the host of the node that replied; it stands for an empty host in the reply.
    pub(crate) fn read(reply: Value, asked: &str) -> Option<Self> {
        let mut slots = Vec::new();
        for range in reply.into_list().ok()? {
            let mut parts = range.into_list().ok()?.into_iter();
            let (first, last) = (parts.next()?.number()?, parts.next()?.number()?);
            let mut primary = parts.next()?.into_list().ok()?.into_iter();
            let (host, port) = (primary.next()?, primary.next()?.number()?);
            let host = match host {
                Value::Text(host) => String::from_utf8(host).ok()?,
                _ => String::new(),
            };
            let is_unknown = host.is_empty() || host == "?";
            slots.push(((first, last), (if is_unknown { asked.to_owned() } else { host }, port)));
        }
        Some(Self(slots))
    }

    /// Returns the node that has the slot.
    pub(crate) fn node(&self, slot: u16) -> Option<&Node> {
        self.0.iter().find(|((first, last), _)| (*first..=*last).contains(&slot)).map(|(_, node)| node)
    }

    /// Returns each node once.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = self.0.iter().map(|(_, node)| node.clone()).collect();
        nodes.sort();
        nodes.dedup();
        nodes.truncate(MAX_NODES);
        nodes
    }

    /// Keeps only the ranges of these nodes.
    pub(crate) fn retain(&mut self, nodes: &[Node]) {
        self.0.retain(|(_, node)| nodes.contains(node));
    }
}

/// Where a node sends a command that it does not carry out itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// True if only this command goes to the other node, because the slot is being moved.
    pub(crate) is_once: bool,
    /// The other node. Its host is empty if it is that of the node which replied.
    pub(crate) node: Node,
}

impl Redirect {
    /// Reads an error reply such as `MOVED 3999 192.0.2.1:6381`.
    pub(crate) fn read(error: &str) -> Option<Self> {
        let mut words = error.split(' ');
        let is_once = match words.next()? {
            "MOVED" => false,
            "ASK" => true,
            _ => return None,
        };
        let (host, port) = words.nth(1)?.rsplit_once(':')?;
        Some(Self { is_once, node: (host.to_owned(), port.parse().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let node = Value::List(vec![host, Value::Number(port), Value::Text(b"id".to_vec())]);
        Value::List(vec![Value::Number(first), Value::Number(last), node])
    }

    #[test]
    fn key_has_slot_of_specification() {
        assert_eq!(b"123456789".iter().fold(0, |sum, octet| crc16(sum, *octet)), 0x31c3);
        assert_eq!((slot_of(b"foo"), slot_of(b"")), (12_182, 0));
    }

    #[test]
    fn each_slot_has_the_primary_node() {
        let named = Value::Text(b"192.0.2.1".to_vec());
        let reply = Value::List(vec![
            range(0, 5_460, named.clone(), 7_000),
            range(5_461, 9_000, Value::Nothing, 7_001),
            range(9_001, 9_001, named, 7_000),
        ]);
        let mut slots = Slots::read(reply, "192.0.2.9").unwrap();
        let (one, other) = (("192.0.2.1".to_owned(), 7_000), ("192.0.2.9".to_owned(), 7_001));
        assert_eq!(slots.node(5_460), Some(&one));
        assert_eq!(slots.node(5_461), Some(&other));
        assert_eq!(slots.node(9_002), None);
        assert_eq!(slots.nodes(), [one, other.clone()]);
        slots.retain(&[other]);
        assert_eq!(slots.node(5_460), None);
        for wrong in [Value::Nothing, Value::List(vec![range(0, 70_000, Value::Nothing, 1)])] {
            assert_eq!(Slots::read(wrong, "192.0.2.9"), None);
        }
    }

    #[test]
    fn a_redirect_names_a_node() {
        let moved = Redirect::read("MOVED 3999 192.0.2.1:6381").unwrap();
        assert_eq!(moved, Redirect { is_once: false, node: ("192.0.2.1".to_owned(), 6_381) });
        let ask = Redirect::read("ASK 3999 2001:db8::1:6381").unwrap();
        assert_eq!(ask, Redirect { is_once: true, node: ("2001:db8::1".to_owned(), 6_381) });
        for other in ["ERR MOVED 1 a:1", "MOVED 1", "MOVED 1 a:70000", ""] {
            assert_eq!(Redirect::read(other), None, "{other}");
        }
    }
}
