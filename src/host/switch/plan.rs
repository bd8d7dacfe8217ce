//! Plans the steps of a switch from the facts about the host.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::facts::{DHCPCD_HOOK, DNSMASQ, HOOK, READ_AT_START, SwitchFacts, is_resolver};
use super::machine::Machine;
use super::step::{Change, Informed, NETWORK_MANAGER, OWN_UNITS, SwitchStep, UnitState};
use super::texts::{self, MARK};
use crate::system::host::HostFile;
use crate::system::{
    CheckVerdict, HostFinding, cloud_init, judge, network_manager, nsswitch, port, postfix, resolv_conf,
    resolved,
};

/// The steps of a switch, or the reasons why it must not be carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwitchPlan {
    /// The steps in their order.
    pub steps: Vec<SwitchStep>,
    /// Failures that no step of the switch solves. If there are any, nothing may be changed.
    pub refusals: Vec<HostFinding>,
    /// Consequences of the switch for the operator.
    pub warnings: Vec<HostFinding>,
    /// True if the operator permits stopping a resolver that other hosts can query.
    pub stop_shared: bool,
}

/// Failures of these checks are no reason for `refuse` to refuse the switch: a step of the switch repairs them, or other code refuses the switch
/// because of them.
const MENDED: [&str; 8] = [
    resolv_conf::CHECK,
    resolv_conf::TRUST_AD,
    nsswitch::CHECK,
    resolved::CHECK,
    network_manager::CHECK,
    cloud_init::CHECK,
    postfix::CHECK,
    port::CHECK,
];

/// The name of the check in findings about the switch.
pub const CHECK: &str = "switch";

/// Plans a switch. Services are stopped as late as possible, and resolverd is started as early as possible. At each moment, one resolver is
/// enabled at boot. `stop_shared`: true if a resolver that other hosts can query may be stopped.
pub fn plan(facts: &SwitchFacts, stop_shared: bool) -> SwitchPlan {
    let mut draft = PlanDraft {
        facts,
        findings: judge(&facts.host),
        plan: SwitchPlan { stop_shared, ..SwitchPlan::default() },
    };
    draft.refuse();
    draft.keep_others_off_resolv_conf();
    draft.take_port();
    draft.systemd_resolved();
    draft.nsswitch();
    draft.resolv_conf();
    draft.plan
}

impl SwitchPlan {
    /// Adds a refusal for each file of the plan that cannot be written and restored.
    pub fn refuse_unwritable(&mut self, machine: &Machine<'_>) {
        for step in &self.steps {
            let Change::File { path, .. } = &step.change else { continue };
            if let Err(error) = machine.is_replaceable(path) {
                self.refusals.push(HostFinding::failure(CHECK, error.to_string(), UNWRITABLE));
            }
        }
    }
}

const UNWRITABLE: &str = "see `lsattr` for an immutable file (`chattr -i`), and `findmnt` for a read-only file system; a text must be UTF-8";

struct PlanDraft<'f> {
    facts: &'f SwitchFacts,
    findings: Vec<HostFinding>,
    plan: SwitchPlan,
}

