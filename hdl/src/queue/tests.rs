//! The queue against a list: descriptors run in order, when their panels are there, and none twice.

use std::collections::VecDeque;

use expect_test::expect_file;

use super::*;
use crate::registers::{DESCRIPTOR_FIELDS, QUEUE};
use crate::testbench::{Clocked, Picture, Random, bit, cell, space};

impl<const W: usize> Clocked for Queue<W> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

type Descriptor = [u32; 4];

const WORD_BITS: usize = 11;
const EVERY_CYCLE: u64 = 1;

fn field(name: &str, descriptor: &Descriptor) -> u64 {
    let field = DESCRIPTOR_FIELDS.iter().find(|field| field.name == name);
    field.unwrap().get(descriptor).into()
}

/// A descriptor that waits for these commits.
fn fenced(random: &mut Random, fences: [u8; 2]) -> Descriptor {
    let [tag, base, shape, rest] = std::array::from_fn(|_| random.next() as u32);
    let fences = u32::from(fences[0]) << 16 | u32::from(fences[1]) << 24;
    [tag, base, shape, rest & 0xffff | fences]
}

impl Queue<WORD_BITS> {
    /// One cycle, which may write a word; pulses are low in the next one.
    fn cycle(&mut self, write: Option<(usize, u32)>) {
        self.write_in.next = write.is_some();
        let (word, data) = write.unwrap_or((3, 0xdead_beef));
        self.word_in.next = (word as u64).into();
        self.data_in.next = u64::from(data).into();
        self.settle();
    }

    fn end(&mut self) {
        self.edge();
        self.pop_in.next = false;
        self.tile_end_in.next = false;
        self.reset_in.next = false;
    }

    /// Pushes a descriptor; the last cycle of this is the one of its push.
    fn push(&mut self, descriptor: &Descriptor) {
        for (word, &data) in descriptor.iter().enumerate() {
            self.cycle(Some((word, data)));
            self.end();
        }
    }

    fn commit(&mut self, commits: [u8; 2]) {
        self.a_commits_in.next = u64::from(commits[0]).into();
        self.b_commits_in.next = u64::from(commits[1]).into();
    }

    /// Cycles from now, this one included, to the first one in which a tile runs.
    fn cycles_to_run(&mut self) -> Option<usize> {
        for cycle in 1..60 {
            self.cycle(None);
            let runs = self.active_out.val();
            self.end();
            if runs {
                return Some(cycle);
            }
        }
        None
    }

    fn assert_runs(&self, descriptor: &Descriptor) {
        let of = |name| field(name, descriptor);
        assert!(self.active_out.val());
        assert_eq!(self.tag_out.val().to_u64(), of("tag"));
        // Chunks and tails are multiples of four steps, whatever the descriptor says.
        assert_eq!(self.chunk_last_out.val().to_u64(), of("chunk_last") | 3);
        assert_eq!(u64::from(self.tail_out.val()), of("tail"));
        assert_eq!(self.tail_last_out.val().to_u64(), of("tail_last") | 3);
        assert_eq!(u64::from(self.unsigned_out.val()), of("unsigned_a"));
        assert_eq!(u64::from(self.want_out.val()), of("want_tile"));
        assert_eq!(u64::from(self.scan_out.val()), of("scan"));
        assert_eq!(self.chunks_last_out.val().to_u64(), of("chunks_last"));
        assert_eq!(self.job_out.val().to_u64(), of("job"));
    }

    fn assert_loads(&self, descriptor: &Descriptor) {
        let of = |name| field(name, descriptor) % (1 << WORD_BITS);
        assert_eq!(self.a_base_out.val().to_u64(), of("a_word"));
        assert_eq!(self.b_base_out.val().to_u64(), of("b_word"));
    }
}

/// A descriptor, and the commits that it waits for since the beginning of time.
struct Waiting {
    descriptor: Descriptor,
    fences: [usize; 2],
}

