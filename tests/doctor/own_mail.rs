//! Own mail (`[own]`) in virtual time: what is planted is found and ends after the repair, and what is healthy has no finding.

use std::sync::Arc;
use std::time::Duration;

use crate::faults::tree;
use crate::watched::{Host, pass};
use config::{Config, OwnSection};
use dns::random::Random;
use doctor::codes::Code;
use doctor::facts::own_mail::{OwnMail, SigningKey, read_certificates, read_public_key};
use doctor::facts::{Listed, Listing};
use doctor::finding::Level;
use lab::fault::Fault;
use lab::prelude::name;
use lab::simulation::{Simulation, config_for, paused};
use watched::history::Standing;
use watched::kept::KeptWatches;
use watched::{WatchedSubject, Watches};

const HOUR: Duration = Duration::from_secs(3_600);

/// The public key of `certificates/dkim_rsa.key`, as `openssl rsa -pubout` prints it.
const RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDBUaiE91eVSg6r+3sbTzmZr+uCude7Rq8Ey0e8tD9AFf44X7NdjcxgWKan28tcS8evNQhcL+LehJRwMJrp7Myh30m5a5YPDdGPWZKrv4yj5tR0aOON/ndAhc0FeNGW5TqbAM71SzoaoL5w3wNm7tEEGaYSLT7l6Ztd93LYyQlXZwIDAQAB";

/// The last 32 octets of the public key of `certificates/dkim_ed25519.key`.
const ED25519: &str = "tHUmIFCMLICgroz8rSrHuJbb5m/aXf3NSta5Hw4FiQU=";

const SENDER: [u8; 4] = [198, 18, 9, 1];

/// The records of an own domain without faults, with the key of the selector `mail`.
fn healthy(key: &str) -> String {
    format!(
        "@ MX 10 mx1.hosts.com.\n@ MX 20 mx2.hosts.com.\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n\
         mail._domainkey TXT \"v=DKIM1; p={}\" \"{}\"\n",
        &key[..100],
        &key[100..]
    )
}

/// The key in the record that `rspamadm dkim_keygen -t ed25519` printed for `certificates/dkim_rspamd.key`.
const RSPAMD: &str = "coFtZgyovKj3RIMb6rki7coFQtKPZFOPahhUi3wWnq4=";

fn own_mail() -> OwnMail {
    let key = include_bytes!("certificates/dkim_rsa.key");
    OwnMail {
        senders: vec![SENDER.into()],
        certificates: Vec::new(),
        signing_keys: vec![SigningKey {
            selector: "mail".to_owned(),
            path: "/keys/mail.key".to_owned(),
            public: read_public_key(key),
        }],
    }
}

fn watches(simulation: &Simulation) -> Watches {
    let own = OwnSection {
        domains: vec![name("faulty.com.")],
        addresses: vec![SENDER.into()],
        helo: Some(name("mx1.hosts.com.")),
        ..OwnSection::default()
    };
    let subjects = WatchedSubject::all_of(&Config { own, ..Config::default() });
    let (clock, random) = (simulation.clock().clone(), Random::seeded(7));
    Watches::new(&subjects, KeptWatches::default(), (clock, random), Arc::clone(simulation.recorder()))
}

/// Returns the confirmed failures and warnings.
fn confirmed(watches: &Watches) -> Vec<Code> {
    let domains = watches.domains().into_iter();
    let findings = domains.flat_map(|state| state.history.findings);
    let counts = findings.filter(|one| one.level <= Level::Warning && one.standing == Standing::Present);
    counts.map(|finding| finding.code).collect()
}

fn listed(by: &str, listed: Listed) -> Vec<Listing> {
    vec![Listing { list: by.to_owned(), listed, why: String::new() }]
}

