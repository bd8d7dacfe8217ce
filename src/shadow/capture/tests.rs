use std::io::Cursor;

use hickory_proto::op::{Edns, Message, MessageType, Query};
use hickory_proto::rr::{Name, RecordType};
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::asked::AskedQuestion;

fn message(name: &str, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

fn octets(message: &Message) -> Vec<u8> {
    message.to_vec().unwrap()
}

fn udp(from: u16, to: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 8).unwrap();
    [&from.to_be_bytes()[..], &to.to_be_bytes(), &length.to_be_bytes(), &[0, 0], data].concat()
}

fn ipv4(protocol: u8, fragment: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 20).unwrap();
    let [high, low] = length.to_be_bytes();
    let [first, second] = fragment.to_be_bytes();
    let head = [0x45, 0, high, low, 0, 0, first, second, 64, protocol, 0, 0, 127, 0, 0, 1, 127, 0, 0, 53];
    [&head[..], data].concat()
}

fn ipv6(data: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(data.len()).unwrap().to_be_bytes();
    let head = [&[0x60, 0, 0, 0, high, low, 17, 64][..], &[0; 32]].concat();
    [&head[..], data].concat()
}

fn linked(link: u32, packet: &[u8]) -> Vec<u8> {
    let protocol: [u8; 2] = if packet[0] >> 4 == 6 { [0x86, 0xdd] } else { [8, 0] };
    let head: Vec<u8> = match link {
        0 => vec![2, 0, 0, 0],
        1 => [&[0; 12][..], &[0x81, 0, 0, 9], &protocol].concat(),
        113 => [&[0; 14][..], &protocol].concat(),
        276 => [&protocol[..], &[0; 18]].concat(),
        _ => Vec::new(),
    };
    [&head[..], packet].concat()
}

/// Creates a file of libpcap. The number after each packet says how many of its octets the file lacks.
fn pcap(is_little: bool, magic: u32, link: u32, packets: &[(Vec<u8>, u32)]) -> Vec<u8> {
    let number = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let mut file = [magic, 0x0002_0004, 0, 0, 65_535, link].map(number).concat();
    for (packet, cut) in packets {
        let kept = u32::try_from(packet.len()).unwrap();
        file.extend([1, 2, kept, kept + cut].map(number).concat());
        file.extend_from_slice(packet);
    }
    file
}

/// Creates a pcapng file with one interface for each link type. A packet with `None` instead of an interface is in a Simple Packet Block.
fn pcapng(is_little: bool, links: &[u16], packets: &[(Option<u32>, Vec<u8>)]) -> Vec<u8> {
    let number = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let block = |kind: u32, fields: &[u32], data: &[u8]| {
        let fields = fields.iter().flat_map(|field| number(*field));
        let mut body: Vec<u8> = fields.chain(data.iter().copied()).collect();
        body.resize(body.len().next_multiple_of(4), 0);
        let length = number(u32::try_from(body.len() + 12).unwrap());
        [&number(kind)[..], &length, &body, &length].concat()
    };
    let version = if is_little { 1 } else { 0x0001_0000 };
    let mut file = block(0x0a0d_0d0a, &[0x1a2b_3c4d, version, u32::MAX, u32::MAX], &[]);
    for link in links {
        let link = if is_little { u32::from(*link) } else { u32::from(*link) << 16 };
        file.extend(block(1, &[link, 0], &[]));
    }
    for (interface, packet) in packets {
        let length = u32::try_from(packet.len()).unwrap();
        file.extend(match interface {
            Some(interface) => block(6, &[*interface, 0, 0, length, length], packet),
            None => block(3, &[length], packet),
        });
    }
    // A block with statistics of an interface, which the reader must skip.
    file.extend(block(5, &[0, 0, 0], &[]));
    file
}

fn taken(file: &[u8]) -> (Vec<String>, Vec<(Skipped, u64)>) {
    let captured = read(Cursor::new(file)).unwrap();
    let words = |(question, count): &(AskedQuestion, u64)| {
        let flags = [(question.dnssec_ok, " DO"), (question.checking_disabled, " CD")];
        let flags: String = flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag).collect();
        format!("{} {}{flags} {count}", question.name, question.kind_text())
    };
    (captured.questions.iter().map(words).collect(), captured.skipped.into_iter().collect())
}

// Both byte orders of pcap files occur.
#[test]
fn all_link_types_are_read() {
    let query = octets(&message("WWW.example.com.", RecordType::AAAA));
    for link in [0, 1, 12, 101, 113, 228, 276] {
        for (is_little, magic) in
            [(true, 0xa1b2_c3d4), (false, 0xa1b2_c3d4), (true, 0xa1b2_3c4d), (false, 0xa1b2_3c4d)]
        {
            let packets: Vec<(Vec<u8>, u32)> =
                [ipv4(17, 0, &udp(4711, 53, &query)), ipv6(&udp(4711, 53, &query))]
                    .iter()
                    .map(|packet| (linked(link, packet), 0))
                    .collect();
            let (questions, skipped) = taken(&pcap(is_little, magic, link, &packets));
            assert_eq!(questions, ["www.example.com. AAAA 2"], "{link}");
            assert_eq!(skipped, [], "{link}");
        }
    }
}

