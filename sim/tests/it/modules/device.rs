//! The modules around the array: the same stimulus through rust-hdl and Verilator.

use gemmine_hdl::accelerator::Accelerator;
use gemmine_hdl::counters::Counters;
use gemmine_hdl::crc32::Crc32;
use gemmine_hdl::devices::DEVICES;
use gemmine_hdl::endpoint::Endpoint;
use gemmine_hdl::feeder::Feeder;
use gemmine_hdl::flags::Flags;
use gemmine_hdl::frame::encode;
use gemmine_hdl::frame_decoder::FrameDecoder;
use gemmine_hdl::frame_encoder::FrameEncoder;
use gemmine_hdl::identity::Build;
use gemmine_hdl::join::Join;
use gemmine_hdl::line_control::LineControl;
use gemmine_hdl::panel_memory::PanelMemory;
use gemmine_hdl::panel_write::PanelWrite;
use gemmine_hdl::queue::Queue;
use gemmine_hdl::registers;
use gemmine_hdl::results::Results;
use gemmine_hdl::zero_extend::ZeroExtend;
use gemmine_sim::verilator::{Tools, modules};

use super::both::{check, check_made};
use super::port::{Values, module, random_inputs};
use crate::stimulus::Random;

module!([const N: usize, const M: usize] ZeroExtend<N, M>: (data_in) -> (data_out));
module!([const H: usize, const L: usize, const N: usize] Join<H, L, N>:
    (high_in, low_in) -> (joined_out));
module!([] Flags: (zero_in, one_in, two_in) -> (flags_out));
module!([] Crc32: (crc_in, byte_in) -> (crc_out));
module!([] FrameDecoder: clock, (valid_in, byte_in) ->
    (word_valid_out, place_out, word_out, good_out, bad_out, words_out));
module!([] FrameEncoder: clock,
    (write_in, place_in, byte_in, start_in, length_in, ready_in) ->
    (busy_out, valid_out, byte_out));
module!([] Endpoint: clock,
    (word_valid_in, place_in, word_in, good_in, words_in, read_data_in, encoder_busy_in,
     waiting_in) ->
    (write_out, address_out, write_data_out, byte_valid_out, byte_place_out, byte_out, start_out,
     length_out, idle_out, refused_out));
module!([] LineControl: clock,
    (baud_write_in, watchdog_write_in, data_in, good_in, bad_in, refused_in, error_in,
     byte_in_in, byte_out_in, quiet_in, outstanding_in) ->
    (baud_out, reset_out, baud_word_out, event_out));
module!([] Counters: clock, (event_in, address_in) -> (data_out));
module!([const W: usize] Queue<W>: clock,
    (reset_in, write_in, word_in, data_in, a_commits_in, b_commits_in, pop_in, pop_count_in,
     tile_end_in, again_in) ->
    (outstanding_out, overflow_out, active_out, load_out, a_base_out, b_base_out, tag_out,
     chunk_last_out, chunks_last_out, tail_out, tail_last_out, unsigned_out, want_out, scan_out, noise_out,
     scans_out, job_out, fenced_out));
module!([const Q: usize, const W: usize, const R: usize, const S: usize] Feeder<Q, W, R, S>: clock,
    (load_in, a_base_in, b_base_in, step_in, unsigned_in, chunk_end_in, pass_end_in, a_returns_in) ->
    (step_out, fetch_out, unsigned_out, a_address_out, b_address_out));
module!([const N: usize, const R: usize] PanelMemory<N, R>: clock,
    (write_in, write_address_in, write_data_in, step_in, fetch_in, address_in, unsigned_in) ->
    (operand_out));
module!([const R: usize] PanelWrite<R>: clock,
    (write_in, place_in, data_in, first_lane_in, group_mask_in, lane_mask_in) ->
    (enable_out, lane_out, address_out, data_out, write_out, place_out));
module!([const Q: usize, const A: usize, const B: usize] Results<Q, A, B>: clock,
    (result_valid_in, result_address_in, result_in, keep_in, bank_in, address_in) ->
    (done_out, data_out));
