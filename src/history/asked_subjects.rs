//! The subjects of the names and types of the record, by numbers, and the step of a mail at which mail software asks for them.

use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::entry::Link;
use super::numbered_octets::NumberedOctets;
use super::subject::{ListName, Subject, linked, subject};
use dns::question::label_places;

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

/// The step of a mail at which mail software asks for a name and type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    /// The reverse name of an address: a host has connected.
    Reverse,
    /// The addresses of a host.
    Host,
    /// An address or a domain in a DNS list.
    List,
    /// A key of DKIM or a policy of DMARC: the content of the mail has come.
    Content,
    /// Any other.
    #[default]
    Other,
}

impl Step {
    fn of(name: &[u8], kind: RecordType, of_list: bool) -> Self {
        match kind {
            RecordType::PTR => Self::Reverse,
            _ if of_list => Self::List,
            RecordType::A | RecordType::AAAA => Self::Host,
            RecordType::TXT if is_of_content(name) => Self::Content,
            _ => Self::Other,
        }
    }
}

/// Whether a name has a label of DKIM or DMARC.
fn is_of_content(name: &[u8]) -> bool {
    let is_label = |place: usize| {
        let label = name.get(place..).unwrap_or_default();
        label.starts_with(b"\x0a_domainkey") || label.starts_with(b"\x06_dmarc")
    };
    name.contains(&b'_') && label_places(name).any(is_label)
}

/// The subjects of a name and type. There is one for each name of the record, so it is small.
#[derive(Default)]
pub(super) struct AskedSubjects {
    /// The numbers of the subjects: those of the name itself, then those that its answer names.
    pub(super) numbers: SmallVec<[u32; 4]>,
    /// How many are of the name itself; none if they were not looked for.
    own: Option<u8>,
    /// The number of the organisation of the name.
    owner: Option<u32>,
    /// Those of the organisations of the names in its answer.
    linked_owners: SmallVec<[u32; 2]>,
    /// Whether the name has an address.
    pub(super) connects: bool,
    /// Whether it asks for an MX.
    pub(super) exchangers: bool,
    /// Whether it asks for a policy of MTA-STS, which a delivery begins with.
    pub(super) delivers: bool,
    /// Whether it asks for a text or a list, as a program that examines a mail does.
    pub(super) examines: bool,
    /// The step of a mail that it is of.
    pub(super) step: Step,
}

impl AskedSubjects {
    /// The subjects of the name itself.
    pub(super) fn own(&self) -> &[u32] {
        self.numbers.get(..self.own.unwrap_or(0).into()).unwrap_or_default()
    }

    /// The organisation of the name itself.
    pub(super) fn owner(&self) -> Option<u32> {
        self.owner
    }

    /// The organisations of the name and of those in its answer.
    pub(super) fn owners(&self) -> impl Iterator<Item = u32> {
        self.owner.into_iter().chain(self.linked_owners.iter().copied())
    }
}

/// Numbers for subjects, because the subjects of each question are compared with the subjects of all open messages; and the
/// subjects of names and types, because most of them are asked more than once. Both are bounded by the number of questions.
pub(super) struct NumberedSubjects<'n, Names> {
    names: &'n Names,
    numbers: NumberedOctets,
    asked: Vec<AskedSubjects>,
}

/// The kinds of `NumberedSubjects::numbers`.
const DOMAIN: u16 = 0;
const ADDRESS: u16 = 1;
const OWNER: u16 = 2;

impl<'n, Names: NumberedNames> NumberedSubjects<'n, Names> {
    pub(super) fn of(names: &'n Names) -> Self {
        let asked = std::iter::repeat_with(AskedSubjects::default).take(names.count()).collect();
        let mut numbers = NumberedOctets::new();
        // Mostly each name is a subject.
        numbers.make_room(names.count());
        Self { names, numbers, asked }
    }

    /// The subjects of a name and type; none if `find` has not looked for them.
    pub(super) fn known(&self, asked: usize) -> Option<&AskedSubjects> {
        self.asked.get(asked)
    }

    /// Looks for the subjects of a name and type, if it was not done yet.
    pub(super) fn find(&mut self, asked: usize) {
        if self.asked.get(asked).is_none_or(|known| known.own.is_some()) {
            return;
        }
        let names = self.names;
        let (name, kind) = names.asked(asked);
        let mut list = None;
        let subject = subject(name, |name| {
            list = names.list(name);
            list
        });
        let connects = matches!(subject, Some(Subject::Address(_)));
        let mut found = AskedSubjects {
            own: Some(u8::from(subject.is_some())),
            connects,
            step: Step::of(name, kind, connects || list.is_some()),
            exchangers: kind == RecordType::MX,
            delivers: is_mta_sts(name),
            examines: (kind == RecordType::TXT && !is_mta_sts(name)) || list.is_some(),
            ..AskedSubjects::default()
        };
        found.owner = subject.as_ref().and_then(|subject| self.owner(subject));
        found.numbers.extend(subject.map(|subject| self.number(&subject)));
        for link in names.links(asked) {
            let subject = match &link {
                Link::Address(address) => Subject::Address(*address),
                Link::Name(name) => linked(name),
            };
            found.numbers.push(self.number(&subject));
            found.linked_owners.extend(self.owner(&subject));
        }
        if let Some(known) = self.asked.get_mut(asked) {
            *known = found;
        }
    }

    fn number(&mut self, subject: &Subject<'_>) -> u32 {
        match subject {
            Subject::Address(IpAddr::V4(address)) => self.numbers.number(&address.octets(), ADDRESS).0,
            Subject::Address(IpAddr::V6(address)) => self.numbers.number(&address.octets(), ADDRESS).0,
            Subject::Domain(domain) => self.numbers.number(domain, DOMAIN).0,
        }
    }

    /// The number of the organisation of a subject.
    fn owner(&mut self, subject: &Subject<'_>) -> Option<u32> {
        subject.owner().map(|owner| self.numbers.number(owner, OWNER).0)
    }
}

fn is_mta_sts(name: &[u8]) -> bool {
    name.starts_with(b"\x08_mta-sts")
}
