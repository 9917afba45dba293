//! The serial driver on Verilated RTL: products, tickets, and how busy line and array are.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gemmine_driver::{
    BoardOpener, Counters, Descriptor, Device, SerialDevice, SerialOptions, Side,
};
use gemmine_hdl::Geometry;
use gemmine_pouw::panel::Panel;
use gemmine_pouw::tile::{TileResult, ticket, tile as golden_tile};
use gemmine_sim::board::BoardConfig;
use gemmine_sim::verilator::{Tools, VerilatedBoard};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A panel with extremes.
    pub fn panel(&mut self, steps: usize) -> Arc<Panel> {
        let mut operand = || match self.next() % 16 {
            0 => -128,
            1 => 127,
            _ => self.next() as i8,
        };
        let steps: Vec<[i8; 16]> = (0..steps).map(|_| std::array::from_fn(|_| operand())).collect();
        Arc::new(Panel::from_steps(&steps))
    }
}

/// What the rule says about a tile.
pub fn golden(a: &Panel, b: &Panel, chunk_steps: usize) -> TileResult {
    let lanes = |panel: &Panel| -> Vec<Vec<i8>> { (0..16).map(|lane| panel.lane(lane)).collect() };
    let (a, b) = (lanes(a), lanes(b));
    let a: Vec<&[i8]> = a.iter().map(Vec::as_slice).collect();
    let b: Vec<&[i8]> = b.iter().map(Vec::as_slice).collect();
    golden_tile(&a, &b, chunk_steps)
}

fn device(geometry: Geometry) -> SerialDevice {
    let config = BoardConfig { first_baud: 12_000_000, ..BoardConfig::new(geometry) };
    let board = VerilatedBoard::new(&Tools::find().unwrap(), config).unwrap();
    let board = Arc::new(Mutex::new(Box::new(board) as Box<_>));
    let options = SerialOptions { baud: 12_000_000, ..SerialOptions::default() };
    SerialDevice::on(Box::new(BoardOpener::new(board)), "verilator".into(), options).unwrap()
}

/// Longer than any simulation takes.
pub const PATIENCE: Duration = Duration::from_secs(600);

#[test]
fn a_stream_of_tiles_on_preloaded_panels_keeps_the_array_busy() {
    let mut random = Random(1);
    let mut device = device(Geometry::new(16, 16));
    let begin = device.counters().unwrap();
    // Two a side: loading takes most of this test's time.
    let panels: Vec<_> = (0..4).map(|_| random.panel(2048)).collect();
    for place in 0..2 {
        device.load_panel(Side::A, place, panels[place].clone()).unwrap();
        device.load_panel(Side::B, place, panels[2 + place].clone()).unwrap();
    }
    let before = device.counters().unwrap();
    let loading = before.time.unwrap() - begin.time.unwrap();
    let key = [7; 32];
    let tiles = 64;
    let mut pushed = 0;
    for done in 0..tiles {
        while pushed < tiles && pushed < done + 16 {
            device
                .push(Descriptor {
                    tag: pushed as u32,
                    a_panel: pushed % 2,
                    b_panel: pushed / 2 % 2,
                    unsigned_a: false,
                    steps: 2048,
                    chunk_steps: 128,
                    ticket_key: key,
                    bound_le: [255; 32],
                    want_tile: false,
                })
                .unwrap();
            pushed += 1;
        }
        let completion = device.wait(PATIENCE).unwrap();
        assert_eq!(completion.tag, done as u32);
        let golden = golden(&panels[done % 2], &panels[2 + done / 2 % 2], 128);
        assert_eq!(completion.ticket, ticket(&key, &golden.register));
        assert!(completion.hit);
    }
    let after = device.counters().unwrap();
    let spent = |counter: fn(&Counters) -> u64| counter(&after) - counter(&before);
    let cycles = spent(|counters| counters.cycles);
    let (steps, full) =
        (spent(|counters| counters.mac_cycles), spent(|counters| counters.full_mac_cycles));
    assert_eq!(steps, tiles as u64 * 2048);
    println!(
        "{cycles} cycles with work in the array, {steps} with a step, {full} with every PE at work"
    );
    assert!(full as f64 >= 0.999 * cycles as f64, "{cycles} cycles, {full} full");
    // While panels loaded, the line was full: ten bits a byte, two cycles a bit.
    let device = before.link.unwrap().device;
    let could = loading / 20;
    println!("{} bytes in {loading} cycles, which could carry {could}", device.bytes_in);
    assert!(u64::from(device.bytes_in - begin.link.unwrap().device.bytes_in) * 100 >= 95 * could);
}
