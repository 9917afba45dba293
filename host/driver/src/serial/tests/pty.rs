//! Real ports: pseudo-terminals, as virtual boards have them.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serialport::{SerialPort, TTYPort};

use super::super::device::{SerialDevice, SerialOptions};
use super::super::port::{Port, TtyPort};
use super::accelerator::Accelerator;
use super::board::Board;
use super::device::{lanes, panel};
use crate::device::{Descriptor, Device, Side};
use crate::link_error::LinkError;

const PATIENCE: Duration = Duration::from_secs(30);

fn pair() -> (TTYPort, String) {
    let (board, host) = TTYPort::pair().unwrap();
    let path = host.name().unwrap();
    (board, path)
}

/// A double behind a pseudo-terminal, at any rate: there is no line whose rate could be wrong.
struct Served {
    path: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn start() -> Self {
        let (mut port, path) = pair();
        port.set_timeout(Duration::from_millis(5)).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let serve = move || {
            let mut board = Board::new(Accelerator::new(8));
            let start = Instant::now();
            let mut buffer = [0; 1024];
            let mut out = Vec::new();
            while !stopping.load(Ordering::Relaxed) {
                let read = port.read(&mut buffer).unwrap_or(0);
                out.extend(board.pass(start.elapsed()));
                for byte in &buffer[..read] {
                    out.extend(board.take(*byte, board.baud, start.elapsed()));
                }
                out.extend(board.pass(start.elapsed()));
                // A response is there when its last byte is: a host that had it at once would ask again while
                // the line is still busy with it, and again.
                if board.is_sending(start.elapsed()) {
                    continue;
                }
                if port.write_all(&out).is_err() {
                    return;
                }
                out.clear();
            }
        };
        Self { path, stop, thread: Some(std::thread::spawn(serve)) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[test]
fn a_board_behind_a_pseudo_terminal_works_and_its_end_is_noticed() {
    let served = Served::start();
    let mut device = SerialDevice::open(&served.path, SerialOptions::default()).unwrap();
    assert_eq!(device.baud(), 12_000_000);
    assert_eq!(device.identity().name, format!("serial:{}", served.path));
    let operands = [lanes(1, 256), lanes(2, 256)];
    device.load_panel(Side::A, 0, panel(&operands[0])).unwrap();
    device.load_panel(Side::B, 0, panel(&operands[1])).unwrap();
    for tag in 0..100 {
        let descriptor = Descriptor {
            tag,
            a_panel: 0,
            b_panel: 0,
            unsigned_a: false,
            steps: 256,
            chunk_steps: 64,
            ticket_key: [1; 32],
            bound_le: [0; 32],
            want_tile: tag % 5 == 0,
        };
        device.push(descriptor).unwrap();
        assert_eq!(device.wait(PATIENCE).unwrap().tag, tag);
    }
    // Whoever comes second is told why.
    let second = TtyPort::open(&served.path, 115_200).err().unwrap();
    assert!(matches!(second, LinkError::InUse { .. }), "{second}");
    drop(served);
    let lost = device.counters().unwrap_err();
    assert!(lost.is_lost() && lost.to_string().contains("port gone while"), "{lost}");
}

#[test]
fn a_board_that_takes_nothing_blocks_nobody() {
    let (board, path) = pair();
    let mut port = TtyPort::open(&path, 115_200).unwrap();
    let mut taken = 0;
    for _ in 0..10_000 {
        taken += port.write(&[1; 100]).unwrap();
    }
    assert!(taken < 1_000_000, "somebody took {taken} bytes");
    port.wait(true, Duration::from_millis(1)).unwrap();
    assert_eq!(port.read(&mut [0; 10]).unwrap(), 0);
    drop(board);
    assert!(port.read(&mut [0; 10]).is_err());
    assert!(port.write(&[1]).is_err());
}

#[test]
fn paths_that_are_no_ports_are_named() {
    let check = |path: &str, part: &str| {
        let error = TtyPort::open(path, 115_200).err().unwrap().to_string();
        assert!(error.contains(path) && error.contains(part), "{error}");
    };
    check("/dev/no-such-port", "there is no port");
    check("/dev/null", "can't be opened as a serial port");
    check("/dev", "can't be opened as a serial port");
    super::super::enumerate::ports().unwrap();
}
