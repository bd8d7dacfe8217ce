//! One question: both are asked, a difference is confirmed, and its cause is sought at the name servers.

use futures_util::future::BoxFuture;
use hickory_proto::rr::RecordType;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::lists::ListBudget;
use super::sides::Sides;
use crate::domain::Daemon;
use crate::limits::{SHADOW_PAUSE, SHADOW_RENEWAL, SHADOW_REPEATS};
use crate::moment;
use doctor::facts::{CheckSubject, DomainFacts, Got, LookupFound, NoReply, OtherResolver, ResolverWay, Want};
use doctor::side_by_side::{SideBySide, compared};
use gather::{Sources, gather};
use shadow::answer::{Likeness, Side, SideAnswer, parting};
use shadow::asked::AskedQuestion;
use shadow::judge::{Evidence, IPV4_ONLY, Sample, needs_renewal};

/// The type of IPv6 addresses.
const IPV6_ADDRESS: &str = "AAAA";

/// The means of a comparison.
pub(super) struct Examiner {
    pub(super) sides: Sides,
    pub(super) daemon: Daemon,
    /// The subject of a comparison with name servers, without its name.
    pub(super) subject: CheckSubject,
    /// Places for comparisons with name servers.
    pub(super) places: Semaphore,
    /// How many of these may still begin.
    pub(super) left: Semaphore,
    pub(super) lists: ListBudget,
}

/// The daemon, with the resolver in place asked by this command: the daemon may be configured to send nothing to loopback.
struct WithInPlace<'e>(&'e Examiner);

impl Sources for WithInPlace<'_> {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        let examiner = self.0;
        match want {
            Want::Resolver { server, name, kind, .. } if *server == examiner.sides.in_place => {
                Box::pin(async move {
                    let Ok(kind) = kind.parse::<RecordType>() else {
                        return unasked("no type of a question");
                    };
                    let question = plain(name, kind);
                    match examiner.sides.ask(Side::InPlace, &question).await {
                        SideAnswer::Reply(reply) => Got::Reply(reply.facts),
                        SideAnswer::None(_) => Got::NoReply(NoReply::Silent),
                    }
                })
            }
            _ => examiner.daemon.ask(want),
        }
    }
}

fn unasked(why: &str) -> Got {
    Got::NoReply(NoReply::Unknown(why.to_owned()))
}

fn plain(name: &str, kind: RecordType) -> AskedQuestion {
    AskedQuestion { name: name.to_owned(), kind, dnssec_ok: false, checking_disabled: false }
}

/// The end of a question.
pub(super) struct Examined {
    /// The first answers.
    pub(super) first: Sample,
    /// All that was heard.
    pub(super) evidence: Evidence,
}

impl Examiner {
    /// Compares the answers to a question. `in_place`: the answer that a client has had. `answers_others`: whether the resolver in place
    /// has answered other questions so far.
    pub(super) async fn examine(
        &self,
        question: &AskedQuestion,
        in_place: Option<SideAnswer>,
        answers_others: bool,
    ) -> Examined {
        let first = match in_place {
            Some(in_place) => self.sides.beside(question, in_place).await,
            None => self.sides.sample(question).await,
        };
        let mut evidence = Evidence {
            samples: vec![first.clone()],
            list: self.lists.list_of(&question.name).map(str::to_owned),
            ..Evidence::default()
        };
        self.repeat(question, &mut evidence).await;
        let is_different = evidence.samples.last().is_some_and(|last| last.likeness() == Likeness::Different);
        // A resolver that replies to nothing shows nothing.
        let is_shown = |last: &Sample| answers_others || last.in_place.reply().is_some();
        if is_different && evidence.samples.last().is_some_and(is_shown) {
            self.seek(question, &mut evidence).await;
        }
        Examined { first, evidence }
    }

    /// Asks both again while they differ. A list counts queries, so it is asked once more at most, and by then both have an answer in
    /// their caches.
    async fn repeat(&self, question: &AskedQuestion, evidence: &mut Evidence) {
        let repeats = if evidence.list.is_some() { 1 } else { SHADOW_REPEATS };
        for _ in 0..repeats {
            let differs = |sample: &Sample| {
                sample.likeness() >= Likeness::SecureOnly && sample.likeness() != Likeness::BothFail
            };
            if !evidence.samples.last().is_some_and(differs) {
                return;
            }
            sleep(SHADOW_PAUSE).await;
            evidence.samples.push(self.sides.sample(question).await);
        }
    }