module!([const P: usize, const Q: usize, const A: usize, const B: usize,
     const W: usize, const R: usize, const S: usize] Accelerator<P, Q, A, B, W, R, S>: clock,
    (reset_in, write_in, address_in, data_in, baud_in, link_event_in) ->
    (data_out, baud_write_out, watchdog_write_out, waiting_out, outstanding_out, busy_out));

#[test]
fn wires() {
    let mut random = Random(20);
    check::<ZeroExtend<24, 32>>(
        "zero_extend",
        &random_inputs::<ZeroExtend<24, 32>>(&mut random, 300),
        None,
    );
    check::<Join<4, 3, 5>>("join_cut", &random_inputs::<Join<4, 3, 5>>(&mut random, 300), None);
    check::<Join<5, 8, 16>>("join_wide", &random_inputs::<Join<5, 8, 16>>(&mut random, 300), None);
    check::<Flags>("flags", &random_inputs::<Flags>(&mut random, 100), None);
    check::<Crc32>("crc32", &random_inputs::<Crc32>(&mut random, 3000), None);
}

/// Frames, whole and damaged, and garbage, as bytes.
fn line(random: &mut Random, frames: usize) -> Vec<u8> {
    let mut line = Vec::new();
    for _ in 0..frames {
        let words: Vec<u32> = (0..1 + random.below(12)).map(|_| random.next() as u32).collect();
        let mut frame = encode(&words);
        if random.below(3) == 0 {
            let place = random.below(frame.len() as u64) as usize;
            frame[place] ^= 1 << random.below(8);
        }
        line.extend(frame);
    }
    line
}

#[test]
fn frames() {
    let mut random = Random(21);
    let mut stimulus: Vec<Values> = Vec::new();
    for byte in line(&mut random, 120) {
        while random.below(3) == 0 {
            stimulus.push(vec![0, random.below(256)]);
        }
        stimulus.push(vec![1, byte.into()]);
    }
    let trace = check::<FrameDecoder>("frame_decoder", &stimulus, None);
    assert!(trace.count(&["good_out"]) > 40 && trace.count(&["bad_out"]) > 20);

    // Bytes of a frame, then the start, then patience.
    let mut stimulus: Vec<Values> = Vec::new();
    for _ in 0..12 {
        let length = random.below(512);
        let zeros = random.below(2);
        for place in 0..length {
            let byte = if zeros == 1 { random.below(3) } else { 1 + random.below(255) };
            stimulus.push(vec![1, place, byte, 0, length, random.below(2)]);
        }
        stimulus.push(vec![0, 0, 0, 1, length, 0]);
        let wait = (0..4 * length + 30).map(|_| vec![0, 5, 6, 0, 7, random.below(2)]);
        stimulus.extend(wait);
    }
    let trace = check::<FrameEncoder>("frame_encoder", &stimulus, None);
    assert!(trace.count(&["busy_out", "valid_out"]) > 1000);
}

#[test]
fn endpoint() {
    let mut random = Random(22);
    let mut stimulus: Vec<Values> = Vec::new();
    let mut busy = 0;
    let mut cycle = |word: Option<(u64, u64)>, good: Option<u64>, random: &mut Random| {
        busy = match random.below(400) {
            0 if stimulus.len() > 30_000 => random.below(300),
            _ => busy.max(1) - 1,
        };
        let (place, value) = word.unwrap_or_else(|| (random.below(128), random.below(1 << 32)));
        stimulus.push(vec![
            word.is_some().into(),
            place,
            value,
            good.is_some().into(),
            good.unwrap_or(3),
            random.below(1 << 32),
            u64::from(busy > 0),
            random.below(17),
        ]);
    };
    // The encoder is busy from the middle on; then the numbers lose their step now and then.
    let mut sequence = 0;
    for _ in 0..300 {
        let count = 1 + random.below(9);
        let opcode = 1 + random.below(4);
        let payload = if opcode == 3 { count } else { 0 };
        let number = if random.below(4) == 0 { random.below(256) } else { sequence };
        sequence = (sequence + u64::from(number == sequence && opcode != 1)) % 256;
        let words = payload + 3 + u64::from(random.below(20) == 0);
        for place in 0..words {
            let word = match place {
                0 => number | opcode << 8 | count << 16,
                _ => random.below(1 << 32),
            };
            cycle(Some((place, word)), None, &mut random);
            for _ in 0..random.below(20) {
                cycle(None, None, &mut random);
            }
        }
        cycle(None, Some(words), &mut random);
        for _ in 0..60 + random.below(150) {
            cycle(None, None, &mut random);
        }
    }
    let trace = check::<Endpoint>("endpoint", &stimulus, None);
    assert!(trace.count(&["start_out"]) > 50 && trace.count(&["refused_out"]) > 50);
    assert!(trace.count(&["write_out"]) > 50, "too few writes");
}

