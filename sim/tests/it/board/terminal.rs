//! Boards on pseudo-terminals, opened as any program opens a port.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{FrameError, Opcode, Request, Response, Status};
use gemmine_hdl::registers as map;
use gemmine_hdl::uart_tx::baud_increment;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::pty::{PtyError, Terminal};
use gemmine_sim::board::serve::{Served, serve};
use gemmine_sim::board::{BoardConfig, CLOCK_HZ};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, ioctl_tiocexcl, tcgetattr, tcsetattr};

/// Longer than any answer takes; one that never comes fails the test.
const PATIENCE: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// A board that is served by a thread.
struct Serving {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Served>,
}

impl Serving {
    fn start(config: BoardConfig, link: Option<&Path>, paced: bool) -> Self {
        let mut board = ModelBoard::new(config).unwrap();
        let mut terminal = Terminal::open(config.first_baud).unwrap();
        if let Some(link) = link {
            terminal.link(link).unwrap();
        }
        let path = terminal.path().to_owned();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut stop = || stopped.load(Ordering::Relaxed);
            serve(&mut board, &mut terminal, paced, &mut stop).unwrap()
        });
        Self { path, stop, thread }
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn end(self) -> Served {
        self.stop();
        self.thread.join().unwrap()
    }
}

/// A program's end of a port.
struct Port {
    file: File,
    bytes: Vec<u8>,
}

impl Port {
    fn open(path: &Path) -> Self {
        let noctty = OFlags::NOCTTY.bits() as i32;
        let file = OpenOptions::new().read(true).write(true).custom_flags(noctty).open(path);
        Self { file: file.unwrap(), bytes: Vec::new() }
    }

    fn set_baud(&self, baud: u32) {
        let mut settings = tcgetattr(&self.file).unwrap();
        settings.make_raw();
        settings.set_speed(baud).unwrap();
        tcsetattr(&self.file, OptionalActions::Now, &settings).unwrap();
    }

    fn send(&mut self, request: &Request) {
        self.file.write_all(&request.encode()).unwrap();
    }

    /// What comes next; at most one read.
    fn more(&mut self, patience: Timespec) -> usize {
        let mut ends = [PollFd::new(&self.file, PollFlags::IN)];
        if poll(&mut ends, Some(&patience)).unwrap() == 0 {
            return 0;
        }
        let mut some = [0; 4096];
        let count = self.file.read(&mut some).unwrap();
        self.bytes.extend(&some[..count]);
        count
    }

    /// The next frame.
    fn frame(&mut self) -> Result<Response, FrameError> {
        loop {
            if let Some(end) = self.bytes.iter().position(|&byte| byte == 0) {
                let frame: Vec<u8> = self.bytes.drain(..=end).collect();
                return Response::decode(&frame[..end]);
            }
            assert!(self.more(PATIENCE) > 0, "no response");
        }
    }

    /// The next response.
    fn response(&mut self) -> Response {
        self.frame().unwrap()
    }

    fn ask(&mut self, sequence: u8, opcode: Opcode, address: u32, data: &[u32]) -> Response {
        let count = data.len().max(1) as u16;
        self.send(&Request { sequence, opcode, count, address, data: data.to_vec() });
        self.response()
    }
}

fn config() -> BoardConfig {
    BoardConfig { first_baud: 1_000_000, ..BoardConfig::new(Geometry::new(4, 4)) }
}

#[test]
fn a_program_that_comes_back_finds_the_board_as_it_left_it() {
    let board = Serving::start(config(), None, false);
    let mut port = Port::open(&board.path);
    assert_eq!(port.ask(0, Opcode::Write, map::SCRATCH_SET, &[0xabcd]).status, Status::Done);
    // Half a frame, and gone.
    let frame = Request {
        sequence: 1,
        opcode: Opcode::Write,
        count: 1,
        address: map::SCRATCH_SET,
        data: vec![7],
    };
    port.file.write_all(&frame.encode()[..9]).unwrap();
    // And a claim on the port that it never gives up.
    ioctl_tiocexcl(&port.file).unwrap();
    drop(port);
    for sequence in 1..20 {
        let mut port = Port::open(&board.path);
        // The end of what may have come before, whose answer may still be on the line.
        port.file.write_all(&[0]).unwrap();
        let read = Request {
            sequence,
            opcode: Opcode::Read,
            count: 1,
            address: map::SCRATCH,
            data: vec![],
        };
        port.send(&read);
        let answer = loop {
            if let Ok(answer) = port.frame()
                && answer.data != [0xdead]
            {
                break answer;
            }
        };
        assert_eq!((answer.status, answer.data), (Status::Done, vec![0xabcd]));
        // An answer that nobody waits for.
        port.send(&Request {
            sequence: 0,
            opcode: Opcode::Sync,
            count: 0,
            address: 0xdead,
            data: vec![],
        });
    }
    let served = board.end();
    assert!(served.bytes_in > 0 && served.bytes_out > 0);
}

