//! A port that is closed at any moment of a session, and opened again: every unit comes once and right.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gemmine_driver::{
    BoardOpener, LinkError, Opener, Port, SerialDevice, SerialOptions, WorkUnit, Worker,
};
use gemmine_hdl::Geometry;
use gemmine_pouw::tile::ticket;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{Board, BoardConfig};
use gemmine_sim::verilator::{Tools, VerilatedBoard};

use crate::rtl::{PATIENCE, Random, golden};

/// Bytes until the port is closed, both ways together; once.
type Fuse = Arc<Mutex<Option<u64>>>;

struct FusedPort {
    inner: Box<dyn Port>,
    fuse: Fuse,
    blown: bool,
}

impl FusedPort {
    fn burn(&mut self, bytes: usize) -> io::Result<usize> {
        let mut fuse = self.fuse.lock().unwrap();
        if let Some(left) = fuse.as_mut() {
            *left = left.saturating_sub(bytes as u64);
            if *left == 0 {
                *fuse = None;
                self.blown = true;
            }
        }
        if self.blown { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(bytes) }
    }
}

impl Port for FusedPort {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.burn(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What is on the line when the plug is pulled is lost with it, in the middle of a frame.
        let left = self.fuse.lock().unwrap().unwrap_or(u64::MAX);
        let count = self.inner.write(&bytes[..bytes.len().min(left as usize)])?;
        self.burn(count)
    }

    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()> {
        self.burn(0)?;
        self.inner.wait(to_write, timeout)
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        self.inner.set_baud(baud)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.inner.discard()
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}

struct FusedOpener {
    inner: BoardOpener,
    fuse: Fuse,
}

impl Opener for FusedOpener {
    fn open(&mut self, baud: u32) -> Result<Box<dyn Port>, LinkError> {
        let inner = self.inner.open(baud)?;
        Ok(Box::new(FusedPort { inner, fuse: Arc::clone(&self.fuse), blown: false }))
    }

    fn pause(&mut self, duration: Duration) {
        self.inner.pause(duration);
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}

/// Three units of two tiles with their products on a board whose port is closed after so many bytes
/// from the opening on. Returns the bytes that are left of the fuse.
fn session(board: Box<dyn Board>, bytes: u64) -> Option<u64> {
    let fuse = Arc::new(Mutex::new(None));
    let inner = BoardOpener::new(Arc::new(Mutex::new(board)));
    let opener = FusedOpener { inner, fuse: Arc::clone(&fuse) };
    let options = SerialOptions { baud: 12_000_000, ..SerialOptions::default() };
    let device = SerialDevice::on(Box::new(opener), "fused".into(), options).unwrap();
    *fuse.lock().unwrap() = Some(bytes);
    let worker = Worker::start(Box::new(device), 4).unwrap();
    let mut random = Random(9);
    let units: Vec<WorkUnit> = (0..3)
        .map(|id| WorkUnit {
            id,
            a: random.panel(64),
            b: (0..2).map(|_| random.panel(64)).collect(),
            steps: 64,
            chunk_steps: 64,
            ticket_key: [id as u8; 32],
            bound_le: [255; 32],
            want_tiles: true,
        })
        .collect();
    for unit in &units {
        worker.send(unit.clone()).unwrap();
    }
    for unit in &units {
        let report = worker.receive(PATIENCE).unwrap();
        assert_eq!(report.id, unit.id, "a fuse of {bytes} bytes");
        let completions = report.result.unwrap();
        assert_eq!(completions.len(), 2);
        for (b, completion) in unit.b.iter().zip(completions) {
            let golden = golden(&unit.a, b, 64);
            assert_eq!(completion.ticket, ticket(&unit.ticket_key, &golden.register));
            assert_eq!(completion.tile.unwrap().as_flattened(), golden.product);
        }
    }
    assert!(worker.receive(Duration::from_millis(1)).is_err(), "a report too many");
    *fuse.lock().unwrap()
}

fn config() -> BoardConfig {
    BoardConfig { first_baud: 12_000_000, ..BoardConfig::new(Geometry::new(2, 2)) }
}

#[test]
fn no_unit_is_lost_or_doubled_wherever_the_port_is_closed() {
    let model = || Box::new(ModelBoard::new(config()).unwrap());
    const LONG: u64 = 1 << 30;
    let whole = LONG - session(model(), LONG).unwrap();
    println!("the session takes {whole} bytes");
    // Every byte of what goes before and behind the panels, and every 61st of all.
    for bytes in (1..400).chain((400..whole).step_by(61)).chain(whole.saturating_sub(400)..whole) {
        assert_eq!(session(model(), bytes), None);
    }
}

#[test]
fn no_unit_is_lost_or_doubled_on_verilated_rtl() {
    let tools = Tools::find().unwrap();
    for bytes in [1, 40, 500, 3000, 9000, 15_000, 19_000, 20_000] {
        let board = VerilatedBoard::new(&tools, config()).unwrap();
        session(Box::new(board), bytes);
    }
}
