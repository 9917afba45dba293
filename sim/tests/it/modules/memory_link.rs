//! The memory link's modules: the same random stimulus through rust-hdl and Verilator, whatever neighbours would do. What
//! engines do for neighbours that keep to the rules stands in [`link`](super::link).

use gemmine_hdl::axi_lite::AxiLite;
use gemmine_hdl::bus_arbiter::BusArbiter;
use gemmine_hdl::command_engine::CommandEngine;
use gemmine_hdl::command_fetch::CommandFetch;
use gemmine_hdl::completion_engine::CompletionEngine;
use gemmine_hdl::dma_interrupts::DmaInterrupts;
use gemmine_hdl::dma_register_file::DmaRegisterFile;
use gemmine_hdl::dma_registers::COMMAND_WORDS;
use gemmine_hdl::host_reader::HostReader;
use gemmine_hdl::host_writer::HostWriter;
use gemmine_hdl::ring_mask::RingMask;

use super::both::check;
use super::port::{Module, Values, module, random_inputs};
use crate::stimulus::Random;

module!([] AxiLite: clock, 
    (reset_in, awvalid_in, awaddr_in, wvalid_in, wdata_in, wstrb_in, bready_in, arvalid_in,
     araddr_in, rready_in, grant_in, answered_in, answer_in, register_answer_in) ->
    (awready_out, wready_out, bvalid_out, arready_out, rvalid_out, rdata_out, request_out,
     write_out, address_out, data_out, register_write_out, active_out));
module!([] BusArbiter: clock, 
    (request_in, write_in, address_in, data_in, bus_data_in) ->
    (grant_out, answered_out, answer_out, bus_write_out, bus_address_out, bus_data_out,
     reset_out));
module!([] CommandEngine: clock, 
    (run_in, stop_in, clear_in, valid_in, error_in, opcode_in, notify_in, tag_in, bus_in,
     words_in, low_in, high_in, beat_valid_in, beat_in, beat_error_in, grant_in,
     answered_in, answer_in, granted_in, taken_in, done_in, write_error_in, notified_in) ->
    (take_out, release_out, beat_take_out, request_out, write_out, address_out, data_out,
     open_out, word_valid_out, word_out, end_out, host_out, notify_out, notify_tag_out,
     head_out, error_out, busy_out, active_out, blocked_out, done_event_out, read_stall_out,
     bus_stall_out));
module!([] CommandFetch: clock, 
    (run_in, stop_in, clear_in, base_low_in, base_high_in, mask_in, tail_in, grant_in,
     beat_valid_in, beat_in, beat_error_in, take_in, release_in) ->
    (request_out, address_out, length_out, command_out, valid_out, error_out, opcode_out,
     notify_out, tag_out, bus_out, words_out, low_out, high_out));
module!([] CompletionEngine: clock, 
    (run_in, stop_in, clear_in, waiting_in, accelerator_reset_in, notify_in, notify_tag_in,
     halt_in, status_in, head_in, base_low_in, base_high_in, mask_in, consumed_in, grant_in,
     answered_in, answer_in, granted_in, taken_in, done_in, write_error_in) ->
    (notified_out, halt_told_out, request_out, write_out, address_out, data_out, open_out,
     word_valid_out, word_out, end_out, host_out, tail_out, written_out, error_out,
     busy_out, active_out));
module!([] DmaInterrupts: clock, 
    (written_in, force_in, clear_in, enable_in, entries_in, time_in, ready_in) ->
    (interrupt_out, pending_out, active_out));
module!([] DmaRegisterFile: clock, 
    (reset_in, write_in, address_in, data_in, blocked_in, quiet_in, busy_in,
     command_error_in, completion_error_in, halt_told_in, head_in, completion_tail_in,
     pending_in, read_event_in, write_event_in, whole_event_in, command_event_in,
     interrupt_event_in, read_stall_in, bus_stall_in) ->
    (data_out, run_out, stop_out, clear_out, active_out, halt_out, force_out, status_out,
     command_base_low_out, command_base_high_out, command_mask_out, command_tail_out,
     completion_base_low_out, completion_base_high_out, completion_mask_out, consumed_out,
     enable_out, entries_out, time_out));
module!([] HostReader: clock, 
    (clear_in, reset_in, request_in, address_in, length_in, command_in, take_in, arready_in,
     rvalid_in, rdata_in, rresp_in, rlast_in) ->
    (grant_out, command_valid_out, command_beat_out, command_error_out, valid_out, beat_out,
     error_out, idle_out, event_out, arvalid_out, araddr_out, arlen_out, rready_out));
module!([] HostWriter: clock, 
    (clear_in, reset_in, open_in, word_valid_in, word_in, end_in, address_in, awready_in,
     wready_in, bvalid_in, bresp_in) ->
    (granted_out, taken_out, done_out, error_out, idle_out, event_out, whole_out,
     awvalid_out, awaddr_out, awlen_out, wvalid_out, wdata_out, wstrb_out, wlast_out,
     bready_out));
module!([] RingMask: 
    (size_in) ->
    (mask_out));

/// Random inputs, but these ports as they are told, cycle by cycle.
pub fn inputs<M: Module>(
    seed: u64,
    cycles: usize,
    tell: &mut dyn FnMut(&mut Random, &str) -> Option<u64>,
) -> Vec<Values> {
    let mut random = Random(seed);
    let mut stimulus = random_inputs::<M>(&mut random, cycles);
    let ports = M::default().ports();
    let names: Vec<&str> = ports.iter().filter(|p| p.input).map(|p| p.name.as_str()).collect();
    for values in &mut stimulus {
        for (value, name) in values.iter_mut().zip(&names) {
            if let Some(told) = tell(&mut random, name) {
                *value = told;
            }
        }
    }
    stimulus
}

