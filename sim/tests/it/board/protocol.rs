//! The protocol at the byte level, on the model alone: it is fast enough for long runs.

use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{Opcode, PAYLOAD_WORDS_MAX, Request, Status, WINDOW_MAX};
use gemmine_hdl::registers as map;
use gemmine_hdl::uart_tx::baud_increment;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{BoardConfig, CLOCK_HZ, Stop};

use super::host::Host;
use crate::stimulus::Random;

const FIRST_BAUD: u32 = 3_000_000;

fn host() -> Host {
    let config = BoardConfig { first_baud: FIRST_BAUD, ..BoardConfig::new(Geometry::new(8, 4)) };
    Host::new(ModelBoard::new(BoardConfig { build: 0xb1d, ..config }).unwrap())
}

#[test]
fn registers_are_those_of_the_table() {
    let mut host = host();
    let words = host.read(0, 64);
    let config = host.board.description().config;
    for (register, want) in [
        (map::ID, map::ID_VALUE),
        (map::VERSION, map::VERSION_VALUE),
        (map::BUILD, 0xb1d),
        (map::GEOMETRY, 8 | 4 << 8 | config.panel_word_bits << 24),
        (map::PROTOCOLS, 1 << 3),
        (map::LIMITS, 16 | 4 << 8 | 2 << 16 | 123 << 24),
        (map::CLOCK_HZ, CLOCK_HZ),
        (map::STATUS, 1),
        (map::BAUD, baud_increment(FIRST_BAUD.into(), CLOCK_HZ.into()).unwrap()),
        (map::FRAMES_GOOD, 1),
    ] {
        assert_eq!(words[register as usize], want, "register {register}");
    }
    let listed = map::TABLE.iter().filter(|r| r.access == map::Access::Read).count();
    assert!(words[listed..].iter().all(|&word| word == 0), "what is not listed reads as 0");
    host.write(map::SCRATCH_SET, &[0x1234_5678, 0x0302]);
    host.write(map::COMMIT, &[0xff01]);
    assert_eq!(host.read(map::SCRATCH, 2), [0x1234_5678, 0x0203]);
    for (register, count) in [(map::POP, 1), (map::RELEASE, 1), (map::RELEASE, 3)] {
        host.write(register, &[count]);
        assert_eq!(host.register(map::ERROR), 2, "freed {count} by {register}");
        host.write(map::ERROR_CLEAR, &[0]);
    }
    host.write(map::POP, &[0]);
    // Seventeen descriptors that wait for panels; the last one is lost.
    for n in 0..17 {
        assert_eq!(host.register(map::ERROR), 0, "{n} descriptors");
        host.write(map::DESCRIPTORS, &[n, 0, 63, 100 << 16]);
    }
    assert_eq!(host.register(map::ERROR), 1);
    assert_eq!(host.register(map::STATUS), 1 | 16 << 16);
}

#[test]
fn requests_that_make_no_sense_are_refused_and_use_up_their_number() {
    let mut host = host();
    let refused = [
        (Opcode::Read, 0, vec![]),
        (Opcode::Read, PAYLOAD_WORDS_MAX as u16 + 1, vec![]),
        (Opcode::Read, 1, vec![5]),
        (Opcode::Write, 0, vec![]),
        (Opcode::Write, 2, vec![1]),
        (Opcode::Write, 1, vec![1, 2]),
        (Opcode::Sync, 0, vec![1]),
    ];
    for (n, (opcode, count, data)) in refused.into_iter().enumerate() {
        let sequence = n as u8;
        let request = Request { sequence, opcode, count, address: map::SCRATCH_SET, data };
        host.send(&request);
        host.rest();
        let response = host.responses.pop_front().unwrap();
        assert_eq!(response.status, Status::Refused, "{request:?}");
        assert_eq!((response.expected, response.sequence), (sequence + 1, sequence));
    }
    host.sequence = 7;
    // Numbers that are behind, or ahead.
    for (sequence, status) in
        [(6, Status::Repeat), (7_u8.wrapping_sub(128), Status::Repeat), (8, Status::Gap)]
    {
        let data = vec![9];
        let address = map::SCRATCH_SET;
        host.send(&Request { sequence, opcode: Opcode::Write, count: 1, address, data });
        host.rest();
        let response = host.responses.pop_front().unwrap();
        assert_eq!((response.status, response.expected), (status, 7), "number {sequence}");
    }
    assert_eq!(host.register(map::SCRATCH), 0);
    assert_eq!(host.register(map::FRAMES_REFUSED), 10);
}