/// The queue, and what it must hold.
struct Bench {
    queue: Queue<WORD_BITS>,
    random: Random,
    commits: [usize; 2],
    commits_before: [usize; 2],
    waiting: VecDeque<Waiting>,
    running: Option<Descriptor>,
    /// What ran, or was about to, a cycle ago; and whether it was loaded then.
    shown: Option<Descriptor>,
    loaded: bool,
    completed: usize,
    outstanding: usize,
    runs: usize,
    /// Ends of attempts that another one follows.
    repeats: usize,
    /// Another one follows the running attempt.
    again: bool,
    /// Cycles since that was another way.
    again_for: usize,
    /// Cycles without a scan.
    rested: usize,
    idle_for: usize,
    lost: usize,
}

impl Bench {
    fn new(seed: u64) -> Self {
        Self {
            queue: Queue::connected(),
            random: Random(seed),
            commits: [0; 2],
            commits_before: [0; 2],
            waiting: VecDeque::new(),
            running: None,
            shown: None,
            loaded: false,
            completed: 0,
            outstanding: 0,
            runs: 0,
            repeats: 0,
            again: false,
            again_for: 0,
            rested: 0,
            idle_for: 0,
            lost: 0,
        }
    }

    /// One cycle of the bus, with tiles that end once in `tile` cycles.
    fn cycle(&mut self, write: Option<(usize, u32)>, pop: usize, tile: u64) {
        let scans = self.running.as_ref().is_some_and(|running| field("scan", running) == 1);
        self.again_for += 1;
        if scans && self.random.one_in(10) {
            self.again = !self.again;
            self.again_for = 0;
        }
        self.queue.again_in.next = self.again;
        let ends = self.queue.active_out.val()
            && self.again_for > 0
            && !self.loaded
            && self.random.one_in(tile);
        self.queue.tile_end_in.next = ends;
        self.queue.pop_in.next = pop > 0;
        self.queue.pop_count_in.next = (pop as u64).into();
        self.queue.commit(self.commits.map(|commits| commits as u8));
        self.queue.cycle(write);
        self.compare(write, ends);
        let loads = self.queue.load_out.val();
        self.queue.end();
        self.commits_before = self.commits;
        self.outstanding -= pop;
        let completes = ends && !self.again;
        self.repeats += usize::from(ends && self.again);
        self.completed += usize::from(completes);
        self.completed -= pop;
        self.shown = self.running;
        self.loaded = loads;
        if completes {
            self.running = None;
        }
        if loads {
            self.running = self.waiting.pop_front().map(|waiting| waiting.descriptor);
            self.runs += 1;
        }
    }

    fn met(&self, commits: [usize; 2]) -> bool {
        let fences = self.waiting.front().map(|waiting| waiting.fences);
        fences.is_some_and(|fences| fences[0] <= commits[0] && fences[1] <= commits[1])
    }

    fn compare(&mut self, write: Option<(usize, u32)>, ends: bool) {
        let queue = &self.queue;
        assert_eq!(queue.outstanding_out.val().to_u64(), self.outstanding as u64);
        let pushes = write.is_some_and(|(word, _)| word == 3);
        assert_eq!(queue.overflow_out.val(), pushes && self.outstanding == QUEUE as usize);
        if queue.active_out.val() {
            queue.assert_runs(self.shown.as_ref().unwrap());
        }
        if !queue.scans_out.val() {
            self.rested += 1;
        } else if self.rested > 0 {
            // A scan has begun: it runs in the next cycle.
            assert!(!queue.active_out.val() && self.rested >= SCAN_REST_CYCLES);
            self.rested = 0;
        }
        if queue.active_out.val() {
            assert_eq!(queue.scans_out.val(), queue.scan_out.val());
        }
        if self.loaded {
            queue.assert_loads(self.running.as_ref().unwrap());
        }
        if queue.load_out.val() {
            let next = self.waiting.front().unwrap();
            queue.assert_loads(&next.descriptor);
            assert!(self.met(self.commits_before), "a tile ran before its panels were there");
            assert!(
                (ends && !self.again && field("scan", &next.descriptor) == 0)
                    || self.running.is_none(),
                "a tile was loaded over another, or a scan behind one"
            );
        }
        if queue.fenced_out.val() {
            assert!(!queue.active_out.val() && !self.met(self.commits_before));
        }
        let may_run = self.running.is_none() && self.met(self.commits_before);
        self.idle_for = if may_run { self.idle_for + 1 } else { 0 };
        assert!(self.idle_for <= NEXT_LATENCY, "a tile that may run does not");
    }

