//! A measurement of a small simulated board, as a file.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gemmine_driver::{BoardOpener, Device as _, SerialDevice, SerialOptions};
use gemmine_hdl::Geometry;
use gemmine_report::verify::{Checkout, verify_value};
use gemmine_sim::board::BoardConfig;
use gemmine_sim::board::model::ModelBoard;

use super::*;
use crate::energy::Stated;
use crate::run::measure_tiles;
use crate::tiles::Tiles;
use crate::workload::Shape;

fn account(class: Class) -> Account {
    Account {
        name: "small".into(),
        title: "A small board".into(),
        class,
        part: None,
        image: None,
        meter: None,
        boundary: Boundary::Board,
        subtract_idle: false,
        price: None,
        command: "gemmine bench".into(),
        host_cpu: None,
        os: None,
        run: "1".into(),
        tools: BTreeMap::from([("gemmine".into(), "0".into())]),
        notes: vec![],
    }
}

/// A board whose lanes hold 128 steps, as an iCEBreaker's.
fn board() -> SerialDevice {
    let config = BoardConfig {
        panel_word_bits: 5,
        first_baud: 12_000_000,
        ..BoardConfig::new(Geometry::new(4, 2))
    };
    let board = ModelBoard::new(config).unwrap();
    let opener = BoardOpener::new(Arc::new(Mutex::new(Box::new(board) as Box<_>)));
    let options = SerialOptions { baud: 12_000_000, ..SerialOptions::default() };
    SerialDevice::on(Box::new(opener), "small".into(), options).unwrap()
}

#[test]
fn a_small_board_multiplies_and_its_file_breaks_no_rule() {
    let device = board();
    let identity = device.identity().clone();
    assert_eq!(identity.limits.panel_steps, 128);
    let k = Tiles::longest(&identity.limits, 64);
    let mut tiles = Tiles::new(Shape { m: 32, n: 16, k, rank: 64 }, &identity.limits).unwrap();
    let options = Options {
        warm_up: Duration::from_millis(20),
        run: Duration::from_millis(200),
        repeats: 2,
        rest: Duration::ZERO,
    };
    let mut stated =
        Source::Stated(Stated { watts: 1.0, low: 0.5, high: 2.0, reason: "a guess".into() });
    let energy = Some(&mut stated);
    let measured =
        measure_tiles(Box::new(device), &mut tiles, energy, options, &mut |_| {}, &|| false)
            .unwrap();
    let made = |class| {
        let account = account(class);
        file(&measured, options, &tiles.work(), &identity, Some(&stated), account).unwrap()
    };
    let simulated = made(Class::Simulation);
    assert_eq!(simulated.protocols, [Protocol::Matmul]);
    assert!(simulated.figures.values().all(|figure| figure.kind != Kind::Measured));
    assert_eq!(simulated.figures[names::THROUGHPUT].boundary, Boundary::Wall);
    assert_eq!(simulated.figures[names::PEAK].value, 8.0);
    assert!(simulated.figures[names::LINK].value > 0.0);
    assert!(simulated.figures[names::INTENSITY].value > 0.0);
    assert!(!simulated.figures.contains_key(names::TICKETS_MEASURED));
    let name = std::path::Path::new("small.json");
    verify_value(name, &simulated.to_value(), &Checkout::none()).unwrap();
    let board = made(Class::Fpga);
    assert_eq!(board.figures[names::THROUGHPUT].kind, Kind::Measured);
}