#[test]
fn line_control() {
    let mut random = Random(23);
    let mut stimulus = random_inputs::<LineControl>(&mut random, 150_000);
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: baud_write, watchdog_write, data, good, bad, .., error (6)
        inputs[0] = u64::from(random.below(1000) == 0);
        inputs[1] = u64::from(cycle == 1000);
        if cycle == 1000 {
            inputs[2] = 1;
        }
        inputs[3] = u64::from(cycle < 2000 && random.below(30) == 0);
        inputs[4] = u64::from(random.below(50) == 0);
        inputs[6] = u64::from(random.below(50) == 0);
        inputs[9] = u64::from(random.below(20) == 0);
        inputs[10] |= 1;
    }
    let trace = check::<LineControl>("line_control", &stimulus, None);
    assert_eq!(trace.count(&["reset_out"]), 2);
}

#[test]
fn queue() {
    let mut random = Random(24);
    let mut stimulus = random_inputs::<Queue<5>>(&mut random, 20_000);
    let mut word = 0;
    for (cycle, inputs) in stimulus.iter_mut().enumerate() {
        // Order of ports: reset, write, word, data, a_commits, b_commits, pop, pop_count, tile_end
        inputs[0] = u64::from(random.below(2000) == 0);
        inputs[1] = u64::from(random.below(4) == 0);
        inputs[2] = word;
        word = (word + inputs[1]) % 4;
        inputs[4] = (cycle / 60) as u64 & 255;
        inputs[5] = (cycle / 50) as u64 & 255;
        // Fences around the commits, on both sides of the wrap
        let fence = |commits: u64| (commits + 254 + cycle as u64 % 4) & 255;
        inputs[3] = inputs[3] & 0xffff | fence(inputs[4]) << 16 | fence(inputs[5]) << 24;
        inputs[6] = u64::from(random.below(12) == 0 && cycle % 4000 > 1000);
        inputs[7] = u64::from(cycle % 4000 > 1200);
        inputs[8] = u64::from(random.below(30) == 0);
        inputs[9] = u64::from(cycle / 100 % 3 == 0);
    }
    let trace = check::<Queue<5>>("queue", &stimulus, None);
    assert!(trace.count(&["load_out"]) > 50 && trace.count(&["overflow_out"]) > 50);
}

#[test]
fn panels() {
    let mut random = Random(25);
    let mut stimulus = random_inputs::<Feeder<4, 5, 6, 7>>(&mut random, 6000);
    for inputs in &mut stimulus {
        // Order of ports: load, bases, step, unsigned, chunk_end, pass_end
        inputs[0] = u64::from(random.below(100) == 0);
        inputs[5] = u64::from(random.below(12) == 0);
        inputs[6] = u64::from(random.below(60) == 0);
        inputs[7] = u64::from(random.below(60) == 0);
    }
    check::<Feeder<4, 5, 6, 7>>("feeder", &stimulus, None);
    let stimulus = random_inputs::<PanelMemory<4, 5>>(&mut random, 6000);
    check::<PanelMemory<4, 5>>("panel_memory", &stimulus, None);
    let stimulus = random_inputs::<PanelMemory<2, 9>>(&mut random, 6000);
    check::<PanelMemory<2, 9>>("panel_memory_deep", &stimulus, None);
    let stimulus = random_inputs::<PanelMemory<16, 5>>(&mut random, 6000);
    check::<PanelMemory<16, 5>>("panel_memory_long", &stimulus, None);
    let stimulus = random_inputs::<PanelMemory<16, 9>>(&mut random, 6000);
    check::<PanelMemory<16, 9>>("panel_memory_long_deep", &stimulus, None);
    let stimulus = random_inputs::<PanelWrite<9>>(&mut random, 6000);
    check::<PanelWrite<9>>("panel_write", &stimulus, None);
}

