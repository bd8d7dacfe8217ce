//! The simulated internet with three mail providers, and the host that resolves names for the gateway.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::simulation::{Simulation, config_for};
use lab::world::{Lab, ServerPlan};
use record::store::Store;

/// The labels of the mail providers below `tld.`.
pub(crate) const PROVIDERS: [&str; 3] = ["one", "two", "three"];

/// The number of customers of each mail provider.
pub(crate) const CUSTOMERS: u64 = 30;

/// The number of mail hosts of each provider.
pub(crate) const HOSTS: u8 = 4;

/// The number of mail domains that belong to no provider.
pub(crate) const OTHERS: u64 = 10;

/// The first four customers of each provider have servers of their own, with these faults and these round trips in milliseconds.
const FAULTS: [(&[Fault], u64); 4] =
    [(&[Fault::Refused], 20), (&[Fault::Dead], 20), (&[], 1_800), (&[Fault::ServFail], 20)];

pub(crate) fn address(provider: &str, host: u8) -> IpAddr {
    let place = PROVIDERS.iter().position(|known| *known == provider).unwrap();
    [198, 51, u8::try_from(place).unwrap(), host].into()
}

#[derive(Default)]
struct Internet {
    tree: Tree,
    servers: u8,
}

impl Internet {
    fn server(&mut self, name: &str, faults: &[Fault], millis: u64) -> String {
        self.servers += 1;
        let mut plan = ServerPlan::new(name, vec![IpAddr::from([192, 0, 2, self.servers])]);
        plan.distance = Distance::steady(Duration::from_millis(millis));
        plan.faults = faults.to_vec();
        self.tree.server(plan).unwrap();
        name.to_owned()
    }

    fn zone(&mut self, zone: &str, server: &str, text: &str) {
        self.tree.zone(zone, &[server.to_owned()], text).unwrap();
    }
}

fn lab() -> Lab {
    let mut net = Internet::default();
    let root = net.server("a.root", &[], 10);
    net.zone(".", &root, "");
    let tld = net.server("ns.tld", &[], 15);
    net.zone("tld.", &tld, "");
    let list = net.server("ns1.zen.spamhaus.org", &[], 25);
    net.zone("zen.spamhaus.org.", &list, "$TTL 60\n2.0.0.127 A 127.0.0.2\n");
    for (place, provider) in PROVIDERS.iter().enumerate() {
        let own = net.server(&format!("ns.{provider}.tld"), &[], 20);
        let mut text = format!(
            "$TTL 300\n@ MX 10 mx\n@ TXT \"v=spf1 include:_spf.{provider}.tld -all\"\nmx A 198.51.100.9\n_spf TXT \"v=spf1 ip4:198.51.0.0/16 -all\"\n_dmarc TXT \"v=DMARC1; p=none\"\ns1._domainkey TXT \"v=DKIM1; p=\"\n"
        );
        let mut reverse = "$TTL 300\n".to_owned();
        for host in 1..=HOSTS {
            writeln!(text, "out{host} A {}", address(provider, host)).unwrap();
            writeln!(reverse, "{host} PTR out{host}.{provider}.tld.").unwrap();
        }
        net.zone(&format!("{provider}.tld."), &own, &text);
        net.zone(&format!("{place}.51.198.in-addr.arpa."), &own, &reverse);
        for customer in 0..CUSTOMERS {
            let zone = format!("c{customer}.{provider}.tld");
            let faulty = usize::try_from(customer).ok().and_then(|customer| FAULTS.get(customer));
            let server = match faulty {
                Some((faults, millis)) => net.server(&format!("ns1.{zone}"), faults, *millis),
                None => own.clone(),
            };
            let ttl = if faulty.is_some() { 1 } else { 60 };
            net.zone(&zone, &server, &format!(
                "$TTL {ttl}\n@ MX 10 mx.{provider}.tld.\n@ TXT \"v=spf1 include:_spf.{provider}.tld -all\"\n_dmarc TXT \"v=DMARC1; p=none\"\ns1._domainkey TXT \"v=DKIM1; p=\"\n"
            ));
        }
    }
    for other in 0..OTHERS {
        let zone = format!("other{other}.tld");
        let server = net.server(&format!("ns1.{zone}"), &[], 30);
        net.zone(&zone, &server, "$TTL 60\n@ MX 10 mx\nmx A 198.51.100.8\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=none\"\ns1._domainkey TXT \"v=DKIM1; p=\"\n");
    }
    net.tree.build().unwrap()
}

pub(crate) fn host(store: Option<Arc<dyn Store>>) -> Simulation {
    let lab = Arc::new(lab());
    let config = config_for(&lab);
    let host = Simulation::new(lab, config, 7);
    if let Some(store) = store {
        host.recorder().store_in(store);
    }
    host
}
