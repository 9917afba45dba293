//! Settings keep every range, and no legal setting comes nearer.

use proptest::prelude::*;

use super::*;

const PLLS: [&Pll; 4] = [&ICE40, &ECP5, &GW1NR_9_C6, &GW2AR_18_C8];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_best_legal_setting_is_found(
        pll in 0..PLLS.len(),
        oscillator_hz in 10_000_000u64..=133_000_000,
        wanted_hz in 16_000_000u64..=275_000_000,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 64),
    ) {
        let pll = PLLS[pll];
        let plan = pll.plan(oscillator_hz, wanted_hz).unwrap();
        prop_assert!(plan.keeps(&pll.limits));
        // Ranges again, from the rounded frequencies that go into reports.
        prop_assert!(pll.limits.pfd_hz.contains(&plan.pfd_hz()));
        prop_assert!(pll.limits.vco_hz.contains(&plan.vco_hz()));
        prop_assert!(pll.limits.output_hz.contains(&plan.output_hz()));
        let candidates = (pll.candidates)(oscillator_hz);
        for pick in picks {
            let other = pick.get(&candidates);
            if other.keeps(&pll.limits) {
                prop_assert_ne!(other.compare_error(&plan, wanted_hz), Ordering::Less);
            }
        }
    }
}

/// Outputs by the data sheets' formulas, independent of how plans are represented.
fn by_formula(oscillator_hz: f64, setting: Setting) -> (f64, f64) {
    match setting {
        Setting::Ice40 { divr, divf, divq, .. } => {
            let vco = oscillator_hz * f64::from(divf + 1) / f64::from(divr + 1);
            (vco / f64::from(1 << divq), vco)
        }
        Setting::Ecp5 { clki_div, clkfb_div, clkop_div } => {
            let output = oscillator_hz * f64::from(clkfb_div) / f64::from(clki_div);
            (output, output * f64::from(clkop_div))
        }
        Setting::Gowin { idiv_sel, fbdiv_sel, odiv_sel } => {
            let output = oscillator_hz * f64::from(fbdiv_sel + 1) / f64::from(idiv_sel + 1);
            (output, output * f64::from(odiv_sel))
        }
    }
}

#[test]
fn outputs_are_what_the_data_sheets_say() {
    for pll in PLLS {
        for (oscillator_hz, wanted_hz) in
            [(12_000_000, 55_500_000), (25_000_000, 200_000_000), (27_000_000, 150_000_000)]
        {
            let plan = pll.plan(oscillator_hz, wanted_hz).unwrap();
            let (output, vco) = by_formula(oscillator_hz as f64, plan.setting);
            assert!((plan.output_hz() as f64 - output).abs() <= 0.5, "{plan:?}");
            assert!((plan.vco_hz() as f64 - vco).abs() <= 0.5, "{plan:?}");
        }
    }
}

#[test]
fn clocks_of_the_boards() {
    let check = |pll: &Pll, oscillator_hz, wanted_hz, output_hz, setting| {
        let plan = pll.plan(oscillator_hz, wanted_hz).unwrap();
        assert_eq!((plan.output_hz(), plan.setting), (output_hz, setting));
    };
    let ice40 = |divr, divf, divq, filter_range| Setting::Ice40 { divr, divf, divq, filter_range };
    check(&ICE40, 12_000_000, 55_500_000, 55_500_000, ice40(0, 73, 4, 1));
    check(&ICE40, 100_000_000, 120_000_000, 120_000_000, ice40(4, 47, 3, 2));
    let ecp5 = |clki_div, clkfb_div, clkop_div| Setting::Ecp5 { clki_div, clkfb_div, clkop_div };
    check(&ECP5, 25_000_000, 200_000_000, 200_000_000, ecp5(1, 8, 3));
    check(&ECP5, 48_000_000, 150_000_000, 150_000_000, ecp5(8, 25, 4));
}

#[test]
fn an_impossible_clock_is_refused_with_its_ranges() {
    let error = ICE40.plan(12_000_000, 400_000_000).unwrap_err().to_string();
    assert_eq!(
        error,
        "make 400000000 Hz of 12000000 Hz: SB_PLL40 takes inputs and makes outputs such that PFD, VCO \
         and output are in 10000000..=133000000, 533000000..=1066000000 and 16000000..=275000000 Hz; \
         choose another target_hz"
    );
    assert!(ICE40.plan(1_000_000, 50_000_000).is_err());
    assert!(ECP5.plan(25_000_000, 0).is_err());
}
