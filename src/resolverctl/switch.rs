//! `resolverctl switch`: replaces the resolver of this host with resolverd, or goes back to the previous
//! resolver.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::exit::{CommandFailure, Exit};
use super::interrupt::Interrupts;
use super::moment::unix;
use super::outcome::{CommandOutcome, print_screen};
use super::render::{Format, switch as screen};
use host::switch::facts::gather;
use host::switch::machine::Machine;
use host::switch::plan::{SwitchPlan, plan};
use host::switch::{EndedStep, SwitchError, SwitchWatch, back, carry_out, give_up, is_heard, lock, record};
use host::system::gather::{gather as gather_host, ours};
use host::system::{CheckVerdict, HostFinding, judge, port};

/// After the switch, these domains are resolved as a test if the command line has no `--ask`.
const ASKED: [&str; 3] = ["gmail.com", "outlook.com", "yahoo.com"];

/// The check after the switch that resolves domains through the C library, as mail software does.
const CHECK: &str = "C library";

/// The command line of `switch`; tests use another host, another root server and other services.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Carry out the plan.
    #[arg(long, conflicts_with = "back")]
    yes: bool,
    /// Undo the last switch.
    #[arg(long)]
    back: bool,
    /// Stop the current resolver even if other hosts can query it.
    #[arg(long, conflicts_with = "back")]
    stop_shared: bool,
    /// Name to resolve at the end; may be repeated. Default: gmail.com, outlook.com, yahoo.com.
    #[arg(long, value_name = "NAME", conflicts_with = "back")]
    ask: Vec<String>,
    #[arg(long, value_name = "DIRECTORY", default_value = "/", hide = true)]
    root: PathBuf,
    #[arg(long, value_name = "ADDR:PORT", hide = true)]
    root_server: Vec<SocketAddr>,
    #[arg(long, value_name = "PROGRAM", default_value = "systemctl", hide = true)]
    systemctl: PathBuf,
}

pub(super) fn run(arguments: &Arguments, format: Format) -> Result<CommandOutcome, CommandFailure> {
    if arguments.root == Path::new("/") && !rustix::process::geteuid().is_root() {
        return Err(CommandFailure::NotRoot);
    }
    // systemd creates this directory at boot (sd_booted(3)).
    if !arguments.root.join("run/systemd/system").exists() {
        let error = if arguments.back { SwitchError::NoSystemdToGoBack } else { SwitchError::NoSystemd };
        return Err(error.into());
    }
    let ours = ours(&arguments.root);
    let machine = Machine { root: &arguments.root, systemctl: &arguments.systemctl, ours: &ours };
    if arguments.back {
        let _locked = lock(&machine)?;
        let mut operator = Operator::new(format)?;
        let ended = back(&machine, &mut operator)?;
        return Ok(CommandOutcome { text: screen::undone(&ended, format), exit: exit_of_undo(&ended) });
    }
    let mut plan = plan(&gather(&machine, &arguments.root_server, unix())?, arguments.stop_shared);
    plan.refuse_unwritable(&machine);
    if record::exists(&machine) && !plan.steps.is_empty() {
        return Err(SwitchError::Recorded.into());
    }
    let is_refused = !plan.refusals.is_empty();
    if is_refused || plan.steps.is_empty() || !arguments.yes {
        let exit = if is_refused { Exit::No } else { Exit::Yes };
        return Ok(CommandOutcome { text: screen::plan(&plan, format), exit });
    }
    let _locked = lock(&machine)?;
    if record::exists(&machine) {
        return Err(SwitchError::Recorded.into());
    }
    Switching { arguments, machine: &machine, operator: Operator::new(format)? }.run(plan)
}

/// Returns the exit code of `switch --back`. 1: everything was restored except files or services that somebody has changed since
/// the switch. 4: a step could not be undone, so this host may still need resolverd.
fn exit_of_undo(ended: &[EndedStep]) -> Exit {
    let errors: Vec<&SwitchError> = ended.iter().filter_map(|(_, result)| result.as_ref().err()).collect();
    match (errors.is_empty(), errors.iter().all(|error| error.is_later_work())) {
        (true, _) => Exit::Yes,
        (_, true) => Exit::No,
        (_, false) => Exit::CouldNotTell,
    }
}

/// Prints the result of each step as soon as the step ends. The operator may press Ctrl-C between steps.
struct Operator {
    format: Format,
    interrupts: Interrupts,
    /// The number of steps that were carried out, and the number of steps that were undone.
    ended: [usize; 2],
}

