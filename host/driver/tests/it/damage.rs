//! The driver and Verilated RTL over a line that damages frames, both ways: every tile comes once and
//! is right.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gemmine_driver::{
    BoardOpener, Descriptor, Device, LinkError, Opener, Port, SerialDevice, SerialOptions, Side,
};
use gemmine_hdl::Geometry;
use gemmine_pouw::tile::ticket;
use gemmine_sim::board::BoardConfig;
use gemmine_sim::verilator::{Tools, VerilatedBoard};

use crate::rtl::{PATIENCE, Random, golden};

/// Damage done so far, and whether to do more.
#[derive(Debug, Default)]
struct Damage {
    on: bool,
    frames: u64,
    damaged: u64,
}

/// A line that damages one frame in a few: a bit flipped, a byte dropped, the frame doubled, cut short
/// or lost.
struct DamagedPort {
    inner: Box<dyn Port>,
    random: Random,
    damage: Arc<Mutex<Damage>>,
    /// Frames that are not whole yet: to the device, to the host.
    open: [Vec<u8>; 2],
    /// Damaged or not, and not yet handed on.
    ready: [Vec<u8>; 2],
}

impl DamagedPort {
    fn pass(&mut self, way: usize, bytes: &[u8]) {
        for &byte in bytes {
            self.open[way].push(byte);
            if byte == 0 {
                let frame = std::mem::take(&mut self.open[way]);
                let frame = self.damaged(frame);
                self.ready[way].extend(frame);
            }
        }
    }

    fn damaged(&mut self, mut frame: Vec<u8>) -> Vec<u8> {
        let mut damage = self.damage.lock().unwrap();
        if frame.len() < 2 || !damage.on {
            return frame;
        }
        damage.frames += 1;
        if !self.random.next().is_multiple_of(10) {
            return frame;
        }
        damage.damaged += 1;
        let place = self.random.next() as usize % frame.len();
        match self.random.next() % 5 {
            0 => frame[place] ^= 1 << (self.random.next() % 8),
            1 => drop(frame.remove(place)),
            2 => frame.extend(frame.clone()),
            3 => frame.truncate(place),
            _ => frame.clear(),
        }
        frame
    }
}

impl Port for DamagedPort {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = [0; 4096];
        let count = self.inner.read(&mut bytes)?;
        self.pass(1, &bytes[..count]);
        let count = buffer.len().min(self.ready[1].len());
        buffer[..count].copy_from_slice(&self.ready[1][..count]);
        self.ready[1].drain(..count);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.ready[0].is_empty() {
            let count = self.inner.write(&self.ready[0])?;
            self.ready[0].drain(..count);
            if !self.ready[0].is_empty() {
                return Ok(0);
            }
        }
        self.pass(0, bytes);
        let count = self.inner.write(&self.ready[0])?;
        self.ready[0].drain(..count);
        Ok(bytes.len())
    }

    fn wait(&mut self, to_write: bool, timeout: Duration) -> io::Result<()> {
        if !self.ready[0].is_empty() {
            let count = self.inner.write(&self.ready[0])?;
            self.ready[0].drain(..count);
        }
        self.inner.wait(to_write, timeout)
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        self.inner.set_baud(baud)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.open[1].clear();
        self.ready[1].clear();
        self.inner.discard()
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}

struct DamagedOpener {
    inner: BoardOpener,
    damage: Arc<Mutex<Damage>>,
}

impl Opener for DamagedOpener {
    fn open(&mut self, baud: u32) -> Result<Box<dyn Port>, LinkError> {
        let inner = self.inner.open(baud)?;
        let damage = Arc::clone(&self.damage);
        let (open, ready) = Default::default();
        Ok(Box::new(DamagedPort { inner, random: Random(5), damage, open, ready }))
    }

    fn pause(&mut self, duration: Duration) {
        self.inner.pause(duration);
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}

/// Frames to damage: ten thousand where GEMMINE_LONG is set.
fn frames_to_damage() -> u64 {
    if std::env::var_os("GEMMINE_LONG").is_some() { 10_000 } else { 1_000 }
}

#[test]
fn every_tile_comes_once_and_right_over_a_line_that_damages_a_tenth_of_all_frames() {
    let mut random = Random(2);
    let config = BoardConfig::new(Geometry::new(2, 2));
    let board = VerilatedBoard::new(&Tools::find().unwrap(), config).unwrap();
    let board = Arc::new(Mutex::new(Box::new(board) as Box<_>));
    let damage = Arc::new(Mutex::new(Damage::default()));
    let opener = DamagedOpener { inner: BoardOpener::new(board), damage: Arc::clone(&damage) };
    let options = SerialOptions::default();
    let mut device = SerialDevice::on(Box::new(opener), "damaged".into(), options).unwrap();
    damage.lock().unwrap().on = true;
    let mut tag = 0;
    while damage.lock().unwrap().damaged < frames_to_damage() {
        let works: Vec<_> = (0..4).map(|_| (random.panel(128), random.panel(128))).collect();
        for (place, (a, b)) in works.iter().enumerate() {
            device.load_panel(Side::A, place, a.clone()).unwrap();
            device.load_panel(Side::B, place, b.clone()).unwrap();
            device
                .push(Descriptor {
                    tag: tag + place as u32,
                    a_panel: place,
                    b_panel: place,
                    unsigned_a: false,
                    steps: 128,
                    chunk_steps: 64,
                    ticket_key: [3; 32],
                    bound_le: [255; 32],
                    want_tile: true,
                })
                .unwrap();
        }
        for (a, b) in &works {
            let completion = device.wait(PATIENCE).unwrap();
            let golden = golden(a, b, 64);
            assert_eq!(completion.tag, tag);
            assert_eq!(completion.ticket, ticket(&[3; 32], &golden.register));
            assert_eq!(completion.tile.unwrap().as_flattened(), golden.product);
            tag += 1;
        }
    }
    damage.lock().unwrap().on = false;
    let counters = device.counters().unwrap();
    assert_eq!((counters.tiles, counters.hits), (tag.into(), tag.into()));
    let link = counters.link.unwrap();
    assert_eq!(link.host.reconnects, 0);
    println!("{:?}, {tag} tiles, {link:?}", damage.lock().unwrap());
}