impl PlanDraft<'_> {
    /// Returns true if the check with the name `check` has a failure or a warning.
    fn is_amiss(&self, check: &str) -> bool {
        self.findings.iter().any(|finding| {
            finding.check == check && matches!(finding.verdict, CheckVerdict::Warning | CheckVerdict::Failure)
        })
    }

    fn unit(&self, name: &str) -> Option<&UnitState> {
        self.facts.units.iter().find(|state| state.unit == name && state.exists)
    }

    fn step(&mut self, change: Change, why: impl Into<String>) {
        self.plan.steps.push(SwitchStep { change, why: why.into() });
    }

    fn warn(&mut self, evidence: impl Into<String>, advice: impl Into<String>) {
        self.plan.warnings.push(HostFinding::warning(CHECK, evidence, advice));
    }

    fn write(&mut self, path: &str, text: String, informs: Option<(&str, bool)>, why: &str) {
        let informs = informs.map(|(unit, restart)| Informed { unit: unit.to_owned(), restart });
        self.step(Change::File { path: path.to_owned(), text, informs }, why);
    }

    /// Refuses the switch because of failures that no step repairs.
    fn refuse(&mut self) {
        let failed = |finding: &&HostFinding| {
            finding.verdict == CheckVerdict::Failure && !MENDED.contains(&finding.check)
                // Without root rights, or with an incomplete /proc, the switch does not know which service it must stop. So it also refuses an
                // unknown result.
                || finding.verdict == CheckVerdict::CouldNotTell && MENDED.contains(&finding.check)
                || finding.check == port::CHECK && self.facts.host.ours.is_empty()
        };
        self.plan.refusals.extend(self.findings.iter().filter(failed).cloned());
        if let Err(errors) = &self.facts.config {
            let advice = "correct the file; `resolverctl config check` shows the errors";
            self.plan.refusals.push(HostFinding::failure("configuration", errors.trim_end(), advice));
        }
        let missing: Vec<&str> = OWN_UNITS.into_iter().filter(|name| self.unit(name).is_none()).collect();
        if !missing.is_empty() {
            self.plan.refusals.push(HostFinding::failure(
                CHECK,
                format!("{} not installed", missing.join(", ")),
                "install the package, or copy the units from systemd/ and run `systemctl daemon-reload`",
            ));
        }
    }

    /// Adds the steps that stop other programs, such as a DHCP client, from overwriting `/etc/resolv.conf`.
    fn keep_others_off_resolv_conf(&mut self) {
        if self.is_amiss(network_manager::CHECK) {
            self.write(
                "/etc/NetworkManager/conf.d/zz-resolverd.conf",
                format!("{MARK}[main]\ndns=none\n"),
                Some((NETWORK_MANAGER, false)),
                "otherwise NetworkManager overwrites /etc/resolv.conf",
            );
        }
        if self.is_amiss(cloud_init::CHECK) {
            self.write(
                "/etc/cloud/cloud.cfg.d/zz-resolverd.cfg",
                format!("{MARK}manage_resolv_conf: false\n"),
                None,
                "otherwise cloud-init overwrites /etc/resolv.conf at the next boot",
            );
        }
        let facts = self.facts;
        match facts.dhclient.as_ref().filter(|client| client.hook.text().is_none()) {
            Some(client) if client.runs_hook => self.write(
                HOOK,
                format!("{MARK}make_resolv_conf() {{ :; }}\n"),
                None,
                "otherwise dhclient overwrites /etc/resolv.conf with each lease",
            ),
            Some(_) => self.warn(
                "dhclient is installed, and may overwrite /etc/resolv.conf with each lease",
                "add `supersede domain-name-servers 127.0.0.1;` to dhclient.conf if it is in use",
            ),
            None => {}
        }
        let hook = facts.dhcpcd.as_ref().map(|client| client.hook.text().unwrap_or_default());
        if let Some(hook) = hook.filter(|hook| !hook.contains(texts::DHCPCD_OFF)) {
            self.write(
                DHCPCD_HOOK,
                format!("{MARK}{}\n{hook}", texts::DHCPCD_OFF),
                None,
                "otherwise dhcpcd overwrites /etc/resolv.conf with each lease",
            );
        }
        let is_off = |text: &&str| text.lines().any(|line| line.trim() == OPENRESOLV_OFF);
        if let Some(text) = facts.openresolv.text().filter(|text| !is_off(text)) {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            self.write(
                "/etc/resolvconf.conf",
                format!("{text}{gap}{MARK}{OPENRESOLV_OFF}\n"),
                None,
                "otherwise openresolv overwrites /etc/resolv.conf",
            );
        }
    }

    /// Adds the steps that stop other resolvers and start resolverd.
    fn take_port(&mut self) {
        let ours = self.facts.host.ours.as_slice();
        let holders = self.facts.host.holders.as_deref().unwrap_or_default().to_vec();
        let mut stopped = BTreeSet::new();
        for (address, holder) in port::in_the_way(&holders, ours) {
            let Some(holder) = holder else { continue };
            match holder.unit.as_deref() {
                Some(unit) if is_resolver(unit) => {
                    if stopped.insert(unit.to_owned()) {
                        let why = format!("{} listens at {address}, which resolverd needs", holder.process);
                        self.step(Change::Stop { unit: unit.to_owned() }, why);
                    }
                }
                // The step for NetworkManager ends this dnsmasq, which NetworkManager runs.
                Some(NETWORK_MANAGER) if self.is_amiss(network_manager::CHECK) => {}
                unit => {
                    let of = unit.map(|unit| format!(" of {unit}")).unwrap_or_default();
                    self.plan.refusals.push(HostFinding::failure(
                        port::CHECK,
                        format!(
                            "{}{of} listens at {address}, and is not a service that only resolves names",
                            holder.process
                        ),
                        "change its configuration so that it does not use this port, or stop it yourself",
                    ));
                }
            }
        }
        self.report_what_stops(&stopped, &holders);
        let runs =
            OWN_UNITS.iter().all(|name| self.unit(name).is_some_and(|unit| unit.enabled && unit.active));
        if !runs {
            self.step(Change::Start, "resolverd then answers at port 53");
        }
        let rivals = self.facts.units.iter().filter(|state| is_resolver(&state.unit) && state.enabled);
        for state in rivals.filter(|state| stopped.contains(&state.unit) || !state.active) {
            let change = Change::Disable { unit: state.unit.clone() };
            self.step(change, "otherwise it takes port 53 at the next boot");
        }
    }

    /// Reports up to three problems with the resolvers in `stopped`: other hosts may use them, dnsmasq may also serve DHCP or files, and the
    /// switch does not copy their settings. The first two prevent the switch, unless the operator has given `--stop-shared`.
    fn report_what_stops(&mut self, stopped: &BTreeSet<String>, holders: &[Held]) {
        let is_stopped = |unit: &Option<String>| unit.as_ref().is_some_and(|unit| stopped.contains(unit));
        let elsewhere: BTreeSet<String> = holders
            .iter()
            .filter(|(address, holder)| {
                holder.as_ref().is_some_and(|holder| is_stopped(&holder.unit))
                    && !address.ip().is_loopback()
                    && !self.facts.host.ours.contains(&address.ip())
            })
            .map(|(address, _)| address.to_string())
            .collect();
        if !elsewhere.is_empty() {
            self.stop_shared(
                &format!("other hosts may use the current resolver at {}", list(&elsewhere)),
                "if they do, add the address to listen.addresses and the hosts to listen.allow; if it serves zones as a primary or secondary server, keep it at that address alone; if no other host needs it, add --stop-shared",
            );
        }
        if stopped.contains(DNSMASQ) {
            self.stop_shared(
                "dnsmasq may also give addresses to other hosts (dhcp-range) or serve files to them",
                "if it does, write `port=0` to its configuration, which ends its DNS alone, and restart it; if it only resolves names, add --stop-shared",
            );
        }
        if !stopped.is_empty() && self.facts.config == Ok(false) {
            self.warn(
                format!("the switch does not copy the zones and settings of {} to resolverd", list(stopped)),
                "`resolverctl import FILE` converts the configuration of named, unbound or dnsmasq; resolverd-migration(7) has tables of options",
            );
        }
    }

    /// Refuses to stop a resolver that other hosts may need; with `--stop-shared`, only warns.
    fn stop_shared(&mut self, evidence: &str, advice: &str) {
        if self.plan.stop_shared {
            let evidence = format!(
                "{evidence}; because of --stop-shared, the switch stops it, and these hosts then get no answers"
            );
            self.warn(
                evidence,
                "if these hosts need that resolver: `resolverctl switch --back` undoes the switch and starts the resolver again",
            );
        } else {
            self.plan.refusals.push(HostFinding::failure(CHECK, evidence, advice));
        }
    }

    fn systemd_resolved(&mut self) {
        if self.is_amiss(resolved::CHECK) {
            let address = self.address();
            self.write(
                "/etc/systemd/resolved.conf.d/zz-resolverd.conf",
                format!("{MARK}[Resolve]\nDNS=\nDNS={address}\nDNSOverTLS=no\nDomains=~.\n"),
                Some(("systemd-resolved.service", true)),
                "otherwise programs that ask systemd-resolved bypass resolverd",
            );
        }
    }

    fn nsswitch(&mut self) {
        if !self.is_amiss(nsswitch::CHECK) {
            return;
        }
        let text = self.facts.host.nsswitch.text().and_then(texts::nsswitch);
        match (text, &self.facts.nsswitch_link) {
            (Some(text), None) => self.write(
                "/etc/nsswitch.conf",
                text,
                None,
                "its line `hosts:` must not have `resolve`: otherwise programs ask systemd-resolved before any DNS server",
            ),
            _ => {
                let found = self.findings.iter().find(|finding| finding.check == nsswitch::CHECK);
                self.plan.refusals.extend(found.cloned());
            }
        }
    }

    /// Adds the steps for `/etc/resolv.conf` and its copy in the chroot of Postfix.
    fn resolv_conf(&mut self) {
        let old = self.facts.host.resolv_conf.0.text().unwrap_or_default();
        if let (HostFile::Missing { .. }, Some(target)) = &self.facts.host.resolv_conf {
            self.warn(
                format!("/etc/resolv.conf is a link to {target}, which does not exist"),
                "programs ask 127.0.0.1 therefore; `resolverctl switch --back` restores the link as it is",
            );
        }
        let text = match self.is_amiss(resolv_conf::CHECK) || self.is_amiss(resolv_conf::TRUST_AD) {
            true => texts::resolv_conf(old, self.address()),
            false => old.to_owned(),
        };
        let copy = self.is_amiss(postfix::CHECK).then(|| self.facts.host.postfix.copy.path().to_owned());
        if text != old {
            // Processes of Postfix read the name servers only when they start (res_ninit(3)), so Postfix must be reloaded.
            let keeps_old = copy.is_none() && self.facts.host.postfix.master.text().is_some();
            self.write(
                "/etc/resolv.conf",
                text.clone(),
                keeps_old.then_some(POSTFIX),
                "with resolverd as its only nameserver, programs of this host ask resolverd",
            );
            self.report_what_keeps_the_old();
        }
        if let Some(path) = copy {
            self.write(
                &path,
                text,
                Some(POSTFIX),
                "the services of Postfix that run in the chroot read this copy of /etc/resolv.conf",
            );
        }
    }

    /// Warns about running services that read the name servers only when they start: they continue to query the old resolver.
    fn report_what_keeps_the_old(&mut self) {
        let units = self.facts.units.iter().filter(|state| state.active).map(|state| state.unit.as_str());
        let names: Vec<&str> = units
            .filter(|unit| READ_AT_START.contains(unit))
            .filter_map(|unit| unit.strip_suffix(".service"))
            .collect();
        if names.is_empty() {
            return;
        }
        self.warn(
            format!("these services read /etc/resolv.conf only at their start, and use the old nameserver until then: {}", names.join(", ")),
            format!("restart them after the switch, and after `resolverctl switch --back`: systemctl restart {}", names.join(" ")),
        );
    }

    /// Returns resolverd's address for `/etc/resolv.conf`.
    fn address(&self) -> IpAddr {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let ours = &self.facts.host.ours;
        let is_here = ours.iter().any(|address| *address == here || address.is_unspecified());
        ours.first().copied().filter(|_| !is_here).unwrap_or(here)
    }
}

/// A socket address at port 53 at which a program listens, and the program if it is known.
type Held = (std::net::SocketAddr, Option<crate::system::proc::Holder>);

/// `false`: Postfix needs only a reload, and no restart, to read `resolv.conf`.
const POSTFIX: (&str, bool) = ("postfix.service", false);

/// openresolv with this setting does not change `/etc/resolv.conf`.
const OPENRESOLV_OFF: &str = "resolvconf=NO";

fn list(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
