//! The clock of a machine that has slept.

use std::path::Path;
use std::process::Command;

use super::prelude::skipped;

/// On a machine that never slept all clocks agree. In a time namespace (time_namespaces(7)) the one of the boot is as
/// far ahead as if it had slept.
#[test]
fn a_machine_that_has_slept_is_no_exception() {
    let asleep = |program: &Path, arguments: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--time", "--boottime", "1000000", "--fork"]);
        unshare.arg(program).args(arguments).output()
    };
    if !asleep(Path::new("true"), &[]).is_ok_and(|ran| ran.status.success()) {
        return skipped("no time namespace can be made here");
    }
    let test = "clock::tests::the_machine_s_clock_counts_the_time_that_it_slept";
    let ran = asleep(&std::env::current_exe().unwrap(), &["--exact", test]).unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