#[test]
fn pcapng_interfaces_and_sections_are_read() {
    let query = |name: &str| ipv4(17, 0, &udp(4711, 53, &octets(&message(name, RecordType::A))));
    let section = |is_little: bool| {
        let packets = [
            (Some(0), linked(1, &query("ethernet.example."))),
            (Some(1), query("ip.example.")),
            (None, linked(1, &query("simple.example."))),
            (Some(2), query("bluetooth.example.")),
            (Some(3), query("undescribed.example.")),
        ];
        pcapng(is_little, &[1, 101, 187], &packets)
    };
    let (questions, skipped) = taken(&[section(true), section(false)].concat());
    assert_eq!(questions, ["ethernet.example. A 2", "ip.example. A 2", "simple.example. A 2"]);
    assert_eq!(skipped, [(Skipped::Unreadable, 2), (Skipped::LinkNotRead, 2)]);
    let mut large = query("large.example.");
    large.resize(200_000, 0);
    let large = pcapng(true, &[101], &[(Some(0), large), (Some(0), query("next.example."))]);
    assert_eq!(taken(&large).0, ["large.example. A 1", "next.example. A 1"]);
    let mut cut = section(true);
    cut.truncate(cut.len() - 9);
    assert_eq!(taken(&cut).1, [(Skipped::Unreadable, 2), (Skipped::LinkNotRead, 1)]);
}

#[test]
fn skipped_packets_are_counted_by_kind() {
    let plain = message("a.example.", RecordType::MX);
    let mut checked = plain.clone();
    checked.metadata.checking_disabled = true;
    let mut edns = Edns::new();
    edns.set_dnssec_ok(true);
    checked.set_edns(edns);
    let mut response = plain.clone();
    response.metadata.message_type = MessageType::Response;
    let mut outgoing = plain.clone();
    outgoing.metadata.recursion_desired = false;
    let to_53 = |message: &Message| ipv4(17, 0, &udp(4711, 53, &octets(message)));
    let mut snapped = to_53(&plain);
    snapped.truncate(40);
    let padded = [to_53(&plain), vec![0; 9]].concat();
    let packets = [
        (to_53(&checked), 0),
        (padded, 0),
        (to_53(&response), 0),
        (ipv4(17, 0, &udp(53, 4711, &octets(&response))), 0),
        (to_53(&outgoing), 0),
        (to_53(&message("a.example.", RecordType::ANY)), 0),
        (snapped.clone(), 300),
        (snapped, 0),
        (ipv4(6, 0, &udp(4711, 53, &[0; 20])), 0),
        (ipv4(17, 0, &udp(4711, 5353, &octets(&plain))), 0),
        (ipv4(1, 0, &[0; 8]), 0),
        (ipv4(17, 0x2000, &udp(4711, 53, &octets(&plain))), 0),
        (vec![0x15; 30], 0),
        (vec![0x45], 0),
    ];
    let (questions, skipped) = taken(&pcap(true, 0xa1b2_c3d4, 101, &packets));
    assert_eq!(questions, ["a.example. MX DO CD 1", "a.example. MX 1"]);
    let expected = [(Skipped::NoQuery, 8), (Skipped::Unreadable, 3), (Skipped::TypeNotCompared, 1)];
    assert_eq!(skipped, expected);
}

