//! Where a result of the product tile stands, by row and column. A leaf: wires in another order, and a register.
//!
//! ```text
//!              +-------------+
//!  bank_in --->|             |
//! place_in ===>| ResultPlace |===> address_out
//!              +-------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `bank_in` | 1 | bank |
//! | `place_in` | 8 | 16 row + column |
//! | `address_out` | 9 | [`result_address`], a cycle later |

use rust_hdl_core::prelude::*;

use crate::bits::unsigned_bits;
use crate::geometry::{Geometry, TILE};
use crate::registers::result_address;

/// See the module's documentation. P, Q: the array.
#[derive(LogicBlock, Default)]
pub struct ResultPlace<const P: usize, const Q: usize> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Bank.
    pub bank_in: Signal<In, Bit>,
    /// Row and column.
    pub place_in: Signal<In, Bits<8>>,
    /// Address.
    pub address_out: Signal<Out, Bits<9>>,
}

impl<const P: usize, const Q: usize> ResultPlace<P, Q> {
    fn address(place: usize) -> u32 {
        result_address(const { Geometry::new(P, Q) }, 0, place / TILE, place % TILE)
    }
}

impl<const P: usize, const Q: usize> Logic for ResultPlace<P, Q> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let place = self.place_in.val().to_u64() as usize;
            let bank = u64::from(self.bank_in.val()) << 8;
            self.address_out.next = unsigned_bits(bank | u64::from(Self::address(place)));
        }
    }

    fn connect(&mut self) {
        self.address_out.connect();
    }

    fn hdl(&self) -> Verilog {
        // Each bit of the place is one of the address.
        let place =
            |address_bit: u32| (0..8).find(|bit| Self::address(1 << bit) == 1 << address_bit);
        let bits: Vec<String> =
            (0..8).rev().filter_map(place).map(|bit| format!("place_in[{bit}]")).collect();
        Verilog::Custom(format!(
            "initial address_out = 9'h0;\n\nalways @(posedge clock) begin\n   address_out <= {{bank_in, {}}};\nend\n",
            bits.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const P: usize, const Q: usize>() {
        for place in 0..256 {
            let bits = (0..8).filter(|bit| place >> bit & 1 == 1);
            let sum: u32 = bits.map(|bit| ResultPlace::<P, Q>::address(1 << bit)).sum();
            assert_eq!(ResultPlace::<P, Q>::address(place), sum, "{P}x{Q}: no order of wires");
        }
    }

    #[test]
    fn an_address_has_the_bits_of_its_place_in_another_order() {
        check::<2, 2>();
        check::<4, 2>();
        check::<4, 4>();
        check::<8, 4>();
        check::<4, 8>();
        check::<8, 16>();
        check::<16, 16>();
    }
}
