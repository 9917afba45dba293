//! Section 2: registers, windows, and where lanes and results stand in them.

use crate::text::{Table, bits, grouped, plain};
use gemmine_hdl::accelerator::{ADDRESS_CYCLES, READ_LATENCY};
use gemmine_hdl::devices::PANEL_WORD_BITS;
use gemmine_hdl::geometry::{Geometry, TILE};
use gemmine_hdl::registers::*;
use gemmine_hdl::sources::NOISE_STEP_BITS;

/// The geometry of the worked examples.
const EXAMPLE: Geometry = Geometry::new(8, 4);

pub fn section() -> String {
    let mut text = format!(
        "\
## 2. Address map

Words of 32 bits by word address, {ADDRESS_BITS} bits of it. What is not listed reads as 0, and writes to it are
lost. On the bus a word is written in one cycle and read {READ_LATENCY} cycles after its address, which stands for {ADDRESS_CYCLES}.
Source: [`registers.rs`](src/registers.rs).

"
    );
    text.push_str(&windows());
    text.push_str("\n### Registers\n\n");
    text.push_str(&registers());
    text.push_str(
        "
Counters of 48 bits stand in two words of 24; the high word follows a carry one cycle later, so read
high, low, high again if it may be counting. Those from BUSY on are swept every 48 cycles, so a word
is up to 58 cycles old. Together the steps (MAC) and the four stalls count every
cycle in which the device is ready, see section 4.
",
    );
    text.push_str(&entries());
    text.push_str(&panels());
    text.push_str(&results());
    text
}

fn address(address: u32) -> String {
    format!("0x{address:05x}")
}

fn windows() -> String {
    let mut table = Table::new(["from", "words", "access", "what"]);
    let panel_words = (TILE << PANEL_WORD_BITS) as u32;
    let slots = RESULT_BANKS * (TILE * TILE) as u32;
    for (from, words, access, what) in [
        (0, DESCRIPTORS, "R, W", "registers"),
        (
            DESCRIPTORS,
            QUEUE * DESCRIPTOR_WORDS,
            "W",
            "descriptors: every fourth word pushes one, so that a burst pushes up to 16",
        ),
        (JOBS, JOB_SLOTS * JOB_WORDS, "W", "job slots"),
        (
            COMPLETIONS,
            QUEUE * COMPLETION_WORDS,
            "R",
            "completions; the nth since the last reset stands in entry n mod 16",
        ),
        (RESULTS, slots, "R", "product tiles, a bank behind the other"),
        (PANELS_A, panel_words, "W", "panel memory of A'"),
        (PANELS_B, panel_words, "W", "panel memory of B'"),
    ] {
        table.row([address(from), grouped(words as usize), access.into(), what.into()]);
    }
    format!(
        "{}\nEach panel memory has a window of {} words; behind the words listed it must not be written.\n",
        table.draw(),
        grouped((PANELS_B - PANELS_A) as usize),
    )
}

fn registers() -> String {
    let mut sorted: Vec<&Register> = TABLE.iter().collect();
    sorted.sort_by_key(|register| (register.address, register.access == Access::Write));
    let mut table = Table::new(["address", "name", "access", "fields"]);
    let fallback = FALLBACK_ERRORS.to_string();
    for register in sorted {
        let access = match register.access {
            Access::Read => "R",
            Access::Write => "W",
        };
        let meaning = plain(register.meaning, &[("FALLBACK_ERRORS", &fallback)]);
        table.row([
            format!("{} (0x{:02x})", register.address, register.address),
            register.name.to_owned(),
            access.to_owned(),
            meaning,
        ]);
    }
    table.draw()
}

fn fields(fields: &[Field]) -> String {
    let mut table = Table::new(["word", "bits", "field", "meaning"]);
    for field in fields {
        let last = field.word + field.words - 1;
        let word = if field.words == 1 {
            field.word.to_string()
        } else {
            format!("{}..{last}", field.word)
        };
        table.row([
            word,
            bits(field.low, field.bits),
            format!("`{}`", field.name),
            field.meaning.to_owned(),
        ]);
    }
    table.draw()
}

