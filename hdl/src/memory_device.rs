//! The whole device behind memory: registers in a window, commands and entries in the host's memory.
//!
//! ```text
//!               +----------------------------------------------+
//!   window <===>| MemoryLink <==> bus: Accelerator             |---> interrupt_out
//!   host   <===>|      ^--- waiting ---'                       |---> active_out
//!               +----------------------------------------------+
//! ```
//!
//! # Ports
//! Those of the [`MemoryLink`] but for the bus. `reset_in` also drops all work of the accelerator, and sets the
//! watchdog's bit in ERROR, and that of underflow if a POP was on its way in the same cycle; `active_out` is also high
//! when the accelerator will do something without the host.
//!
//! # Protocol
//! That of [`dma_registers`](crate::dma_registers); addresses of words are those of [`registers`](crate::registers). There
//! is no serial line: BAUD reads 0, as do the counters of frames and bytes, and WATCHDOG does nothing.
//!
//! # Why
//! The bus takes a word of four bytes a cycle, so the link brings 0.4 GB/s at 100 MHz, whatever the lanes; the panels'
//! memories take no more.

use rust_hdl_core::prelude::*;

use crate::accelerator::Accelerator;
use crate::identity::Build;
use crate::memory_link::MemoryLink;

/// See the module's documentation; its parameters are those of the [`Accelerator`].
#[derive(LogicBlock, Default)]
pub struct MemoryDevice<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// The other side is in reset.
    pub reset_in: Signal<In, Bit>,
    // Window
    /// There is an address to write to.
    pub awvalid_in: Signal<In, Bit>,
    /// It, in bytes.
    pub awaddr_in: Signal<In, Bits<22>>,
    /// It is taken.
    pub awready_out: Signal<Out, Bit>,
    /// There is a word.
    pub wvalid_in: Signal<In, Bit>,
    /// It.
    pub wdata_in: Signal<In, Bits<32>>,
    /// Its bytes that are to be written.
    pub wstrb_in: Signal<In, Bits<4>>,
    /// It is taken.
    pub wready_out: Signal<Out, Bit>,
    /// It is written.
    pub bvalid_out: Signal<Out, Bit>,
    /// That is known.
    pub bready_in: Signal<In, Bit>,
    /// There is an address to read from.
    pub arvalid_in: Signal<In, Bit>,
    /// It, in bytes.
    pub araddr_in: Signal<In, Bits<22>>,
    /// It is taken.
    pub arready_out: Signal<Out, Bit>,
    /// There is a word.
    pub rvalid_out: Signal<Out, Bit>,
    /// It.
    pub rdata_out: Signal<Out, Bits<32>>,
    /// It is taken.
    pub rready_in: Signal<In, Bit>,
    // Host memory, read
    /// There is an address.
    pub host_arvalid_out: Signal<Out, Bit>,
    /// It, in bytes.
    pub host_araddr_out: Signal<Out, Bits<64>>,
    /// Beats of the burst, less one.
    pub host_arlen_out: Signal<Out, Bits<8>>,
    /// It is taken.
    pub host_arready_in: Signal<In, Bit>,
    /// There is a beat.
    pub host_rvalid_in: Signal<In, Bit>,
    /// It.
    pub host_rdata_in: Signal<In, Bits<64>>,
    /// Its response; 0 is OKAY.
    pub host_rresp_in: Signal<In, Bits<2>>,
    /// It is the burst's last one.
    pub host_rlast_in: Signal<In, Bit>,
    /// It is taken.
    pub host_rready_out: Signal<Out, Bit>,
    // Host memory, written
    /// There is an address.
    pub host_awvalid_out: Signal<Out, Bit>,
    /// It, in bytes.
    pub host_awaddr_out: Signal<Out, Bits<64>>,
    /// Beats of the burst, less one.
    pub host_awlen_out: Signal<Out, Bits<8>>,
    /// It is taken.
    pub host_awready_in: Signal<In, Bit>,
    /// There is a beat.
    pub host_wvalid_out: Signal<Out, Bit>,
    /// It.
    pub host_wdata_out: Signal<Out, Bits<64>>,
    /// Bytes of it that are written.
    pub host_wstrb_out: Signal<Out, Bits<8>>,
    /// It is the last one.
    pub host_wlast_out: Signal<Out, Bit>,
    /// It is taken.
    pub host_wready_in: Signal<In, Bit>,
    /// There is a response.
    pub host_bvalid_in: Signal<In, Bit>,
    /// It; 0 is OKAY.
    pub host_bresp_in: Signal<In, Bits<2>>,
    /// It is taken.
    pub host_bready_out: Signal<Out, Bit>,
    // Interrupts
    /// Interrupt.
    pub interrupt_out: Signal<Out, Bit>,
    /// It will be taken.
    pub interrupt_ready_in: Signal<In, Bit>,
    /// Something will happen without the host.
    pub active_out: Signal<Out, Bit>,
    link: MemoryLink,
    accelerator: Accelerator<P, Q, A, B, W, R, S>,
}

