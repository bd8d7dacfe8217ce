//! The mail of simulated gateways: two fifths are spam, one fifth is outbound, the rest is inbound, in equal parts to each kind of gateway.

use hickory_proto::rr::Name;

use dns::random::Random;

use super::internet::Internet;
use super::mail_domains::MailDomain;
use super::traffic::{Gateway, Mail};

const SPAM_PER_CENT: u32 = 40;
/// Outbound mail, in percent of all emails. The rest is good inbound mail.
const OUTBOUND_PER_CENT: u32 = 20;

/// The percentage of spam whose sender's domain does not exist. Other spam uses any domain of somebody else, each with the same
/// probability.
const MADE_UP_PER_CENT: u32 = 50;

/// The percentage of spam with an invented HELO name. Other spam gives the name of another domain's mail host.
const MADE_UP_HELO_PER_CENT: u32 = 50;

/// The domains of invented HELO names: those of private networks.
const PRIVATE_DOMAINS: [&str; 5] = ["lan", "local", "localdomain", "home", "corp"];

/// The number of invented domains: so large that a domain occurs twice only by chance.
const MADE_UP: u32 = 1_000_000;

/// How often each mail domain occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Popularity {
    /// By Zipf's law: the second domain half as often as the first, the third a third as often.
    Zipf,
    /// All equally often.
    Uniform,
}

/// The kinds of emails, in the order of the rows of the benchmark's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailKind {
    /// Inbound mail to postscreen, which asks all DNS lists at once.
    AtOnce,
    /// Inbound mail to smtpd or Exim, which ask one DNS list after the other.
    OneByOne,
    /// Inbound spam to postscreen.
    Spam,
    /// Mail to another domain.
    Outbound,
}

impl MailKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::AtOnce, Self::OneByOne, Self::Spam, Self::Outbound];

    /// Returns the kind of an email.
    pub fn from_mail(mail: &Mail) -> Self {
        match mail {
            Mail::Outbound { .. } => Self::Outbound,
            Mail::Inbound { selector: None, .. } => Self::Spam,
            Mail::Inbound { gateway: Gateway::Postscreen, .. } => Self::AtOnce,
            Mail::Inbound { gateway: Gateway::Smtpd | Gateway::Exim, .. } => Self::OneByOne,
        }
    }

    /// Returns the title of the kind's row in the benchmark's table.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AtOnce => "inbound, lists at once",
            Self::OneByOne => "inbound, lists one by one",
            Self::Spam => "spam, lists at once",
            Self::Outbound => "outbound",
        }
    }
}

/// Generates `count` emails. The same internet and seed give the same emails.
pub fn draw(internet: &Internet, seed: u64, count: usize, popularity: Popularity) -> Vec<Mail> {
    let random = Random::seeded(seed);
    let weight = |place: usize| match popularity {
        Popularity::Zipf => 1_000_000 / (place + 1),
        Popularity::Uniform => 1,
    };
    let sum = |sum: &mut usize, place| {
        *sum += weight(place);
        Some(*sum)
    };
    let sums: Vec<usize> = (0..internet.domains.len()).scan(0, sum).collect();
    (0..count).filter_map(|_| draw_one(internet, &random, &sums)).collect()
}

fn draw_one(internet: &Internet, random: &Random, sums: &[usize]) -> Option<Mail> {
    let domain = pick(internet, random, sums)?;
    let (kind, link) = (random.below(100), pick(internet, random, sums)?.name.clone());
    if kind < OUTBOUND_PER_CENT {
        return Some(Mail::Outbound { recipient: domain.name.clone() });
    }
    if kind < OUTBOUND_PER_CENT + SPAM_PER_CENT {
        let (address, gateway) = (*any(&internet.spammers, random)?, Gateway::Postscreen);
        let sender = if random.below(100) < MADE_UP_PER_CENT {
            let tld = any(&internet.spam_tlds, random)?;
            Name::from_ascii(format!("shop{}.{tld}.", random.below(MADE_UP))).ok()?
        } else {
            any(&internet.domains, random)?.name.clone()
        };
        let link = any(&internet.domains, random)?.name.clone();
        let helo = if random.below(100) < MADE_UP_HELO_PER_CENT {
            let domain = any(&PRIVATE_DOMAINS, random)?;
            Name::from_ascii(format!("desktop-{}.{domain}.", random.below(MADE_UP))).ok()?
        } else {
            any(&internet.domains, random)?.mail_host.clone()
        };
        return Some(Mail::Inbound { gateway, address, helo, sender, selector: None, link });
    }
    let gateway = *internet.gateways.get(kind as usize % internet.gateways.len())?;
    let (address, sender, selector) = (domain.address, domain.sender.clone(), Some(domain.selector.clone()));
    let helo = domain.mail_host.clone();
    Some(Mail::Inbound { gateway, address, helo, sender, selector, link })
}

fn any<'a, T>(all: &'a [T], random: &Random) -> Option<&'a T> {
    all.get(usize::try_from(random.below(u32::try_from(all.len()).ok()?)).ok()?)
}

fn pick<'a>(internet: &'a Internet, random: &Random, sums: &[usize]) -> Option<&'a MailDomain> {
    let drawn = random.below(u32::try_from(*sums.last()?).ok()?);
    internet.domains.get(sums.partition_point(|sum| *sum <= usize::try_from(drawn).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Each kind of mail occurs.
    #[test]
    fn popular_domains_get_most_mail() {
        let internet = Internet::rough_at(1, 60, crate::world::UNIX_AT_START).unwrap();
        let mails = |popularity| draw(&internet, 1, 1_000, popularity);
        assert_eq!(mails(Popularity::Zipf), mails(Popularity::Zipf));
        let to_first = |mails: &[Mail]| {
            let first = &internet.domains[0].name;
            let is_of = |mail: &&Mail| match mail {
                Mail::Inbound { sender, .. } => sender == first,
                Mail::Outbound { recipient } => recipient == first,
            };
            mails.iter().filter(is_of).count()
        };
        assert!((80..200).contains(&to_first(&mails(Popularity::Zipf))));
        assert!((5..40).contains(&to_first(&mails(Popularity::Uniform))));
        for (kind, least) in MailKind::ALL.into_iter().zip([100, 200, 350, 150]) {
            let of = mails(Popularity::Zipf).iter().filter(|mail| MailKind::from_mail(mail) == kind).count();
            assert!(of >= least, "{kind:?}: {of}");
        }
    }
}
