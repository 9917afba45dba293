//! Go-back-N over a bad line: every write once and in order, every read right, or an error in bounded
//! time.

use std::io;
use std::time::{Duration, Instant};

use gemmine_hdl::frame::{PAYLOAD_WORDS_MAX, Response, Status};

use super::super::link::Link;
use super::super::port::Port;
use super::line::{Line, Random};
use crate::link_error::LinkError;

const PLACE: u32 = 1000;

/// Writes bursts of numbered words and reads some back; returns the link and what was written.
fn talk(line: &Line, link: &mut Link, bursts: u32, seed: u64) -> Result<(), LinkError> {
    let mut random = Random(seed);
    line.world().board.accelerator.log = Some(Vec::new());
    let mut want = Vec::new();
    for burst in 0..bursts {
        let length = [1, 4, 17, PAYLOAD_WORDS_MAX as u32][random.below(4) as usize];
        let words: Vec<u32> = (0..length).map(|n| burst << 8 | n).collect();
        link.write("a burst", PLACE, &words, 0)?;
        want.extend((PLACE..).zip(words.iter().copied()));
        if random.below(8) == 0 {
            assert_eq!(link.read("a burst", PLACE, words.len())?, words);
        }
    }
    link.flush("the end")?;
    let log = line.world().board.accelerator.log.take().unwrap();
    assert_eq!(log.len(), want.len());
    assert!(log == want, "written out of order");
    Ok(())
}

#[test]
fn a_clean_line_sends_nothing_twice() {
    let line = Line::new(6);
    let mut link = Link::open(line.port(115_200), 115_200, 3).unwrap();
    talk(&line, &mut link, 1000, 1).unwrap();
    let counters = link.counters();
    assert_eq!((counters.frames_resent, counters.timeouts), (0, 0), "{counters:?}");
    assert_eq!(link.trouble(), 0);
}

#[test]
fn damaged_frames_are_made_good() {
    let mut damaged = 0;
    for (seed, one_in) in [(1, 600), (2, 600), (3, 1000), (4, 3000), (5, 10_000)] {
        let line = Line::new(6);
        let baud = [115_200, 3_000_000][seed as usize % 2];
        line.world().board.baud = baud;
        line.world().board.first_baud = baud;
        line.damage(one_in, seed);
        let mut link = Link::open(line.port(baud), baud, 20).unwrap();
        let bursts = 5 * one_in as u32;
        talk(&line, &mut link, bursts, seed).unwrap();
        let world = line.world();
        damaged += u64::from(world.board.frames_bad) + link.counters().responses_damaged;
        assert!(world.damage.iter().all(|damage| damage.count > 100));
    }
    assert!(damaged > 10_000, "{damaged} damaged frames are too few for a test");
}

#[test]
fn a_line_that_carries_nothing_ends_in_an_error() {
    let line = Line::new(6);
    let mut link = Link::open(line.port(115_200), 115_200, 3).unwrap();
    line.damage(1, 1);
    let error = talk(&line, &mut link, 100, 1).unwrap_err();
    assert!(matches!(error, LinkError::Silent { tries: 8, .. }), "{error}");
    assert!(error.to_string().contains("no answer at 115200 baud"), "{error}");
    // Short frames pass, long ones never do.
    line.damage(200, 2);
    link.resync(20).unwrap();
    let error = talk(&line, &mut link, 3000, 1);
    if let Err(error) = error {
        assert!(matches!(error, LinkError::Noisy { .. } | LinkError::Silent { .. }), "{error}");
    }
}

#[test]
fn a_slow_device_is_no_silent_one() {
    // Answers take three seconds, as those of a simulation do.
    let line = Line::new(6);
    line.world().latency = Duration::from_millis(1500);
    let mut link = Link::open(line.port(115_200), 115_200, 8).unwrap();
    talk(&line, &mut link, 500, 1).unwrap();
    let counters = link.counters();
    assert_eq!(counters.frames_resent, 0, "{counters:?}");
    assert!(counters.timeouts < 20, "{counters:?}");
}

#[test]
fn the_line_is_full_while_words_are_written() {
    for (baud, latency_ms) in [(115_200, 8), (1_000_000, 8), (3_000_000, 8), (12_000_000, 4)] {
        let line = Line::new(6);
        line.world().board.baud = baud;
        line.world().latency = Duration::from_millis(latency_ms);
        let mut link = Link::open(line.port(baud), baud, 3).unwrap();
        let begin = line.world().now;
        let sent = line.world().sent;
        for _ in 0..400 {
            link.write("words", PLACE, &[7; PAYLOAD_WORDS_MAX], 0).unwrap();
        }
        link.flush("words").unwrap();
        let world = line.world();
        let seconds = (world.now - begin).as_secs_f64();
        let used = (world.sent - sent) as f64 * 10.0 / f64::from(baud) / seconds;
        assert!(used > 0.95, "{used} of the line at {baud} baud");
    }
}

#[test]
fn a_device_that_starts_anew_is_noticed() {
    let line = Line::new(6);
    let mut link = Link::open(line.port(115_200), 115_200, 3).unwrap();
    talk(&line, &mut link, 20, 1).unwrap();
    line.world().board.power_cycle();
    let error = talk(&line, &mut link, 20, 2).unwrap_err();
    assert!(matches!(error, LinkError::Restarted { .. }), "{error}");
}

/// Answers whatever is asked with frames that are whole and mean nothing.
struct Babbler {
    random: Random,
    waited: Duration,
    start: Instant,
}

impl Port for Babbler {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.waited += Duration::from_millis(1);
        let random = &mut self.random;
        let mut bytes = Vec::new();
        while bytes.len() < 1000 {
            let status = [Status::Done, Status::Gap, Status::Repeat][random.below(3) as usize];
            let data = (0..random.below(5)).map(|_| random.next() as u32).collect();
            let [expected, sequence] = [random.next() as u8, random.next() as u8];
            let response = Response { expected, status, sequence, completions: 3, data };
            bytes.extend(response.encode());
        }
        buffer[..1000].copy_from_slice(&bytes[..1000]);
        Ok(1000)
    }
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn wait(&mut self, _: bool, timeout: Duration) -> io::Result<()> {
        self.waited += timeout;
        Ok(())
    }
    fn set_baud(&mut self, _: u32) -> io::Result<()> {
        Ok(())
    }
    fn discard(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn now(&self) -> Instant {
        self.start + self.waited
    }
}

#[test]
fn a_babbling_device_is_given_up() {
    for seed in 0..20 {
        let port = Babbler { random: Random(seed), waited: Duration::ZERO, start: Instant::now() };
        let error = Link::open(Box::new(port), 3_000_000, 3).err().unwrap();
        assert!(matches!(error, LinkError::Silent { .. }), "{error}");
    }
}

#[test]
fn a_device_that_goes_mad_is_given_up_too() {
    for seed in 0..20 {
        let line = Line::new(6);
        let mut link = Link::open(line.port(115_200), 115_200, 3).unwrap();
        let port = Babbler { random: Random(seed), waited: Duration::ZERO, start: link.now() };
        link.replace_port(Box::new(port));
        let done = (0..1000).try_for_each(|n| {
            link.write("words", PLACE, &[n; 100], 0)?;
            link.read("words", PLACE, 9).map(drop)
        });
        assert!(done.is_err());
    }
}
