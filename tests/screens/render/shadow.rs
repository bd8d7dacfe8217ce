//! The screen and the JSON output of `resolverctl shadow`.

use hickory_proto::rr::RecordType;

use super::golden;
use ::shadow::answer::{Side, SideAnswer, SideReply};
use ::shadow::asked::AskedQuestion;
use ::shadow::capture::{self, Captured};
use ::shadow::judge::{Cause, Judged, Sample, Weight};
use ::shadow::report::{NotCompared, ShadowReport};
use doctor::facts::{Record, ReplyFacts};
use resolverctl::render::{Style, json, shadow};

fn answer(rcode: &str, address: Option<&str>) -> SideAnswer {
    let record = |data: &str| Record::read("www.example.com.", 60, "A", data).unwrap();
    let answers = address.into_iter().map(record).collect();
    let facts = ReplyFacts { rcode: rcode.to_owned(), millis: 12, answers, ..ReplyFacts::default() };
    SideAnswer::Reply(Box::new(SideReply { facts, secure: false }))
}

fn judged(cause: Cause, weight: Weight, side: Option<Side>, (why, advice): (&str, &str)) -> Judged {
    Judged { cause, weight, side, why: why.to_owned(), advice: advice.to_owned() }
}

/// The advice about an unknown cause.
const BY_HAND: &str = "compare both by hand: `resolverctl compare NAME TYPE --with ADDRESS`";

/// `equal` is a pair of equal answers.
fn differences(equal: &Sample) -> Vec<(Judged, Sample)> {
    let denied = Sample { in_place: answer("NXDOMAIN", None), ..equal.clone() };
    let bogus = Sample { resolverd: answer("SERVFAIL", None), ..equal.clone() };
    let other = Sample { resolverd: answer("NOERROR", Some("192.0.2.2")), ..equal.clone() };
    let silent = Sample { in_place: SideAnswer::None("timeout after 6 s".to_owned()), ..equal.clone() };
    let own = (
        "the current resolver: it answers with authority (AA), from a zone or from data of its own",
        "if you want this answer after the switch, write it into the configuration of resolverd ([[zone]], [[host]], [[record]]); `resolverctl import` converts the file of the current resolver",
    );
    let signatures = (
        "resolverd finds the signatures wrong or missing, and the current resolver does not validate the answer",
        "resolverd answers SERVFAIL, so mail of the domain waits: `resolverctl check NAME` shows the fault; until it is repaired, `resolverctl nta add NAME` turns off validation for the domain",
    );
    let unknown = ("the name servers of the zone could not be compared", BY_HAND);
    let turns = ("both gave the same records when asked again", "");
    let once = ("the current resolver failed once and answered when it was asked again", "");
    vec![
        (judged(Cause::Policy, Weight::Look, Some(Side::InPlace), own), denied.clone()),
        (judged(Cause::Bogus, Weight::Look, Some(Side::Resolverd), signatures), bogus),
        (judged(Cause::Unknown, Weight::Unknown, None, unknown), denied),
        (judged(Cause::Rotation, Weight::Harmless, None, turns), other.clone()),
        (judged(Cause::Rotation, Weight::Harmless, None, turns), other.clone()),
        (judged(Cause::Timing, Weight::Harmless, Some(Side::InPlace), once), silent),
    ]
}

fn report() -> ShadowReport {
    let mut report = ShadowReport::default();
    let equal = Sample {
        in_place: answer("NOERROR", Some("192.0.2.1")),
        resolverd: answer("NOERROR", Some("192.0.2.1")),
    };
    let ends = (0..40).map(|_| (judged(Cause::None, Weight::Harmless, None, ("", "")), equal.clone()));
    let mut captured = Captured::default();
    for (number, (judged, sample)) in ends.chain(differences(&equal)).enumerate() {
        let question = AskedQuestion {
            name: format!("n{number}.example.com."),
            kind: RecordType::A,
            dnssec_ok: number == 40,
            checking_disabled: false,
        };
        report.answered(&sample);
        report.add(&question, (judged, &sample));
        for _ in 0..3 {
            captured.take(Ok(question.clone()));
        }
    }
    let log = capture::read(&b"something else\n"[..]).unwrap();
    captured.skipped = log.skipped;
    report.end(&captured);
    report.leave_out(NotCompared::ListBudget, 2);
    report
}

#[test]
fn differences_by_cause() {
    let report = report();
    let summary = report.summary("192.0.2.53:53", false);
    golden("shadow.txt", &shadow::text(&report, &summary, Style::Plain));
    let lines: String = report.differences().into_iter().map(json::line).collect();
    let last = json::line(&summary);
    golden("shadow.json", &format!("{lines}{last}"));
}

#[test]
fn shadow_without_answers_has_no_verdict() {
    let report = ShadowReport::default();
    let summary = report.summary("192.0.2.53:53", true);
    golden("shadow_none.txt", &shadow::text(&report, &summary, Style::Plain));
}
