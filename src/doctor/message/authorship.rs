//! The author of a message, and what may pass DMARC for it beside the signatures of one domain.
//!
//! RFC 7489 sections 3.1 and 4.2, RFC 9989: DMARC passes if a signature or SPF passes for the organization of the domain in `From`.

use crate::authentication::organizational::organizational_7489;
use crate::authentication::signing::Signing;
use crate::facts::CheckSubject;

/// The domains of a message that count for DMARC.
#[derive(Debug)]
pub(super) struct Authorship<'m> {
    /// The domains in `From`.
    pub(super) authors: &'m [String],
    /// The domains that have signed it.
    pub(super) signers: &'m [String],
    /// The domain of the envelope sender.
    pub(super) envelope: Option<&'m str>,
}

impl Authorship<'_> {
    /// Gives their weight to the subjects.
    pub(super) fn give(&self, subjects: &mut [CheckSubject]) {
        for subject in subjects {
            subject.signing = self.signing(&subject.domain);
        }
    }

    fn signing(&self, domain: &str) -> Signing {
        if !self.signers.iter().any(|signer| signer == domain) {
            return Signing::None;
        }
        let [author] = self.authors else { return Signing::Beside };
        let is_of_author = |other: &str| organization(other) == organization(author);
        let is_another = |other: &&String| *other != domain && is_of_author(other);
        if !is_of_author(domain) || self.signers.iter().any(|signer| is_another(&signer)) {
            return Signing::Beside;
        }
        match self.envelope {
            Some(envelope) if envelope != domain && is_of_author(envelope) => Signing::Beside,
            Some(envelope) if envelope != domain => Signing::Alone,
            _ => Signing::WithSpf,
        }
    }
}

fn organization(domain: &str) -> &str {
    organizational_7489(domain).unwrap_or(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_depends_on_what_else_may_pass_for_the_author() {
        let names = |list: &str| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (authors, signers, envelope, expected) in [
            ("a.test.", "", Some("a.test."), Signing::None),
            ("a.test.", "a.test.", Some("a.test."), Signing::WithSpf),
            ("a.test.", "a.test.", None, Signing::WithSpf),
            ("a.test.", "a.test. b.test.", Some("b.test."), Signing::Alone),
            ("m.a.test.", "a.test.", Some("b.test."), Signing::Alone),
            ("a.test.", "a.test. m.a.test.", Some("a.test."), Signing::Beside),
            ("a.test.", "a.test.", Some("bounce.a.test."), Signing::Beside),
            ("b.test.", "a.test.", Some("a.test."), Signing::Beside),
            ("", "a.test.", Some("a.test."), Signing::Beside),
            ("a.test. b.test.", "a.test.", Some("a.test."), Signing::Beside),
        ] {
            let (authors, signers) = (names(authors), names(signers));
            let found = Authorship { authors: &authors, signers: &signers, envelope }.signing("a.test.");
            assert_eq!(found, expected, "{authors:?} {signers:?} {envelope:?}");
        }
    }
}