impl Operator {
    fn new(format: Format) -> Result<Self, CommandFailure> {
        let interrupts = Interrupts::catch().map_err(CommandFailure::Output)?;
        Ok(Self { format, interrupts, ended: [0; 2] })
    }
}

impl SwitchWatch for Operator {
    fn ended(&mut self, step: &EndedStep, is_undo: bool) {
        let [done, undone] = &mut self.ended;
        let place = if is_undo { undone } else { done };
        print(&screen::ended(*place, step, is_undo, self.format), self.format);
        *place = place.saturating_add(1);
    }

    fn is_interrupted(&mut self) -> bool {
        self.interrupts.has_come()
    }
}

/// If the terminal is closed, the switch continues.
fn print(text: &str, format: Format) {
    let _closed = print_screen(text, format);
}

struct Switching<'s> {
    arguments: &'s Arguments,
    machine: &'s Machine<'s>,
    operator: Operator,
}

impl Switching<'_> {
    /// Carries out the steps of the plan. If a step, the check of this host or the test of domains fails, all steps are undone.
    fn run(mut self, plan: SwitchPlan) -> Result<CommandOutcome, CommandFailure> {
        let format = self.operator.format;
        print(&screen::begins(&plan, format), format);
        let ended = carry_out(self.machine, plan.steps, &mut self.operator)?;
        let mut failed = ended.iter().any(|(_, result)| result.is_err());
        if !failed {
            let mut found = judge(&gather_host(&self.arguments.root, &self.arguments.root_server, unix()));
            found.retain(|finding| finding.verdict != CheckVerdict::Ok);
            // The switch has started resolverd. So if nothing listens at the address that programs query, the finding about port 53 is
            // a failure.
            let is_free = !is_heard(self.machine);
            for finding in found.iter_mut().filter(|finding| is_free && finding.check == port::CHECK) {
                finding.verdict = CheckVerdict::Failure;
            }
            found.extend(self.asked());
            if self.operator.is_interrupted() {
                let advice = "run it again";
                found.push(HostFinding::failure(CHECK, "a signal has interrupted the checks", advice));
            }
            failed = found.iter().any(|finding| finding.verdict == CheckVerdict::Failure);
            print(&screen::findings(&found, format), format);
        }
        if !failed {
            return Ok(CommandOutcome { text: screen::switched(format), exit: Exit::Yes });
        }
        print(screen::gives_up(format), format);
        let undone = match give_up(self.machine, &mut self.operator) {
            // The first step failed before the switch recorded it, so no step must be undone.
            Err(SwitchError::NotRecorded) => Vec::new(),
            undone => undone?,
        };
        let exit = match exit_of_undo(&undone) {
            Exit::CouldNotTell => Exit::CouldNotTell,
            _ => Exit::No,
        };
        Ok(CommandOutcome { text: screen::undone(&undone, format), exit })
    }

    /// Resolves the test domains as mail software does. If at least one can be resolved, a failure of another one is only a warning, because this
    /// domain may be faulty.
    fn asked(&self) -> Vec<HostFinding> {
        let names = self.arguments.ask.iter().map(String::as_str);
        let names: Vec<&str> = if self.arguments.ask.is_empty() { ASKED.to_vec() } else { names.collect() };
        let mut findings: Vec<HostFinding> = names.into_iter().map(ask).collect();
        let is_any = findings.iter().any(|finding| finding.verdict == CheckVerdict::Ok);
        for finding in findings.iter_mut().filter(|finding| is_any && finding.verdict != CheckVerdict::Ok) {
            finding.verdict = CheckVerdict::Warning;
        }
        findings
    }
}

/// `getaddrinfo` reads the new `resolv.conf`.
fn ask(name: &str) -> HostFinding {
    let began = Instant::now();
    let answer = (name, 0).to_socket_addrs().map(|mut addresses| addresses.next());
    let millis = began.elapsed().as_millis();
    match answer {
        Ok(Some(address)) => HostFinding::ok(
            CHECK,
            format!(
                "programs of this host can look up names: {name} has the address {} ({millis} ms)",
                address.ip()
            ),
        ),
        Ok(None) => HostFinding::failure(CHECK, format!("{name} has no address ({millis} ms)"), ADVICE),
        Err(error) => HostFinding::failure(CHECK, format!("{name}: {error} ({millis} ms)"), ADVICE),
    }
}

const ADVICE: &str = "see why: resolverctl trace NAME, and journalctl -u resolverd";
