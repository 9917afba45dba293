//! Conversions between rust-hdl's sized values and plain integers, for leaves and test benches.
//!
//! rust-hdl's own `signed_bit_cast` never returns for the smallest value of a width, so values
//! cross here bit by bit instead.

use rust_hdl_core::prelude::*;

/// The integer that the bits of `x` stand for. `N` is at most 63.
pub fn signed_value<const N: usize>(x: Signed<N>) -> i64 {
    let unused = 64 - N as u32;
    let raw: u64 = x.inner().into();
    ((raw << unused) as i64) >> unused
}

/// The low `N` bits of `value` as a signed signal value.
pub fn signed_bits<const N: usize>(value: i64) -> Signed<N> {
    signed_cast(unsigned_bits(value as u64))
}

/// The low `N` bits of `value`.
pub fn unsigned_bits<const N: usize>(value: u64) -> Bits<N> {
    (value & (u64::MAX >> (64 - N as u32))).into()
}

#[cfg(test)]
mod tests;