    /// Pushes a descriptor with random gaps, or loses it if the queue is full.
    fn push(&mut self, tile: u64) {
        // So that a commit's fence is never behind the newest by more than it can tell.
        let fences = self.commits.map(|commits| commits + self.random.below(5) as usize);
        let descriptor = fenced(&mut self.random, fences.map(|fence| fence as u8));
        for (word, &data) in descriptor.iter().enumerate() {
            while self.random.one_in(3) {
                self.cycle(None, 0, tile);
            }
            self.cycle(Some((word, data)), 0, tile);
        }
        if self.outstanding == QUEUE as usize {
            self.lost += 1;
        } else {
            self.outstanding += 1;
            self.waiting.push_back(Waiting { descriptor, fences });
        }
    }

    fn commit(&mut self) {
        let newest = |side: usize| self.waiting.iter().map(move |waiting| waiting.fences[side]);
        for side in 0..2 {
            let wanted = newest(side).max().is_some_and(|fence| fence > self.commits[side]);
            self.commits[side] += usize::from(wanted && self.random.one_in(2));
        }
    }

    fn pop(&mut self, tile: u64) {
        if self.completed > 0 {
            let count = 1 + self.random.below(self.completed as u64) as usize;
            self.cycle(None, count, tile);
        }
    }
}

fn check(seed: u64, tile: u64, pops_one_in: u64) -> Bench {
    let mut bench = Bench::new(seed);
    for _ in 0..4000 {
        match bench.random.below(4) {
            0 | 1 => bench.push(tile),
            2 => bench.commit(),
            _ => {
                let idle = bench.random.below(20);
                (0..idle).for_each(|_| bench.cycle(None, 0, tile));
            }
        }
        if bench.random.one_in(pops_one_in) {
            bench.pop(tile);
        }
    }
    bench
}

#[test]
fn descriptors_run_in_order_behind_their_fences() {
    for (seed, tile, pops_one_in) in [(1, 30, 2), (2, EVERY_CYCLE, 4), (3, 5, 20)] {
        let bench = check(seed, tile, pops_one_in);
        assert!(bench.runs > 300, "{} runs", bench.runs);
        assert!(bench.commits.iter().all(|&commits| commits > 300), "commits wrap");
        assert!(bench.lost > 0, "the queue was never full");
        assert!(bench.repeats > 100, "{} attempts with another behind them", bench.repeats);
    }
}

#[test]
fn a_fence_looks_back_by_127_commits() {
    let mut random = Random(4);
    for fence in [0_u8, 3, 130, 250] {
        for (lead, runs) in [(0, true), (1, true), (127, true), (128, false), (255, false)] {
            for side in 0..2 {
                let mut commits = [fence; 2];
                commits[side] = fence.wrapping_add(lead);
                let mut queue = Queue::connected();
                queue.commit(commits);
                queue.push(&fenced(&mut random, [fence; 2]));
                assert_eq!(queue.cycles_to_run().is_some(), runs, "{lead} behind {fence}");
                assert_eq!(queue.fenced_out.val(), !runs);
            }
        }
    }
}

#[test]
fn a_pushed_descriptor_runs_after_the_start_latency() {
    let mut queue = Queue::connected();
    queue.push(&[1, 2, 3, 4]);
    // The push was a cycle ago.
    assert_eq!(queue.cycles_to_run(), Some(START_LATENCY));
    queue.assert_runs(&[1, 2, 3, 4]);
}

#[test]
fn a_committed_panel_lets_its_tile_run() {
    let mut queue = Queue::connected();
    queue.push(&[1, 2, 3, 0x0100_0000]);
    assert_eq!(queue.cycles_to_run(), None);
    queue.commit([0, 1]);
    queue.cycle(None);
    queue.end();
    assert_eq!(queue.cycles_to_run(), Some(FENCE_LATENCY + ARM_CYCLES));
}

