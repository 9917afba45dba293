//! Models of memories in flow/cells against a plain function.

use std::fmt::Write as _;

use gemmine_sim::verilator::{Tools, modules};

use crate::stimulus::Random;

const TOP: &str = "gemmine_memories";
const DP16KD: &str = include_str!("../../../../flow/cells/ecp5_memory.v");
const SDPX9B: &str = include_str!("../../../../flow/cells/gowin_sdpx9b.v");
const DPX9B: &str = include_str!("../../../../flow/cells/gowin_dpx9b.v");

/// When a port shows what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Keeps,
    Old,
    New,
}

/// A port of a memory.
#[derive(Clone, Copy, Debug)]
struct Port {
    bytes: usize,
    mode: Mode,
    reads: bool,
    writes: bool,
    registered: bool,
}

/// What a port is told in a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Access {
    address: usize,
    enable: bool,
    write: bool,
    bytes: usize,
    data: u64,
}

impl Access {
    /// The bytes that it writes, with their places in its data.
    fn written(&self, port: Port) -> Vec<(usize, usize)> {
        let all = port.bytes == 1;
        let now = port.writes && self.enable && self.write;
        let writes = |n: &usize| now && (all || self.bytes >> n & 1 == 1);
        (0..port.bytes).filter(writes).map(|n| (self.first(port) + n, n)).collect()
    }

    fn first(&self, port: Port) -> usize {
        self.address / port.bytes * port.bytes
    }

    fn byte(&self, n: usize) -> u64 {
        self.data >> (9 * n) & 0x1ff
    }
}

/// What a memory's ports show before each clock edge.
fn reference(ports: [Port; 2], content: &[u64], accesses: &[[Access; 2]]) -> Vec<[u64; 2]> {
    let mut memory = content.to_vec();
    let (mut data, mut registers) = ([0u64; 2], [0u64; 2]);
    let mut shown = Vec::new();
    for access in accesses {
        shown.push([0, 1].map(|p| if ports[p].registered { registers[p] } else { data[p] }));
        registers = data;
        let writes = [0, 1].map(|p| access[p].written(ports[p]));
        for (p, port) in ports.into_iter().enumerate() {
            let of = &access[p];
            let keeps = port.writes && of.write && port.mode == Mode::Keeps;
            if !port.reads || !of.enable || keeps {
                continue;
            }
            for n in 0..port.bytes {
                let address = of.first(port) + n;
                let clash = writes[1 - p].iter().any(|&(written, _)| written == address);
                let own = writes[p].iter().any(|&(_, place)| place == n);
                let byte = match () {
                    () if own && port.mode == Mode::New => of.byte(n),
                    () if clash => !memory[address] & 0x1ff,
                    () => memory[address],
                };
                data[p] = data[p] & !(0x1ff << (9 * n)) | byte << (9 * n);
            }
        }
        for p in [0, 1] {
            for &(address, n) in &writes[p] {
                memory[address] = access[p].byte(n);
            }
        }
    }
    shown
}

/// Accesses to few addresses, so that they meet; never do both ports write the same word.
fn accesses(random: &mut Random, count: usize) -> Vec<[Access; 2]> {
    let mut one = || Access {
        address: random.below(24) as usize,
        enable: random.below(8) != 0,
        write: random.below(3) == 0,
        bytes: random.below(16) as usize,
        data: random.next() & 0xf_ffff_ffff,
    };
    let mut both = || {
        let (a, mut b) = (one(), one());
        b.write &= !(a.write && a.address / 4 == b.address / 4);
        [a, b]
    };
    (0..count).map(|_| both()).collect()
}

/// The pins of an address: wide data has the enables of its bytes in the low bits.
fn address(side: &str, bytes: usize) -> String {
    match bytes {
        1 => format!("{{{side}_address, 3'b000}}"),
        2 => format!("{{{side}_address[10:1], 2'b00, {side}_bytes[1:0]}}"),
        _ => format!("{{{side}_address[10:2], 1'b0, {side}_bytes}}"),
    }
}

