//! The memory link: everything between AXI and the accelerator's bus.
//!
//! ```text
//!            +-----------------------------------------------------------------+
//!   window   | AxiLite =======================> BusArbiter                     |===> bus: write,
//!   =========|    ||                             ^      ^                      |     address, data
//!            | DmaRegisterFile                   |      |                      |
//!   host     |    `==> CommandFetch ==> CommandEngine  CompletionEngine <======|==== waiting
//!   memory   |              |             ^    |           |    |              |
//!   =========|          HostReader =======^    `=> HostWriter   DmaInterrupts -|---> interrupt
//!            +-----------------------------------------------------------------+
//! ```
//!
//! # Ports
//! | port | meaning |
//! |---|---|
//! | `reset_in` | the other side of AXI is in reset: forget transactions and begin a reset of the link |
//! | `aw..`, `w..`, `b..`, `ar..`, `r..` | the window, as [`AxiLite`] has it |
//! | `host_ar..`, `host_r..` | host memory is read, as [`HostReader`] does |
//! | `host_aw..`, `host_w..`, `host_b..` | host memory is written, as [`HostWriter`] does |
//! | `bus_write_out`, `bus_address_out`, `bus_data_out`, `bus_data_in`, `waiting_in` | the bus of the [`accelerator`](crate::accelerator), and how many completions are in its queue |
//! | `interrupt_out`, `interrupt_ready_in` | an interrupt, one cycle; behind a cycle in which it will be taken |
//! | `active_out` | something will happen without the host, whatever the accelerator does |
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/memory_link.txt"), "```")]
//!
//! # Protocol
//! That of [`dma_registers`](crate::dma_registers).

use rust_hdl_core::prelude::*;

use crate::axi_lite::AxiLite;
use crate::bus_arbiter::BusArbiter;
use crate::command_engine::CommandEngine;
use crate::command_fetch::CommandFetch;
use crate::completion_engine::CompletionEngine;
use crate::dma_interrupts::DmaInterrupts;
use crate::dma_register_file::DmaRegisterFile;
use crate::host_reader::HostReader;
use crate::host_writer::HostWriter;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct MemoryLink {
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
    // Accelerator
    /// Write the next cycle's word.
    pub bus_write_out: Signal<Out, Bit>,
    /// Where.
    pub bus_address_out: Signal<Out, Bits<20>>,
    /// The word to write.
    pub bus_data_out: Signal<Out, Bits<32>>,
    /// The word read.
    pub bus_data_in: Signal<In, Bits<32>>,
    /// Completions in its queue.
    pub waiting_in: Signal<In, Bits<5>>,
    // Interrupts
    /// Interrupt.
    pub interrupt_out: Signal<Out, Bit>,
    /// It will be taken.
    pub interrupt_ready_in: Signal<In, Bit>,
    /// Something will happen without the host.
    pub active_out: Signal<Out, Bit>,
    window: AxiLite,
    file: DmaRegisterFile,
    arbiter: BusArbiter,
    fetch: CommandFetch,
    commands: CommandEngine,
    completions: CompletionEngine,
    reader: HostReader,
    writer: HostWriter,
    interrupts: DmaInterrupts,
    clear: Signal<Local, Bit>,
    works: Signal<Local, Bit>,
}

impl Logic for MemoryLink {
    #[hdl_gen]
    fn update(&mut self) {
        self.window.clock.next = self.clock.val();
        self.file.clock.next = self.clock.val();
        self.arbiter.clock.next = self.clock.val();
        self.fetch.clock.next = self.clock.val();
        self.commands.clock.next = self.clock.val();
        self.completions.clock.next = self.clock.val();
        self.reader.clock.next = self.clock.val();
        self.writer.clock.next = self.clock.val();
        self.interrupts.clock.next = self.clock.val();

        // Window
        self.window.reset_in.next = self.reset_in.val();
        self.window.awvalid_in.next = self.awvalid_in.val();
        self.window.awaddr_in.next = self.awaddr_in.val();
        self.awready_out.next = self.window.awready_out.val();
        self.window.wvalid_in.next = self.wvalid_in.val();
        self.window.wdata_in.next = self.wdata_in.val();
        self.window.wstrb_in.next = self.wstrb_in.val();
        self.wready_out.next = self.window.wready_out.val();
        self.bvalid_out.next = self.window.bvalid_out.val();
        self.window.bready_in.next = self.bready_in.val();
        self.window.arvalid_in.next = self.arvalid_in.val();
        self.window.araddr_in.next = self.araddr_in.val();
        self.arready_out.next = self.window.arready_out.val();
        self.rvalid_out.next = self.window.rvalid_out.val();
        self.rdata_out.next = self.window.rdata_out.val();
        self.window.rready_in.next = self.rready_in.val();
        self.window.register_answer_in.next = self.file.data_out.val();

        // Registers
        self.file.reset_in.next = self.reset_in.val();
        self.file.write_in.next = self.window.register_write_out.val();
        self.file.address_in.next = self.window.address_out.val().get_bits::<6>(0);
        self.file.data_in.next = self.window.data_out.val();
        self.file.quiet_in.next = self.reader.idle_out.val() && self.writer.idle_out.val();
        self.works.next = self.commands.busy_out.val() || self.completions.busy_out.val();
        self.file.busy_in.next = self.works.val();
        self.file.blocked_in.next = self.commands.blocked_out.val();
        self.file.command_error_in.next = self.commands.error_out.val();
        self.file.completion_error_in.next = self.completions.error_out.val();
        self.file.halt_told_in.next = self.completions.halt_told_out.val();
        self.file.head_in.next = self.commands.head_out.val();
        self.file.completion_tail_in.next = self.completions.tail_out.val();
        self.file.pending_in.next = self.interrupts.pending_out.val();
        self.file.read_event_in.next = self.reader.event_out.val();
        self.file.write_event_in.next = self.writer.event_out.val();
        self.file.whole_event_in.next = self.writer.whole_out.val();
        self.file.command_event_in.next = self.commands.done_event_out.val();
        self.file.interrupt_event_in.next = self.interrupts.interrupt_out.val();
        self.file.read_stall_in.next = self.commands.read_stall_out.val();
        self.file.bus_stall_in.next = self.commands.bus_stall_out.val();
        self.clear.next = self.file.clear_out.val();

        // Bus
        self.arbiter.request_in[0].next = self.window.request_out.val();
        self.arbiter.write_in[0].next = self.window.write_out.val();
        self.arbiter.address_in[0].next = self.window.address_out.val();
        self.arbiter.data_in[0].next = self.window.data_out.val();
        self.window.grant_in.next = self.arbiter.grant_out[0].val();
        self.window.answered_in.next = self.arbiter.answered_out[0].val();
        self.window.answer_in.next = self.arbiter.answer_out.val();
        self.arbiter.request_in[1].next = self.completions.request_out.val();
        self.arbiter.write_in[1].next = self.completions.write_out.val();
        self.arbiter.address_in[1].next = self.completions.address_out.val();
        self.arbiter.data_in[1].next = self.completions.data_out.val();
        self.completions.grant_in.next = self.arbiter.grant_out[1].val();
        self.completions.answered_in.next = self.arbiter.answered_out[1].val();
        self.completions.answer_in.next = self.arbiter.answer_out.val();
        self.arbiter.request_in[2].next = self.commands.request_out.val();
        self.arbiter.write_in[2].next = self.commands.write_out.val();
        self.arbiter.address_in[2].next = self.commands.address_out.val();
        self.arbiter.data_in[2].next = self.commands.data_out.val();
        self.commands.grant_in.next = self.arbiter.grant_out[2].val();
        self.commands.answered_in.next = self.arbiter.answered_out[2].val();
        self.commands.answer_in.next = self.arbiter.answer_out.val();
        self.bus_write_out.next = self.arbiter.bus_write_out.val();
        self.bus_address_out.next = self.arbiter.bus_address_out.val();
        self.bus_data_out.next = self.arbiter.bus_data_out.val();
        self.arbiter.bus_data_in.next = self.bus_data_in.val();

        // Commands
        self.fetch.run_in.next = self.file.run_out.val();
        self.fetch.stop_in.next = self.file.stop_out.val();
        self.fetch.clear_in.next = self.clear.val();
        self.fetch.base_low_in.next = self.file.command_base_low_out.val();
        self.fetch.base_high_in.next = self.file.command_base_high_out.val();
        self.fetch.mask_in.next = self.file.command_mask_out.val();
        self.fetch.tail_in.next = self.file.command_tail_out.val();
        self.fetch.grant_in.next = self.reader.grant_out.val();
        self.fetch.beat_valid_in.next = self.reader.command_valid_out.val();
        self.fetch.beat_in.next = self.reader.command_beat_out.val();
        self.fetch.beat_error_in.next = self.reader.command_error_out.val();
        self.fetch.take_in.next = self.commands.take_out.val();
        self.fetch.release_in.next = self.commands.release_out.val();
        self.commands.run_in.next = self.file.run_out.val();
        self.commands.stop_in.next = self.file.stop_out.val();
        self.commands.clear_in.next = self.clear.val();
        self.commands.valid_in.next = self.fetch.valid_out.val();
        self.commands.error_in.next = self.fetch.error_out.val();
        self.commands.opcode_in.next = self.fetch.opcode_out.val();
        self.commands.notify_in.next = self.fetch.notify_out.val();
        self.commands.tag_in.next = self.fetch.tag_out.val();
        self.commands.bus_in.next = self.fetch.bus_out.val();
        self.commands.words_in.next = self.fetch.words_out.val();
        self.commands.low_in.next = self.fetch.low_out.val();
        self.commands.high_in.next = self.fetch.high_out.val();
        self.commands.beat_valid_in.next = self.reader.valid_out.val();
        self.commands.beat_in.next = self.reader.beat_out.val();
        self.commands.beat_error_in.next = self.reader.error_out.val();
        self.commands.notified_in.next = self.completions.notified_out.val();

        // Completions
        self.completions.run_in.next = self.file.run_out.val();
        self.completions.stop_in.next = self.file.stop_out.val();
        self.completions.clear_in.next = self.clear.val();
        self.completions.waiting_in.next = self.waiting_in.val();
        self.completions.accelerator_reset_in.next =
            self.arbiter.reset_out.val() || self.reset_in.val();
        self.completions.notify_in.next = self.commands.notify_out.val();
        self.completions.notify_tag_in.next = self.commands.notify_tag_out.val();
        self.completions.halt_in.next = self.file.halt_out.val();
        self.completions.status_in.next = self.file.status_out.val();
        self.completions.head_in.next = self.commands.head_out.val();
        self.completions.base_low_in.next = self.file.completion_base_low_out.val();
        self.completions.base_high_in.next = self.file.completion_base_high_out.val();
        self.completions.mask_in.next = self.file.completion_mask_out.val();
        self.completions.consumed_in.next = self.file.consumed_out.val();
        self.interrupts.written_in.next = self.completions.written_out.val();
        self.interrupts.force_in.next = self.file.force_out.val();
        self.interrupts.clear_in.next = self.clear.val();
        self.interrupts.enable_in.next = self.file.enable_out.val();
        self.interrupts.entries_in.next = self.file.entries_out.val();
        self.interrupts.time_in.next = self.file.time_out.val();
        self.interrupts.ready_in.next = self.interrupt_ready_in.val();
        self.interrupt_out.next = self.interrupts.interrupt_out.val();

        // Host memory, read
        self.reader.clear_in.next = self.clear.val();
        self.reader.reset_in.next = self.reset_in.val();
        self.reader.request_in.next = self.fetch.request_out.val();
        self.reader.address_in.next = self.fetch.address_out.val();
        self.reader.length_in.next = self.fetch.length_out.val();
        self.reader.command_in.next = self.fetch.command_out.val();
        self.reader.take_in.next = self.commands.beat_take_out.val();
        self.host_arvalid_out.next = self.reader.arvalid_out.val();
        self.host_araddr_out.next = self.reader.araddr_out.val();
        self.host_arlen_out.next = self.reader.arlen_out.val();
        self.reader.arready_in.next = self.host_arready_in.val();
        self.reader.rvalid_in.next = self.host_rvalid_in.val();
        self.reader.rdata_in.next = self.host_rdata_in.val();
        self.reader.rresp_in.next = self.host_rresp_in.val();
        self.reader.rlast_in.next = self.host_rlast_in.val();
        self.host_rready_out.next = self.reader.rready_out.val();

        // Host memory, written
        self.writer.clear_in.next = self.clear.val();
        self.writer.reset_in.next = self.reset_in.val();
        self.writer.open_in[0].next = self.completions.open_out.val();
        self.writer.word_valid_in[0].next = self.completions.word_valid_out.val();
        self.writer.word_in[0].next = self.completions.word_out.val();
        self.writer.end_in[0].next = self.completions.end_out.val();
        self.writer.address_in[0].next = self.completions.host_out.val();
        self.completions.granted_in.next = self.writer.granted_out[0].val();
        self.completions.taken_in.next = self.writer.taken_out[0].val();
        self.completions.done_in.next = self.writer.done_out[0].val();
        self.completions.write_error_in.next = self.writer.error_out.val();
        self.writer.open_in[1].next = self.commands.open_out.val();
        self.writer.word_valid_in[1].next = self.commands.word_valid_out.val();
        self.writer.word_in[1].next = self.commands.word_out.val();
        self.writer.end_in[1].next = self.commands.end_out.val();
        self.writer.address_in[1].next = self.commands.host_out.val();
        self.commands.granted_in.next = self.writer.granted_out[1].val();
        self.commands.taken_in.next = self.writer.taken_out[1].val();
        self.commands.done_in.next = self.writer.done_out[1].val();
        self.commands.write_error_in.next = self.writer.error_out.val();
        self.host_awvalid_out.next = self.writer.awvalid_out.val();
        self.host_awaddr_out.next = self.writer.awaddr_out.val();
        self.host_awlen_out.next = self.writer.awlen_out.val();
        self.writer.awready_in.next = self.host_awready_in.val();
        self.host_wvalid_out.next = self.writer.wvalid_out.val();
        self.host_wdata_out.next = self.writer.wdata_out.val();
        self.host_wstrb_out.next = self.writer.wstrb_out.val();
        self.host_wlast_out.next = self.writer.wlast_out.val();
        self.writer.wready_in.next = self.host_wready_in.val();
        self.writer.bvalid_in.next = self.host_bvalid_in.val();
        self.writer.bresp_in.next = self.host_bresp_in.val();
        self.host_bready_out.next = self.writer.bready_out.val();

        self.active_out.next = self.commands.active_out.val()
            || self.completions.active_out.val()
            || self.file.active_out.val()
            || self.window.active_out.val()
            || !self.reader.idle_out.val()
            || !self.writer.idle_out.val()
            || self.interrupts.active_out.val();
    }
}

#[cfg(test)]
mod tests;
