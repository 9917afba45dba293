//! Section 4: what happens to a tile, and when; and what stops the array.

use super::Device;
use crate::text::{Table, grouped};
use gemmine_hdl::accelerator::OPERAND_LATENCY;
use gemmine_hdl::finisher::{ENTRY_CYCLES, HOLD_LATENCY, JOB_CYCLES};
use gemmine_hdl::queue::{ARM_CYCLES, FENCE_LATENCY, NEXT_LATENCY, START_LATENCY};
use gemmine_hdl::sequencer::{CHUNK_STEPS_MIN, start_latency, token_latency};
use gemmine_hdl::{feeder, fold, head, latency, panel_memory, ticket};

/// Steps of the example tile.
const STEPS: usize = 2048;

pub fn section(devices: &[Device]) -> String {
    [steps(), table(devices), holds(devices), stalls()].concat()
}

fn steps() -> String {
    format!(
        "\
## 4. Life of a tile

1. **Load.** The host writes a panel of A' and one of B', or one of them if the other still stands. A word can
   be read {write} cycle after its write.
2. **Commit.** The host adds 1 to the commits of A or B (COMMIT). A tile that waits only for that is loaded
   1 + {FENCE_LATENCY} cycles after the write.
3. **Push.** The fourth word of a descriptor pushes it. It is fetched, and can be loaded, {NEXT_LATENCY} cycles after its
   push or one more after the load of the tile before it, whichever is later, if both fences are met.
4. **Start.** If a tile runs, the next is loaded in the cycle of its last step and follows in the next cycle.
   If none does, it runs {ARM_CYCLES} cycles after its load, {START_LATENCY} after its push.
5. **Steps.** In each cycle one step is taken: P operands of A' and Q of B' leave panel memory ({feeder} cycle in
   the feeder and {lane} in the lane, so {OPERAND_LATENCY} to PE (0, 0)) and meet in PE (i, j) i + j cycles later. A
   chunk's steps are taken once for every slot, then come the next chunk's.
6. **Chunk's end.** The start wave enters the grid {start} cycles after the last step of a chunk and slot and sends
   the sums up their columns; the heads take them from {token} cycles after that step on, two cycles a row. When
   the last slot's are through, the fold word is there.
7. **Tile's end.** The sums of the last chunk (or the tail) leave as results; they are kept if the descriptor
   says so.
8. **Ticket.** One compression of BLAKE3 makes it of the fold register, and it is compared with the bound.
9. **Completion.** {ENTRY_CYCLES} cycles after the later of ticket and last result the completion counts in STATUS and in
   every response.
10. **Next.** Then the job of the tile that runs is read, in {JOB_CYCLES} cycles. Until it is there, the tile's last whole
    chunk is held.
11. **Release.** The host reads the completion and, of a kept tile, its bank; RELEASE frees the bank, POP the
    completion and the place of its descriptor.

A write to RESET drops everything from step 3 on; the next step can be taken {flush} cycles later.

",
        write = panel_memory::WRITE_LATENCY,
        feeder = feeder::LATENCY,
        lane = panel_memory::LATENCY,
        start = 1 + start_latency(OPERAND_LATENCY),
        token = 1 + token_latency(OPERAND_LATENCY),
        flush = latency::reset(),
    )
}

/// A row of numbers, one a device.
fn row(
    table: &mut Table,
    devices: &[Device],
    what: &str,
    formula: &str,
    of: impl Fn(&Device) -> usize,
) {
    let numbers = devices.iter().map(|device| grouped(of(device)));
    table.row([what.to_owned(), formula.to_owned()].into_iter().chain(numbers));
}

fn table(devices: &[Device]) -> String {
    let names = devices.iter().map(|device| device.geometry.to_string());
    let head = ["cycles".to_owned(), "formula".to_owned()];
    let mut table = Table::new(head.into_iter().chain(names));
    let token = 1 + token_latency(OPERAND_LATENCY);
    let around = "2(P-1) + (Q-1)";
    row(&mut table, devices, "push to first step", "", |_| START_LATENCY);
    row(&mut table, devices, "step to PE (0, 0)", "", |_| OPERAND_LATENCY);
    row(&mut table, devices, "first to last step, inclusive", "k D", |device| {
        latency::tile_cycles(device.geometry, STEPS)
    });
    let formula = format!("{} + {around}", token + head::RESULT_LATENCY);
    row(&mut table, devices, "last step to last result", &formula, |device| {
        latency::last_result(device.geometry)
    });
    let formula = format!("{} + {around}", token + 1 + fold::LATENCY);
    row(&mut table, devices, "last step to fold word", &formula, |device| {
        latency::fold_word(device.geometry)
    });
    row(&mut table, devices, "fold word to ticket", "", |_| ticket::LATENCY);
    row(&mut table, devices, "ticket to completion", "", |_| ENTRY_CYCLES);
    row(&mut table, devices, "last step to completion", "sum of the three", |device| {
        latency::completion(device.geometry)
    });
    row(&mut table, devices, "completion to the next job", "", |_| JOB_CYCLES);
    let formula = format!("completion + {}", JOB_CYCLES - 1 - HOLD_LATENCY);
    row(&mut table, devices, "steps that hide all this", &formula, |device| {
        latency::steps_without_hold(device.geometry)
    });
    format!(
        "\
Numbers for k = {STEPS}, computed from the constants that the modules' tests hold the RTL to.

{}
",
        table.draw(),
    )
}

fn holds(devices: &[Device]) -> String {
    let names = devices.iter().map(|device| device.geometry.to_string());
    let mut table = Table::new(["least chunks".to_owned()].into_iter().chain(names));
    for chunk in [CHUNK_STEPS_MIN, 128, 256, 512, 1024] {
        let least = devices.iter().map(|device| {
            let steps = latency::steps_without_hold(device.geometry);
            (1 + steps.div_ceil(chunk * device.geometry.slots())).to_string()
        });
        table.row([format!("{chunk} steps")].into_iter().chain(least));
    }
    format!(
        "\
*Steps that hide all this*: a tile that follows another without a cycle between is never held if it takes so
many steps before its last whole chunk, which is (n - 1) r D of them. So tiles of one shape, without a
tail, run at full speed from so many chunks on:

{}
",
        table.draw(),
    )
}

fn stalls() -> String {
    let mut table = Table::new(["counter", "no step was taken, for", "what removes it"]);
    for row in [
        [
            "STALL_LINK",
            "no descriptor was there: the queue was empty, or the next one was on its way",
            "push earlier; keep two descriptors outstanding or more",
        ],
        [
            "STALL_PANEL",
            "the next descriptor's fences were not met: its panels were not committed",
            "load panels while earlier tiles run, at other words of the lanes; a faster link; reuse one of the panels",
        ],
        [
            "STALL_DRAIN",
            "the tile is kept, and both result banks are taken",
            "read and release banks earlier; keep fewer tiles",
        ],
        [
            "STALL_HASH",
            "the tile reached its last chunk before the tile before was complete and its own job read",
            "more chunks a tile (table above)",
        ],
    ] {
        table.row(row);
    }
    format!(
        "\
### Stalls

A device that is ready (bit 0 of STATUS) either takes a step in a cycle, which MAC counts, or one of four
counters says why not. FULL_MAC counts the steps at which all P Q PEs multiply. BUSY counts the cycles from a
tile's first step until its last result and fold word are out, so FULL_MAC / BUSY is the array's efficiency.

{}",
        table.draw(),
    )
}
