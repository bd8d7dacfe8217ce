//! Clients that ask many questions at once over one socket, and repeat lost ones, like stub resolvers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{DNSClass, Name, RecordType};

use crate::daemon::process::PATIENCE;

/// Without any reply for this time, all unanswered questions are sent again.
const AGAIN: Duration = Duration::from_secs(1);

/// A UDP socket, and the questions that have not been answered yet.
pub(crate) struct Client {
    socket: UdpSocket,
    waiting: HashMap<u16, Vec<u8>>,
    next: u16,
    /// Sent datagrams, including repeated ones.
    pub(crate) sent: u64,
    /// Sets the DO flag in questions.
    pub(crate) dnssec_ok: bool,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let ours: IpAddr = if server.is_ipv4() { [127, 0, 0, 1].into() } else { Ipv6Addr::LOCALHOST.into() };
        Self::at(ours, server)
    }

    pub(crate) fn at(ours: IpAddr, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((ours, 0)).unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(AGAIN)).unwrap();
        Self { socket, waiting: HashMap::new(), next: 0, sent: 0, dnssec_ok: false }
    }

    /// Sends a question and does not wait for the reply.
    pub(crate) fn send(&mut self, name: &str, kind: RecordType) {
        // When the ids begin again at 0, the first questions have their answers.
        self.next = self.next.wrapping_add(1);
        let message = message(self.next, (name, kind), DNSClass::IN, self.dnssec_ok);
        self.socket.send(&message).unwrap();
        self.sent += 1;
        self.waiting.insert(self.next, message);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Returns the next reply to any question. Repeats questions without an answer.
    pub(crate) fn next_reply(&mut self) -> Message {
        let begin = Instant::now();
        let mut buffer = [0; 4_096];
        while begin.elapsed() < PATIENCE {
            match self.socket.recv(&mut buffer) {
                Ok(length) => {
                    let reply = Message::from_vec(&buffer[..length]).unwrap();
                    if self.waiting.remove(&reply.metadata.id).is_some() {
                        return reply;
                    }
                }
                Err(_) => self.send_again(),
            }
        }
        panic!("{} questions have no reply", self.waiting.len())
    }

    pub(crate) fn ask(&mut self, name: &str, kind: RecordType) -> Message {
        self.send(name, kind);
        self.next_reply()
    }

    /// Asks for a name of class CH, which the daemon answers without a server.
    pub(crate) fn ask_locally(&mut self) -> Message {
        self.socket
            .send(&message(u16::MAX, ("version.bind.", RecordType::TXT), DNSClass::CH, false))
            .unwrap();
        self.waiting.insert(u16::MAX, Vec::new());
        self.next_reply()
    }

    pub(crate) fn hear_nothing(&self, span: Duration) {
        self.socket.set_read_timeout(Some(span)).unwrap();
        let heard = self.socket.recv(&mut [0; 1]);
        assert!(heard.is_err(), "somebody spoke");
        self.socket.set_read_timeout(Some(AGAIN)).unwrap();
    }

    fn send_again(&mut self) {
        for message in self.waiting.values() {
            self.socket.send(message).unwrap();
            self.sent += 1;
        }
    }
}

pub(crate) fn extended_error(reply: &Message) -> Option<u16> {
    match reply.edns.as_ref()?.option(EdnsCode::from(15))? {
        EdnsOption::Unknown(_, data) => Some(u16::from_be_bytes(*data.first_chunk()?)),
        _ => None,
    }
}

pub(crate) fn is_servfail(reply: &Message) -> bool {
    reply.metadata.response_code == ResponseCode::ServFail
}

/// Returns a question as it is sent over TCP, with its length before it.
pub(crate) fn framed(id: u16, name: &str, kind: RecordType) -> Vec<u8> {
    let message = message(id, (name, kind), DNSClass::IN, false);
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), &message[..]].concat()
}

fn message(id: u16, (name, kind): (&str, RecordType), class: DNSClass, dnssec_ok: bool) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    let mut query = Query::query(Name::from_ascii(name).unwrap(), kind);
    query.set_query_class(class);
    message.add_query(query);
    let mut edns = Edns::new();
    edns.set_max_payload(1_232);
    edns.set_dnssec_ok(dnssec_ok);
    message.set_edns(edns);
    message.to_vec().unwrap()
}