#[test]
fn planted_faults_are_found_and_end() {
    let good = Arc::new(tree(&healthy(RSA), &[]).build().unwrap());
    let other_key = healthy(&RSA.replace("IDAQAB", "IDAQAA"));
    let bad = tree(&other_key.replace("v=spf1 mx -all", "v=spf1 ip4:198.18.7.7 -all"), &[]).build().unwrap();
    let servers = ["ns1.hosts.com", "ns2.hosts.com"];
    let right = servers.map(|server| good.server(server).unwrap().authority());
    paused(async {
        let simulation = Simulation::new(Arc::clone(&good), config_for(&good), 1);
        let host = Host::new(&simulation);
        *host.own_mail.lock().unwrap() = own_mail();
        let watches = watches(&simulation);
        pass(&watches, &host, HOUR * 3).await;
        assert_eq!(confirmed(&watches), []);

        for server in servers {
            good.server(server).unwrap().set_authority(bad.server(server).unwrap().authority());
        }
        pass(&watches, &host, HOUR * 3 / 2).await;
        let found = confirmed(&watches);
        assert!(
            [Code::SpfFromFails, Code::DkimKeyDiffers].iter().all(|code| found.contains(code)),
            "{found:?}"
        );
        *host.listings.lock().unwrap() = listed("bl.test", Listed::Yes);
        pass(&watches, &host, HOUR * 13).await;
        let found = confirmed(&watches);
        assert_eq!(found.iter().filter(|code| **code == Code::Listed).count(), 2, "{found:?}");

        for (server, right) in servers.iter().zip(right) {
            good.server(server).unwrap().set_authority(right);
        }
        *host.listings.lock().unwrap() = listed("bl.test", Listed::No);
        pass(&watches, &host, HOUR * 2).await;
        assert_eq!(confirmed(&watches), []);
    });
}

// A silent list, a list that refuses, and datagrams that get lost are no findings. The lists are asked twice a day about each subject.
#[test]
fn healthy_fortnight_has_no_finding() {
    let lab = Arc::new(tree(&healthy(RSA), &[]).build().unwrap());
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 5);
        let host = Host::new(&simulation);
        *host.own_mail.lock().unwrap() = own_mail();
        let watches = watches(&simulation);
        for day in 0..14 {
            let answer = [Listed::No, Listed::Unknown][usize::from(day % 3 == 1)];
            *host.listings.lock().unwrap() = listed("bl.test", answer);
            let faults: &[Fault] = if day % 4 == 2 { &[Fault::LosesFirst] } else { &[] };
            lab.server("ns2.hosts.com").unwrap().set_faults(faults);
            simulation.network().set_loss(if day % 5 == 3 { 100 } else { 0 });
            pass(&watches, &host, HOUR * 24).await;
            assert_eq!(confirmed(&watches), [], "day {day}");
        }
        let asked = host.lists_asked.load(std::sync::atomic::Ordering::Relaxed);
        assert!((4 * 14..=14 * 14).contains(&asked), "{asked}");
    });
}

#[test]
fn public_keys_of_signers_are_read() {
    use data_encoding::BASE64;
    let record = BASE64.decode(RSA.as_bytes()).unwrap();
    for pem in [
        include_bytes!("certificates/dkim_rsa.key").as_slice(),
        include_bytes!("certificates/dkim_rsa_pkcs1.key"),
    ] {
        let public = read_public_key(pem).unwrap();
        assert!(record.ends_with(&public) && public.len() > 128);
    }
    let ed25519 = read_public_key(include_bytes!("certificates/dkim_ed25519.key")).unwrap();
    assert_eq!(BASE64.encode(&ed25519), ED25519);
    let of_rspamd = read_public_key(include_bytes!("certificates/dkim_rspamd.key")).unwrap();
    assert_eq!(BASE64.encode(&of_rspamd), RSPAMD);
    for wrong in [
        include_bytes!("certificates/mail.key").as_slice(),
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        assert!(read_public_key(wrong).is_err());
    }
}

#[test]
fn certificate_chain_is_read() {
    let chain = read_certificates(include_bytes!("certificates/mail.pem")).unwrap();
    assert!(!chain.is_empty());
    assert!(read_certificates(b"no certificate").is_err());
}