/// Ports, and the instance that drives two outputs.
type Memory = ([Port; 2], Box<dyn Fn(&str, &str) -> String>);

/// Memories side by side on the same accesses: a module, and its stimulus.
fn bench(models: &str, memories: &[Memory], cycles: usize) -> (String, Vec<Vec<u64>>) {
    let names: Vec<String> =
        (0..memories.len()).flat_map(|n| [format!("a_{n}"), format!("b_{n}")]).collect();
    let inputs = ["address", "enable", "write", "bytes", "data"];
    let widths = [11, 1, 1, 4, 36];
    let sides = ["a", "b"].into_iter();
    let pins: Vec<String> =
        sides.flat_map(|side| inputs.map(|input| format!("{side}_{input}"))).collect();
    let mut text = format!("module {TOP}(clock, {}, {});\n", pins.join(", "), names.join(", "));
    text.push_str("   input wire clock;\n");
    for (pin, width) in pins.iter().zip(widths.iter().cycle()) {
        let _ = writeln!(text, "   input wire [{}:0] {pin};", width - 1);
    }
    for (name, (ports, _)) in names.chunks(2).zip(memories) {
        for (name, port) in name.iter().zip(ports) {
            let _ = writeln!(text, "   output wire [{}:0] {name};", 9 * port.bytes - 1);
        }
    }
    for (name, (_, instance)) in names.chunks(2).zip(memories) {
        text.push_str(&instance(&name[0], &name[1]));
    }
    text.push_str("endmodule\n");
    text.push_str(models);
    let stimulus = accesses(&mut Random(5), cycles)
        .iter()
        .map(|two| {
            let words = two.map(|one| {
                [
                    one.address as u64,
                    one.enable.into(),
                    one.write.into(),
                    one.bytes as u64,
                    one.data,
                ]
            });
            words.concat()
        })
        .collect();
    (text, stimulus)
}

/// Compares memories with the reference.
fn check(models: &str, first: &[u64], memories: &[Memory]) {
    let (text, stimulus) = bench(models, memories, 4000);
    let accesses = accesses(&mut Random(5), 4000);
    let mut content = first.to_vec();
    content.resize(2048, 0);
    let values = modules::simulate(&Tools::find().unwrap(), &text, TOP, &stimulus).unwrap();
    for (n, (ports, _)) in memories.iter().enumerate() {
        let want = reference(*ports, &content, &accesses);
        for (cycle, want) in want.iter().enumerate() {
            let got = [values[cycle][2 * n], values[cycle][2 * n + 1]];
            let want = [0, 1].map(|p| if ports[p].reads { want[p] } else { got[p] });
            assert_eq!(got, want, "{ports:?}, cycle {cycle}: {:?}", accesses[cycle]);
        }
    }
}

/// The first 32 bytes of a memory, and their parameter: words of 18 bits, so many bits apart.
fn content(random: &mut Random, pitch: usize) -> (Vec<u64>, String) {
    let bytes: Vec<u64> = (0..32).map(|_| random.below(512)).collect();
    let mut text = String::new();
    for word in bytes.chunks(2).rev() {
        let _ = write!(text, "{:0pitch$b}", word[0] | word[1] << 9);
    }
    (bytes, format!("{}'b{text}", 16 * pitch))
}

/// Both, of one side's pins.
fn bus(pin: &str, from: &str, first: usize, count: usize) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = write!(text, ".{pin}{n}({from}[{}]), ", first + n);
        text
    })
}

