//! The example `dashboard` on a real pseudo-terminal: what is drawn, and that the terminal is left as it was.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
fn side(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

/// The example behind a pseudo-terminal.
struct Session {
    child: Child,
    keys: File,
    output: Receiver<Vec<u8>>,
    /// What somebody in front of it would see.
    parser: vt100::Parser,
    /// The terminal, to look at its modes.
    terminal: OwnedFd,
    before: Termios,
}

impl Session {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        // A child must not hold another one's terminal.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let open = || rustix::fs::open(&name, flags, Mode::empty()).unwrap();
        let terminal = open();
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        // A session of its own, whose terminal this is, and not that of whoever runs the test.
        let child = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(example())
            .args(arguments)
            .env_remove("NO_COLOR")
            .envs([("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8"), ("RUST_BACKTRACE", "0")])
            .envs(variables.iter().copied())
            .stdin(Stdio::from(open()))
            .stdout(Stdio::from(open()))
            .stderr(Stdio::from(open()))
            .spawn()
            .unwrap();
        let keys = File::from(ours);
        let mut reader = keys.try_clone().unwrap();
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of a pseudo-terminal is an error.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keys,
            output,
            parser: vt100::Parser::new(side(24), side(80), 1000),
            terminal,
            before,
        }
    }

    /// Waits until the dashboard shows a text.
    fn wait_for_picture(&mut self, text: &str) {
        self.wait_until(text, |screen| {
            screen.alternate_screen() && screen.hide_cursor() && screen.contents().contains(text)
        });
    }

    /// Waits until the dashboard is gone and a text is there instead.
    fn wait_for_lines(&mut self, text: &str) {
        self.wait_until(text, |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && screen.contents().contains(text)
        });
    }

    fn wait_until(&mut self, what: &str, is_seen: impl Fn(&vt100::Screen) -> bool) {
        let started = Instant::now();
        while !is_seen(self.parser.screen()) {
            let left = PATIENCE.saturating_sub(started.elapsed());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(_) => panic!("{what:?} did not come:\n{}", self.parser.screen().contents()),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Sends the example a signal; it is the one child of `setsid`, or `setsid` itself became it.
    fn signal(&self, name: &str) {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let target = children.split_whitespace().next().map_or(id.to_string(), str::to_owned);
        let kill = Command::new("bash").args(["-c", &format!("kill -{name} {target}")]).status();
        assert!(kill.unwrap().success());
    }

    fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Waits for the end; the exit code. The terminal must be as it was.
    fn end(mut self) -> Option<i32> {
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > PATIENCE => panic!("it does not end"),
                None => thread::yield_now(),
            }
        };
        self.assert_restored();
        status.code()
    }

    fn assert_restored(&self) {
        let after = tcgetattr(&self.terminal).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        assert_eq!(after.control_modes, self.before.control_modes);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal("KILL");
            let _ = self.child.wait();
        }
    }
}

/// `cargo test` builds examples beside tests.
fn example() -> std::path::PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples/dashboard");
    let remedy = "run `cargo build -p gemmine-console --example dashboard`";
    assert!(path.exists(), "{} is not there: {remedy}", path.display());
    path
}

#[test]
fn q_ends_the_miner_and_leaves_the_terminal_as_it_was() {
    let mut session = Session::start(&["8"], &[]);
    session.wait_for_picture("q: end");
    for text in ["gemmine", "! an example: nothing is mined", "serial:/dev/ttyUSB7", "log"] {
        session.wait_for_picture(text);
    }
    assert!(session.is_raw());
    session.press("q");
    // What it was asked stays behind, and a summary.
    for text in ["info: example: asked to end", "MAC/s, credited", "ended"] {
        session.wait_for_lines(text);
    }
    assert_eq!(session.end(), Some(0));
}

#[test]
fn ctrl_c_is_a_key() {
    let mut session = Session::start(&["256"], &[]);
    session.wait_for_picture("1/256");
    session.press("\u{3}");
    session.wait_for_lines("ended");
    assert_eq!(session.end(), Some(0));
}

#[test]
fn a_miner_that_does_not_end_can_be_interrupted() {
    let mut session = Session::start(&["1", "deaf"], &[]);
    session.wait_for_picture("q: end");
    session.press("q");
    session.wait_for_picture("ending: ");
    session.press("q");
    session.wait_for_lines("MAC/s, credited");
    // Lines follow, and the terminal makes Ctrl-C a signal again.
    assert!(!session.is_raw());
    session.assert_restored();
    session.press("\u{3}");
    session.wait_for_lines("ended");
    assert_eq!(session.end(), Some(0));
}

#[test]
fn sigterm_leaves_the_terminal_as_it_was() {
    let mut session = Session::start(&["2"], &[]);
    session.wait_for_picture("q: end");
    session.signal("TERM");
    session.wait_for_lines("ended");
    assert_eq!(session.end(), Some(0));
}

#[test]
fn a_panic_is_read_on_a_terminal_as_it_was() {
    for failure in ["panic-here", "panic-there"] {
        let mut session = Session::start(&["2", failure], &[]);
        session.wait_for_picture("q: end");
        session.press("dy");
        session.wait_for_lines("as asked, at DeviceOff");
        // The miner goes on, and is shown as lines.
        session.wait_for_lines("nothing here is real");
        session.assert_restored();
        session.signal("TERM");
        session.wait_for_lines("ended");
        assert_eq!(session.end(), Some(0));
    }
}

#[test]
fn questions_answers_and_another_size() {
    let mut session = Session::start(&["8"], &[]);
    session.wait_for_picture("q: end");
    session.press("d");
    session.wait_for_picture("switch off serial:/dev/ttyUSB0? y: yes, any other key: no");
    session.press("y");
    session.wait_for_picture("failed to switch it off: this is an example");
    let size = Winsize { ws_row: 40, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0 };
    session.parser.screen_mut().set_size(side(size.ws_row), side(size.ws_col));
    tcsetwinsize(&session.terminal, size).unwrap();
    session.wait_for_picture("answers in");
    session.press(" ");
    session.wait_for_picture("! paused at");
    session.press("q");
    session.wait_for_lines("ended");
    assert_eq!(session.end(), Some(0));
}

#[test]
fn nobody_who_wants_no_colours_gets_any() {
    for (variables, expected) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        let mut session = Session::start(&["8"], variables);
        session.wait_for_picture("q: end");
        let screen = session.parser.screen();
        let cells =
            (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        let coloured = cells.filter(|cell| cell.fgcolor() != vt100::Color::Default).count();
        assert_eq!(coloured > 0, expected, "{coloured} cells");
        session.press("q");
        session.wait_for_lines("ended");
        assert_eq!(session.end(), Some(0));
    }
}

/// A pipe instead of a terminal: lines without any command to a terminal.
#[test]
fn without_a_terminal_there_are_lines() {
    let mut child = Command::new(example())
        .arg("5")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    let mut stderr = child.stderr.take().unwrap();
    let mut bytes = [0; 256];
    while !text.contains("nothing here is real\n") {
        let count = stderr.read(&mut bytes).unwrap();
        assert!(count > 0, "{text:?}");
        text += &String::from_utf8_lossy(&bytes[..count]);
    }
    let kill = format!("kill -TERM {}", child.id());
    assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success());
    stderr.read_to_string(&mut text).unwrap();
    // The end comes with a summary.
    assert!(text.contains("4 of 5 devices at work for example"), "{text:?}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(child.wait().unwrap().success());
}
