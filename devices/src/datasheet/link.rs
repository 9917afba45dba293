//! Section 3: frames, the protocol, examples byte by byte, rates, and what happens when it breaks.

use crate::text::{Table, bytes, grouped, plain, words};
use gemmine_hdl::endpoint::{
    ACKNOWLEDGE_LATENCY, REFUSAL_LATENCY, RESPONSE_LATENCY, WRITE_LATENCY,
};
use gemmine_hdl::frame::{self, Opcode, Request, Response, Status};
use gemmine_hdl::frame_decoder;
use gemmine_hdl::frame_encoder::GROUP_LATENCY;
use gemmine_hdl::registers::{
    DESCRIPTOR_FIELDS, DESCRIPTOR_WORDS, DESCRIPTORS, FALLBACK_ERRORS, ID, ID_VALUE,
};
use gemmine_hdl::uart_tx::baud_increment;

/// Items of the protocol's text by their names on the line.
const NAMES: &[(&str, &str)] = &[
    ("Opcode", "opcode"),
    ("Opcode::Sync", "SYNC"),
    ("Status", "status"),
    ("Status::Gap", "GAP"),
    ("Status::Repeat", "REPEAT"),
    ("Status::Refused", "REFUSED"),
];

/// Baud rates that hosts use.
const RATES: [u64; 11] = [
    115_200, 230_400, 460_800, 921_600, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 6_000_000,
    8_000_000, 12_000_000,
];
const CLOCKS_HZ: [u64; 3] = [24_000_000, 48_000_000, 100_000_000];
/// Cycles that the watchdog counts in.
const WATCHDOG_CYCLES: u64 = 1 << 16;

pub fn section() -> String {
    let protocol = plain(include_str!("../../../hdl/src/frame/protocol.md"), NAMES);
    [
        "## 3. Serial link\n\n8 data bits, no parity, one stop bit. Source: [`frame.rs`](src/frame.rs).\n\n",
        &protocol.replace("# Protocol", "### Protocol\n"),
        &codes(),
        &examples(),
        &rates(),
        &latencies(),
    ]
    .concat()
}

