//! Emails as a gateway handles them, and its log lines about them.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::prelude::ask;
use lab::simulation::Simulation;
use tokio::time::sleep;

use crate::providers::world::{CUSTOMERS, HOSTS, OTHERS, PROVIDERS, address};

/// An email that the test will play.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The begin of the email, in milliseconds since the start of the test.
    begin: u64,
    /// The provider and the number of the sending host. `None` if the gateway itself delivers the email.
    host: Option<(&'static str, u8)>,
    /// The domain of the sender, or of the recipient if the gateway delivers the email.
    domain: String,
    /// Milliseconds between two steps of the SMTP session. Each step asks DNS questions.
    step: u64,
}

/// A log line of the mail server, and the zone that has delayed its email, if any.
#[derive(Clone, Debug)]
pub(crate) struct PlayedLine {
    pub(crate) text: String,
    pub(crate) zone: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct PlayedMail {
    plan: Plan,
    /// The wait for all DNS questions of the email together.
    waited: Duration,
    /// The wait for the slowest DNS question of the email.
    longest: Duration,
    failed: bool,
    /// The time of the last reply, in seconds since 1970.
    ended: f64,
}

impl Plan {
    pub(crate) fn delivery(begin: u64, domain: &str) -> Self {
        Self { begin, host: None, domain: domain.to_owned(), step: 4 }
    }

    pub(crate) fn arrival(begin: u64, host: (&'static str, u8), domain: &str) -> Self {
        Self { begin, host: Some(host), domain: domain.to_owned(), step: 12 }
    }

    /// Plans `mails` emails, `rate` per second, most of them from customers of providers. The result depends only on the seed.
    pub(crate) fn many(seed: u64, mails: u64, rate: u64) -> Vec<Self> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut begin = 0;
        let plan = |_| {
            begin += random(2_000 / rate + 1);
            let provider = PROVIDERS[usize::try_from(random(3)).unwrap()];
            let domain = match random(20) {
                0..3 => format!("{provider}.tld."),
                3..5 => format!("other{}.tld.", random(OTHERS)),
                5..8 => format!("c{}.{provider}.tld.", random(4)),
                _ => format!("c{}.{provider}.tld.", 4 + random(CUSTOMERS - 4)),
            };
            let host = (random(5) < 3).then(|| (provider, u8::try_from(random(HOSTS.into())).unwrap() + 1));
            Self { begin, host, domain, step: 2 + random(30) }
        };
        (0..mails).map(plan).collect()
    }
}

/// Asks the DNS questions of an email, and adds up its waits.
struct Asker<'a> {
    simulation: &'a Simulation,
    waited: Duration,
    longest: Duration,
}

impl Asker<'_> {
    async fn is_answered(&mut self, name: &str, kind: RecordType) -> bool {
        let reply = ask(self.simulation, name, kind).await;
        self.waited += reply.elapsed;
        self.longest = self.longest.max(reply.elapsed);
        sleep(Duration::from_micros(300)).await;
        reply.message.metadata.response_code != ResponseCode::ServFail
    }
}

pub(crate) async fn play(simulation: &Simulation, plan: &Plan) -> PlayedMail {
    sleep(Duration::from_millis(plan.begin)).await;
    let mut asker = Asker { simulation, waited: Duration::ZERO, longest: Duration::ZERO };
    let failed = match plan.host {
        Some(host) => !arrives(&mut asker, host, plan).await,
        None => !is_delivered(&mut asker, &plan.domain).await,
    };
    let ended = simulation.clock().unix_micros() as f64 / 1e6;
    PlayedMail { plan: plan.clone(), waited: asker.waited, longest: asker.longest, failed, ended }
}

/// Asks the questions of an SMTP session, and those about the content of its email.
async fn arrives(asker: &mut Asker<'_>, (provider, host): (&str, u8), plan: &Plan) -> bool {
    let (step, domain) = (Duration::from_millis(plan.step), &plan.domain);
    let std::net::IpAddr::V4(from) = address(provider, host) else { panic!() };
    let [a, b, c, d] = from.octets();
    asker.is_answered(&format!("{d}.{c}.{b}.{a}.in-addr.arpa."), RecordType::PTR).await;
    asker.is_answered(&format!("out{host}.{provider}.tld."), RecordType::A).await;
    asker.is_answered(&format!("{d}.{c}.{b}.{a}.zen.spamhaus.org."), RecordType::A).await;
    sleep(step).await;
    if !asker.is_answered(domain, RecordType::MX).await {
        return false;
    }
    sleep(step).await;
    if !asker.is_answered(domain, RecordType::TXT).await {
        return false;
    }
    if domain.ends_with(&format!("{provider}.tld.")) {
        asker.is_answered(&format!("_spf.{provider}.tld."), RecordType::TXT).await;
    }
    sleep(step * 4).await;
    asker.is_answered(&format!("s1._domainkey.{domain}"), RecordType::TXT).await;
    asker.is_answered(&format!("_dmarc.{domain}"), RecordType::TXT).await
}