fn check_results<const Q: usize, const A: usize, const B: usize>() {
    let mut random = Random(26);
    let mut stimulus = random_inputs::<Results<Q, A, B>>(&mut random, 6000);
    for inputs in &mut stimulus {
        // Order of ports: result_valid_in[Q], ..; the columns of a pair have no result at once.
        for pair in 0..Q / 2 {
            inputs[2 * pair + 1] &= 1 - inputs[2 * pair];
        }
    }
    check::<Results<Q, A, B>>(&format!("results_{Q}"), &stimulus, None);
}

#[test]
fn results() {
    check_results::<2, 7, 8>();
    check_results::<16, 4, 5>();
}

#[test]
fn counters() {
    let stimulus = random_inputs::<Counters>(&mut Random(31), 4000);
    check::<Counters>("counters", &stimulus, None);
}

/// One scan of two attempts, of one chunk each.
#[test]
fn accelerator_with_engines() {
    type Small = Accelerator<2, 2, 7, 8, 5, 8, 8>;
    let mut random = Random(36);
    let mut stimulus: Vec<Values> = Vec::new();
    // A word comes a cycle behind its address.
    let mut before = 0;
    let mut write = |address: u32, data: u32| {
        stimulus.push(vec![0, 1, address.into(), before, 1, 1, 0, 1, 0, 0, 1]);
        before = data.into();
    };
    for word in 0..64 {
        let attempts_last = word == 30;
        write(registers::JOBS + word, if attempts_last { 1 } else { random.next() as u32 });
    }
    for (n, word) in [1, 0, 63 | 1 << 21 | 1 << 23, 0].into_iter().enumerate() {
        write(registers::DESCRIPTORS + n as u32, word);
    }
    write(registers::SCRATCH_SET, 0);
    while stimulus.len() < 36_000 {
        let register = [registers::BAUD_SET, registers::WATCHDOG, registers::POP];
        let (write, address) = match random.below(200) {
            0 => (1, register[random.below(3) as usize]),
            n if n % 2 == 0 => (0, random.below(registers::DESCRIPTORS.into()) as u32),
            _ => (0, registers::COMPLETIONS + random.below(16) as u32),
        };
        let odd = stimulus.len() as u64 & 1;
        stimulus.push(vec![0, write, address.into(), 1, 1, 0, 1, 0, 0, 1, odd]);
    }
    let make = || Small::new(Build { engines: 1, panel_word_bits: 5, ..Build::default() });
    let trace = check_made::<Small>("accelerator_scan", make, &stimulus, None);
    let busy = trace.count(&["busy_out"]);
    assert!(busy > 25_000, "busy for {busy} cycles");
}

