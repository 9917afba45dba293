//! Tiles through memory devices, against the golden function.

use gemmine_hdl::Geometry;
use gemmine_hdl::dma_registers as map;
use gemmine_hdl::dma_registers::completion_of;
use gemmine_hdl::registers;
use gemmine_pouw::tile::ticket;
use gemmine_sim::memory::MemoryDevice;
use gemmine_sim::memory::model::ModelMemory;

use super::config;
use super::host::{Host, descriptor, immediate, kind};
use crate::board::host::Tile;
use crate::board::mining::golden;
use crate::stimulus::Random;

const SIDES: [usize; 4] = [2, 4, 8, 16];

fn lanes(random: &mut Random, steps: usize) -> [Vec<u8>; 16] {
    std::array::from_fn(|_| (0..steps).map(|_| random.operand() as u8).collect())
}

#[test]
fn tiles_of_every_geometry_are_those_of_the_golden_function() {
    let mut random = Random(31);
    for rows in SIDES {
        for columns in SIDES {
            let config = config(Geometry::new(rows, columns), 10, 200, random.next());
            check_tiles(&mut random, ModelMemory::new(config).unwrap());
        }
    }
}

/// Runs tiles of several shapes, one after the other, the second one with the product tile.
pub fn check_tiles(random: &mut Random, device: impl MemoryDevice + 'static) {
    let mut host = Host::new(device);
    let mut key = [0; 32];
    key.fill_with(|| random.next() as u8);
    let words: Vec<u32> =
        key.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    host.load(registers::JOBS + 2 * registers::JOB_WORDS, &[words, vec![u32::MAX; 8]].concat());
    for (n, (chunk_steps, chunks, tail_steps)) in
        [(64, 3, 0), (128, 2, 64), (68, 1, 0), (100, 2, 68)].into_iter().enumerate()
    {
        let work = Tile {
            tag: random.next() as u32,
            first_words: [5, 700],
            chunk_steps,
            chunks,
            tail_steps,
            unsigned_a: n % 2 == 1,
            want_tile: n < 2,
            job: 2,
            fences: [n as u8 + 1, 0],
            ..Tile::default()
        };
        let (a, b) = (lanes(random, work.steps()), lanes(random, work.steps()));
        host.put(descriptor(&work));
        host.ring();
        host.rest();
        assert_eq!(host.entries(), [[0; 16]; 0], "the panel is not committed");
        host.load_panel(0, 5, &a);
        host.load_panel(1, 700, &b);
        host.command(immediate(registers::COMMIT, &[1]));
        let entries = host.entries();
        let [entry] = entries[..] else { panic!("{entries:?}") };
        assert_eq!(kind(&entry), map::KIND_COMPLETION);
        assert_eq!(map::ENTRY_FIELDS[3].get(&entry), u32::from(host.tail));
        let (product, register) = golden(&work, &a, &b);
        let want = ticket(&key, &register);
        let completion = completion_of(&entry);
        let got: Vec<u8> = completion[8..].iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(completion[0], work.tag);
        assert_eq!(got, want, "{work:?}");
        assert_eq!(completion[1] & 1, 1, "every ticket meets this bound");
        assert_eq!(completion[1] >> 1 & 1 == 1, work.want_tile);
        if work.want_tile {
            assert_eq!(host.product(completion[1] >> 2 & 1), product, "{work:?}");
            host.command(immediate(registers::RELEASE, &[1]));
        }
    }
    assert_eq!(host.read(registers::ERROR), 0);
    assert_eq!(host.counter(registers::TILES_LOW), 4);
    assert_eq!(host.counter(registers::HITS_LOW), 4);
    assert_eq!(host.read(registers::STATUS) >> 8, 0, "nothing waits, nothing is outstanding");
    assert_eq!(host.interrupts, 4);
}