fn dp16kd(ports: [Port; 2], first: &str) -> Memory {
    let [a, b] = ports;
    let wide = b.bytes == 4;
    let mode = |port: Port| match port.mode {
        Mode::Keeps => "NORMAL",
        Mode::Old => "READBEFOREWRITE",
        Mode::New => "WRITETHROUGH",
    };
    let register = |port: Port| if port.registered { "OUTREG" } else { "NOREG" };
    let parameters = format!(
        ".DATA_WIDTH_A({}), .DATA_WIDTH_B({}), .WRITEMODE_A(\"{}\"), .WRITEMODE_B(\"{}\"), \
         .REGMODE_A(\"{}\"), .REGMODE_B(\"{}\"), .INITVAL_00({first})",
        9 * a.bytes,
        9 * b.bytes,
        mode(a),
        mode(b),
        register(if wide { b } else { a }),
        register(b)
    );
    let addresses = [address("a", a.bytes), address("b", b.bytes)];
    let instance = move |a_out: &str, b_out: &str| {
        let mut text = format!(
            "   wire [13:0] {a_out}_at = {}, {b_out}_at = {};\n",
            addresses[0], addresses[1]
        );
        let _ = write!(text, "   DP16KD #({parameters}) memory_{a_out}(");
        text.push_str(&bus("ADA", &format!("{a_out}_at"), 0, 14));
        text.push_str(&bus("ADB", &format!("{b_out}_at"), 0, 14));
        text.push_str(&bus("DIA", "a_data", 0, 9 * a.bytes.min(2)));
        if wide {
            text.push_str(&bus("DIB", "a_data", 18, 18));
            text.push_str(&bus("DOA", b_out, 0, 18));
            // The high half.
            for n in 0..18 {
                let _ = write!(text, ".DOB{n}({b_out}[{}]), ", 18 + n);
            }
        } else {
            text.push_str(&bus("DIB", "b_data", 0, 9 * b.bytes));
            text.push_str(&bus("DOA", a_out, 0, 9 * a.bytes));
            text.push_str(&bus("DOB", b_out, 0, 9 * b.bytes));
        }
        for side in ["A", "B"] {
            let _ = write!(
                text,
                ".CLK{side}(clock), .CE{side}({}_enable), .OCE{side}(1'b1), .RST{side}(1'b0), \
                 .CS{side}0(1'b0), .CS{side}1(1'b0), .CS{side}2(1'b0), ",
                side.to_lowercase()
            );
        }
        let _ = writeln!(text, ".WEA(a_write), .WEB({}));", if wide { "1'b0" } else { "b_write" });
        text
    };
    (ports, Box::new(instance))
}

const READS: Port =
    Port { bytes: 4, mode: Mode::Old, reads: true, writes: false, registered: false };
const WRITES: Port = Port { reads: false, writes: true, ..READS };
const BOTH: Port = Port { bytes: 1, writes: true, ..READS };

#[test]
fn ecp5_memories_of_every_width_and_mode() {
    let (bytes, first) = content(&mut Random(3), 20);
    let registered = |port: Port| Port { registered: true, ..port };
    let keeps = Port { mode: Mode::Keeps, ..BOTH };
    let new = Port { mode: Mode::New, ..BOTH };
    let two = |port: Port| Port { bytes: 2, ..port };
    let memories = [
        [BOTH, BOTH],
        [registered(keeps), new],
        [two(BOTH), registered(two(new))],
        [two(keeps), BOTH],
        [WRITES, READS],
        [WRITES, registered(READS)],
    ];
    check(DP16KD, &bytes, &memories.map(|ports| dp16kd(ports, &first)));
}

fn sdpx9b(bytes: [usize; 2], first: &str) -> Memory {
    let parameters = format!(
        ".BIT_WIDTH_0({}), .BIT_WIDTH_1({}), .INIT_RAM_00({first})",
        9 * bytes[0],
        9 * bytes[1]
    );
    let [at_a, at_b] = [address("a", bytes[0]), address("b", bytes[1])];
    let instance = move |a_out: &str, b_out: &str| {
        format!(
            "   assign {a_out} = 0;\n   SDPX9B #({parameters}) memory_{a_out}(.CLKA(clock), .CLKB(clock), \
             .CEA(a_enable && a_write), .CEB(b_enable), .OCE(1'b1), .RESETA(1'b0), .RESETB(1'b0), \
             .ADA({at_a}), .ADB({at_b}), .BLKSELA(3'b0), .BLKSELB(3'b0), .DI(a_data), .DO({b_out}));\n"
        )
    };
    let [a, b] = bytes;
    ([Port { bytes: a, ..WRITES }, Port { bytes: b, ..READS }], Box::new(instance))
}

