//! Derives the settings of dnstap from the configuration.

use config::Config;
use dnstap::tapped::TapSettings;
use resolver::resolve::list_keys::{redaction_of, secrets_of};

/// See proc_sys_kernel(5).
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// `None` if dnstap is off.
pub(super) fn settings_of(config: &Config) -> Option<TapSettings> {
    let dnstap = &config.dnstap;
    let socket = dnstap.socket.clone()?;
    let identity = if dnstap.identity.is_empty() { host_name() } else { dnstap.identity.clone() };
    let version = if dnstap.version.is_empty() {
        concat!("resolverd ", env!("CARGO_PKG_VERSION")).to_owned()
    } else {
        dnstap.version.clone()
    };
    let (redaction, secrets) = (redaction_of(config), secrets_of(config));
    Some(TapSettings { socket, identity, version, kinds: dnstap.messages.clone(), redaction, secrets })
}

/// Returns the name of this host, or an empty text if it cannot be read. A reader of dnstap then does not know which host has sent the
/// data.
pub(super) fn host_name() -> String {
    std::fs::read_to_string(HOST_NAME).unwrap_or_default().trim().to_owned()
}