/// Whether the next tile, pushed `push` cycles after the load of the one that runs, or before it,
/// follows without a cycle between when that one ends `end` cycles after its load.
fn follows(push: usize, end: usize) -> bool {
    let (first, second) = ([1, 2, 3, 4], [5, 6, 7, 8]);
    let mut queue = Queue::connected();
    queue.push(&first);
    if push == 0 {
        queue.push(&second);
    }
    while !queue.load_out.val() {
        queue.cycle(None);
        if !queue.load_out.val() {
            queue.end();
        }
    }
    for cycle in 0..=end {
        queue.tile_end_in.next = cycle == end;
        let word = (cycle + 3).checked_sub(push).filter(|&word| word < 4 && push > 0);
        queue.cycle(word.map(|word| (word, second[word])));
        assert_eq!(queue.active_out.val(), cycle >= ARM_CYCLES);
        queue.end();
    }
    queue.cycle(None);
    queue.active_out.val()
}

#[test]
fn tiles_follow_each_other_from_the_next_latency_on() {
    assert!(!follows(0, NEXT_LATENCY - 1));
    assert!(follows(0, NEXT_LATENCY));
    assert!(!follows(10, 10 + NEXT_LATENCY - 1));
    assert!(follows(10, 10 + NEXT_LATENCY));
}

#[test]
fn a_reset_in_any_cycle_leaves_nothing_behind() {
    let mut random = Random(5);
    let old: Vec<Descriptor> = (0..3).map(|_| fenced(&mut random, [0; 2])).collect();
    for reset_at in 0..40 {
        let mut queue = Queue::connected();
        let mut words = old.iter().flat_map(|descriptor| descriptor.iter().enumerate());
        for cycle in 0..=reset_at {
            queue.reset_in.next = cycle == reset_at;
            queue.tile_end_in.next = cycle == 25;
            queue.cycle(words.next().map(|(word, &data)| (word, data)));
            queue.end();
        }
        for _ in 0..2 * START_LATENCY {
            queue.cycle(None);
            assert!(!queue.active_out.val() && !queue.load_out.val() && !queue.fenced_out.val());
            assert_eq!(queue.outstanding_out.val().to_u64(), 0);
            queue.end();
        }
        let new = fenced(&mut random, [0; 2]);
        queue.push(&new);
        assert_eq!(queue.cycles_to_run(), Some(START_LATENCY), "reset in cycle {reset_at}");
        queue.assert_runs(&new);
    }
}

#[test]
fn picture() {
    let caption =
        "Pushes of descriptors 7 and 8 end in cycles 0 and 4. Tile 7 ends as soon as 8 can follow.";
    let mut queue = Queue::<WORD_BITS>::connected();
    let words: Vec<(usize, u32)> = [[7, 0, 0, 0], [8, 0, 0, 0]]
        .iter()
        .flat_map(|descriptor: &Descriptor| descriptor.iter().copied().enumerate())
        .collect();
    for &write in &words[..3] {
        queue.cycle(Some(write));
        queue.end();
    }
    let mut picture = Picture::new(caption, 0);
    for cycle in 0..2 * NEXT_LATENCY + 3 {
        queue.tile_end_in.next = cycle == 2 * NEXT_LATENCY;
        queue.cycle(words.get(3 + cycle).copied());
        let word = words.get(3 + cycle).map_or("-".into(), |(word, _)| word.to_string());
        picture.cycle([
            ("write_in", bit(queue.write_in.val())),
            ("word_in", word),
            ("tile_end_in", bit(queue.tile_end_in.val())),
            space(),
            ("waiting", cell(queue.waiting.q.val().to_u64() as i64)),
            ("fetching", bit(queue.fetching.q.val())),
            ("next_valid", bit(queue.next_valid.q.val())),
            ("ready", bit(queue.ready.q.val())),
            space(),
            ("load_out", bit(queue.load_out.val())),
            ("active_out", bit(queue.active_out.val())),
            ("tag_out", cell(queue.tag_out.val().to_u64() as i64)),
            ("outstanding_out", cell(queue.outstanding_out.val().to_u64() as i64)),
        ]);
        queue.end();
    }
    expect_file!["../../timing/queue.txt"].assert_eq(&picture.draw());
}
