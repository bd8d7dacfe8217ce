//! Messages that fit a pasted line equally well: mails of one busy domain whose last queries ended in the same second.
//!
//! # Decisions
//!
//! - If all of them have one verdict, it is that of the line, whichever is its message. Otherwise could not tell, and the causes of all are
//!   named: the worst is no more likely the line's than the others.
//! - Another part of the same mail is no equal: it lacks names of the line that the message has.

use super::about::has;
use super::line::PastedLine;
use super::other_part::{causes_of, is_same, unknown_between};
use history::why::MessageReport;

/// The message of a line with the culprit `unknown` if one of its `equals` has another verdict. All have their verdicts for the line.
pub(super) fn undecided(
    line: &PastedLine,
    message: &MessageReport,
    equals: &[MessageReport],
) -> Option<MessageReport> {
    let own: Vec<&String> = line.subjects.iter().filter(|subject| has(message, subject)).collect();
    let may_replace = |other: &&MessageReport| own.iter().all(|subject| has(other, subject));
    let equals: Vec<&MessageReport> = equals.iter().filter(may_replace).collect();
    if equals.iter().all(|other| is_same(&other.culprit, &message.culprit)) {
        return None;
    }
    let causes = causes_of(std::iter::once(message).chain(equals.iter().copied()));
    let evidence = format!(
        "{} mails with names of this line ended in the second of the line, and they have not one cause: each of them may be its mail",
        equals.len().saturating_add(1)
    );
    let advice =
        "paste other lines of the same mail too: those with its client or its recipient name more of it";
    Some(unknown_between(message.clone(), causes, (&evidence, advice)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, message, settled};
    use super::*;
    use dns::question::Outcome;
    use history::culprit::CulpritKind;

    #[test]
    fn mails_that_fit_a_line_equally_well_and_have_not_one_cause_are_unknown() {
        use CulpritKind::{None as Nothing, NotDns, ServerSilent, ServerSlow, Unknown};
        let line = "Nov 21 03:12:05 mx postfix/qmgr[7]: 4A: from=<bob@fine.example>, size=1234, nrcpt=1 (queue active)";
        let of = |began: f64, waited: f64, kind: CulpritKind| {
            let mut report = MessageReport { began: NOW + began, ..message(waited, kind, Outcome::Upstream) };
            report.questions[0].of_subject = true;
            report
        };
        let elsewhere = of(-4.0, 0.03, Nothing);
        for (case, found, expected) in [
            ("one", vec![of(-2.2, 0.9, ServerSlow)], (ServerSlow, 0)),
            ("quick ones", vec![of(-1.2, 0.02, Nothing), of(-1.1, 0.03, Nothing)], (NotDns, 0)),
            (
                "a slow one and a quick one",
                vec![of(-2.2, 0.9, ServerSlow), of(-1.1, 0.03, Nothing)],
                (Unknown, 1),
            ),
            ("of two causes", vec![of(-2.2, 0.9, ServerSlow), of(-2.3, 1.0, ServerSilent)], (Unknown, 2)),
            ("the other is farther away", vec![of(-2.2, 0.9, ServerSlow), elsewhere], (ServerSlow, 0)),
        ] {
            for found in [found.clone(), found.into_iter().rev().collect()] {
                let told = settled(line, found).unwrap();
                assert_eq!((told.culprit.kind, told.also.len()), expected, "{case}: {told:#?}");
                let said = told.culprit.evidence.starts_with("2 mails with names of this line");
                assert_eq!(said, expected.0 == Unknown, "{case}: {told:#?}");
            }
        }
    }
}
