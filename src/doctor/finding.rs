//! A finding about a domain.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::codes::Code;
pub use crate::level::{Level, Topic};
use crate::limits::MAX_EVIDENCE;
pub use crate::part::{About, Part};
use dns::wire::presentation::shown;

/// A result of a check, as it is printed: a fault, a note, or that a part of the check is correct or unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The kind of fault or fact.
    pub code: Code,
    /// Usually the level of the code. The facts may make the finding less or more serious.
    pub level: Level,
    /// The facts that show the problem, and the servers from which they come. Control characters in records are escaped, because a third
    /// party writes the records.
    pub evidence: String,
    /// The part of the check (such as DNSSEC or mail) whose result is unknown, if the finding reports this.
    pub part: Option<Part>,
    /// The hosts, addresses or DNS lists that the finding is about. If there are none, the finding is about the domain or a whole part of
    /// the check.
    pub about: Vec<About>,
    /// The advice that replaces the usual advice for this code.
    pub remedy: Option<&'static str>,
    /// The lookups that the finding is about (name and type).
    pub lookups: Vec<(String, &'static str)>,
    /// True if no resolver can look up any record of the domain.
    pub blocks: bool,
}

impl Finding {
    /// Creates a finding with the usual level of its code.
    pub fn new(code: Code, evidence: impl AsRef<str>) -> Self {
        let evidence = shown(evidence.as_ref(), MAX_EVIDENCE);
        Self {
            code,
            level: code.entry().level,
            evidence,
            part: code.entry().parts.first().copied().filter(|_| code.entry().level == Level::CouldNotTell),
            about: Vec::new(),
            remedy: None,
            lookups: Vec::new(),
            blocks: false,
        }
    }

    /// Returns the advice for the operator; empty if there is none.
    pub fn remedy(&self) -> &'static str {
        self.remedy.unwrap_or_else(|| self.code.entry().remedy)
    }

    /// Returns the effect on mail; empty if there is none.
    pub const fn effect(&self) -> &'static str {
        self.code.entry().effect
    }

    /// Replaces the usual advice.
    #[must_use]
    pub const fn to_do(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// Sets the part of the check whose result is unknown.
    #[must_use]
    pub const fn in_part(mut self, part: Part) -> Self {
        self.part = Some(part);
        self
    }

    /// Adds hosts, addresses or DNS lists that the finding is about.
    #[must_use]
    pub fn about(mut self, about: impl IntoIterator<Item = About>) -> Self {
        self.about.extend(about);
        self
    }

    /// Adds a lookup that the finding is about.
    #[must_use]
    pub fn on(mut self, name: impl Into<String>, kind: &'static str) -> Self {
        self.lookups.push((name.into(), kind));
        self
    }

    /// Marks a fault that prevents every lookup of the domain's records.
    #[must_use]
    pub const fn blocking(mut self) -> Self {
        self.blocks = true;
        self
    }

    /// Adds the finding `effect`, which this finding explains, to the evidence. The more serious of the two levels remains.
    pub(super) fn take(&mut self, effect: Self) {
        let words = format!("; because of that, {}: {}", effect.code.entry().title, effect.evidence);
        self.evidence.push_str(&words);
        self.about.extend(effect.about);
        self.level = self.level.min(effect.level);
    }

    /// Replaces the usual level.
    #[must_use]
    pub const fn at(mut self, level: Level) -> Self {
        self.level = level;
        self
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entry = self.code.entry();
        let mut object = serializer.serialize_struct("Finding", 7)?;
        object.serialize_field("level", &self.level)?;
        object.serialize_field("topic", &entry.topic)?;
        object.serialize_field("code", entry.word)?;
        object.serialize_field("evidence", &self.evidence)?;
        object.serialize_field("effect", self.effect())?;
        object.serialize_field("remedy", self.remedy())?;
        object.serialize_field("source", entry.source)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_escaped_and_shortened() {
        let finding = Finding::new(Code::SpfSyntax, format!("a\u{202e}b\u{9b}2J{}", "x".repeat(1 << 20)));
        assert!(finding.evidence.starts_with("a\\u{202e}b\\u{9b}2Jx"), "{:.40}", finding.evidence);
        assert!(finding.evidence.len() < MAX_EVIDENCE + 100);
    }

    fn remedy(finding: &Finding) -> String {
        let object = serde_json::to_value(finding).unwrap();
        object.get("remedy").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    }

    #[test]
    fn remedy_fits_cause() {
        use crate::facts::tests::facts;
        use crate::judge;
        let of = |domain: &str, lines: &str, code: Code| {
            let found = judge(&facts(domain, lines)).into_iter().find(|finding| finding.code == code);
            remedy(&found.unwrap_or_else(|| panic!("{}", code.entry().word)))
        };
        let nameless = "lookup a.test. SOA SERVFAIL\nlookup test. SOA | ns.test. h. 1 2 3 4 5\nlookup test. NS | ns.test.\n\
            lookup ns.test. A | 198.18.9.1\nserver 198.18.9.1 a.test. NS udp | >a.test. NS ns1.b.test. | >a.test. NS ns2.b.test.\n\
            lookup ns1.b.test. A\nlookup ns1.b.test. AAAA\nlookup ns2.b.test. A\nlookup ns2.b.test. AAAA";
        let remedy = of("a.test.", nameless, Code::NsNoneAnswers);
        assert!(remedy.contains("address") && !remedy.contains("Start the name servers"), "{remedy}");
        let dotless = "lookup a.test. MX | 10 mx.a.test.a.test.\nlookup mx.a.test.a.test. A NXDOMAIN\n\
            lookup mx.a.test.a.test. AAAA NXDOMAIN";
        let remedy = of("a.test.", dotless, Code::MxWithoutAddress);
        assert!(remedy.contains("dot"), "{remedy}");
    }
}