    /// Seeks the cause of a difference.
    async fn seek(&self, question: &AskedQuestion, evidence: &mut Evidence) {
        let is_servfail = |sample: &Sample| {
            [Side::InPlace, Side::Resolverd].iter().any(|side| sample.of(*side).rcode() == Some("SERVFAIL"))
        };
        if evidence.list.is_none()
            && !question.checking_disabled
            && evidence.samples.last().is_some_and(is_servfail)
        {
            let unchecked = AskedQuestion { checking_disabled: true, ..question.clone() };
            evidence.with_cd = Some(self.sides.sample(&unchecked).await);
        }
        self.seek_dns64(question, evidence).await;
        let Ok(left) = self.left.try_acquire() else { return };
        left.forget();
        // Nobody closes the places.
        let Ok(_place) = self.places.acquire().await else { return };
        self.explain(question, evidence).await;
        if evidence.list.is_some() || !needs_renewal(question, evidence) {
            return;
        }
        drop(_place);
        self.renew(question, evidence).await;
    }

    /// If the resolver in place alone gives IPv6 addresses, asks for those that it makes itself (RFC 7050 section 3).
    async fn seek_dns64(&self, question: &AskedQuestion, evidence: &mut Evidence) {
        let has = |side: Side| {
            evidence.samples.last().is_some_and(|last| !last.of(side).data(IPV6_ADDRESS).is_empty())
        };
        if question.kind == RecordType::AAAA && has(Side::InPlace) && !has(Side::Resolverd) {
            let shown = self.sides.ask(Side::InPlace, &plain(IPV4_ONLY, RecordType::AAAA)).await;
            evidence.ipv4only = shown.data(IPV6_ADDRESS);
        }
    }

    /// Asks resolverd and the name servers for the evidence.
    async fn explain(&self, question: &AskedQuestion, evidence: &mut Evidence) {
        let Some(last) = evidence.samples.last() else { return };
        let kind: &'static str = match question.kind {
            RecordType::Unknown(_) => return,
            known => known.into(),
        };
        if evidence.list.is_some() {
            if let Got::Reply(reply) =
                self.daemon.ask(&Want::Lookup { name: question.name.clone(), kind }).await
            {
                evidence.reason = reply.why;
            }
            return;
        }
        let name = parting(&question.name, kind, &last.in_place, &last.resolverd);
        let own = self.daemon.ask(&Want::Lookup { name: question.name.clone(), kind }).await;
        let subject = CheckSubject { domain: name.clone(), unix: moment::unix(), ..self.subject.clone() };
        let facts = gather(subject, &SideBySide { kind }, &WithInPlace(self)).await;
        if let Got::Reply(reply) = own {
            evidence.reason = reply.why;
            evidence.configured = reply.configured;
        }
        if evidence.configured.is_none() {
            evidence.configured = configured(&facts, &name, kind);
        }
        evidence.compared = Some(compared(&facts, kind));
    }

    /// A second look after the TTLs have ended, if that is soon.
    async fn renew(&self, question: &AskedQuestion, evidence: &mut Evidence) {
        let Some(last) = evidence.samples.last() else { return };
        let ttls = [last.in_place.ttl_apart(&last.resolverd), last.resolverd.ttl_apart(&last.in_place)];
        let Some(longest) = ttls.into_iter().flatten().max() else { return };
        let wait = std::time::Duration::from_secs(u64::from(longest) + 1);
        if wait > SHADOW_RENEWAL {
            return;
        }
        sleep(wait).await;
        evidence.renewed = Some(self.sides.sample(question).await);
    }
}

/// The part of resolverd's configuration that answers for a name.
fn configured(facts: &DomainFacts, name: &str, kind: &'static str) -> Option<String> {
    match facts.lookup(name, kind) {
        LookupFound::NotAsked => None,
        _ => facts.configured_at(name).map(str::to_owned),
    }
}

/// The resolver in place as a resolver of a comparison.
pub(super) fn as_other(sides: &Sides) -> OtherResolver {
    OtherResolver {
        way: ResolverWay::AtPort(sides.in_place),
        name: format!("the resolver in place, {}", sides.in_place),
    }
}
