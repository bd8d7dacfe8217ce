//! A scan: queries for names that are asked for once or a few times and never again, such as the made-up domains of spam.
//! Measures how many cache hits for names in use are lost because of the scan.
//!
//! For each cache size, the last line of the output is for a scan whose names exist, each in a zone of its own.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{A, NS, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use dns::cached::{Delegation, Rank};
use dns::clock::Mono;
use dns::question::{Question, QuestionKey, ViewId};
use dns::random::Random;
use dns::wire::compose;
use dns::wire::compose::AnswerParts;
use resolver::cache::Memory;
use resolver::cache::negative::Denial;
use stage::popularity::shares;

/// The number of names that clients ask for again and again.
const HOT: u32 = 20_000;

const SCANNED: u32 = 10_000_000;

/// The number of other names of the scan between two questions for the same name. Large, because the queries for a message are
/// seconds apart.
const LATER: u32 = 200;

const DAY: Duration = Duration::from_secs(86_400);

fn main() {
    let scanned = std::env::var("SCANNED").ok().and_then(|number| number.parse().ok()).unwrap_or(SCANNED);
    for (mebibytes, times, exists) in
        [(256, 1, false), (256, 3, false), (256, 3, true), (64, 1, false), (64, 3, false), (64, 3, true)]
    {
        let size = mebibytes << 20;
        let calm = hits(size, scanned, None);
        let disturbed = hits(size, scanned, Some((times, exists)));
        let kind = if exists { "exist" } else { "do not exist" };
        println!(
            "scan/{mebibytes} MiB, {scanned} names that {kind}, each asked for {times} times: {disturbed:.3} % hits \
             of {calm:.3} % without the scan"
        );
    }
}

/// Returns the percentage of hits. For each name of the scan, one name in use is asked for, chosen by Zipf's law. `scan` says how
/// often each name of the scan is asked for, and if it exists; `None` means no scan.
fn hits(size: u64, scanned: u32, scan: Option<(u32, bool)>) -> f64 {
    let memory = Memory::new(size, &Random::seeded(1));
    let random = Random::seeded(2);
    let keys: Vec<QuestionKey> = (0..HOT).map(|number| question(&hot(number)).key()).collect();
    (0..HOT).for_each(|number| resolve(&memory, &hot(number), true));
    let shares = shares(HOT);
    let mut hits = 0_u64;
    for number in 0..scanned {
        let drawn = f64::from(u32::from(random.u16()) << 16 | u32::from(random.u16())) / f64::from(u32::MAX);
        let place = shares.partition_point(|share| *share < drawn).min(keys.len() - 1);
        if memory.answers.get(keys[place].as_bytes(), Mono::START).is_some() {
            hits += 1;
        } else {
            resolve(&memory, &hot(u32::try_from(place).unwrap_or(0)), true);
        }
        let Some((times, exists)) = scan else { continue };
        for time in 0..times {
            let Some(number) = number.checked_sub(time * LATER) else { continue };
            let name = made_up(number);
            if memory.answers.get(question(&name).key().as_bytes(), Mono::START).is_none() {
                resolve(&memory, &name, exists);
            }
        }
    }
    hits as f64 * 100.0 / f64::from(scanned)
}

fn hot(number: u32) -> Name {
    Name::from_ascii(format!("mail.customer{number}.example.")).unwrap_or_default()
}

fn made_up(number: u32) -> Name {
    let letters = number.wrapping_mul(0x9e37_79b1);
    Name::from_ascii(format!("{letters:08x}.example.")).unwrap_or_default()
}

fn question(name: &Name) -> Question {
    Question::new(name, RecordType::A)
}

/// Does the same lookups in the cache as a resolution of `name`, and stores the same entries.
fn resolve(memory: &Memory, name: &Name, exists: bool) {
    let rrsets = memory.rrsets.in_view(ViewId::default());
    rrsets.get_or_alias(&mut rrsets.keys(name), RecordType::A, Rank::Answer, Mono::START);
    rrsets.closest_delegation(name, Mono::START);
    if !exists {
        let soa = soa();
        rrsets.put_negative(
            Denial { name, kind: RecordType::A, nxdomain: true, soa: &soa },
            DAY,
            Mono::START,
        );
        return answer(memory, name, ResponseCode::NXDomain, &[], &[soa]);
    }
    let zone = if name.num_labels() > 2 { name.base_name() } else { name.clone() };
    let server = zone.prepend_label("ns").unwrap_or_default();
    let address = |owner: &Name| Record::from_rdata(owner.clone(), 3_600, RData::A(A(Ipv4Addr::LOCALHOST)));
    rrsets.put_delegation(Arc::new(Delegation::plain(
        zone,
        vec![NS(server.clone()).0],
        vec![(0, Ipv4Addr::LOCALHOST.into())],
        (Mono::START, Mono::START.after(DAY)),
    )));
    rrsets.put(&[&address(&server)], Rank::Glue, DAY, Mono::START);
    rrsets.closest_delegation(name, Mono::START);
    rrsets.glue(&server, RecordType::A, Mono::START);
    let record = address(name);
    rrsets.put(&[&record], Rank::Authoritative, DAY, Mono::START);
    answer(memory, name, ResponseCode::NoError, &[record], &[]);
}

fn soa() -> Record {
    let zone = Name::from_ascii("example.").unwrap_or_default();
    let data = SOA::new(zone.clone(), zone.clone(), 1, 7_200, 900, 1_209_600, 3_600);
    Record::from_rdata(zone, 3_600, RData::SOA(data))
}

fn answer(memory: &Memory, name: &Name, rcode: ResponseCode, answers: &[Record], authorities: &[Record]) {
    let question = question(name);
    let (extended_error, list) = (None, None);
    let parts = AnswerParts {
        question: &question,
        rcode,
        answers,
        authorities,
        stored: Mono::START,
        extended_error,
        list,
    };
    if let Some(answer) = compose::answer(&parts) {
        memory.answers.put(question.key(), &Arc::new(answer));
    }
}
