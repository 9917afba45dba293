//! Fmax holds the paths that nextpnr does not time, or not right.

use gemmine_devices::Emitted;
use gemmine_flow::build::{self, Options};
use gemmine_flow::{Board, FlowError, Toolchain};

/// A register that takes a value or a sum: the sums' ways to it lead through tables of three inputs. nextpnr
/// 0.11.1 times none of them, if it is given the netlist as yosys leaves it.
const ADDER: &str = "\
module adder(clock, line_in, line_out, active_out);
    input wire clock, line_in;
    output reg line_out;
    output wire active_out;
    reg [31:0] p, x;
    always @(posedge clock) begin
        p <= {p[30:0], line_in};
        if (p[31]) x <= p; else x <= x + p;
        line_out <= x[31];
    end
    assign active_out = line_out;
endmodule
";

/// A memory, and a multiplier with its registers, with nothing but registers around.
const BLOCKS: &str = "\
module blocks(clock, line_in, line_out, active_out);
    input wire clock, line_in;
    output reg line_out;
    output wire active_out;
    reg [17:0] p, late, word;
    reg [17:0] memory [0:1023];
    wire [17:0] product;
    MULT9X9 #(.AREG(1'b1), .BREG(1'b1), .OUT_REG(1'b1), .PIPE_REG(1'b0), .ASIGN_REG(1'b0), .BSIGN_REG(1'b0),
        .SOA_REG(1'b0), .MULT_RESET_MODE(\"SYNC\")) block (.CLK(clock), .CE(1'b1), .RESET(1'b0), .A(p[8:0]),
        .SIA(9'h0), .ASEL(1'b0), .ASIGN(1'b1), .B(p[17:9]), .SIB(9'h0), .BSEL(1'b0), .BSIGN(1'b1), .DOUT(product));
    always @(posedge clock) begin
        p <= {p[16:0], line_in};
        late <= product;
        memory[p[9:0]] <= late;
        word <= memory[late[9:0]];
        line_out <= word[17] ^ word[0];
    end
    assign active_out = line_out;
endmodule
";

/// A DSP block of an iCE40 with registers in front and behind, among others.
const MAC: &str = "\
module mac(clock, line_in, line_out, active_out);
    input wire clock, line_in;
    output reg line_out;
    output wire active_out;
    reg [31:0] p;
    wire [31:0] products;
    SB_MAC16 #(.MODE_8x8(1'b1), .A_SIGNED(1'b1), .B_SIGNED(1'b1), .A_REG(1'b1), .B_REG(1'b1),
        .TOP_8x8_MULT_REG(1'b1), .BOT_8x8_MULT_REG(1'b1), .TOPOUTPUT_SELECT(2'b10), .BOTOUTPUT_SELECT(2'b10)) block (
        .CLK(clock), .CE(1'b1), .A(p[15:0]), .B(p[31:16]), .C(16'h0), .D(16'h0), .AHOLD(1'b0), .BHOLD(1'b0),
        .CHOLD(1'b0), .DHOLD(1'b0), .IRSTTOP(1'b0), .IRSTBOT(1'b0), .ORSTTOP(1'b0), .ORSTBOT(1'b0),
        .OLOADTOP(1'b0), .OLOADBOT(1'b0), .ADDSUBTOP(1'b0), .ADDSUBBOT(1'b0), .OHOLDTOP(1'b0), .OHOLDBOT(1'b0),
        .CI(1'b0), .ACCUMCI(1'b0), .SIGNEXTIN(1'b0), .O(products));
    always @(posedge clock) begin
        p <= {p[30:0], line_in};
        line_out <= ^products;
    end
    assign active_out = line_out;
endmodule
";

/// Builds a stand-in for a device.
fn build(board: &str, verilog: &str, top: &str) -> Result<gemmine_flow::Report, FlowError> {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        seeds: vec![1],
        out: folder.path().to_owned(),
        allow_timing_failure: true,
        command: "a test".into(),
        source_commit: "a test".into(),
    };
    let board = Board::find(board).unwrap();
    let (plan, toolchain) = (board.plan().unwrap(), Toolchain::pinned().unwrap());
    let device = Emitted { verilog: verilog.to_owned(), top: top.into(), build: 0 };
    let built = build::build(&board, &plan, &device, &options, &toolchain, &|| false, &mut |_| ());
    built.map(|built| built.report)
}

#[test]
fn a_sum_that_passes_a_table_is_in_fmax() {
    let report = build("tang-nano-9k", ADDER, "adder").unwrap();
    let path = report.critical_path.unwrap();
    assert!(path.from.starts_with("device.p_") || path.from.starts_with("device.x_"), "{path:?}");
    assert!(path.to.starts_with("device.x_"), "{path:?}");
    // Clock to output, into the chain, 30 carries, out of it, a table and setup, by the part's figures in ns.
    let least = 0.458 + 0.55 + 30.0 * 0.043 + 0.528 + 0.626 + 0.4;
    assert!(path.delay_ns > least, "{path:?}");
    assert!(report.fmax_mhz < 1000.0 / least, "{}", report.fmax_mhz);
    assert!((1000.0 / path.delay_ns - report.fmax_mhz).abs() < 0.01, "{path:?}");
}

#[test]
fn memories_are_in_fmax_and_multipliers_in_the_caveats() {
    let report = build("tang-nano-9k", BLOCKS, "blocks").unwrap();
    // Clock to data of a block RAM without its output register takes 3.46 ns, and setup 0.4 ns.
    assert!(report.critical_path.unwrap().delay_ns > 3.86);
    let [caveat] = &report.caveats[..] else { panic!("{:?}", report.caveats) };
    assert!(caveat.contains("MULT9X9, so Fmax does not hold what 1 of them take"), "{caveat}");
}

#[test]
fn a_dsp_block_of_an_ice40_takes_what_icestorm_says() {
    let report = build("icebreaker", MAC, "mac").unwrap();
    let path = report.critical_path.unwrap();
    assert!(path.from.ends_with("_DSP.CLK"), "{path:?}");
    // Clock to output, three tables on the way to the fourth, and setup, in ns.
    assert!(path.delay_ns - path.routing_ns > 2.12 + 2.0 * 0.874 + 0.824, "{path:?}");
    assert!((1000.0 / path.delay_ns - report.fmax_mhz).abs() < 0.01, "{path:?}");
    assert!(report.caveats[0].contains("of which there are 1"), "{:?}", report.caveats);

    let open = MAC.replace("OUTPUT_SELECT(2'b10)", "OUTPUT_SELECT(2'b00)");
    let error = build("icebreaker", &open, "mac").unwrap_err().to_string();
    assert!(error.contains("has no register in front or behind"), "{error}");
}
