//! PLL settings against the calculators that come with the tools: ours are at least as near.

use std::time::Duration;

use gemmine_flow::pll::{ECP5, GW1NR_9_C6, GW2AR_18_C8, ICE40, Pll};
use gemmine_tools::{Installed, SYNTHESIS, process};

/// What a calculator says: the number behind a text in its output, in MHz.
fn calculator(tool: &str, arguments: &[String], before: &str) -> f64 {
    let installed = Installed::find(&SYNTHESIS).unwrap();
    let mut command = installed.command(SYNTHESIS.tool(tool).unwrap());
    let said = process::output(command.args(arguments), Duration::from_secs(120)).unwrap();
    let (_, behind) = said.split_once(before).unwrap_or_else(|| panic!("{tool}: {said}"));
    let number: String =
        behind.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    number.parse().unwrap_or_else(|_| panic!("{tool}: {said}"))
}

/// Compares for some outputs of one oscillator, in MHz.
fn check(pll: &Pll, oscillator: u64, wanted: &[u64], calculated: impl Fn(u64) -> f64) {
    for &wanted_mhz in wanted {
        let plan = pll.plan(oscillator * 1_000_000, wanted_mhz * 1_000_000).unwrap();
        let ours = plan.output_hz() as f64 / 1e6;
        let theirs = calculated(wanted_mhz);
        let (error, their_error) =
            ((ours - wanted_mhz as f64).abs(), (theirs - wanted_mhz as f64).abs());
        // They print three digits.
        let text = format!("{oscillator} to {wanted_mhz} MHz: {ours} and {theirs}, {plan:?}");
        assert!(error <= their_error + 0.001, "{text}");
        // They know no better ranges than the data sheets', so nothing that we find is beyond theirs.
        assert!(their_error <= error + 3.0, "{text}");
    }
}

#[test]
fn ice40_settings_are_as_near_as_those_of_icepll() {
    for (oscillator, wanted) in
        [(12, [20, 33, 48, 55, 60, 77]), (100, [50, 99, 120, 130, 173, 250])]
    {
        check(&ICE40, oscillator, &wanted, |wanted| {
            let arguments = ["-i", &oscillator.to_string(), "-o", &wanted.to_string()];
            // "F_PLLOUT: ... (requested)", "F_PLLOUT: ... (achieved)"
            calculator("icepll", &arguments.map(str::to_owned), "(requested)\nF_PLLOUT:")
        });
    }
}

#[test]
fn ecp5_settings_are_as_near_as_those_of_ecppll() {
    for (oscillator, wanted) in [(25, [50, 111, 150, 200, 251]), (48, [50, 120, 150, 190, 233])] {
        check(&ECP5, oscillator, &wanted, |wanted| {
            let arguments = [
                "--clkin",
                &oscillator.to_string(),
                "--clkout0",
                &wanted.to_string(),
                "--file",
                "/dev/null",
            ];
            calculator("ecppll", &arguments.map(str::to_owned), "clkout0 frequency:")
        });
    }
}

#[test]
fn gowin_settings_are_as_near_as_those_of_gowin_pll() {
    for (pll, device) in
        [(&GW1NR_9_C6, "GW1NR-LV9QN88PC6/I5"), (&GW2AR_18_C8, "GW2AR-LV18QN88C8/I7")]
    {
        check(pll, 27, &[60, 100, 148, 150, 200, 210], |wanted| {
            let arguments = ["-i", "27", "-o", &wanted.to_string(), "-d", device];
            calculator("gowin_pll", &arguments.map(str::to_owned), "Achieved output frequency:")
        });
    }
}