async fn is_delivered(asker: &mut Asker<'_>, domain: &str) -> bool {
    if !asker.is_answered(domain, RecordType::MX).await {
        return false;
    }
    let owner: Vec<&str> = domain.trim_end_matches('.').rsplit('.').take(2).collect();
    asker.is_answered(&format!("mx.{}.{}.", owner[1], owner[0]), RecordType::A).await
}

impl PlayedMail {
    /// Returns the domain of the email if the email failed, or if one of its questions took a second or longer. In this test, each domain with a
    /// fault is a zone.
    fn zone(&self) -> Option<String> {
        let is_slow = self.longest >= Duration::from_secs(1);
        (self.failed || is_slow).then(|| self.plan.domain.clone())
    }

    /// Returns a log line that is written `behind` seconds after the last reply.
    fn line(&self, behind: f64, text: &str) -> String {
        let at = jiff::Timestamp::from_second((self.ended + behind) as i64).unwrap();
        format!("{at} mx {text}")
    }

    pub(crate) fn lines(&self) -> Vec<PlayedLine> {
        let base = self.plan.domain.trim_end_matches('.');
        let (waited, zone) = (self.waited.as_secs_f64(), self.zone());
        let told = match self.plan.host {
            None => self.lines_of_delivery(base, waited),
            Some((provider, host)) => {
                let named = format!("out{host}.{provider}.tld");
                self.lines_of_arrival(
                    base,
                    &format!("{named} [{}]", address(provider, host)),
                    &format!("{named}[{}]", address(provider, host)),
                )
            }
        };
        let line =
            |(text, is_own): (String, bool)| PlayedLine { text, zone: zone.clone().filter(|_| is_own) };
        told.into_iter().map(line).collect()
    }

    /// Returns log lines. The boolean is true if the faulty zone is the cause of the delay in the line.
    fn lines_of_delivery(&self, base: &str, waited: f64) -> Vec<(String, bool)> {
        if self.failed {
            let text = format!(
                "postfix/smtp[9]: 4A1B2C: to=<u@{base}>, relay=none, delay={:.1}, delays=0.1/0.01/{waited:.1}/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name={base} type=MX: Host not found, try again)",
                waited + 0.1
            );
            return vec![(self.line(0.0, &text), true)];
        }
        let sent = |until: f64, sending: f64| {
            format!(
                "postfix/smtp[9]: 4A1B2C: to=<u@{base}>, relay=mx.provider.tld[198.51.100.9]:25, delay={:.1}, delays=0.1/0.01/{until:.1}/{sending:.1}, dsn=2.0.0, status=sent (250 ok)",
                0.1 + until + sending
            )
        };
        let mut lines = vec![(self.line(0.2, &sent(waited + 0.05, 0.1)), true)];
        if self.longest < Duration::from_secs(1) {
            // The mail server of the recipient took some seconds for its greeting.
            lines.push((self.line(4.3, &sent(waited + 4.0, 0.2)), true));
        }
        lines
    }

    /// Returns log lines, each with true if the faulty zone caused the delay in it. `exim` and `postfix` are the sending host as these programs
    /// write it.
    fn lines_of_arrival(&self, base: &str, exim: &str, postfix: &str) -> Vec<(String, bool)> {
        if self.failed {
            let rejected = format!(
                "exim[9]: H={exim} F=<u@{base}> temporarily rejected RCPT <us@our.example>: Could not complete sender verify"
            );
            let domain = format!(
                "postfix/smtpd[9]: NOQUEUE: reject: RCPT from {postfix}: 450 4.1.8 <u@{base}>: Sender address rejected: Domain not found; from=<u@{base}> to=<us@our.example> proto=ESMTP"
            );
            return vec![(self.line(0.0, &rejected), true), (self.line(0.0, &domain), true)];
        }
        let arrived = format!("exim[9]: 1abCde-0000Xy-01 <= u@{base} H={exim} P=esmtps S=1234");
        let queued = format!("postfix/qmgr[9]: 4A1B2C: from=<u@{base}>, size=1234, nrcpt=1 (queue active)");
        let address = exim.split(['[', ']']).nth(1).unwrap();
        let scan = self.longest < Duration::from_secs(1);
        let scanned = format!(
            "rspamd[9]: #12(normal) <abc>; task; rspamd_task_write_log: id: <7@home.example>, ip: {address}, from: <u@{base}>, time: 4000.5ms, dns req: 4"
        );
        let mut lines = vec![(self.line(0.1, &arrived), true), (self.line(0.1, &queued), true)];
        if scan {
            lines.push((self.line(4.1, &scanned), true));
        }
        lines
    }
}
