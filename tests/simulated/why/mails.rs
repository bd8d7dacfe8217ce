//! Emails that arrive one after the other or at the same time, and the log lines about their SMTP sessions.

use std::time::Duration;

use hickory_proto::rr::RecordType;

use super::{at_the_end_of, check, kind_of, mail, of_domain, pasted, why, world};
use dns::question::wire_name;
use explain::why::WantedSubject;
use lab::prelude::{ask, name};
use lab::simulation::{Simulation, paused};
use record::culprit::CulpritKind;

/// Asks the questions of an email from 198.51.100.`host`, whose name is below `domain`. The sender of the email has another domain.
async fn inbound(simulation: &Simulation, host: u8, domain: &str, sender: &str) {
    ask(simulation, &format!("{host}.100.51.198.in-addr.arpa."), RecordType::PTR).await;
    tokio::time::sleep(Duration::from_micros(300)).await;
    ask(simulation, &format!("out{host}.{domain}"), RecordType::A).await;
    check(simulation, &format!("{host}.100.51.198"), "zen.spamhaus.org.").await;
    mail(simulation, sender).await;
}

fn of_host(host: u8) -> Option<WantedSubject> {
    Some(WantedSubject::Address([198, 51, 100, host].into()))
}

// The pause between both does not count as a pause of the client.
#[test]
fn two_mails_of_sender_are_one() {
    paused(async {
        let simulation = world();
        inbound(&simulation, 9, "fine.tld.", "fine.tld.").await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        inbound(&simulation, 9, "fine.tld.", "fine.tld.").await;
        for subject in [of_host(9), Some(WantedSubject::Name(wire_name(&name("fine.tld.")).into()))] {
            let found = why(&simulation, subject).await;
            assert_eq!((found.len(), found[0].culprit.kind), (1, CulpritKind::Unknown), "{found:#?}");
        }
    });
}

#[test]
fn healthy_mail_keeps_out_other_culprit() {
    paused(async {
        let simulation = world();
        let sick = inbound(&simulation, 18, "healthy.tld.", "refused.tld.");
        let fine = inbound(&simulation, 9, "fine.tld.", "fine.tld.");
        futures_util::future::join(sick, fine).await;
        let of_fine =
            [why(&simulation, of_host(9)).await.remove(0), of_domain(&simulation, "fine.tld.").await];
        for report in of_fine {
            let is_open = matches!(report.culprit.kind, CulpritKind::None | CulpritKind::Unknown);
            assert!(is_open && report.also.is_empty(), "{report:#?}");
        }
        let refused = of_domain(&simulation, "refused.tld.").await;
        assert_eq!(kind_of(&refused), (CulpritKind::ServerRefused, "refused.tld.", 0), "{refused:#?}");
        let host = why(&simulation, of_host(18)).await.remove(0);
        assert_ne!(host.culprit.kind, CulpritKind::None, "{host:#?}");
        let line = format!(
            "{} H=out18.healthy.tld [198.51.100.18] F=<u@refused.tld> temporarily rejected RCPT <x@our.example>: Could not complete sender verify",
            at_the_end_of(&refused)
        );
        assert_eq!(pasted(&simulation, &line).await.culprit.zone.as_deref(), Some("refused.tld."));
    });
}

// No name joins the sender's domain to the host of the SMTP session.
#[test]
fn unrelated_slow_sender_is_possible_wait() {
    paused(async {
        let simulation = world();
        let session = async {
            ask(&simulation, "9.100.51.198.in-addr.arpa.", RecordType::PTR).await;
            ask(&simulation, "out9.fine.tld.", RecordType::A).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            mail(&simulation, "slow.tld.").await;
        };
        // The time alone does not show which queries belong to the same email, because queries of other emails are in progress.
        let others = async {
            for host in 20..u8::MAX {
                inbound(&simulation, host, "healthy.tld.", "healthy.tld.").await;
            }
        };
        tokio::select! {
            biased;
            () = session => {}
            () = others => {}
        }
        let slow = of_domain(&simulation, "slow.tld.").await;
        let line = |delay: f64| {
            let at = at_the_end_of(&slow);
            format!("{at} SMTP connection from out9.fine.tld [198.51.100.9] D={delay:.1}s closed by QUIT")
        };
        let told = pasted(&simulation, &line(slow.waited + 0.5)).await;
        assert_eq!(told.culprit.kind, CulpritKind::Unknown, "{told:#?}");
        assert!(told.possible_waits.iter().any(|wait| wait.name == "slow.tld."), "{told:#?}");
        // DNS took only a small part of the minutes of this SMTP session.
        let told = pasted(&simulation, &line(300.0)).await;
        assert_eq!(told.culprit.kind, CulpritKind::NotDns, "{told:#?}");
    });
}

#[test]
fn delivery_beside_list_wait_is_healthy() {
    paused(async {
        let simulation = world();
        let inbound = async {
            ask(&simulation, "9.100.51.198.in-addr.arpa.", RecordType::PTR).await;
            ask(&simulation, "out9.fine.tld.", RecordType::A).await;
            check(&simulation, "9.100.51.198", "bl.spamcop.net.").await;
            mail(&simulation, "fine.tld.").await;
        };
        let delivery = async {
            tokio::time::sleep(Duration::from_millis(600)).await;
            ask(&simulation, "healthy.tld.", RecordType::MX).await;
            ask(&simulation, "mx.healthy.tld.", RecordType::A).await;
        };
        futures_util::future::join(inbound, delivery).await;
        let delivered = of_domain(&simulation, "healthy.tld.").await;
        assert_eq!(delivered.culprit.kind, CulpritKind::None, "{delivered:#?}");
        let host = why(&simulation, of_host(9)).await.remove(0);
        assert_eq!(host.culprit.kind, CulpritKind::ListSilent, "{host:#?}");
        let waited = of_domain(&simulation, "fine.tld.").await;
        assert_eq!(waited.culprit.kind, CulpritKind::ListSilent, "{waited:#?}");
        let line = format!(
            "{} mx postfix/smtp[9]: 4FB: to=<u@healthy.tld>, relay=mx.healthy.tld[198.51.100.7]:25, delay=1.6, delays=0.02/0.01/1.5/0.07, dsn=2.0.0, status=sent (250 ok)",
            at_the_end_of(&host)
        );
        assert_eq!(pasted(&simulation, &line).await.culprit.kind, CulpritKind::NotDns);
    });
}
