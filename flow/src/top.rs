//! A board's top module: PLL, device, light.
//!
//! ```text
//!               +----------------------------------------------+
//!  oscillator ->| PLL => generated => gate => clock => device  |
//!     line_in ->|   `> locked => wait --^                      |-> line_out
//!               |                                  active_out  |-> led
//!               +----------------------------------------------+
//! ```
//!
//! # Why
//! The device has no reset: it powers up in a state of its own, which a clock that is still looking for its
//! frequency could spoil. So its clock begins when the PLL has been locked for a while, and stops when it is
//! no more. The while is 10 microseconds at least, since an iCE40's block RAM reads wrong for a few of them behind
//! configuration.
//!
//! | family | what opens and closes without a glitch | what counts |
//! |---|---|---|
//! | ECP5 | `DCCA` | the oscillator |
//! | Gowin | `DQCE`, which nextpnr puts into the clock's own spine | the oscillator |
//! | iCE40 | a table in front of an `SB_GB`, opened behind a falling edge | the PLL's clock: at a PLL's own pad, nothing else gets the oscillator |

use gemmine_devices::Emitted;

use crate::board::{Board, Family, PllInput};
use crate::error::FlowError;
use crate::pll::{Plan, Setting};

/// Name of the module.
pub const TOP: &str = "gemmine_board";
/// Name of the net that clocks the device.
pub const CLOCK_NET: &str = "clock";

/// Name of the net that the PLL drives, in front of the gate.
pub const GENERATED_NET: &str = "generated";
/// Name of the cell that an iCE40's device clock comes from.
pub const GATE_BUFFER: &str = "gate_buffer";
/// How long the PLL has been locked when the device's clock begins, at least.
const WAIT_US: u64 = 10;

/// Cycles of a clock of so many hertz that are counted until the device's clock begins.
fn wait_cycles(hertz: u64) -> u64 {
    (hertz * WAIT_US).div_ceil(1_000_000).max(2).next_power_of_two()
}

/// Cycles from the PLL's lock to the device's first one, of the clock that is counted: two registers, and the wait.
pub(crate) fn cycles_from_lock(family: Family, plan: &Plan) -> u64 {
    let counted = match family {
        Family::Ice40 => plan.output_hz(),
        Family::Ecp5 | Family::Gowin => plan.oscillator_hz,
    };
    2 + wait_cycles(counted)
}

/// What counts how long the PLL has been locked, in cycles of a clock of so many hertz, and says `stable`. Until
/// the PLL is locked nothing in it changes, so that a clock that is too fast for it does no harm.
fn wait(clock: &str, hertz: u64) -> String {
    let top = wait_cycles(hertz).trailing_zeros();
    let bits = top + 1;
    format!(
        "    reg [1:0] seen = 2'h0;
    reg [{top}:0] wait_count = {bits}'h0;
    wire stable = wait_count[{top}];
    always @(posedge {clock}) begin
        seen <= {{seen[0], locked}};
        wait_count <= !seen[1] ? {bits}'h0 : stable ? wait_count : wait_count + {bits}'h1;
    end
"
    )
}

/// What lets the PLL's clock through to the device; see the module's documentation.
fn gate(family: Family, plan: &Plan) -> String {
    match family {
        // The table's other input changes while the clock is low, with half a cycle of time for it.
        Family::Ice40 => format!(
            "{}    reg open = 1'b0;
    always @(negedge {GENERATED_NET}) open <= stable;
    wire gated;
    (* keep *) SB_LUT4 #(.LUT_INIT(16'h8888)) gate (
        .I0(core), .I1(open), .I2(1'b0), .I3(1'b0), .O(gated)
    );
    SB_GB {GATE_BUFFER} (.USER_SIGNAL_TO_GLOBAL_BUFFER(gated), .GLOBAL_BUFFER_OUTPUT({CLOCK_NET}));
",
            wait(GENERATED_NET, plan.output_hz())
        ),
        Family::Ecp5 => format!(
            "{}    DCCA gate (.CLKI({GENERATED_NET}), .CE(stable), .CLKO({CLOCK_NET}));\n",
            wait("oscillator", plan.oscillator_hz)
        ),
        Family::Gowin => format!(
            "{}    DQCE gate (.CLKIN({GENERATED_NET}), .CE(stable), .CLKOUT({CLOCK_NET}));\n",
            wait("oscillator", plan.oscillator_hz)
        ),
    }
}

