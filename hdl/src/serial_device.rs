//! The whole device on a serial line: what a board's top instantiates.
//!
//! ```text
//!               +-------------------------------------------------------------+
//!   line_in --->| UartRx => FrameDecoder => Endpoint => bus => Accelerator    |
//!               |                              |                              |
//!   line_out <--| UartTx <= FrameEncoder <-----'         LineControl          |---> active_out
//!               +-------------------------------------------------------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `line_in` | 1 | from the host's transmitter |
//! | `line_out` | 1 | to the host's receiver |
//! | `active_out` | 1 | something will happen without the host: work goes on, or a response |
//!
//! # Protocol
//! That of [`frame`](crate::frame); addresses are those of [`registers`](crate::registers).

use rust_hdl_core::prelude::*;

use crate::accelerator::Accelerator;
use crate::endpoint::Endpoint;
use crate::frame_decoder::FrameDecoder;
use crate::frame_encoder::FrameEncoder;
use crate::identity::Build;
use crate::line_control::LineControl;
use crate::uart_rx::UartRx;
use crate::uart_tx::UartTx;

/// See the module's documentation; its parameters are those of the [`Accelerator`].
#[derive(LogicBlock, Default)]
pub struct SerialDevice<
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
    /// From the host.
    pub line_in: Signal<In, Bit>,
    /// To the host.
    pub line_out: Signal<Out, Bit>,
    /// Something will happen without the host.
    pub active_out: Signal<Out, Bit>,
    receiver: UartRx,
    transmitter: UartTx,
    decoder: FrameDecoder,
    encoder: FrameEncoder,
    endpoint: Endpoint,
    control: LineControl,
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
> SerialDevice<P, Q, A, B, W, R, S>
{
    /// The device of a build.
    pub fn new(build: Build) -> Self {
        Self {
            control: LineControl::new(build),
            accelerator: Accelerator::new(build),
            ..Self::default()
        }
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
> Logic for SerialDevice<P, Q, A, B, W, R, S>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.receiver.clock.next = self.clock.val();
        self.transmitter.clock.next = self.clock.val();
        self.decoder.clock.next = self.clock.val();
        self.encoder.clock.next = self.clock.val();
        self.endpoint.clock.next = self.clock.val();
        self.control.clock.next = self.clock.val();
        self.accelerator.clock.next = self.clock.val();

        // Line in: bytes, frames, requests
        self.receiver.line_in.next = self.line_in.val();
        self.receiver.baud_in.next = self.control.baud_out.val();
        self.decoder.valid_in.next = self.receiver.valid_out.val();
        self.decoder.byte_in.next = self.receiver.data_out.val();
        self.endpoint.word_valid_in.next = self.decoder.word_valid_out.val();
        self.endpoint.place_in.next = self.decoder.place_out.val();
        self.endpoint.word_in.next = self.decoder.word_out.val();
        self.endpoint.good_in.next = self.decoder.good_out.val();
        self.endpoint.words_in.next = self.decoder.words_out.val();
        self.endpoint.waiting_in.next = self.accelerator.waiting_out.val();

        // Bus
        self.accelerator.write_in.next = self.endpoint.write_out.val();
        self.accelerator.address_in.next = self.endpoint.address_out.val();
        self.accelerator.data_in.next = self.endpoint.write_data_out.val();
        self.endpoint.read_data_in.next = self.accelerator.data_out.val();

        // Line out: responses, frames, bytes
        self.encoder.write_in.next = self.endpoint.byte_valid_out.val();
        self.encoder.place_in.next = self.endpoint.byte_place_out.val();
        self.encoder.byte_in.next = self.endpoint.byte_out.val();
        self.encoder.start_in.next = self.endpoint.start_out.val();
        self.encoder.length_in.next = self.endpoint.length_out.val();
        self.encoder.ready_in.next = self.transmitter.ready_out.val();
        self.endpoint.encoder_busy_in.next = self.encoder.busy_out.val();
        self.transmitter.valid_in.next = self.encoder.valid_out.val();
        self.transmitter.data_in.next = self.encoder.byte_out.val();
        self.transmitter.baud_in.next = self.control.baud_out.val();
        self.line_out.next = self.transmitter.line_out.val();

        // Control
        self.control.baud_write_in.next = self.accelerator.baud_write_out.val();
        self.control.watchdog_write_in.next = self.accelerator.watchdog_write_out.val();
        self.control.data_in.next = self.endpoint.write_data_out.val();
        self.control.good_in.next = self.decoder.good_out.val();
        self.control.bad_in.next = self.decoder.bad_out.val();
        self.control.refused_in.next = self.endpoint.refused_out.val();
        self.control.error_in.next = self.receiver.error_out.val();
        self.control.byte_in_in.next = self.receiver.valid_out.val();
        self.control.byte_out_in.next =
            self.encoder.valid_out.val() && self.transmitter.ready_out.val();
        self.control.quiet_in.next = self.endpoint.idle_out.val()
            && !self.encoder.busy_out.val()
            && self.transmitter.ready_out.val();
        self.control.outstanding_in.next = self.accelerator.outstanding_out.val();
        self.accelerator.reset_in.next = self.control.reset_out.val();
        self.accelerator.baud_in.next = self.control.baud_word_out.val();
        for n in 0..6 {
            self.accelerator.link_event_in[n].next = self.control.event_out[n].val();
        }

        self.active_out.next = self.accelerator.busy_out.val()
            || !self.endpoint.idle_out.val()
            || self.encoder.busy_out.val()
            || !self.transmitter.ready_out.val();
    }
}