#[test]
fn the_rate_of_the_port_is_the_rate_of_the_line() {
    let board = Serving::start(config(), None, false);
    let mut port = Port::open(&board.path);
    let sync =
        |sequence| Request { sequence, opcode: Opcode::Sync, count: 0, address: 5, data: vec![] };
    port.set_baud(250_000);
    port.send(&sync(0));
    assert_eq!(
        port.more(Timespec { tv_sec: 0, tv_nsec: 200_000_000 }),
        0,
        "an answer at a wrong rate"
    );
    port.set_baud(1_000_000);
    port.file.write_all(&[0]).unwrap();
    port.send(&sync(0));
    assert_eq!(port.response().data, [5]);
    // An odd rate, both ways.
    let faster = 2_345_678;
    let increment = baud_increment(faster, CLOCK_HZ.into()).unwrap();
    assert_eq!(port.ask(0, Opcode::Write, map::BAUD_SET, &[increment]).status, Status::Done);
    port.set_baud(faster as u32);
    assert_eq!(port.ask(1, Opcode::Read, map::BAUD, &[]).data, [increment]);
    assert!(port.ask(2, Opcode::Read, map::FRAMES_BAD, &[]).data[0] > 0);
    board.end();
}

#[test]
fn a_host_that_does_not_read_costs_bounded_memory_and_no_answers_of_others() {
    let board = Serving::start(config(), None, false);
    let mut port = Port::open(&board.path);
    // A megabyte of answers, of which the port keeps a few kilobytes.
    let sync =
        |address| Request { sequence: 0, opcode: Opcode::Sync, count: 0, address, data: vec![] };
    let many = sync(1).encode().repeat(1000);
    for _ in 0..80 {
        port.file.write_all(&many).unwrap();
    }
    drop(port);
    let mut port = Port::open(&board.path);
    port.file.write_all(&[0]).unwrap();
    // What was on the line when the first program went is still carried out.
    loop {
        port.send(&sync(2));
        if port.frame().is_ok_and(|answer| answer.data == [2]) {
            break;
        }
    }
    let served = board.end();
    assert!(served.lost > 100_000, "{served:?}");
}

#[test]
fn links_come_and_go_and_replace_nothing_but_links() {
    let folder = tempfile::tempdir().unwrap();
    let (link, file) = (folder.path().join("link"), folder.path().join("file"));
    std::fs::write(&file, "mine").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let board = Serving::start(config(), Some(&link), false);
    assert_eq!(std::fs::read_link(&link).unwrap(), board.path);
    assert_eq!(Port::open(&link).ask(0, Opcode::Read, map::ID, &[]).data, [map::ID_VALUE]);
    board.end();
    assert!(link.symlink_metadata().is_err(), "the link stays");

    let mut terminal = Terminal::open(9600).unwrap();
    let refused = terminal.link(&file).unwrap_err();
    assert!(matches!(refused, PtyError::Taken(_)), "{refused}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert!(matches!(terminal.link(&folder.path().join("no/link")), Err(PtyError::Link { .. })));
}

#[test]
fn a_paced_board_is_no_faster_than_its_clock() {
    let slow = BoardConfig { clock_hz: 1_000_000, first_baud: 100_000, ..config() };
    let began = std::time::Instant::now();
    let board = Serving::start(slow, None, true);
    let mut port = Port::open(&board.path);
    for sequence in 0..20 {
        assert_eq!(port.ask(sequence, Opcode::Read, map::ID, &[]).data, [map::ID_VALUE]);
    }
    let cycles = board.end().cycles;
    let most = began.elapsed().as_micros() as u64;
    // 20 times 11 bytes there and 11 back, of 100 cycles each.
    assert!((44_000..=most).contains(&cycles), "{cycles} cycles in {most} us");
}

#[test]
fn sixty_four_boards_at_once() {
    let boards: Vec<Serving> = (0..64).map(|_| Serving::start(config(), None, false)).collect();
    let mut ports: Vec<Port> = boards.iter().map(|board| Port::open(&board.path)).collect();
    for round in 0..4 {
        for (n, port) in ports.iter_mut().enumerate() {
            let data = vec![n as u32; 100];
            let request = Request {
                sequence: 2 * round,
                opcode: Opcode::Write,
                count: 100,
                address: map::PANELS_A,
                data,
            };
            port.send(&request);
        }
        for (n, port) in ports.iter_mut().enumerate() {
            assert_eq!(port.response().expected, 2 * round + 1);
            let word = n as u32 + u32::from(round);
            let response = port.ask(2 * round + 1, Opcode::Write, map::SCRATCH_SET, &[word]);
            assert!(response.data.is_empty(), "{:?}", response.data);
        }
    }
    for (n, port) in ports.iter_mut().enumerate() {
        assert_eq!(port.ask(8, Opcode::Read, map::SCRATCH, &[]).data, [n as u32 + 3]);
    }
    boards.iter().for_each(Serving::stop);
    let served: Vec<Served> = boards.into_iter().map(Serving::end).collect();
    assert!(served.iter().all(|served| served.lost == 0));
}