impl<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> MemoryDevice<P, Q, A, B, W, R, S>
{
    /// The device of a build.
    pub fn new(build: Build) -> Self {
        Self { accelerator: Accelerator::new(build), ..Self::default() }
    }
}

impl<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> Logic for MemoryDevice<P, Q, A, B, W, R, S>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.link.clock.next = self.clock.val();
        self.accelerator.clock.next = self.clock.val();

        // Outside
        self.link.reset_in.next = self.reset_in.val();
        self.link.awvalid_in.next = self.awvalid_in.val();
        self.link.awaddr_in.next = self.awaddr_in.val();
        self.awready_out.next = self.link.awready_out.val();
        self.link.wvalid_in.next = self.wvalid_in.val();
        self.link.wdata_in.next = self.wdata_in.val();
        self.link.wstrb_in.next = self.wstrb_in.val();
        self.wready_out.next = self.link.wready_out.val();
        self.bvalid_out.next = self.link.bvalid_out.val();
        self.link.bready_in.next = self.bready_in.val();
        self.link.arvalid_in.next = self.arvalid_in.val();
        self.link.araddr_in.next = self.araddr_in.val();
        self.arready_out.next = self.link.arready_out.val();
        self.rvalid_out.next = self.link.rvalid_out.val();
        self.rdata_out.next = self.link.rdata_out.val();
        self.link.rready_in.next = self.rready_in.val();
        self.host_arvalid_out.next = self.link.host_arvalid_out.val();
        self.host_araddr_out.next = self.link.host_araddr_out.val();
        self.host_arlen_out.next = self.link.host_arlen_out.val();
        self.link.host_arready_in.next = self.host_arready_in.val();
        self.link.host_rvalid_in.next = self.host_rvalid_in.val();
        self.link.host_rdata_in.next = self.host_rdata_in.val();
        self.link.host_rresp_in.next = self.host_rresp_in.val();
        self.link.host_rlast_in.next = self.host_rlast_in.val();
        self.host_rready_out.next = self.link.host_rready_out.val();
        self.host_awvalid_out.next = self.link.host_awvalid_out.val();
        self.host_awaddr_out.next = self.link.host_awaddr_out.val();
        self.host_awlen_out.next = self.link.host_awlen_out.val();
        self.link.host_awready_in.next = self.host_awready_in.val();
        self.host_wvalid_out.next = self.link.host_wvalid_out.val();
        self.host_wdata_out.next = self.link.host_wdata_out.val();
        self.host_wstrb_out.next = self.link.host_wstrb_out.val();
        self.host_wlast_out.next = self.link.host_wlast_out.val();
        self.link.host_wready_in.next = self.host_wready_in.val();
        self.link.host_bvalid_in.next = self.host_bvalid_in.val();
        self.link.host_bresp_in.next = self.host_bresp_in.val();
        self.host_bready_out.next = self.link.host_bready_out.val();
        self.interrupt_out.next = self.link.interrupt_out.val();
        self.link.interrupt_ready_in.next = self.interrupt_ready_in.val();

        // Bus
        self.accelerator.write_in.next = self.link.bus_write_out.val();
        self.accelerator.address_in.next = self.link.bus_address_out.val();
        self.accelerator.data_in.next = self.link.bus_data_out.val();
        self.link.bus_data_in.next = self.accelerator.data_out.val();
        self.link.waiting_in.next = self.accelerator.waiting_out.val();

        // No serial line
        self.accelerator.reset_in.next = self.reset_in.val();
        self.accelerator.baud_in.next = bits::<32>(0);
        for n in 0..6 {
            self.accelerator.link_event_in[n].next = false;
        }
        self.active_out.next = self.accelerator.busy_out.val() || self.link.active_out.val();
    }
}
