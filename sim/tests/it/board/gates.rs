//! Gate level: the netlist that becomes an image, against the model, byte by byte and cycle by cycle.
//!
//! For one board of each family: its own device, synthesised as for its image, with yosys' models of
//! cells and those in flow/cells, from the oscillator's pin to the lines. Only frequency is no part of
//! it: a PLL gives a cycle for each of the oscillator's. That the comparison would see a wrong netlist,
//! [`faults`] shows.

mod faults;

use std::path::Path;
use std::sync::OnceLock;

use gemmine_devices::Emitted;
use gemmine_flow::{Board as Definition, Options, Toolchain, build, gates};
use gemmine_hdl::frame::Opcode;
use gemmine_hdl::registers as map;
use gemmine_hdl::uart_tx::baud_increment;
use gemmine_pouw::tile::ticket;
use gemmine_sim::EngineError;
use gemmine_sim::board::{Board, BoardConfig, BoardDescription, Progress, Stop};
use gemmine_sim::verilator::{Tools, VerilatedBoard};

use super::host::{Host, Tile};
use super::mining::golden;
use super::pair::Pair;
use crate::stimulus::Random;

/// A netlist whose clock begins after some cycles of the oscillator, in cycles of that clock.
struct Netlist {
    board: VerilatedBoard,
    first_cycle: u64,
}

impl Netlist {
    /// A netlist as Verilog, of what was synthesised, and its arguments.
    fn new(gates: &Emitted, of: &Synthesised, arguments: &[String]) -> Self {
        let tools = Tools::find().unwrap();
        let mut board =
            VerilatedBoard::with_arguments(&tools, gates, of.config, arguments).unwrap();
        let plan = of.definition.plan().unwrap();
        let first_cycle = gates::first_cycle(of.definition.definition.family, &plan);
        let progress = board.run(first_cycle, Stop::Never).unwrap();
        assert_eq!((progress.now, progress.bytes), (first_cycle, vec![]));
        Self { board, first_cycle }
    }
}

impl Board for Netlist {
    fn description(&self) -> &BoardDescription {
        self.board.description()
    }

    fn set_host_baud(&mut self, baud: u32) -> Result<(), EngineError> {
        self.board.set_host_baud(baud)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.board.send(bytes)
    }

    fn run(&mut self, cycles: u64, stop: Stop) -> Result<Progress, EngineError> {
        let mut progress = self.board.run(cycles, stop)?;
        progress.now -= self.first_cycle;
        progress.bytes.iter_mut().for_each(|byte| byte.cycle -= self.first_cycle);
        Ok(progress)
    }
}

/// A board's device, and the netlist made of it.
struct Synthesised {
    definition: Definition,
    config: BoardConfig,
    device: Emitted,
    /// The netlist, in yosys' JSON.
    netlist: String,
    /// The same as Verilog.
    gates: Emitted,
}

impl Synthesised {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let definition = Definition::find(name).unwrap();
        let (plan, device) = build::emit(&definition).unwrap();
        let toolchain = Toolchain::pinned().unwrap();
        let options = Options {
            seeds: vec![],
            out: folder.path().to_owned(),
            allow_timing_failure: false,
            command: "a test".into(),
            source_commit: "a test".into(),
        };
        let (running, quiet) = (&|| false, &mut |_: build::Progress| ());
        let netlist =
            build::synthesise(&definition, &plan, &device, &options, &toolchain, running, quiet);
        let netlist = std::fs::read_to_string(netlist.unwrap()).unwrap();
        let config = BoardConfig {
            geometry: definition.definition.device.geometry,
            clock_hz: u32::try_from(plan.output_hz()).unwrap(),
            first_baud: definition.definition.serial.baud,
            panel_word_bits: definition.definition.device.panel_word_bits as u32,
            engines: definition.definition.device.engines as u32,
            noise: definition.definition.device.noise,
            build: device.build,
        };
        let gates = verilog(&definition, &device, folder.path());
        Self { definition, config, device, netlist, gates }
    }

    /// The iCE40's, which two tests need.
    fn icebreaker() -> &'static Self {
        static ONCE: OnceLock<Synthesised> = OnceLock::new();
        ONCE.get_or_init(|| Self::new("icebreaker"))
    }
}

/// The netlist in a folder as Verilog.
fn verilog(definition: &Definition, device: &Emitted, folder: &Path) -> Emitted {
    gates::verilog(definition, device, folder, &Toolchain::pinned().unwrap()).unwrap()
}

/// Lanes of bytes, half of them extremes of i8 and u8; the first lane has the lowest only.
fn lanes(random: &mut Random, steps: usize) -> [Vec<u8>; 16] {
    let mut byte = |lane: usize| match random.below(8) {
        _ if lane == 0 => 0x80,
        0 => 0x80,
        1 => 0x81,
        2 => 0x7f,
        3 => 0xff,
        _ => random.next() as u8,
    };
    std::array::from_fn(|lane| (0..steps).map(|_| byte(lane)).collect())
}