fn codes() -> String {
    let mut table = Table::new(["", "code", "meaning"]);
    for (name, code, meaning) in [
        ("SYNC", Opcode::Sync as u8, "which number is expected?"),
        ("READ", Opcode::Read as u8, "read `count` words"),
        ("WRITE", Opcode::Write as u8, "write `count` words"),
    ] {
        table.row([format!("opcode {name}"), code.to_string(), meaning.into()]);
    }
    for (name, code, meaning) in [
        ("DONE", Status::Done as u8, "carried out"),
        ("GAP", Status::Gap as u8, "a request before it is missing; nothing was done"),
        ("REPEAT", Status::Repeat as u8, "it was done before; nothing was done again"),
        ("REFUSED", Status::Refused as u8, "it makes no sense; nothing was done"),
    ] {
        table.row([format!("status {name}"), code.to_string(), meaning.into()]);
    }
    format!(
        "\n{}\nA request reads or writes at most {} words; the longest frame has {} with its CRC. Keep at most {}
requests on their way. The CRC register of a receiver holds {:#010x} behind a whole frame.\n",
        table.draw(),
        frame::PAYLOAD_WORDS_MAX,
        frame::FRAME_WORDS_MAX,
        frame::WINDOW_MAX,
        frame::CRC_RESIDUE,
    )
}

fn example(title: &str, request: &Request, response: &Response) -> String {
    let lines = |name: &str, frame: &[u32], line: &[u8]| {
        let line: Vec<String> = line.chunks(24).map(bytes).collect();
        let indent = format!("\n{:17}", "");
        format!("{name:8} words   {}\n{:8} line    {}\n", words(frame), "", line.join(&indent))
    };
    format!(
        "\n{title}\n\n```text\n{}{}```\n",
        lines("request", &request.words(), &request.encode()),
        lines("response", &response.words(), &response.encode()),
    )
}

/// Words of a descriptor with the given fields.
fn descriptor(values: &[(&str, u32)]) -> [u32; DESCRIPTOR_WORDS as usize] {
    let mut entry = [0; DESCRIPTOR_WORDS as usize];
    for field in &DESCRIPTOR_FIELDS {
        if let Some((_, value)) = values.iter().find(|(name, _)| *name == field.name) {
            field.put(&mut entry, *value);
        }
    }
    entry
}

fn examples() -> String {
    let done = |expected, sequence, data: &[u32]| Response {
        expected,
        status: Status::Done,
        sequence,
        completions: 0,
        data: data.to_vec(),
    };
    let request = |sequence, opcode, count, address, data: &[u32]| Request {
        sequence,
        opcode,
        count,
        address,
        data: data.to_vec(),
    };
    let number = 0xcafe_f00d;
    let shape = [
        ("tag", 7),
        ("chunk_last", 63),
        ("chunks_last", 31),
        ("want_tile", 1),
        ("a_fence", 1),
        ("b_fence", 1),
    ];
    let pushed = descriptor(&shape);
    [
        "\n### Examples\n\nWords without the CRC, then the bytes on the line, all hexadecimal. The device has just powered up.\n",
        &example(
            "SYNC with number 0xcafef00d: the device expects sequence number 0.",
            &request(0, Opcode::Sync, 0, number, &[]),
            &done(0, 0, &[number]),
        ),
        &example(
            "READ of one word, the register ID.",
            &request(0, Opcode::Read, 1, ID, &[]),
            &done(1, 0, &[ID_VALUE]),
        ),
        &example(
            "WRITE of four words pushes a descriptor: tag 7, panels from word 0 of their lanes, 32 chunks of 64\nsteps, keep the tile, job slot 0, behind the first commits of A and B.",
            &request(1, Opcode::Write, DESCRIPTOR_WORDS as u16, DESCRIPTORS, &pushed),
            &done(2, 1, &[]),
        ),
    ]
    .concat()
}

/// Rate and increment at a clock: the increment, the rate that it makes, its error, cycles a bit.
fn rate(baud: u64, clock_hz: u64) -> Option<[String; 3]> {
    let increment = u64::from(baud_increment(baud, clock_hz)?);
    // In tenths of a baud and of a millionth.
    let actual = (increment * clock_hz * 10 + (1 << 23)) >> 24;
    let error = (i128::from(actual) - i128::from(baud * 10)) * 1_000_000 / i128::from(baud);
    let sign = if error < 0 { "-" } else { "+" };
    let actual = format!("{}.{}", grouped((actual / 10) as usize), actual % 10);
    let error = error.unsigned_abs();
    Some([increment.to_string(), actual, format!("{sign}{}.{}", error / 10, error % 10)])
}

fn rates() -> String {
    let mut table = Table::new(["baud".to_owned()].into_iter().chain(
        CLOCKS_HZ.into_iter().flat_map(|clock| {
            let clock = clock / 1_000_000;
            [format!("BAUD, {clock} MHz"), "actual".into(), "error, ppm".into()]
        }),
    ));
    for baud in RATES {
        let cells = CLOCKS_HZ.into_iter().flat_map(|clock| rate(baud, clock).unwrap_or_default());
        table.row([grouped(baud as usize)].into_iter().chain(cells));
    }
    let milliseconds = |cycles: u64, clock: u64| {
        let tenths = cycles * 10_000 / clock;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let mut watchdog = Table::new(["clock", "one unit, ms", "longest, ms"]);
    for clock in CLOCKS_HZ {
        watchdog.row([
            format!("{} MHz", clock / 1_000_000),
            milliseconds(WATCHDOG_CYCLES, clock),
            milliseconds(WATCHDOG_CYCLES * 0xffff, clock),
        ]);
    }
    format!(
        "
### Rates

BAUD holds bits a cycle in 2^-24: round(baud * 2^24 / clock). A bit lasts two cycles at least; where a cell
is empty, the clock is too slow. What the increment makes is exact in the mean, and ten bits are off by
less than a cycle; the error below is the rounding of the increment.

{}
The device starts at its first rate, of its build. A write to BAUD_SET holds from the end of its response
on. {FALLBACK_ERRORS} damaged frames and bytes without a stop bit, without a whole frame between, bring the first rate
back: a host that is lost sends such garbage at the first rate, a zero now and then, until a SYNC is
answered. A rate that works stays, however long the line is silent.

The watchdog is off until WATCHDOG is written. When no whole frame has come for that many units of {} cycles,
the first rate is back; with descriptors outstanding the device also resets its work, as a write to RESET
does, and sets bit 2 of ERROR.

{}",
        table.draw(),
        grouped(WATCHDOG_CYCLES as usize),
        watchdog.draw(),
    )
}

fn latencies() -> String {
    let decoded = frame_decoder::LATENCY;
    let mut table = Table::new(["from", "to", "cycles"]);
    for (from, to, cycles) in [
        ("a frame's zero byte is received", "the frame is whole (`good`)", decoded.to_string()),
        (
            "`good` of a WRITE",
            "its first word on the bus, then one a cycle",
            WRITE_LATENCY.to_string(),
        ),
        (
            "last word on the bus",
            "its acknowledgement goes to the encoder",
            ACKNOWLEDGE_LATENCY.to_string(),
        ),
        (
            "`good` of a READ of n words or a SYNC (n = 1)",
            "its response goes to the encoder",
            format!("{RESPONSE_LATENCY} + 4 n"),
        ),
        (
            "`good` of a request that is not done",
            "its response goes to the encoder",
            REFUSAL_LATENCY.to_string(),
        ),
        (
            "response goes to the encoder",
            "first byte on the line, with n bytes in front of the first zero",
            format!("{GROUP_LATENCY} + n + 1"),
        ),
    ] {
        table.row([from.to_owned(), to.to_owned(), cycles]);
    }
    format!("\n### Latency of the link\n\n{}", table.draw())
}