#[test]
fn a_file_without_questions_says_why() {
    let words = |file: &[u8]| read(Cursor::new(file)).unwrap().skipped_words();
    let unknown = pcap(true, 0xa1b2_c3d4, 127, &[(vec![0; 60], 0)]);
    assert_eq!(words(&unknown), ["1 of a link type that is not read (capture with `tcpdump -i any`)"]);
    assert_eq!(words(b"Nov 22 10:00:00 mx postfix/smtpd[1]: connect\n"), ["1 not a query of a client"]);
    assert_eq!(words(b""), [""; 0]);
    // The header of the only packet in the file states a length above the maximum.
    let mut long = pcap(false, 0xa1b2_c3d4, 101, &[]);
    long.extend([0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert!(read(Cursor::new(&long)).unwrap_err().to_string().contains("damaged"));
    assert_eq!(words(b"\x0a\x0d\x0d\x0a"), ["1 cut or unreadable"]);
    assert!(read(Cursor::new(b"\x1f\x8b\x08")).unwrap_err().to_string().contains("compressed"));
}

#[test]
fn logs_of_four_resolvers_are_read() {
    let log = "\
Nov 22 10:00:00 mx resolverd[7]: query www.example.com. A from 127.0.0.1: from cache in 0.000 s
query 2.0.0.127._key.zen.example. A from 127.0.0.1: from cache in 0.000 s
query example.com. A from redacted: from cache in 0.000 s
22-Nov-2026 10:00:00.123 queries: info: client @0x7f12 127.0.0.1#4711 (Www.Example.com): query: Www.Example.com IN A +E(0)DC (127.0.0.1)
22-Nov-2026 10:00:00.123 client 127.0.0.1#4711 (b.example): view internal: query: b.example IN TYPE65 + (127.0.0.1)
client @0x7f12 127.0.0.1#4711 (b.example): query: b.example IN A -E(0)D (127.0.0.1)
client @0x7f12 127.0.0.1#4711 (b.example): query: b.example CH TXT + (127.0.0.1)
[1700000000] unbound[9:0] info: 127.0.0.1 c.example. TXT IN
[1700000000] unbound[9:0] query: ::1 c.example. TXT IN
[1700000000] unbound[9:0] info: 127.0.0.1 c.example. TXT IN NOERROR 0.001 0 50
[1700000000] unbound[9:0] info: start of service (unbound 1.17.1).
Nov 22 10:00:00 dnsmasq[5]: query[MX] d.example from 192.0.2.1
Nov 22 10:00:00 dnsmasq[5]: 7 192.0.2.1/4711 query[type=65] d.example from 192.0.2.1
Nov 22 10:00:00 dnsmasq[5]: forwarded d.example to 192.0.2.53
Nov 22 10:00:00 dnsmasq[5]: query[ANY] d.example from 192.0.2.1
";
    let (questions, skipped) = taken(log.as_bytes());
    let expected = [
        "www.example.com. A 1",
        "www.example.com. A DO CD 1",
        "b.example. HTTPS 1",
        "c.example. TXT 2",
        "d.example. MX 1",
        "d.example. HTTPS 1",
    ];
    assert_eq!(questions, expected);
    let expected = [(Skipped::NoQuery, 4), (Skipped::Withheld, 2), (Skipped::TypeNotCompared, 2)];
    assert_eq!(skipped, expected);
    let long = [vec![b'x'; 10_000], b"\nquery e.example. A from ::1: from cache\n".to_vec()].concat();
    assert_eq!(taken(&long), (vec!["e.example. A 1".to_owned()], vec![(Skipped::NoQuery, 1)]));
}

fn start(content: &[u8]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let body = [&length(2)[..], &length(1), &length(content.len()), content].concat();
    [&length(0)[..], &length(body.len()), &body].concat()
}

/// The message `Dnstap` of `dnstap.proto`, with the fields that these tests need. `Inner` is its message `Message`.
#[derive(Clone, PartialEq, prost::Message)]
struct Outer {
    #[prost(message, optional, tag = "14")]
    message: Option<Inner>,
    #[prost(int32, required, tag = "15")]
    kind: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Inner {
    #[prost(int32, required, tag = "1")]
    kind: i32,
    #[prost(bytes = "vec", optional, tag = "10")]
    query_message: Option<Vec<u8>>,
}

#[test]
fn dnstap_has_the_queries_of_clients() {
    let frame = |kind: i32, message: &Message| {
        let inner = Inner { kind, query_message: Some(octets(message)) };
        let data = Outer { message: Some(inner), kind: 1 }.encode_to_vec();
        [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &data].concat()
    };
    let query = message("tap.example.", RecordType::TXT);
    let mut file = start(b"protobuf:dnstap.Dnstap");
    // A query of a client, a query to a server, octets that are no DNS message, and again a query of a client.
    file.extend(
        [frame(5, &query), frame(3, &query), vec![0, 0, 0, 2, 0xff, 0xff], frame(5, &query)].concat(),
    );
    file.extend([0, 0, 1, 0, 1]);
    let expected = vec![(Skipped::NoQuery, 1), (Skipped::Unreadable, 2)];
    assert_eq!(taken(&file), (vec!["tap.example. TXT 2".to_owned()], expected));
    let foreign = read(Cursor::new(start(b"protobuf:other"))).unwrap_err();
    assert!(foreign.to_string().contains("not dnstap"), "{foreign}");
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        drop(read(Cursor::new(octets)));
    }

    #[test]
    fn arbitrary_packet_is_read_or_skipped(
        packet in proptest::collection::vec(any::<u8>(), 0..200),
        link in prop_oneof![Just(0), Just(1), Just(101), Just(113), Just(276)],
        cut in 0..9_u32,
    ) {
        let file = pcap(true, 0xa1b2_c3d4, link, &[(packet, cut)]);
        let captured = read(Cursor::new(file)).unwrap();
        prop_assert_eq!(captured.questions.iter().map(|(_, count)| count).sum::<u64>() + captured.skipped.values().sum::<u64>(), 1);
    }

    #[test]
    fn any_lines_are_read_or_skipped(lines in "( query |query\\[A\\] |client : query: | info: |[a-z.]{1,9}| IN A |127.0.0.1|\n){0,40}") {
        let captured = read(Cursor::new(lines.as_bytes())).unwrap();
        let words = captured.questions.iter().map(|(_, count)| count).sum::<u64>() + captured.skipped.values().sum::<u64>();
        prop_assert_eq!(words, u64::try_from(lines.lines().count()).unwrap());
    }
}
