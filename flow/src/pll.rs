//! PLL settings: the output nearest to a wanted clock that the part's data sheet allows.
//!
//! Every PLL here multiplies an oscillator by a ratio of small numbers: the phase detector compares
//! `oscillator / input divider` with the output of a divider in the feedback, and the VCO runs at a
//! power of two or another multiple of the result. What differs is which numbers there are, and the
//! ranges of phase detector (PFD), VCO and output.

mod ecp5;
mod gowin;
mod ice40;

use std::cmp::Ordering;
use std::ops::RangeInclusive;

pub use ecp5::ECP5;
pub use gowin::{GW1NR_9_C6, GW2AR_18_C8};
pub use ice40::ICE40;

/// Ranges that a PLL keeps, all in hertz.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Name of the primitive, for messages.
    pub name: &'static str,
    /// Input of the phase detector.
    pub pfd_hz: RangeInclusive<u64>,
    /// The oscillator inside.
    pub vco_hz: RangeInclusive<u64>,
    /// Output.
    pub output_hz: RangeInclusive<u64>,
}

/// What a PLL is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `SB_PLL40_*` with simple feedback.
    Ice40 {
        /// Input divider less one.
        divr: u32,
        /// Feedback divider less one.
        divf: u32,
        /// Output divider: a power of two.
        divq: u32,
        /// Of the loop filter.
        filter_range: u32,
    },
    /// `EHXPLLL` with feedback from CLKOP.
    Ecp5 {
        /// Input divider.
        clki_div: u32,
        /// Feedback divider.
        clkfb_div: u32,
        /// Output divider.
        clkop_div: u32,
    },
    /// `rPLL`.
    Gowin {
        /// Input divider less one.
        idiv_sel: u32,
        /// Feedback divider less one.
        fbdiv_sel: u32,
        /// Output divider.
        odiv_sel: u32,
    },
}

/// A PLL's setting, and what it comes to. Ratios are exact: multiply before dividing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What the PLL is told.
    pub setting: Setting,
    /// The oscillator, in hertz.
    pub oscillator_hz: u64,
    /// Oscillator to PFD.
    pub pfd_divider: u64,
    /// Numerator of output to oscillator.
    pub multiplier: u64,
    /// Denominator of output to oscillator.
    pub divider: u64,
    /// VCO to output.
    pub vco_multiple: u64,
}

/// Why there is no setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "make {wanted_hz} Hz of {oscillator_hz} Hz: {} takes inputs and makes outputs such that PFD, VCO and \
     output are in {:?}, {:?} and {:?} Hz; choose another target_hz",
    .limits.name, .limits.pfd_hz, .limits.vco_hz, .limits.output_hz
)]
pub struct PllError {
    /// The wanted output.
    pub wanted_hz: u64,
    /// The oscillator.
    pub oscillator_hz: u64,
    /// What the PLL can do.
    pub limits: Limits,
}

impl Plan {
    /// Output, rounded to a hertz.
    pub fn output_hz(&self) -> u64 {
        round(u128::from(self.oscillator_hz) * u128::from(self.multiplier), self.divider)
    }

    /// Input of the phase detector, rounded to a hertz.
    pub fn pfd_hz(&self) -> u64 {
        round(self.oscillator_hz.into(), self.pfd_divider)
    }

    /// The VCO, rounded to a hertz.
    pub fn vco_hz(&self) -> u64 {
        let numerator = u128::from(self.oscillator_hz)
            * u128::from(self.multiplier)
            * u128::from(self.vco_multiple);
        round(numerator, self.divider)
    }

    /// Whether all frequencies are in their ranges, exactly.
    pub fn keeps(&self, limits: &Limits) -> bool {
        let within = |numerator: u128, denominator: u64, range: &RangeInclusive<u64>| {
            numerator >= u128::from(*range.start()) * u128::from(denominator)
                && numerator <= u128::from(*range.end()) * u128::from(denominator)
        };
        let output = u128::from(self.oscillator_hz) * u128::from(self.multiplier);
        within(self.oscillator_hz.into(), self.pfd_divider, &limits.pfd_hz)
            && within(output, self.divider, &limits.output_hz)
            && within(output * u128::from(self.vco_multiple), self.divider, &limits.vco_hz)
    }

    /// Which of two outputs is nearer to the wanted one, exactly.
    pub fn compare_error(&self, other: &Self, wanted_hz: u64) -> Ordering {
        // |o m / d - w| as a fraction over d
        let error = |plan: &Self| {
            let output = u128::from(plan.oscillator_hz) * u128::from(plan.multiplier);
            output.abs_diff(u128::from(wanted_hz) * u128::from(plan.divider))
        };
        let (mine, its) = (error(self), error(other));
        (mine * u128::from(other.divider)).cmp(&(its * u128::from(self.divider)))
    }
}

fn round(numerator: u128, denominator: u64) -> u64 {
    let denominator = u128::from(denominator);
    u64::try_from((numerator + denominator / 2) / denominator).unwrap_or(u64::MAX)
}

/// A kind of PLL.
#[derive(Clone, Debug)]
pub struct Pll {
    /// What it keeps.
    pub limits: Limits,
    candidates: fn(u64) -> Vec<Plan>,
    /// Which of two settings with the same output is better.
    prefer: fn(&Plan, &Plan) -> Ordering,
}

impl Pll {
    /// The setting whose output is nearest to the wanted one.
    ///
    /// # Errors
    /// If the PLL can't work from that oscillator, or can't make an output within 10 % of the wanted one.
    pub fn plan(&self, oscillator_hz: u64, wanted_hz: u64) -> Result<Plan, PllError> {
        let legal = (self.candidates)(oscillator_hz);
        let legal = legal.into_iter().filter(|plan| plan.keeps(&self.limits));
        let best =
            legal.min_by(|a, b| a.compare_error(b, wanted_hz).then_with(|| (self.prefer)(a, b)));
        best.filter(|plan| plan.output_hz().abs_diff(wanted_hz) <= wanted_hz / 10)
            .ok_or_else(|| PllError { wanted_hz, oscillator_hz, limits: self.limits.clone() })
    }
}

#[cfg(test)]
mod tests;
