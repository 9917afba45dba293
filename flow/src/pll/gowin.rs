//! `rPLL`: Gowin's clock guide UG286, and the data sheets DS117 (GW1NR) and DS226 (GW2AR).

use super::{Limits, Plan, Pll, Setting};

/// PLL of a GW1NR-9 of speed grade C6/I5: `output = oscillator (FBDIV_SEL + 1) / (IDIV_SEL + 1)`.
pub static GW1NR_9_C6: Pll = Pll {
    limits: Limits {
        name: "rPLL",
        pfd_hz: 3_000_000..=400_000_000,
        vco_hz: 400_000_000..=1_200_000_000,
        output_hz: 3_125_000..=600_000_000,
    },
    candidates,
    prefer: |a, b| a.pfd_divider.cmp(&b.pfd_divider).then(a.vco_multiple.cmp(&b.vco_multiple)),
};

/// PLL of a GW2AR-18 of speed grade C8/I7.
pub static GW2AR_18_C8: Pll = Pll {
    limits: Limits {
        name: "rPLL",
        pfd_hz: 3_000_000..=500_000_000,
        vco_hz: 500_000_000..=1_250_000_000,
        output_hz: 3_906_250..=625_000_000,
    },
    candidates,
    prefer: |a, b| a.pfd_divider.cmp(&b.pfd_divider).then(a.vco_multiple.cmp(&b.vco_multiple)),
};

fn candidates(oscillator_hz: u64) -> Vec<Plan> {
    let mut plans = Vec::new();
    for idiv_sel in 0..64u32 {
        for fbdiv_sel in 0..64u32 {
            for odiv_sel in [2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128u32] {
                let divider = u64::from(idiv_sel) + 1;
                plans.push(Plan {
                    setting: Setting::Gowin { idiv_sel, fbdiv_sel, odiv_sel },
                    oscillator_hz,
                    pfd_divider: divider,
                    multiplier: u64::from(fbdiv_sel) + 1,
                    divider,
                    vco_multiple: odiv_sel.into(),
                });
            }
        }
    }
    plans
}
