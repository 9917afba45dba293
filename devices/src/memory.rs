//! Devices behind memory as Verilog, with ports named as AXI tools expect them.
//!
//! [`memory_device`](gemmine_hdl::memory_device) has the ports of this project's modules; around it stands a module of wires,
//! whose ports [`PORTS`] lists. `hdl/PCIE.md` says what they are connected to.

use std::fmt::Write as _;

use gemmine_hdl::emit::EmissionError;
use gemmine_hdl::geometry::Geometry;
use gemmine_hdl::identity::Build;

use crate::{Emitted, emitted, memory_text};

/// What a port of the wrapper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// An input, which goes to this port of the device.
    In(&'static str),
    /// An input that nobody needs.
    Unused,
    /// An output, which comes from this port of the device.
    Out(&'static str),
    /// An output that is always this.
    Constant(u32),
}

/// A port of the wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name.
    pub name: &'static str,
    /// Bits.
    pub bits: u32,
    /// What it is.
    pub wire: Wire,
    /// What it means.
    pub meaning: &'static str,
}

/// Declares [`PORTS`].
macro_rules! ports {
    ($($name:ident $bits:literal $wire:ident $(($of:tt))?: $meaning:literal;)*) => {
        /// The wrapper's ports, in its order.
        pub const PORTS: &[Port] = &[
            $(Port {
                name: stringify!($name),
                bits: $bits,
                wire: Wire::$wire $(($of))?,
                meaning: $meaning,
            },)*
        ];
    };
}

ports! {
    clock 1 In("clock"): "the only clock, of both AXI sides";
    reset 1 In("reset_in"): "not `aresetn`: resets the link and drops the accelerator's work; 0 where nothing is ever reset";
    s_axil_awvalid 1 In("awvalid_in"): "window, AXI4-Lite";
    s_axil_awaddr 22 In("awaddr_in"): "byte address in the BAR; the upper bits are the bridge's affair";
    s_axil_awprot 3 Unused: "";
    s_axil_awready 1 Out("awready_out"): "";
    s_axil_wvalid 1 In("wvalid_in"): "";
    s_axil_wdata 32 In("wdata_in"): "";
    s_axil_wstrb 4 In("wstrb_in"): "all four, or the word is lost";
    s_axil_wready 1 Out("wready_out"): "";
    s_axil_bvalid 1 Out("bvalid_out"): "";
    s_axil_bresp 2 Constant(0): "OKAY";
    s_axil_bready 1 In("bready_in"): "";
    s_axil_arvalid 1 In("arvalid_in"): "";
    s_axil_araddr 22 In("araddr_in"): "";
    s_axil_arprot 3 Unused: "";
    s_axil_arready 1 Out("arready_out"): "";
    s_axil_rvalid 1 Out("rvalid_out"): "";
    s_axil_rdata 32 Out("rdata_out"): "";
    s_axil_rresp 2 Constant(0): "OKAY";
    s_axil_rready 1 In("rready_in"): "";
    m_axi_awvalid 1 Out("host_awvalid_out"): "host memory, AXI4";
    m_axi_awaddr 64 Out("host_awaddr_out"): "byte address as the device sees host memory, a multiple of 8";
    m_axi_awlen 8 Out("host_awlen_out"): "at most 15, and no burst crosses a multiple of 128 bytes";
    m_axi_awsize 3 Constant(3): "8 bytes a beat";
    m_axi_awburst 2 Constant(1): "INCR";
    m_axi_awcache 4 Constant(3): "normal, not cached, bufferable";
    m_axi_awprot 3 Constant(0): "";
    m_axi_awready 1 In("host_awready_in"): "";
    m_axi_wvalid 1 Out("host_wvalid_out"): "";
    m_axi_wdata 64 Out("host_wdata_out"): "";
    m_axi_wstrb 8 Out("host_wstrb_out"): "0xff; 0x0f where the last word of a READ is the lower half of its beat";
    m_axi_wlast 1 Out("host_wlast_out"): "";
    m_axi_wready 1 In("host_wready_in"): "";
    m_axi_bvalid 1 In("host_bvalid_in"): "one write is in flight at most";
    m_axi_bresp 2 In("host_bresp_in"): "other than OKAY halts";
    m_axi_bready 1 Out("host_bready_out"): "";
    m_axi_arvalid 1 Out("host_arvalid_out"): "";
    m_axi_araddr 64 Out("host_araddr_out"): "";
    m_axi_arlen 8 Out("host_arlen_out"): "at most 15, and no burst crosses a multiple of 128 bytes";
    m_axi_arsize 3 Constant(3): "";
    m_axi_arburst 2 Constant(1): "";
    m_axi_arcache 4 Constant(3): "";
    m_axi_arprot 3 Constant(0): "";
    m_axi_arready 1 In("host_arready_in"): "";
    m_axi_rvalid 1 In("host_rvalid_in"): "four reads are in flight at most, and are answered in order";
    m_axi_rdata 64 In("host_rdata_in"): "";
    m_axi_rresp 2 In("host_rresp_in"): "other than OKAY halts";
    m_axi_rlast 1 In("host_rlast_in"): "";
    m_axi_rready 1 Out("host_rready_out"): "always 1";
    interrupt 1 Out("interrupt_out"): "one cycle: send an MSI";
    interrupt_ready 1 In("interrupt_ready_in"): "an interrupt in the next cycle will be taken";
    active 1 Out("active_out"): "something will happen without the host: for simulation, or a lamp";
}

/// The Verilog of the memory device of a geometry: the wrapper is its top. Its BUILD is made as that of a
/// [serial device](crate::verilog).
///
/// # Errors
/// If the geometry, with the panel memory that `build` asks for, is not among
/// [`DEVICES`](gemmine_hdl::devices::DEVICES), a name is a keyword of Verilog, or there is no memory for a stack.
pub fn verilog(geometry: Geometry, build: Build) -> Result<Emitted, EmissionError> {
    emitted(top(geometry), build, |build| text(geometry, build))
}

/// The same, with the BUILD that `build` says.
pub(crate) fn text(geometry: Geometry, build: Build) -> Result<String, EmissionError> {
    let core = core(geometry);
    let text = memory_text(geometry, build, &core)?;
    Ok(text + &wrapper(&top(geometry), &core))
}

/// Name of the wrapper.
pub(crate) fn top(geometry: Geometry) -> String {
    format!("gemmine_memory_{geometry}")
}

/// Name of the device in it.
pub(crate) fn core(geometry: Geometry) -> String {
    format!("gemmine_memory_core_{geometry}")
}

/// The module of wires.
fn wrapper(top: &str, core: &str) -> String {
    let mut declarations = Vec::new();
    let mut constants = String::new();
    let mut connections = Vec::new();
    for port in PORTS {
        let range = if port.bits == 1 { String::new() } else { format!("[{}:0] ", port.bits - 1) };
        let name = port.name;
        let direction = match port.wire {
            Wire::In(inner) | Wire::Out(inner) => {
                connections.push(format!("        .{inner}({name})"));
                if matches!(port.wire, Wire::In(_)) { "input" } else { "output" }
            }
            Wire::Unused => "input",
            Wire::Constant(value) => {
                let _ = writeln!(constants, "    assign {name} = {}'h{value:x};", port.bits);
                "output"
            }
        };
        declarations.push(format!("    {direction} wire {range}{name}"));
    }
    format!(
        "\nmodule {top}(\n{}\n);\n{constants}    {core} device(\n{}\n    );\nendmodule\n",
        declarations.join(",\n"),
        connections.join(",\n"),
    )
}
