//! Section 1: what the device is, its parts, and the devices that are built.

use super::Device;
use crate::text::{Table, grouped};
use gemmine_hdl::devices::PANEL_WORD_BITS;
use gemmine_hdl::geometry::TILE;
use gemmine_hdl::latency;
use gemmine_hdl::registers::{JOB_SLOTS, QUEUE, RESULT_BANKS};
use gemmine_hdl::sequencer::{CHUNK_STEPS_MIN, FLUSH_CYCLES};

const DIAGRAM: &str = "\
```text
            +------------------------------------------------------------------------+
 line_in -->| UartRx => FrameDecoder => Endpoint        LineControl: rate, watchdog  |
            |                           |     ^                                      |--> active_out
line_out <--| UartTx <= FrameEncoder <--'     | bus: write, address, data            |
            |                                 v                                      |
            |    .============.============.==+=============.=============.          |
            |    v            v            v                v             v          |
            |  Queue     PanelMemory  RegisterFile       Results       Finisher      |
            |    |         A'    B'   identity,             ^          jobs, ticket, |
            |    v         |     |    counters              |          completions   |
            |  Sequencer   |     |                          |             ^          |
            |  |      |    |     |    .--- Array ---.       |             |          |
            |  |      v    |     '===>|  P x Q PEs  |=======' results     |          |
            |  |   Feeder  '=========>|    Heads    |                     |          |
            |  |   (addresses of A'   |    Fold     |==== fold words ====='          |
            |  |    and B' panels)    |             |                                |
            |  '--- start, tokens --->'-------------'                                |
            +------------------------------------------------------------------------+
```
";

pub fn section(devices: &[Device]) -> String {
    let mut text = format!(
        "\
## 1. The device

A device multiplies panels of two int8 matrices tile by tile, and mines while it does: at every chunk's
end it folds the sums of the tile, and the tile's end gives a ticket, which is compared with the job's
bound. One clock, two wires for a serial line, nothing else; the host writes panels to on-chip memory,
pushes up to {QUEUE} descriptors, and gets one completion for each of them, in their order. {RESULT_BANKS} product
tiles can be kept until the host has read them, and {JOB_SLOTS} jobs stand ready. Tiles follow each other without a cycle between as long as the host keeps up: folding, draining and hashing cost the array
nothing (section 4 says when).

Registers power up as 0, there is no reset wire. The device can take its first step {FLUSH_CYCLES} cycles after
power-up, and {} after the host has written RESET, when the array has emptied itself; the bus works at once.

{DIAGRAM}
| port         | bits | meaning                                                             |
| ------------ | ---: | ------------------------------------------------------------------- |
| `clock`      |    1 | clock, rising edge                                                  |
| `line_in`    |    1 | from the host's transmitter, of any clock                           |
| `line_out`   |    1 | to the host's receiver                                              |
| `active_out` |    1 | something will happen without the host: work goes on, or a response |

### Devices that are built

",
        latency::reset(),
    );
    let mut table = Table::new([
        "device",
        "P",
        "Q",
        "PEs",
        "accumulators a PE",
        "panel steps a lane",
        "MACs a cycle",
        "flip-flops",
        "memory, Kibit",
        "multipliers",
    ]);
    for device in devices {
        let geometry = device.geometry;
        table.row([
            geometry.to_string(),
            geometry.rows().to_string(),
            geometry.columns().to_string(),
            geometry.pes().to_string(),
            geometry.slots().to_string(),
            grouped(4 << PANEL_WORD_BITS),
            geometry.pes().to_string(),
            grouped(device.resources.flip_flops),
            grouped(device.resources.memory_bits() / 1024),
            device.resources.multipliers.to_string(),
        ]);
    }
    text.push_str(&table.draw());
    text.push_str(&format!(
        "
A PE computes one sum a *slot*; a tile has D = {}/(P Q) slots, the accumulators a PE. Operands are i8 x i8
or u8 x i8, sums 32 bits. A chunk has {CHUNK_STEPS_MIN} to {} steps. The last three columns are counted in
the Verilog, see section 6.
",
        TILE * TILE,
        gemmine_hdl::pe::CHUNK_STEPS_MAX,
    ));
    text
}
