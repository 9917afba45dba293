//! The simulated day: the whole miner in fast time, with everything going wrong that can.
//!
//! One seed, one history. `GEMMINE_SEED=n` runs that one alone; `GEMMINE_LONG=1` adds 256 boards for 24 hours.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod board;
mod line;
mod oracle;
mod pool;
mod product;
mod random;
mod scenario;
mod summary;
mod world;

use std::time::Instant;

use scenario::Scenario;
use summary::Tally;
use world::World;

/// By how much credit may be off what was made.
const CREDIT: f64 = 0.1;
/// MiB by which a day may grow behind its third hour.
const GROWTH: f64 = 64.0;

fn run(scenario: Scenario) -> Tally {
    let began = Instant::now();
    println!("seed {}", scenario.seed);
    let tally = World::new(scenario.clone()).run();
    println!("{}", tally.table(&scenario, began.elapsed()));
    let off = (tally.credit_ratio() - 1.0).abs();
    // Of few hits the ratio is off by chance: four times its deviation is let pass.
    let chance = 4.0 * (3.0 / tally.made as f64).sqrt();
    assert!(off < CREDIT.max(chance), "credit is {:.4} of what was made", tally.credit_ratio());
    assert!(tally.found > 100 && tally.kills > 3, "a quiet day");
    assert!(tally.most.lines <= 200 && tally.most.connections < 20, "{:?}", tally.most);
    tally
}

fn seed() -> Option<u64> {
    std::env::var("GEMMINE_SEED").ok().map(|seed| seed.parse().unwrap())
}

/// A few short ones, and the whole day where GEMMINE_LONG is set.
fn scenarios() -> Vec<Scenario> {
    let seeds = seed().map_or(vec![1, 2, 3], |seed| vec![seed]);
    let day = std::env::var_os("GEMMINE_LONG").map(|_| Scenario::day(seeds[0]));
    seeds.into_iter().map(Scenario::short).chain(day).collect()
}

#[test]
fn nothing_is_lost_or_doubled_whatever_goes_wrong() {
    for scenario in scenarios() {
        let is_day = scenario.talks;
        let tally = run(scenario);
        if is_day {
            let [early, late] = [3, tally.resident.len() - 1].map(|at| tally.resident[at]);
            assert!(late < early + GROWTH, "memory grows: {:?} MiB", tally.resident);
        }
    }
}

#[test]
fn a_seed_has_one_history() {
    let tell = || {
        let mut scenario = Scenario::short(7);
        scenario.length /= 6;
        World::new(scenario).run().history()
    };
    assert_eq!(tell(), tell());
}