/// One go-back-N host on a line that damages, drops and doubles frames.
#[test]
fn ten_thousand_writes_on_a_bad_line_are_each_done_once() {
    const WRITES: u32 = 10_000;
    let mut random = Random(41);
    let mut host = host();
    let (mut acknowledged, mut sent) = (0, 0);
    let mut harm = [0; 4];
    while acknowledged < WRITES {
        if sent < WRITES && sent - acknowledged < WINDOW_MAX as u32 {
            let data = vec![1, 0, 0];
            let sequence = sent as u8;
            let request =
                Request { sequence, opcode: Opcode::Write, count: 1, address: map::COMMIT, data };
            let mut line = Request { data: vec![1], ..request }.encode();
            let kind = random.below(40) as usize;
            match kind {
                0 => line[random.below(9) as usize + 1] ^= 1 << random.below(8),
                1 => line.clear(),
                2 => line = line.repeat(2),
                3 => line.truncate(random.below(9) as usize),
                _ => {}
            }
            harm.iter_mut().enumerate().for_each(|(n, count)| *count += u32::from(n == kind));
            host.board.send(&line).unwrap();
            sent += 1;
            host.run(random.below(600), Stop::Never);
        } else {
            host.rest();
            if host.responses.is_empty() {
                // Nothing came back: ask where it stands.
                let sync = host.request(Opcode::Sync, sent, 0, &[]);
                host.board.send(&[0]).unwrap();
                host.send(&sync);
                host.rest();
            }
            sent = acknowledged;
        }
        for response in host.responses.drain(..) {
            let news = response.expected.wrapping_sub(acknowledged as u8);
            assert!(usize::from(news) <= WINDOW_MAX, "it acknowledges what was not sent");
            acknowledged += u32::from(news);
        }
        sent = sent.max(acknowledged);
    }
    assert!(harm.iter().all(|&count| count > 100), "{harm:?}");
    host.sequence = acknowledged as u8;
    assert_eq!(host.register(map::COMMITS), WRITES % 256);
    assert_eq!(host.damaged, 0);
}

#[test]
fn garbage_in_bulk_is_counted_and_forgotten() {
    let mut random = Random(42);
    let mut host = host();
    host.write(map::SCRATCH_SET, &[77]);
    let before = host.register(map::BYTES_IN);
    let mut sent = 0_u32;
    for zeros in [0, 1, 20, 256] {
        let mut bytes: Vec<u8> = (0..4_000_000).map(|_| random.next() as u8).collect();
        for byte in &mut bytes {
            if zeros > 0 && *byte < zeros as u8 {
                *byte = 0;
            }
        }
        if zeros == 0 {
            bytes.iter_mut().for_each(|byte| *byte = (*byte).max(1));
        }
        host.board.send(&bytes).unwrap();
        sent += bytes.len() as u32;
        assert!(host.run(1 << 40, Stop::AtRest).resting, "it never rests");
    }
    host.board.send(&[0]).unwrap();
    assert_eq!(host.responses.len(), 0);
    let after = host.register(map::BYTES_IN);
    // The read before had been counted up to its own end; this one's eleven bytes and a zero come on top.
    // The last byte of either may have come after the counter's sweep.
    let request =
        Request { sequence: 0, opcode: Opcode::Read, count: 1, address: 36, data: vec![] };
    let all = sent + 1 + request.encode().len() as u32;
    let missing = all.wrapping_sub(after.wrapping_sub(before)).wrapping_add(1) & 0xff_ffff;
    assert!(missing <= 2, "{missing} bytes less one were not counted");
    assert!(host.register(map::FRAMES_BAD) > 10_000);
    assert_eq!(host.register(map::SCRATCH), 77);
    assert_eq!(host.register(map::LINE_ERRORS), 0);
}