/// High once in so many cycles.
fn rarely(random: &mut Random, n: u64) -> Option<u64> {
    Some(u64::from(random.below(n) == 0))
}

#[test]
fn window() {
    let stimulus = inputs::<AxiLite>(60, 3000, &mut |random, name| match name {
        "reset_in" => rarely(random, 200),
        "awaddr_in" | "araddr_in" => Some(4 * (1000 + random.below(100))),
        "wstrb_in" => Some(15 - random.below(2) * random.below(2)),
        _ => None,
    });
    let trace = check::<AxiLite>("axi_lite", &stimulus, None);
    assert!(trace.count(&["bvalid_out"]) > 50 && trace.count(&["rvalid_out"]) > 50);
    assert!(trace.count(&["register_write_out"]) > 10);
}

#[test]
fn registers_and_interrupts() {
    check::<RingMask>("ring_mask", &(0..16).map(|size| vec![size]).collect::<Vec<_>>(), None);
    let stimulus = inputs::<DmaInterrupts>(62, 4000, &mut |random, name| match name {
        "entries_in" => Some(random.below(4)),
        "time_in" => Some(random.below(9)),
        "written_in" => rarely(random, 12),
        "force_in" | "clear_in" => rarely(random, 200),
        _ => None,
    });
    let trace = check::<DmaInterrupts>("dma_interrupts", &stimulus, None);
    assert!(trace.count(&["interrupt_out"]) > 20);
    let stimulus = inputs::<DmaRegisterFile>(63, 4000, &mut |random, name| match name {
        "reset_in" => rarely(random, 300),
        "address_in" => Some(random.below(22)),
        "command_error_in" => Some(random.below(5) * u64::from(random.below(50) == 0)),
        "completion_error_in" => rarely(random, 400),
        "quiet_in" => Some(u64::from(random.below(9) > 0)),
        "data_in" => Some(random.below(1 << 32) & !(u64::from(random.below(40) > 0) << 1)),
        _ => None,
    });
    let trace = check::<DmaRegisterFile>("dma_register_file", &stimulus, None);
    assert!(trace.count(&["clear_out"]) > 100 && trace.count(&["stop_out"]) > 20);
}

#[test]
fn host_memory() {
    let stimulus = inputs::<HostReader>(64, 4000, &mut |random, name| match name {
        "clear_in" | "reset_in" => rarely(random, 300),
        "rlast_in" => rarely(random, 6),
        "rresp_in" => Some(2 * u64::from(random.below(40) == 0)),
        _ => None,
    });
    let trace = check::<HostReader>("host_reader", &stimulus, None);
    assert!(trace.count(&["valid_out"]) > 100 && trace.count(&["command_valid_out"]) > 100);
    let stimulus = inputs::<HostWriter>(65, 6000, &mut |random, name| match name {
        "clear_in" | "reset_in" => rarely(random, 400),
        "end_in$0" | "end_in$1" => rarely(random, 20),
        "bvalid_in" => rarely(random, 40),
        _ => None,
    });
    let trace = check::<HostWriter>("host_writer", &stimulus, None);
    assert!(trace.count(&["wvalid_out", "wlast_out"]) > 50);
    assert!(trace.count(&["done_out$0"]) > 10 && trace.count(&["done_out$1"]) > 10);
}

/// The beats of commands that are right, or wrong somewhere.
fn beats(random: &mut Random, commands: usize) -> Vec<u64> {
    let mut beats = Vec::new();
    for _ in 0..commands {
        let mut words = [0_u64; COMMAND_WORDS as usize];
        words[0] = random.below(4) | random.below(2) << 7 | random.below(1 << 16) << 16;
        words[1] = random.below(1 << 20);
        words[2] = 1 + random.below(40);
        words[4] = random.below(1 << 10) << 3;
        words[5] = random.below(4);
        if random.below(8) == 0 {
            words[random.below(5) as usize] = random.below(1 << 32);
        }
        beats.extend(words.as_chunks::<2>().0.iter().map(|[low, high]| low | high << 32));
    }
    beats
}

#[test]
fn commands() {
    let mut beats = beats(&mut Random(66), 2000).into_iter();
    let stimulus = inputs::<CommandFetch>(67, 8000, &mut |random, name| match name {
        "run_in" => Some(1),
        "stop_in" => rarely(random, 100),
        "clear_in" => rarely(random, 300),
        "beat_in" => beats.next().or(Some(0)),
        "beat_error_in" => rarely(random, 60),
        "beat_valid_in" => rarely(random, 4),
        _ => None,
    });
    let trace = check::<CommandFetch>("command_fetch", &stimulus, None);
    assert!(trace.count(&["valid_out"]) > 100 && trace.count(&["request_out"]) > 100);
}

#[test]
fn completions() {
    let stimulus = inputs::<CompletionEngine>(69, 8000, &mut |random, name| match name {
        "run_in" => Some(u64::from(random.below(9) > 0)),
        "stop_in" | "halt_in" => rarely(random, 4),
        "clear_in" | "accelerator_reset_in" => rarely(random, 300),
        "waiting_in" => Some(random.below(3)),
        "consumed_in" => Some(random.below(20)),
        "mask_in" => Some(15),
        "write_error_in" => rarely(random, 9),
        _ => None,
    });
    let trace = check::<CompletionEngine>("completion_engine", &stimulus, None);
    assert!(trace.count(&["end_out"]) > 50 && trace.count(&["notified_out"]) > 10);
    assert!(trace.count(&["request_out", "write_out"]) > 20);
}
