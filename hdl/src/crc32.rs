//! One byte more in a CRC-32 (ISO-HDLC, reflected). Combinational.
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `crc_in`, `crc_out` | 32 | register before and after the byte; all ones before the first one |
//! | `byte_in` | 8 | the byte |
//!
//! # Why
//! The register's next value is linear: each of eight bits XORs a constant into what is left of the
//! register after a shift by a byte. Written so, it is one level of wide XORs, not eight of narrow ones.

use rust_hdl_core::prelude::*;

/// Reflected polynomial.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What bit `bit` of the byte XORs into the register.
const fn effect(bit: u32) -> u64 {
    let mut crc = 1 << bit;
    let mut step = 0;
    while step < 8 {
        crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
        step += 1;
    }
    crc as u64
}

/// See the module's documentation.
#[derive(LogicBlock)]
pub struct Crc32 {
    /// Register.
    pub crc_in: Signal<In, Bits<32>>,
    /// Byte.
    pub byte_in: Signal<In, Bits<8>>,
    /// Register behind the byte.
    pub crc_out: Signal<Out, Bits<32>>,
    mixed: Signal<Local, Bits<8>>,
    term: [Signal<Local, Bits<32>>; 8],
    effect: [Constant<Bits<32>>; 8],
}

impl Default for Crc32 {
    fn default() -> Self {
        Self {
            crc_in: Signal::default(),
            byte_in: Signal::default(),
            crc_out: Signal::default(),
            mixed: Signal::default(),
            term: array_init::array_init(|_| Signal::default()),
            effect: array_init::array_init(|bit| Constant::new(effect(bit as u32).into())),
        }
    }
}

impl Logic for Crc32 {
    #[hdl_gen]
    fn update(&mut self) {
        self.mixed.next = self.crc_in.val().get_bits::<8>(0) ^ self.byte_in.val();
        for i in 0..8 {
            self.term[i].next = bits::<32>(0);
            if self.mixed.val().get_bit(i) {
                self.term[i].next = self.effect[i].val();
            }
        }
        self.crc_out.next = (self.crc_in.val() >> 8)
            ^ self.term[0].val()
            ^ self.term[1].val()
            ^ self.term[2].val()
            ^ self.term[3].val()
            ^ self.term[4].val()
            ^ self.term[5].val()
            ^ self.term[6].val()
            ^ self.term[7].val();
    }
}

#[cfg(test)]
mod tests;
