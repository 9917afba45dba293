//! `SB_PLL40_CORE` and `SB_PLL40_PAD`, simple feedback: iCE40 sysCLOCK PLL guide, FPGA-TN-02052.

use super::{Limits, Plan, Pll, Setting};

/// PLL of iCE40 HX, LP and UltraPlus: `output = oscillator (DIVF + 1) / (2^DIVQ (DIVR + 1))`.
pub static ICE40: Pll = Pll {
    limits: Limits {
        name: "SB_PLL40",
        pfd_hz: 10_000_000..=133_000_000,
        vco_hz: 533_000_000..=1_066_000_000,
        output_hz: 16_000_000..=275_000_000,
    },
    candidates,
    // The faster the phase detector, the less jitter.
    prefer: |a, b| a.pfd_divider.cmp(&b.pfd_divider).then(a.vco_multiple.cmp(&b.vco_multiple)),
};

fn candidates(oscillator_hz: u64) -> Vec<Plan> {
    let mut plans = Vec::new();
    for divr in 0..=15u32 {
        for divf in 0..=127u32 {
            for divq in 1..=6u32 {
                let pfd_divider = u64::from(divr) + 1;
                let filter_range = filter_range(oscillator_hz / pfd_divider);
                plans.push(Plan {
                    setting: Setting::Ice40 { divr, divf, divq, filter_range },
                    oscillator_hz,
                    pfd_divider,
                    multiplier: u64::from(divf) + 1,
                    divider: pfd_divider << divq,
                    vco_multiple: 1 << divq,
                });
            }
        }
    }
    plans
}

/// The loop filter's setting for an input of the phase detector.
fn filter_range(pfd_hz: u64) -> u32 {
    match pfd_hz {
        0..17_000_000 => 1,
        17_000_000..26_000_000 => 2,
        26_000_000..44_000_000 => 3,
        44_000_000..66_000_000 => 4,
        66_000_000..101_000_000 => 5,
        _ => 6,
    }
}
