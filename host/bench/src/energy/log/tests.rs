//! Tables of meters: areas, windows, and what is wrong with them.

use super::*;

fn parse(text: &str) -> Result<MeterLog, String> {
    MeterLog::parse(text, Path::new("meter.csv"), 0.0).map_err(|error| error.to_string())
}

fn close(one: f64, other: f64) {
    assert!((one - other).abs() < 1e-9 * other.abs().max(1.0), "{one} is not {other}");
}

#[test]
fn energy_is_the_area_between_samples() {
    // 2 W at 100 s, one more watt a second.
    let mut text = String::from("# a recording\nmeter 7\n\ntime (s),power (mW)\n");
    for tenth in 0..=100 {
        text +=
            &format!("{},{}\n", 100.0 + f64::from(tenth) / 10.0, 2000.0 + 100.0 * f64::from(tenth));
    }
    let log = parse(&text).unwrap();
    let metered = log.over(101.05, 105.0).unwrap();
    close(metered.joules, (3.05 + 7.0) / 2.0 * 3.95);
    close(metered.watts_min, 3.05);
    close(metered.watts_max, 7.0);
    assert!(metered.gap < 0.11);
    assert_eq!(metered.samples, 39);
    // The same as volts times amperes, in another clock, with a semicolon, and as a count.
    let mut product = String::from("\u{feff}\"elapsed_ms\";\"voltage_V\";\"current_mA\"\r\n");
    let mut count = String::from("time energy_Ws\n");
    for tenth in 0..=1000 {
        let time = f64::from(tenth) / 100.0;
        product += &format!("{};4;{}\r\n", time * 1000.0, (2.0 + time) / 4.0 * 1000.0);
        count += &format!("{} {}\n", 100.0 + time, 50.0 + 2.0 * time + time * time / 2.0);
    }
    let log = MeterLog::parse(&product, Path::new("meter.csv"), 100.0).unwrap();
    close(log.over(101.05, 105.0).unwrap().joules, metered.joules);
    let counted = parse(&count).unwrap().over(101.05, 105.0).unwrap();
    assert!((counted.joules - metered.joules).abs() < 1e-3, "{}", counted.joules);
    assert!((counted.watts_max - 7.0).abs() < 0.02);
}

#[test]
fn moments_are_read_as_people_write_them() {
    let text = "Timestamp,Power(W)\n2026-08-11T12:00:00Z,5\n2026-08-11T14:00:01.5+02:00,5\n";
    let log = parse(text).unwrap();
    assert_eq!(log.samples[0].0, 1_786_449_600.0);
    close(log.samples[1].0, 1_786_449_601.5);
}

#[test]
fn a_table_that_does_not_tell_is_refused() {
    let error = |text: &str| parse(text).unwrap_err();
    assert!(error("").contains("no line among the first 64"));
    assert!(error("\u{0}\u{1}\u{2}").contains("meter.csv"));
    assert!(error("time,voltage_V\n1,2\n").contains("power, energy, or voltage and current"));
    assert!(error("time,power\n1,2\n2,x\n").contains("line 3: \"x\" is not a number"));
    assert!(error("time,power\n1,2\n2\n").contains("line 3: \"\" is not a number"));
    for number in ["inf", "-inf", "nan", "1e308", "-1e31"] {
        assert!(error(&format!("time,power\n1,{number}\n")).contains("line 2"), "{number}");
        assert!(error(&format!("time (h),power\n{number},1\n")).contains("line 2"), "{number}");
    }
    assert!(error("time,power\nnoon,2\n").contains("like 2026-08-11T12:00:00.5Z"));
    assert!(error("time,power\n2,2\n1,2\n").contains("line 3: its time is before"));

    let over = |text: &str, from, to| parse(text).unwrap().over(from, to).unwrap_err().to_string();
    assert!(over("time,power\n", 1.0, 2.0).contains("start the meter before"));
    assert!(over("time,power\n1,5\n2,5\n", 1.5, 2.5).contains("from 1.000 to 2.000 s"));
    assert!(over("time,power\n1,5\n2,5\n", 0.5, 1.5).contains("--meter-offset"));
    assert!(over("time,power\n0,5\n1,5\n9,5\n10,5\n", 0.0, 10.0).contains("silent for 8.000 s"));
    // Two samples at one time say nothing of the time between.
    let log = parse("time,power\n0,1\n1,1\n1,3\n2,3\n").unwrap();
    assert!(log.over(0.0, 2.0).is_err());
    let mut steps = String::from("time,power\n");
    (0..=20).for_each(|n| steps += &format!("{n},{}\n{n},{}\n", n / 10, (n + 1) / 10));
    assert!(parse(&steps).unwrap().over(0.0, 20.0).unwrap().joules.is_finite());
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "[ -~\u{b5}\n,;\t]{0,300}", from in 0.0..10.0_f64) {
        if let Ok(log) = parse(&text) {
            let _ = log.over(from, from + 1.0);
        }
        if let Ok(log) = parse(&format!("time,power\n{text}")) {
            let _ = log.over(from, from + 1.0);
        }
    }

    #[test]
    fn windows_add_up(powers in proptest::collection::vec(0.0..100.0_f64, 60..80), cut in 10.0..40.0_f64) {
        let mut text = String::from("time,power\n");
        for (second, power) in powers.iter().enumerate() {
            text += &format!("{second},{power}\n");
        }
        let log = parse(&text).unwrap();
        let joules = |from, to| log.over(from, to).unwrap().joules;
        proptest::prop_assert!((joules(0.0, cut) + joules(cut, 55.0) - joules(0.0, 55.0)).abs() < 1e-6);
    }
}
