//! `EHXPLLL`, feedback from its first output: ECP5 sysCLOCK guide, FPGA-TN-02200, and data sheet
//! FPGA-DS-02012.

use super::{Limits, Plan, Pll, Setting};

/// Where the VCO runs best: the middle of its range.
const VCO_MIDDLE_HZ: u64 = 600_000_000;

/// PLL of ECP5: `output = oscillator CLKFB_DIV / CLKI_DIV`.
pub static ECP5: Pll = Pll {
    limits: Limits {
        name: "EHXPLLL",
        pfd_hz: 3_125_000..=400_000_000,
        vco_hz: 400_000_000..=800_000_000,
        output_hz: 3_125_000..=400_000_000,
    },
    candidates,
    prefer: |a, b| {
        let off = |plan: &Plan| plan.vco_hz().abs_diff(VCO_MIDDLE_HZ);
        a.pfd_divider.cmp(&b.pfd_divider).then(off(a).cmp(&off(b)))
    },
};

fn candidates(oscillator_hz: u64) -> Vec<Plan> {
    let mut plans = Vec::new();
    for clki_div in 1..=128u32 {
        if oscillator_hz / u64::from(clki_div) < *ECP5.limits.pfd_hz.start() {
            break;
        }
        for clkfb_div in 1..=80u32 {
            for clkop_div in 1..=128u32 {
                plans.push(Plan {
                    setting: Setting::Ecp5 { clki_div, clkfb_div, clkop_div },
                    oscillator_hz,
                    pfd_divider: clki_div.into(),
                    multiplier: clkfb_div.into(),
                    divider: clki_div.into(),
                    vco_multiple: clkop_div.into(),
                });
            }
        }
    }
    plans
}