/// The Verilog of a board's top module and all below it.
///
/// # Errors
/// If the part's PLL is of another family than the board's, which no definition leads to.
pub fn verilog(board: &Board, plan: &Plan, device: &Emitted) -> Result<String, FlowError> {
    let definition = &board.definition;
    let (pll, gate) = (pll(board, plan)?, gate(definition.family, plan));
    // Devices that can be held until the clock is stable have a port for it.
    let hold = if has_port(device, "hold_in") { ".hold_in(!locked), " } else { "" };
    let led = if definition.led.active_low { "!active" } else { "active" };
    let (geometry, hertz) = (definition.device.geometry, plan.output_hz());
    let (top, build) = (&device.top, device.build);
    Ok(format!(
        "// {TOP}: {name}, {geometry} array at {hertz} Hz, BUILD {build:08x}. Written by gemmine.\n\
         module {TOP}(input oscillator, input line_in, output line_out, output led);\n\
         \x20   wire {GENERATED_NET}, {CLOCK_NET}, locked, active;\n\
         {pll}{gate}\
         \x20   {top} device (\n\
         \x20       .clock({CLOCK_NET}), {hold}.line_in(line_in), .line_out(line_out), \
         .active_out(active)\n\
         \x20   );\n\
         \x20   assign led = {led};\n\
         endmodule\n\n{verilog}",
        name = board.name,
        verilog = device.verilog,
    ))
}

/// Whether the emitted top module has a port.
fn has_port(device: &Emitted, port: &str) -> bool {
    let start = format!("module {}(", device.top);
    let ports = device.verilog.split_once(&start).and_then(|(_, rest)| rest.split_once(')'));
    ports.is_some_and(|(ports, _)| ports.split(',').any(|name| name.trim() == port))
}

