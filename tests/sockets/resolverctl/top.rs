//! `resolverctl top` on a terminal, from the program `script` of util-linux, and without a terminal.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{World, skipped};

/// Begins the use of the alternate screen.
const TAKE: &str = "\u{1b}[?1049h";
/// Ends the use of the alternate screen.
const GIVE: &str = "\u{1b}[?1049l";

/// The command, and the text that it writes to the terminal.
struct OnTerminal {
    child: Child,
    pid: std::path::PathBuf,
    chunks: Receiver<Vec<u8>>,
    seen: String,
    /// The position in `seen` after the last text for which the test has waited.
    after: usize,
}

impl OnTerminal {
    fn begin(world: &World) -> Option<Self> {
        let pid = world.directory.path().join("pid");
        let command = format!(
            "stty rows 24 cols 80; echo $$ > {}; exec {} --socket {} top --interval 1s",
            pid.display(),
            env!("CARGO_BIN_EXE_resolverctl"),
            world.socket.display()
        );
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).env("TERM", "xterm");
        let spawned = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut child) = spawned else {
            skipped("the terminal of resolverctl top: `script` of util-linux is not installed");
            return None;
        };
        let mut output = child.stdout.take().unwrap();
        let (tell, chunks) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if tell.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut begun = Self { child, pid, chunks, seen: String::new(), after: 0 };
        begun.until(TAKE);
        Some(begun)
    }

    /// Waits until the command writes this text, after the text for which the test has waited before. The command writes only characters
    /// that change, so each character of the text must differ from the one that it replaces on the screen.
    fn until(&mut self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(place) = self.seen[self.after..].find(text) {
                self.after += place + text.len();
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            let chunk = self.chunks.recv_timeout(left);
            let chunk = chunk.unwrap_or_else(|_| panic!("{text} is not in {:?}", &self.seen[self.after..]));
            self.seen.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    fn press(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    fn pid(&self) -> String {
        std::fs::read_to_string(&self.pid).unwrap().trim().to_owned()
    }

    fn signal(&self, name: &str) {
        kill(name, &self.pid());
    }

    /// Waits until the command has left the alternate screen and has ended.
    fn end(mut self) {
        self.until(GIVE);
        // These characters make the cursor visible again.
        self.until("\u{1b}[?25h");
        assert!(self.child.wait().unwrap().success());
    }
}

fn kill(name: &str, pid: &str) {
    assert!(Command::new("kill").args([name, pid]).status().unwrap().success());
}

#[test]
fn top_reads_keys_and_restores_terminal() {
    let world = World::new();
    let Some(mut top) = OnTerminal::begin(&world) else { return };
    top.until("slow.example.");
    top.press("2");
    top.until("192.0.2.53");
    top.press("q");
    top.end();
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let world = World::new();
    for name in ["-TERM", "-INT", "-HUP"] {
        let Some(mut top) = OnTerminal::begin(&world) else { return };
        top.until("slow.example.");
        top.signal(name);
        top.end();
    }
}

#[test]
fn top_reports_and_retries_ended_daemon() {
    let world = World::new();
    let Some(mut top) = OnTerminal::begin(&world) else { return };
    top.until("slow.example.");
    std::fs::rename(&world.socket, world.socket.with_extension("away")).unwrap();
    top.until("last reply");
    std::fs::rename(world.socket.with_extension("away"), &world.socket).unwrap();
    top.until("queries/s");
    top.press("\u{3}");
    top.end();
}

#[test]
fn top_without_terminal_suggests_commands() {
    let world = World::new();
    for arguments in [&["top"][..], &["top", "--json"]] {
        let (code, text, complaint) = world.run(arguments);
        assert!(code == 2 && text.is_empty() && complaint.contains("stats --by"), "{complaint}");
    }
}
