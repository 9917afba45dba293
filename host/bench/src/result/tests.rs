//! A measurement of a small simulated board, as a file.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gemmine_driver::{BoardOpener, Cpu, Device as _, SerialDevice, SerialOptions};
use gemmine_fleet::runner::Runner;
use gemmine_hdl::Geometry;
use gemmine_report::verify::{Checkout, verify_value};
use gemmine_sim::board::BoardConfig;
use gemmine_sim::board::model::ModelBoard;

use super::*;
use crate::energy::Stated;
use crate::kernel;
use crate::run::{measure, measure_tiles};
use crate::tiles::Tiles;
use crate::workload::{Operands, Shape, Workload};

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

const OPTIONS: Options = Options {
    warm_up: Duration::from_millis(20),
    run: Duration::from_millis(200),
    repeats: 2,
    rest: Duration::ZERO,
};

fn guess() -> Source {
    Source::Stated(Stated { watts: 1.0, low: 0.5, high: 2.0, reason: "a guess".into() })
}

/// What the processor did with a small Pearl product.
fn mined(operands: Operands) -> ResultFile {
    let shape = Shape { m: 64, n: 64, k: 2048, rank: 128 };
    let mut workload = Workload::pearl(shape, operands).unwrap();
    let device = Cpu::new(None).unwrap();
    let threads = device.threads().try_into().unwrap();
    let identity = device.identity().clone();
    let runner = Runner::new(Box::new(device), workload.task()).unwrap();
    let mut stated = guess();
    let energy = Some(&mut stated);
    let mut measured =
        measure(runner, &mut workload, energy, OPTIONS, &mut |_| {}, &|| false).unwrap();
    let length = Duration::from_millis(50);
    measured.kernel = kernel::alone(&workload, threads, length, 2, &|| false).unwrap();
    let work = workload.work();
    let account = account(Class::Cpu);
    file(&measured, OPTIONS, &work, &identity, Some(&stated), account).unwrap()
}

fn check(file: &ResultFile) {
    let name = std::path::Path::new("small.json");
    verify_value(name, &file.to_value(), &Checkout::none()).unwrap();
}

#[test]
fn a_zero_signal_has_the_names_of_no_useful_work() {
    let zero = mined(Operands::Zero);
    check(&zero);
    assert_eq!(zero.protocols, [Protocol::PearlZeroSignal]);
    assert!(!zero.works_on_new_operands());
    let of_use = mined(Operands::Uniform);
    check(&of_use);
    assert_eq!(of_use.protocols, [Protocol::Pearl]);
    assert!(of_use.works_on_new_operands());
    let no_use = [names::TICKETS, names::ENERGY_PER_ZERO_TICKET];
    let use_ = [names::TICKETS_MEASURED, names::ENERGY_PER_TICKET];
    for (file, has, lacks) in [(zero, no_use, use_), (of_use, use_, no_use)] {
        assert!(has.iter().all(|name| file.figures.contains_key(*name)), "{:?}", file.figures);
        assert!(!lacks.iter().any(|name| file.figures.contains_key(*name)), "{:?}", file.figures);
    }
}

#[test]
fn a_processor_says_what_part_of_its_time_it_multiplies() {
    let file = mined(Operands::Uniform);
    let kernel = &file.figures[names::THROUGHPUT_FED];
    assert_eq!((kernel.kind, kernel.boundary), (Kind::Measured, Boundary::Wall));
    assert!(kernel.value > 0.0);
    assert!(file.limit.contains(" % of the time ("), "{}", file.limit);
    let amadeus = Workload::amadeus().unwrap();
    let threads = std::num::NonZeroUsize::MIN;
    let none = kernel::alone(&amadeus, threads, Duration::from_millis(1), 1, &|| false);
    assert_eq!(none.unwrap(), None);
}

#[test]
fn a_small_board_multiplies_and_its_file_breaks_no_rule() {
    let device = board();
    let identity = device.identity().clone();
    assert_eq!(identity.limits.panel_steps, 128);
    let k = Tiles::longest(&identity.limits, 64);
    let mut tiles = Tiles::new(Shape { m: 32, n: 16, k, rank: 64 }, &identity.limits).unwrap();
    let mut stated = guess();
    let energy = Some(&mut stated);
    let measured =
        measure_tiles(Box::new(device), &mut tiles, energy, OPTIONS, &mut |_| {}, &|| false)
            .unwrap();
    let made = |class| {
        let account = account(class);
        file(&measured, OPTIONS, &tiles.work(), &identity, Some(&stated), account).unwrap()
    };
    let simulated = made(Class::Simulation);
    assert_eq!(simulated.protocols, [Protocol::Matmul]);
    assert!(simulated.figures.values().all(|figure| figure.kind != Kind::Measured));
    assert_eq!(simulated.figures[names::THROUGHPUT].boundary, Boundary::Wall);
    assert_eq!(simulated.figures[names::PEAK].value, 8.0);
    assert!(simulated.figures[names::LINK].value > 0.0);
    assert!(simulated.figures[names::INTENSITY].value > 0.0);
    assert!(!simulated.figures.contains_key(names::TICKETS_MEASURED));
    check(&simulated);
    let board = made(Class::Fpga);
    assert_eq!(board.figures[names::THROUGHPUT].kind, Kind::Measured);
}