/// A session: power-up, identity, a tile, a reset in the middle of the next, a damaged frame, another tile, two
/// long ones. Panics where the netlist and the model differ.
fn check(of: &Synthesised, netlist: Netlist) {
    let config = of.config;
    let mut host = Host::new(Pair::of(netlist));
    let mut random = Random(u64::from(config.build));

    // Its first rate is slow: a change of rate is all that it is used for.
    let baud = config.clock_hz / 3;
    let increment = baud_increment(baud.into(), config.clock_hz.into()).unwrap();
    host.write(map::BAUD_SET, &[increment]);
    host.board.set_host_baud(baud).unwrap();
    let registers = host.read(0, 38);
    assert_eq!(registers[map::ID as usize], map::ID_VALUE);
    assert_eq!(registers[map::BUILD as usize], config.build);
    assert_eq!(registers[map::CLOCK_HZ as usize], config.clock_hz);

    let (mut key, bounds) = ([0; 32], [[0xff; 32], [0; 32]]);
    key.fill_with(|| random.next() as u8);
    host.write_job(1, &key, &bounds[0]);
    host.write_job(2, &key, &bounds[1]);
    // Where a lane has more than 32 words: the last ones, those before them in B, and a tail.
    let words = 1u16 << config.panel_word_bits;
    let (chunk_steps, chunks, tail_steps) = if words > 32 { (100, 1, 68) } else { (64, 2, 0) };
    let steps = chunks * chunk_steps + tail_steps;
    let panel = (steps / 4) as u16;
    let first_words = [words - panel, words.saturating_sub(2 * panel)];
    let (a, b) = (lanes(&mut random, steps), lanes(&mut random, steps));
    host.write_panel(0, first_words[0].into(), &a);
    host.write_panel(1, first_words[1].into(), &b);
    let first = Tile {
        tag: 0x1234_5678,
        first_words,
        chunk_steps,
        chunks,
        tail_steps,
        unsigned_a: false,
        want_tile: true,
        job: 1,
        fences: [1, 1],
        ..Tile::default()
    };
    host.push(&first);
    host.write(map::COMMIT, &[0x0101]);
    tile(&mut host, &first, &key, &a, &b, true);

    // The reset comes when the tile's steps are under way.
    let broken = Tile { tag: 1, fences: [1, 1], ..first };
    for (address, data) in [(map::DESCRIPTORS, &broken.words()[..]), (map::RESET, &[0])] {
        let request = host.request(Opcode::Write, address, data.len() as u16, data);
        host.send(&request);
    }
    host.rest();
    host.responses.clear();
    assert_eq!(host.register(map::STATUS) >> 8, 0, "a reset leaves nothing");

    let good = host.register(map::FRAMES_GOOD);
    let mut line = host.request(Opcode::Read, 0, 1, &[]).encode();
    line[3] ^= 0x10;
    host.board.send(&line).unwrap();
    host.rest();
    host.sequence = host.sequence.wrapping_sub(1);
    assert!(host.responses.is_empty(), "a damaged frame has no response");
    assert!(host.register(map::FRAMES_GOOD) > good);

    // u8 operands, where the multipliers take them.
    let last = Tile {
        tag: 0x8765_4321,
        chunk_steps: steps,
        chunks: 1,
        tail_steps: 0,
        unsigned_a: true,
        job: 2,
        fences: [0, 0],
        ..first
    };
    host.push(&last);
    tile(&mut host, &last, &key, &a, &b, false);

    // More chunks than the fold register has words, of what the panels hold, round and round; and once more,
    // with all words full.
    for (nth, chunk_steps) in [(1, 64), (2, 68)] {
        let long = Tile { tag: nth, chunk_steps, chunks: 33, job: 1, ..last };
        host.push(&Tile { unsigned_a: false, ..long });
        host.rest();
        assert_eq!(host.completion(nth).tag, nth);
    }
    host.read(0, 38);
    host.read(map::RESULTS + 256, 64);
    assert_eq!(host.register(map::ERROR), 0);
}

/// Waits for the only tile, and compares its ticket and product with the rule's.
fn tile(
    host: &mut Host,
    work: &Tile,
    key: &[u8; 32],
    a: &[Vec<u8>; 16],
    b: &[Vec<u8>; 16],
    hit: bool,
) {
    host.rest();
    let completion = host.completion(0);
    let (product, register) = golden(work, a, b);
    assert_eq!((completion.tag, completion.hit), (work.tag, hit));
    assert_eq!(completion.ticket, ticket(key, &register), "{work:?}");
    assert_eq!(host.product(completion.bank.unwrap()), product, "{work:?}");
    host.write(map::RELEASE, &[1]);
    host.write(map::POP, &[1]);
}

/// Boards beside the iCEBreaker, one of each other family, where GEMMINE_LONG is set: their synthesis and simulation take
/// minutes.
fn other_boards() -> &'static [&'static str] {
    if std::env::var_os("GEMMINE_LONG").is_some() {
        &["orangecrab-25f", "tang-nano-9k"]
    } else {
        &[]
    }
}

#[test]
fn netlists_do_what_the_model_does() {
    let of = Synthesised::icebreaker();
    check(of, Netlist::new(&of.gates, of, &[]));
    for board in other_boards() {
        let of = Synthesised::new(board);
        check(&of, Netlist::new(&of.gates, &of, &[]));
    }
}