/// One scan of two tiles of Pearl, of one chunk each.
#[test]
fn accelerator_with_noise() {
    type Small = Accelerator<2, 2, 7, 8, 5, 8, 8>;
    let mut random = Random(37);
    let mut stimulus: Vec<Values> = Vec::new();
    let mut before = 0;
    let mut write = |address: u32, data: u32| {
        stimulus.push(vec![0, 1, address.into(), before, 1, 1, 0, 1, 0, 0, 1]);
        before = data.into();
    };
    for word in 0..32 {
        // Two tiles of one row.
        let counted = [26, 30].contains(&word);
        write(registers::JOBS + word, if counted { 1 } else { random.next() as u32 });
    }
    for (n, word) in [1, 0, 127 | 1 << 23 | 1 << 24, 0].into_iter().enumerate() {
        write(registers::DESCRIPTORS + n as u32, word);
    }
    write(registers::SCRATCH_SET, 0);
    while stimulus.len() < 32_000 {
        let register = [registers::BAUD_SET, registers::WATCHDOG, registers::POP];
        let (write, address) = match random.below(200) {
            0 => (1, register[random.below(3) as usize]),
            n if n % 2 == 0 => (0, random.below(registers::DESCRIPTORS.into()) as u32),
            _ => (0, registers::COMPLETIONS + random.below(16) as u32),
        };
        let odd = stimulus.len() as u64 & 1;
        stimulus.push(vec![0, write, address.into(), 1, 1, 0, 1, 0, 0, 1, odd]);
    }
    let make = || Small::new(Build { noise: true, panel_word_bits: 5, ..Build::default() });
    let trace = check_made::<Small>("accelerator_noise", make, &stimulus, None);
    let busy = trace.count(&["busy_out"]);
    // Forty batches of hashes, then the two tiles, whose panels of B share the one chunk that there is room for.
    assert!((29_000..29_600).contains(&busy), "busy for {busy} cycles");
}

#[test]
fn accelerator() {
    type Small = Accelerator<2, 2, 7, 8, 5, 8, 8>;
    let mut random = Random(29);
    let mut stimulus: Vec<Values> = Vec::new();
    let mut write = |address: u32, data: u32| {
        stimulus.push(vec![0, 1, address.into(), data.into(), 1, 1, 0, 1, 0, 0, 1]);
    };
    for window in [registers::PANELS_A, registers::PANELS_B] {
        for word in 0..16 << 5 {
            write(window + word, random.next() as u32);
        }
    }
    for word in 0..64 {
        write(registers::JOBS + word, random.next() as u32);
    }
    for tag in 0..3 {
        // One chunk of 64 steps, kept, twice; then with a tail and unsigned bytes.
        let shape = [63 | 1 << 22, 63 | 1 << 22, 63 | 1 << 10 | 63 << 11 | 1 << 21][tag as usize];
        for (n, word) in [tag, 16 << 16, shape, tag << 12 | 0x0101_0000].into_iter().enumerate() {
            write(registers::DESCRIPTORS + 4 * tag + n as u32, word);
        }
    }
    write(registers::COMMIT, 0x0101);
    let start = stimulus.len();
    for cycle in start..22_000 {
        let (write, address) = match random.below(400) {
            0 => (1, [registers::POP, registers::RELEASE][random.below(2) as usize]),
            1 => (1, [registers::BAUD_SET, registers::WATCHDOG][random.below(2) as usize]),
            2 => (1, registers::SCRATCH_SET),
            _ => match cycle % 3 {
                0 => (0, random.below(registers::DESCRIPTORS.into()) as u32),
                1 => (0, registers::COMPLETIONS + random.below(48) as u32),
                _ => (0, registers::RESULTS + random.below(512) as u32),
            },
        };
        let reset = u64::from(cycle == 21_000);
        stimulus.push(vec![reset, write, address.into(), 1, 1, 0, 1, 0, 0, 1, cycle as u64 & 1]);
    }
    let trace = check::<Small>("accelerator_2x2", &stimulus, None);
    assert!(trace.count(&["busy_out"]) > 12_000, "too little work");
}

/// All devices where GEMMINE_LONG is set, and otherwise those with the lanes of small boards.
#[test]
fn every_device_is_clean() {
    let tools = Tools::find().unwrap();
    let is_long = std::env::var_os("GEMMINE_LONG").is_some();
    for &(geometry, panel_word_bits) in DEVICES.iter().filter(|(_, bits)| is_long || *bits < 11) {
        let build = Build { panel_word_bits, ..Build::default() };
        let device = gemmine_devices::verilog(geometry, build).unwrap();
        assert_eq!(modules::lint(&tools, &device.verilog, &device.top).unwrap(), "", "{geometry}");
    }
}
