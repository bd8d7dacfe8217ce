//! The subjects of the names and types of the record, by numbers, and the step of a mail at which mail software asks for them.

use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::entry::Link;
use super::numbered_octets::NumberedOctets;
use super::subject::{ListName, Subject, linked, subject};

/// Names and types by numbers, and the facts that grouping needs about them.
pub(super) trait NumberedNames {
    /// A number that is greater than all.
    fn count(&self) -> usize;

    /// The name, in lower-case wire form, and the type.
    fn asked(&self, number: usize) -> (&[u8], RecordType);

    /// The DNS list that a name asks.
    fn list(&self, name: &[u8]) -> Option<ListName>;

    /// The names and addresses in the answer, as far as they are known.
    fn links(&self, number: usize) -> impl Iterator<Item = Link>;
}

/// The step of a mail that a query begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Opening {
    /// The reverse name of an address: a host has connected.
    Connection,
    /// The MX of a domain: of a sender, or of the recipient of a delivery.
    Exchangers,
    /// A policy of MTA-STS: of the recipient of a delivery.
    Delivery,
    /// Any other query begins none.
    #[default]
    None,
}

impl Opening {
    fn of(name: &[u8], kind: RecordType) -> Self {
        match kind {
            RecordType::PTR => Self::Connection,
            RecordType::MX => Self::Exchangers,
            RecordType::TXT if name.starts_with(b"\x08_mta-sts") => Self::Delivery,
            _ => Self::None,
        }
    }
}

/// The subjects of a name and type. There is one for each name of the record, so it is small.
#[derive(Default)]
pub(super) struct AskedSubjects {
    /// The numbers of the subjects: those of the name itself, then those that its answer names.
    pub(super) numbers: SmallVec<[u32; 4]>,
    /// How many are of the name itself; none if they were not looked for.
    own: Option<u8>,
    /// The address that the name is about.
    pub(super) host: Option<u32>,
    /// The step that it begins.
    pub(super) opening: Opening,
}

impl AskedSubjects {
    /// The subjects of the name itself.
    pub(super) fn own(&self) -> &[u32] {
        self.numbers.get(..self.own.unwrap_or(0).into()).unwrap_or_default()
    }
}

/// Numbers for subjects, because the subjects of each question are compared with the subjects of all open messages; and the
/// subjects of names and types, because most of them are asked more than once. Both are bounded by the number of questions.
pub(super) struct NumberedSubjects<'n, Names> {
    names: &'n Names,
    numbers: NumberedOctets,
    asked: Vec<AskedSubjects>,
    /// Those of a number that no name has.
    none: AskedSubjects,
}

/// The kinds of `NumberedSubjects::numbers`.
const DOMAIN: u16 = 0;
const ADDRESS: u16 = 1;

impl<'n, Names: NumberedNames> NumberedSubjects<'n, Names> {
    pub(super) fn of(names: &'n Names) -> Self {
        let asked = std::iter::repeat_with(AskedSubjects::default).take(names.count()).collect();
        let mut numbers = NumberedOctets::new();
        // Mostly each name is a subject.
        numbers.make_room(names.count());
        Self { names, numbers, asked, none: AskedSubjects::default() }
    }

    /// The subjects of a name and type, by its number.
    pub(super) fn find(&mut self, asked: usize) -> &AskedSubjects {
        if self.asked.get(asked).is_some_and(|known| known.own.is_none()) {
            let found = self.subjects(asked);
            if let Some(known) = self.asked.get_mut(asked) {
                *known = found;
            }
        }
        self.asked.get(asked).unwrap_or(&self.none)
    }

    fn subjects(&mut self, asked: usize) -> AskedSubjects {
        let names = self.names;
        let (name, kind) = names.asked(asked);
        let subject = subject(name, |name| names.list(name));
        let mut found = AskedSubjects {
            own: Some(u8::from(subject.is_some())),
            opening: Opening::of(name, kind),
            ..AskedSubjects::default()
        };
        if let Some(subject) = subject {
            let number = self.number(&subject);
            found.numbers.push(number);
            found.host = matches!(subject, Subject::Address(_)).then_some(number);
        }
        for link in names.links(asked) {
            let number = match &link {
                Link::Address(address) => self.number(&Subject::Address(*address)),
                Link::Name(name) => self.number(&linked(name)),
            };
            found.numbers.push(number);
        }
        found
    }

    fn number(&mut self, subject: &Subject<'_>) -> u32 {
        match subject {
            Subject::Address(IpAddr::V4(address)) => self.numbers.number(&address.octets(), ADDRESS).0,
            Subject::Address(IpAddr::V6(address)) => self.numbers.number(&address.octets(), ADDRESS).0,
            Subject::Domain(domain) => self.numbers.number(domain, DOMAIN).0,
        }
    }
}
