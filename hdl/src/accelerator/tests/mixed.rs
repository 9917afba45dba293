//! What a host may do besides one tile after the other: other shapes, resets, too much of something.

use super::*;

/// Steps that the lanes hold.
const STEPS: usize = 4 << WORD_BITS;

/// A ready accelerator with full panel memory, and the work that would take all of it.
fn filled<M: Bus>(random: &mut Random) -> (M, Work) {
    let mut module = ready::<M>();
    let all = Work { want: false, ..Work::random(random, STEPS, 64) };
    load(&mut module, PANELS_A, M::geometry().rows(), &all.a, 0);
    load(&mut module, PANELS_B, M::geometry().columns(), &all.b, 0);
    (module, all)
}

/// So many steps of it, from a word on; behind the last word comes the first.
fn part(all: &Work, base: u32, steps: usize, want: bool) -> Work {
    let panel =
        |panel: &Panel| (0..steps).map(|n| panel[(4 * base as usize + n) % STEPS]).collect();
    Work { a: panel(&all.a), b: panel(&all.b), want, ..*all }
}

fn push<M: Bus>(module: &mut M, descriptor: &[u32; 4]) {
    module.write(DESCRIPTORS, descriptor);
}

#[test]
fn tiles_of_other_shapes_follow_each_other() {
    let mut random = Random(1);
    let (mut module, all) = filled::<Full>(&mut random);
    let shapes = [(0, 64), (3, 320), (9, 64), (30, 192), (5, 124), (1, 256), (0, 128), (7, 188)];
    let works = shapes.map(|(base, steps)| part(&all, base, steps, steps == 192));
    for (tag, (work, (base, _))) in works.iter().zip(shapes).enumerate() {
        push(&mut module, &work.descriptor(tag as u32, base, 0));
    }
    for (tag, work) in works.iter().enumerate() {
        finish(&mut module, work, tag as u32, tag as u32);
    }
    assert_eq!(module.read(ERROR), 0);
}

#[test]
fn kept_tiles_fill_both_banks_and_no_more() {
    let mut random = Random(2);
    let (mut module, all) = filled::<Small>(&mut random);
    let works = [0, 7, 14].map(|base| part(&all, base, 64, true));
    for (tag, work) in works.iter().enumerate() {
        push(&mut module, &work.descriptor(tag as u32, [0, 7, 14][tag], 0));
    }
    while module.read(STATUS) >> 8 & 0xff < RESULT_BANKS {}
    module.idle(1000);
    assert_eq!(module.read(STATUS) >> 8 & 0xff, RESULT_BANKS, "the third tile has no bank");
    for (tag, work) in works.iter().enumerate() {
        finish(&mut module, work, tag as u32, tag as u32);
    }
    assert!(module.read(STALL_DRAIN_LOW) > 500);
    assert_eq!(module.read(ERROR), 0);
}

#[test]
fn too_much_is_refused_and_said() {
    let mut random = Random(3);
    let (mut module, all) = filled::<Small>(&mut random);
    let work = part(&all, 0, 64, false);
    for tag in 0..QUEUE {
        push(&mut module, &work.descriptor(tag, 0, 1));
    }
    assert_eq!(module.read(ERROR), 0);
    push(&mut module, &work.descriptor(99, 0, 0));
    assert_eq!(module.read(ERROR), 1);
    assert_eq!(module.read(STATUS) >> 16, QUEUE);
    module.write(ERROR_CLEAR, &[0]);
    assert_eq!(module.read(ERROR), 0);
    for nothing in [POP, RELEASE] {
        module.write(nothing, &[1]);
        assert_eq!(module.read(ERROR), 2);
        module.write(ERROR_CLEAR, &[0]);
    }
    module.write(COMMIT, &[0x0101]);
    for tag in 0..QUEUE {
        finish(&mut module, &work, tag, tag);
    }
    assert_eq!(module.read(STATUS) >> 8, 0);
}

#[test]
fn a_reset_drops_work_and_keeps_panels_and_jobs() {
    let mut random = Random(4);
    for cycles in [0, 5, 12, 90, 540, 700, 1300] {
        let (mut module, all) = filled::<Small>(&mut random);
        module.write(COMMIT, &[0x0305]);
        for tag in 0..4 {
            push(&mut module, &part(&all, 0, 64, true).descriptor(tag, 0, 3));
        }
        module.idle(cycles);
        module.write(RESET, &[0]);
        module.idle(300);
        assert_eq!(module.read(STATUS), 1, "ready, and nothing else");
        assert_eq!(module.read(COMMITS), 0);
        module.write(COMMIT, &[0x0101]);
        let work = part(&all, 11, 128, true);
        push(&mut module, &work.descriptor(7, 11, 1));
        finish(&mut module, &work, 7, 0);
        assert_eq!(module.read(ERROR), 0);
    }
}