fn entries() -> String {
    format!(
        "
### A descriptor: {DESCRIPTOR_WORDS} words from {}

{}
Writing the last word pushes it; {QUEUE} may be outstanding, from the push to the pop of the completion. One
more is lost and sets its bit in ERROR. A fence is met from its commit on until 127 commits later. A tile
reads whole words of its panels: every chunk begins with a new one.

### A job slot: {JOB_WORDS} words, slot s from {} + {JOB_WORDS} s

{}
Each low word first. A slot is read when the tile before is complete and the one that names it runs; write
it only while no descriptor that names it is outstanding.

### The seed of a scan of Amadeus: {} words, job slots 0 and 1, or 2 and 3

{}
A descriptor whose `scan` is set names the first of the two; its panels, and `unsigned_a`, say where and how the
array reads what the device grows: words 0 and 0, and u8. One chunk has 64 steps. A scan ends behind the attempt
that runs when a hit is found, or behind the last one: with one completion for all of its attempts, so the hits
of a scan are among its last two. It leaves nothing of panel memory, and while it runs results can't be read.

### The seed of a scan of Pearl: as many words, in the same slots

{}
With `noise` set as well, the device grows Pearl's noise and multiplies it: tiles of matrices that are all zeros,
which the network takes and nobody uses. Words 0 and 0 again, i8, no tail, nothing kept; one chunk has 128 steps,
a tile up to {}, and no more than a lane of A' has. The tiles of a row come one behind the other, then
those of the next row; a scan may end in the middle of one. It ends like one of Amadeus; every tile has a ticket,
and is counted.

### A completion: {COMPLETION_WORDS} words, entry n from {} + {COMPLETION_WORDS} n

{}
Words that are not listed read as 0. An entry stands until its completion is popped.
",
        address(DESCRIPTORS),
        fields(&DESCRIPTOR_FIELDS),
        address(JOBS),
        fields(&JOB_FIELDS),
        2 * JOB_WORDS,
        fields(&SEED_FIELDS),
        fields(&NOISE_SEED_FIELDS),
        grouped(1 << NOISE_STEP_BITS),
        address(COMPLETIONS),
        fields(&COMPLETION_FIELDS),
    )
}

/// Where the lanes of a side begin, for the worked example.
fn lanes(window: u32, width: usize) -> Vec<String> {
    let begin = |lane| window + panel_address(width, PANEL_WORD_BITS, lane);
    (0..TILE).map(|lane| address(begin(lane))).collect()
}

fn panels() -> String {
    let (rows, columns) = (EXAMPLE.rows(), EXAMPLE.columns());
    let mut table = Table::new(["lane", "row of A' from", "column of B' from"]);
    let sides = lanes(PANELS_A, rows).into_iter().zip(lanes(PANELS_B, columns));
    for (lane, (a, b)) in sides.enumerate() {
        table.row([lane.to_string(), a, b]);
    }
    let (lane, step) = (10, 101);
    let (physical, group) = (lane % rows, lane / rows);
    let word = PANELS_A + panel_address(rows, PANEL_WORD_BITS, lane) + step / 4;
    format!(
        "
### Panel memory

A word holds four steps of a lane, the first in its low byte. A lane (a row of A' or a column of B', 0 to
{}) has {} words, and a panel begins at any of them (`a_word`, `b_word`); behind the last comes the first.
Lane l stands, with w = P for A' and w = Q for B', from word

    ((l mod w) * ({TILE}/w) + l / w) * {}

of its window on: physical lane i of the array holds the lanes i, i + w, i + 2w, .. behind each other.

Example, {EXAMPLE}: lane {lane} of A' is in physical lane {lane} mod {rows} = {physical}, as its number {group} of {}. Its
first word is {}; step {step} of a panel that begins at word 0 is byte {} of word
{}.

{}",
        TILE - 1,
        grouped(1 << PANEL_WORD_BITS),
        1 << PANEL_WORD_BITS,
        TILE / rows,
        address(word - step / 4),
        step % 4,
        address(word),
        table.draw(),
    )
}

fn results() -> String {
    let across = TILE / EXAMPLE.columns();
    let (bank, row, column) = (1, 9, 6);
    let slot = row / EXAMPLE.rows() * across + column / EXAMPLE.columns();
    let place = RESULTS + result_address(EXAMPLE, bank, row, column);
    format!(
        "
### Product tiles

Two's complement, 256 words a bank. Result (i, j) of the tile is number (i mod P) of slot
s = (i / P) * ({TILE}/Q) + j / Q in column (j mod Q) of the array, and stands at word

    {} + bank * 256 + (j mod Q) * (256/Q) + s * P + i mod P

Example, {EXAMPLE}: result ({row}, {column}) is number {} of slot {slot} in column {}; in bank {bank} it stands at {}.
",
        address(RESULTS),
        row % EXAMPLE.rows(),
        column % EXAMPLE.columns(),
        address(place),
    )
}
