//! The table against itself, and the decoder against the table.

use std::collections::BTreeSet;

use super::*;
use crate::testbench::{Clocked, Random};

impl Clocked for RegisterFile {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

#[test]
fn addresses_are_in_order_and_in_range() {
    let readable: Vec<u32> =
        TABLE.iter().filter(|r| r.access == Access::Read).map(|r| r.address).collect();
    assert_eq!(readable, (0..COUNTERS_END).collect::<Vec<_>>());
    assert_eq!((CONSTANTS as u32, (CONSTANTS + LIVE) as u32), (STATUS, COUNTERS));
    let writable: Vec<u32> =
        TABLE.iter().filter(|r| r.access == Access::Write).map(|r| r.address).collect();
    assert!(writable.is_sorted_by(|a, b| a < b), "{writable:?}");
    assert!(TABLE.iter().all(|r| r.address < DESCRIPTORS));
}

// Windows do not overlap.
const _: () = assert!(DESCRIPTORS + QUEUE * DESCRIPTOR_WORDS <= JOBS);
const _: () = assert!(JOBS + JOB_SLOTS * JOB_WORDS <= COMPLETIONS);
const _: () = assert!(COMPLETIONS + QUEUE * COMPLETION_WORDS <= RESULTS);
const _: () = assert!(RESULTS + RESULT_BANKS * 256 <= PANELS_A);

#[test]
fn fields_fill_their_entries_in_order_and_do_not_overlap() {
    let entries: [(&[Field], u32); 4] = [
        (&DESCRIPTOR_FIELDS, DESCRIPTOR_WORDS),
        (&JOB_FIELDS, JOB_WORDS),
        (&SEED_FIELDS, 2 * JOB_WORDS),
        (&COMPLETION_FIELDS, COMPLETION_WORDS),
    ];
    for (fields, words) in entries {
        let mut free = 0;
        for field in fields {
            let (begin, whole) = (32 * field.word + field.low, field.words > 1);
            assert!(begin >= free, "{} overlaps", field.name);
            assert!(field.low + field.bits <= 32 && (!whole || field.bits == 32), "{}", field.name);
            free = begin + 32 * (field.words - 1) + field.bits;
        }
        assert!(free <= 32 * words);
    }
    let entry = [1, 0xabcd_1234, 0x01e0_0fff, 0x8040_3005];
    let values = DESCRIPTOR_FIELDS.map(|field| field.get(&entry));
    assert_eq!(values, [1, 0x1234, 0xabcd, 1023, 1, 1, 1, 1, 1, 1, 5, 3, 0x40, 0x80]);
    let names = SHAPE_FIELDS.map(|(name, low, bits)| format!("{name} {low} {bits}"));
    let same = ["chunk_last 0 10", "tail 10 1", "tail_last 11 10", "unsigned_a 21 1"];
    assert_eq!(names[..4], same);
    assert_eq!(names[4..], ["want_tile 22 1", "scan 23 1", "noise 24 1"]);
}

#[test]
fn every_lane_and_every_result_has_a_place_of_its_own() {
    for (rows, columns) in [(2, 2), (8, 4), (4, 8), (16, 16)] {
        let geometry = Geometry::new(rows, columns);
        for width in [rows, columns] {
            let lanes: BTreeSet<u32> = (0..16).map(|lane| panel_address(width, 5, lane)).collect();
            assert_eq!(lanes, (0..16).map(|lane| lane << 5).collect());
        }
        let places = (0..512).map(|n| result_address(geometry, n / 256, n / 16 % 16, n % 16));
        assert_eq!(places.collect::<BTreeSet<u32>>(), (0..512).collect());
    }
}

#[test]
fn the_decoder_reads_and_writes_by_the_table() {
    let mut file = RegisterFile::connected();
    file.time_high.next = 0x1111.into();
    file.status.next = 0xffff_ffff_u64.into();
    file.commits.next = 0x2222.into();
    file.error.next = 0x4444.into();
    let mut random = Random(3);
    let mut addresses = vec![63; READ_LATENCY];
    let mut written = None;
    for _ in 0..500 {
        let address = [TIME_HIGH, COMMITS, ERROR, BAUD, RESET, 63, CLOCK_HZ, BYTES_OUT]
            [random.below(8) as usize];
        let write = random.one_in(2);
        let word = if random.one_in(2) { 0x8888_0000 } else { 0 };
        file.word_in.next = u64::from(word).into();
        file.address_in.next = u64::from(address).into();
        file.next_in.next = u64::from(address).into();
        file.write_next_in.next = write;
        file.settle();
        let want = match addresses[addresses.len() - READ_LATENCY] {
            TIME_HIGH => 0x1111,
            COMMITS => 0x2222,
            ERROR => 0x4444,
            _ => 0,
        };
        assert_eq!(file.data_out.val().to_u32(), want | word);
        assert_eq!(file.error_write.val(), written == Some(ERROR_CLEAR));
        assert_eq!(file.reset_write.val(), written == Some(RESET));
        written = write.then_some(address);
        file.edge();
        addresses.push(address);
    }
}
