//! The count on Verilog by hand, and of modules that were counted by hand.

use rust_hdl_core::prelude::*;

use super::*;
use crate::emit;
use crate::multiplier_pair::MultiplierPair;
use crate::multipliers::Kind;

const BY_HAND: &str = "\
// chip

module chip_top(clock,q);

    // Module arguments
    input wire  clock;
    output reg  [3:0] q;

    // Sub module instances
    chip_register_u4 low(
        .d(low$d)
    );
    chip_half left(
        .clock(clock)
    );
    chip_half right(
        .clock(clock)
    );

    always @(*) begin
        enough = (q) <= (low$q);
    end
endmodule

module chip_half(clock);
    chip_register_u4 four(
        .d(d)
    );
    chip_register_u1 one(
        .d(d)
    );
    chip_memory memory(
        .d(d)
    );
    chip_multiplier multiplier(
        .d(d)
    );
endmodule

module chip_register_u4(d,q,clock);
    input wire  [3:0] d;
    output reg  [3:0] q;
    always @(posedge clock) begin
       q <= d;
    end
endmodule

module chip_register_u1(d,q,clock);
    input wire  d;
    output reg  q;
    always @(posedge clock) begin
       q <= d;
    end
endmodule

module chip_memory(d);
    output reg  [7:0] read_data;
    reg[7:0] mem[255:0];
    always @(posedge read_clock) begin
       read_data <= mem[read_address];
    end
    always @(posedge write_clock) begin
       if (write_enable) begin
          mem[write_address] <= write_data;
       end
    end
endmodule

module chip_multiplier(d);
    reg signed [17:0] product;
    reg signed [17:0] late_product;
    always @(posedge clock) begin
       product <= a_in * b_in;
       late_product <= product;
    end
endmodule
";

#[test]
fn registers_memories_and_multipliers_are_counted() {
    let modules = Modules::new(BY_HAND);
    let half = Resources {
        flip_flops: 5,
        memories: BTreeMap::from([((256, 8), 1)]),
        multipliers: 1,
        multiplier_flip_flops: 36,
    };
    assert_eq!(modules.resources("chip_half"), half);
    let top = Resources {
        flip_flops: 14,
        memories: BTreeMap::from([((256, 8), 2)]),
        multipliers: 2,
        multiplier_flip_flops: 72,
    };
    assert_eq!(modules.resources("chip_top"), top);
    assert_eq!(top.memory_bits(), 4096);
    let rest = Resources { flip_flops: 4, ..Resources::default() };
    let parts = [("left", half.clone()), ("right", half), ("", rest)];
    assert_eq!(modules.parts("chip_top"), parts);
    assert_eq!(modules.resources("chip_none"), Resources::default());
    assert_eq!(modules.kind("chip_top", "left"), Some("chip_half"));
    let missing = ["", "middle", "left.left.left", "chip_half"];
    assert!(missing.iter().all(|path| modules.kind("chip_top", path).is_none()));
}

fn count<B: Block + Default>() -> Resources {
    let mut block = B::default();
    block.connect_all();
    Modules::new(&emit::verilog(&block, "gemmine_part").unwrap()).resources("gemmine_part")
}

/// Flip-flops as the structs of the modules list them.
#[test]
fn modules_have_what_their_sources_say() {
    // A PE: two operands of 9 bits, a start, a sum and a chain of 26.
    let pe = count::<crate::pe::Pe>();
    assert_eq!((pe.flip_flops, pe.multipliers), (9 + 9 + 1 + 26 + 26, 0));
    // Two products: two operands of 9 bits and two registers of 18 each.
    let pair = count::<MultiplierPair>();
    assert_eq!(
        (pair.flip_flops, pair.multipliers, pair.multiplier_flip_flops),
        (0, 2, 2 * (9 + 9 + 18 + 18))
    );
    for (kind, products) in [
        (Kind::SbMac16, 2),
        (Kind::Mult18x18d, 2),
        (Kind::Mult9x9, 2),
        (Kind::Mult9x9Piped, 2),
        (Kind::PairSums, 0),
        (Kind::Rows, 0),
    ] {
        let mut pair = MultiplierPair::new(kind, kind);
        pair.connect_all();
        let text = emit::verilog(&pair, "gemmine_pair").unwrap();
        assert_eq!(Modules::new(&text).resources("gemmine_pair").multipliers, products, "{kind:?}");
    }
    // Two halves of 24 bits and a carry.
    assert_eq!(count::<crate::counter::Counter>().flip_flops, 2 * 24 + 1);
    // busy, low, 8 bits of data, 4 of position, 25 of phase.
    assert_eq!(count::<crate::uart_tx::UartTx>().flip_flops, 1 + 1 + 8 + 4 + 25);
    // Three bytes and an operand.
    assert_eq!(count::<crate::panel_lane::PanelLane>().flip_flops, 3 * 8 + 9);
    // Two bits of a lane, an address and a word; four lanes of 2^R words of 32 bits.
    let group = count::<crate::panel_group::PanelGroup<6>>();
    assert_eq!(group.flip_flops, 2 + 6 + 32);
    assert_eq!(group.memories, BTreeMap::from([((256, 32), 1)]));
    // length, busy, octet, looking, two seen, place, two looked, code, next, at_end, first, five sends,
    // left.
    let encoder = count::<crate::frame_encoder::FrameEncoder>();
    assert_eq!(encoder.flip_flops, 9 + 1 + 8 + 1 + 2 + 9 + 2 * 9 + 8 + 9 + 1 + 9 + 5 + 8);
    assert_eq!(encoder.memory_bits(), 8 * 512);
}