fn pll(board: &Board, plan: &Plan) -> Result<String, FlowError> {
    let mhz = |hertz: u64| format!("{}", hertz as f64 / 1e6);
    let definition = &board.definition;
    let text = match (definition.family, plan.setting) {
        (Family::Ice40, Setting::Ice40 { divr, divf, divq, filter_range }) => {
            let (primitive, input) = match definition.clock.pll_input {
                Some(PllInput::Pad) => ("SB_PLL40_PAD", "PACKAGEPIN"),
                Some(PllInput::Core) | None => ("SB_PLL40_CORE", "REFERENCECLK"),
            };
            format!(
                "    wire core;\n\
                 \x20   {primitive} #(\n\
                 \x20       .FEEDBACK_PATH(\"SIMPLE\"), .DIVR(4'd{divr}), .DIVF(7'd{divf}), \
                 .DIVQ(3'd{divq}), .FILTER_RANGE(3'd{filter_range})\n\
                 \x20   ) pll (\n\
                 \x20       .{input}(oscillator), .PLLOUTGLOBAL({GENERATED_NET}), \
                 .PLLOUTCORE(core), .LOCK(locked),\n\
                 \x20       .RESETB(1'b1), .BYPASS(1'b0)\n\
                 \x20   );\n"
            )
        }
        (Family::Ecp5, Setting::Ecp5 { clki_div, clkfb_div, clkop_div }) => {
            // Nothing else is timed against this clock: any phase will do, and this is the usual one.
            let phase = clkop_div / 2;
            format!(
                "    (* FREQUENCY_PIN_CLKI=\"{input}\" *) (* FREQUENCY_PIN_CLKOP=\"{output}\" *)\n\
                 \x20   (* ICP_CURRENT=\"12\" *) (* LPF_RESISTOR=\"8\" *)\n\
                 \x20   (* MFG_ENABLE_FILTEROPAMP=\"1\" *) (* MFG_GMCREF_SEL=\"2\" *)\n\
                 \x20   EHXPLLL #(\n\
                 \x20       .PLLRST_ENA(\"DISABLED\"), .INTFB_WAKE(\"DISABLED\"), \
                 .STDBY_ENABLE(\"DISABLED\"), .DPHASE_SOURCE(\"DISABLED\"),\n\
                 \x20       .CLKI_DIV({clki_div}), .CLKFB_DIV({clkfb_div}), .FEEDBK_PATH(\"CLKOP\"), \
                 .OUTDIVIDER_MUXA(\"DIVA\"),\n\
                 \x20       .CLKOP_ENABLE(\"ENABLED\"), .CLKOP_DIV({clkop_div}), \
                 .CLKOP_CPHASE({phase}), .CLKOP_FPHASE(0)\n\
                 \x20   ) pll (\n\
                 \x20       .CLKI(oscillator), .CLKOP({GENERATED_NET}), .CLKFB({GENERATED_NET}), \
                 .LOCK(locked), \
                 .RST(1'b0), .STDBY(1'b0),\n\
                 \x20       .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), \
                 .PHASELOADREG(1'b1),\n\
                 \x20       .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0)\n\
                 \x20   );\n",
                input = mhz(plan.oscillator_hz),
                output = mhz(plan.output_hz()),
            )
        }
        (Family::Gowin, Setting::Gowin { idiv_sel, fbdiv_sel, odiv_sel }) => format!(
            "    rPLL #(\n\
             \x20       .FCLKIN(\"{input}\"), .IDIV_SEL({idiv_sel}), .FBDIV_SEL({fbdiv_sel}), \
             .ODIV_SEL({odiv_sel}),\n\
             \x20       .DYN_IDIV_SEL(\"false\"), .DYN_FBDIV_SEL(\"false\"), .DYN_ODIV_SEL(\"false\"), \
             .CLKFB_SEL(\"internal\")\n\
             \x20   ) pll (\n\
             \x20       .CLKIN(oscillator), .CLKOUT({GENERATED_NET}), .LOCK(locked), .RESET(1'b0), \
             .RESET_P(1'b0), .CLKFB(1'b0),\n\
             \x20       .FBDSEL(6'b0), .IDSEL(6'b0), .ODSEL(6'b0), .PSDA(4'b0), .DUTYDA(4'b0), \
             .FDLY(4'b0)\n\
             \x20   );\n",
            input = mhz(plan.oscillator_hz),
        ),
        (family, setting) => {
            let reason = format!("its family {family:?} has no PLL set by {setting:?}");
            return Err(FlowError::NoBoard { board: board.name.clone(), reason });
        }
    };
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(ports: &str) -> Emitted {
        let verilog =
            format!("// head\n\nmodule dev({ports});\n  input wire hold_in;\nendmodule\n");
        Emitted { verilog, top: "dev".into(), build: 7 }
    }

    #[test]
    fn a_device_is_held_until_the_clock_is_stable_if_it_can_be() {
        let board = Board::find("icebreaker").unwrap();
        let plan = board.plan().unwrap();
        let text = |ports| verilog(&board, &plan, &device(ports)).unwrap();
        let holdable = text("clock,hold_in,line_in,line_out,active_out");
        assert!(holdable.contains(".clock(clock), .hold_in(!locked), .line_in(line_in)"));
        let other = text("clock,line_in,line_out,active_out");
        assert!(other.contains(".clock(clock), .line_in(line_in)"));
        assert!(other.contains("assign led = !active;"), "the board's light is low active");
    }

    #[test]
    fn the_wait_is_ten_microseconds_at_least_and_less_than_twice_that() {
        let check = |hertz, count: &str| {
            let text = wait("oscillator", hertz);
            assert!(text.contains(&format!("reg [{count}:0] wait_count = ")), "{text}");
        };
        // 2^7 cycles of 12 MHz are 10.7 microseconds.
        check(12_000_000, "7");
        check(25_000_000, "8");
        check(100_000_000, "10");
        check(102_400_000, "10");
        check(102_400_001, "11");
    }

    #[test]
    fn every_board_has_its_pll() {
        for name in Board::names() {
            let board = Board::find(name).unwrap();
            let plan = board.plan().unwrap();
            let text =
                verilog(&board, &plan, &device("clock,line_in,line_out,active_out")).unwrap();
            let primitive = match board.definition.family {
                Family::Ice40 => "SB_PLL40_",
                Family::Ecp5 => "EHXPLLL #(",
                Family::Gowin => "rPLL #(",
            };
            assert_eq!(text.matches(primitive).count(), 1, "{name}");
            let gate = match board.definition.family {
                Family::Ice40 => "SB_GB gate_buffer (",
                Family::Ecp5 => "DCCA gate (",
                Family::Gowin => "DQCE gate (",
            };
            assert_eq!(text.matches(gate).count(), 1, "{name}");
            assert!(text.contains(&format!("at {} Hz", plan.output_hz())), "{name}");
        }
    }
}
