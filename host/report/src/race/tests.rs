//! The race as the table that is compiled in has it.

use super::*;
use crate::baselines::EMBEDDED;

#[test]
fn bitcoins_chips_are_three_thousand_times_ahead_per_joule_and_not_a_hundred_thousand() {
    let race = Race::of(&Baselines::embedded().unwrap()).unwrap();
    let value = |name: &str| race.figures[name].value;
    assert!((value(names::HASH_ASIC) - 13.5).abs() < 1e-9);
    assert!((value(names::HASH_GPU) - 40_520.83).abs() < 0.01);
    assert!((value(names::PER_JOULE) - 3001.5).abs() < 0.1);
    assert!((value(names::PER_DEVICE) - 28_125.0).abs() < 1e-6);
    assert!(
        (value(names::PER_JOULE) * value(names::PER_WATT) / value(names::PER_DEVICE) - 1.0).abs()
            < 1e-9
    );
}

#[test]
fn int8_has_far_less_to_win() {
    let race = Race::of(&Baselines::embedded().unwrap()).unwrap();
    assert_eq!(race.gpu, "NVIDIA GeForce RTX 4090");
    assert_eq!(race.gpu_peak, "NVIDIA B200");
    assert_eq!(race.nodes_nm, [45, 7, 3]);
    let range = |name: String| (race.figures[&name].low(), race.figures[&name].high());
    let near = |(low, high): (f64, f64), wanted: (f64, f64)| {
        assert!((low - wanted.0).abs() < 1e-3 && (high - wanted.1).abs() < 1e-3, "{low} {high}");
    };
    near(range(names::floor(45)), (0.3, 1.227));
    near(range(names::floor(7)), (0.1, 0.409));
    near(range(names::floor(3)), (0.0455, 0.2863));
    near(range(names::ahead(3)), (3.5096, 22.0852));
    // The source's own figures, and the most that anybody could win.
    near(range(names::least(45)), (0.3, 0.3));
    near(range(names::least(3)), (0.0455, 0.0455));
    near(range(names::most_ahead(3)), (22.0852, 22.0852));
    assert!(race.operations.iter().any(|what| what == "64 bits from DRAM at 45 nm"));
}

#[test]
fn a_table_without_a_chip_or_a_card_is_named() {
    let with = |from: &str, to: &str| {
        let table = Baselines::parse("own.toml", &EMBEDDED.replace(from, to)).unwrap();
        Race::of(&table).unwrap_err().to_string()
    };
    assert_eq!(
        with("class = \"asic\"", "class = \"gpu\""),
        "read own.toml: add a [[sha256d]] with class = \"asic\""
    );
    assert!(
        with("over_node_nm = 7", "over_node_nm = 5").contains("no [[arithmetic]] of that node")
    );
    assert!(with(", watts_are = \"load\"", "").contains("whose mining has watts"));
}