fn dpx9b(ports: [Port; 2], first: &str) -> Memory {
    let [a, b] = ports;
    let parameters = format!(
        ".BIT_WIDTH_0({}), .BIT_WIDTH_1({}), .WRITE_MODE0(2'd{}), .WRITE_MODE1(2'd{}), \
         .INIT_RAM_00({first})",
        9 * a.bytes,
        9 * b.bytes,
        u8::from(a.mode == Mode::New),
        u8::from(b.mode == Mode::New)
    );
    let [at_a, at_b] = [address("a", a.bytes), address("b", b.bytes)];
    let instance = move |a_out: &str, b_out: &str| {
        format!(
            "   DPX9B #({parameters}) memory_{a_out}(.CLKA(clock), .CLKB(clock), .CEA(a_enable), \
             .CEB(b_enable), .WREA(a_write), .WREB(b_write), .OCEA(1'b1), .OCEB(1'b1), .RESETA(1'b0), \
             .RESETB(1'b0), .ADA({at_a}), .ADB({at_b}), .BLKSELA(3'b0), .BLKSELB(3'b0), \
             .DIA(a_data[17:0]), .DIB(b_data[17:0]), .DOA({a_out}), .DOB({b_out}));\n"
        )
    };
    (ports, Box::new(instance))
}

#[test]
fn gowin_memories_of_every_width_and_mode() {
    let (bytes, first) = content(&mut Random(4), 18);
    let keeps = Port { mode: Mode::Keeps, ..BOTH };
    let new = Port { mode: Mode::New, ..BOTH };
    let two = |port: Port| Port { bytes: 2, ..port };
    let ports = [[new, keeps], [two(keeps), two(new)], [new, two(new)]];
    let mut memories: Vec<Memory> = ports.map(|ports| dpx9b(ports, &first)).into();
    memories.extend([[4, 4], [1, 2], [4, 1]].map(|bytes| sdpx9b(bytes, &first)));
    check(&format!("{SDPX9B}{DPX9B}"), &bytes, &memories);
}

/// A model that took anything would prove nothing.
#[test]
fn memories_refuse_what_they_do_not_model() {
    let (_, first) = content(&mut Random(4), 18);
    let (_, first_ecp5) = content(&mut Random(3), 20);
    let wide = [4, 4];
    for (model, memory, used, other) in [
        (DP16KD, dp16kd([BOTH, BOTH], &first_ecp5), ".RSTB(1'b0)", ".RSTB(1'b1)"),
        (DP16KD, dp16kd([BOTH, BOTH], &first_ecp5), ".DATA_WIDTH_B(9)", ".DATA_WIDTH_B(4)"),
        (DP16KD, dp16kd([WRITES, READS], &first_ecp5), ".REGMODE_A(\"NOREG", ".REGMODE_A(\"OUTREG"),
        (SDPX9B, sdpx9b(wide, &first), ".BLKSELB(3'b0)", ".BLKSELB(3'b1)"),
        (SDPX9B, sdpx9b(wide, &first), ".INIT_RAM_00", ".READ_MODE(1'b1), .INIT_RAM_00"),
        (DPX9B, dpx9b([BOTH, BOTH], &first), ".WRITE_MODE1(2'd0)", ".WRITE_MODE1(2'd2)"),
    ] {
        let (text, stimulus) = bench(model, &[memory], 8);
        assert!(text.contains(used), "{text}");
        let text = text.replacen(used, other, 1);
        let got = modules::simulate(&Tools::find().unwrap(), &text, TOP, &stimulus);
        let error = got.unwrap_err().to_string();
        assert!(error.contains("it ended with"), "{other}: {error}");
    }
}
