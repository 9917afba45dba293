//! Every byte, both ways.

use super::*;
use crate::bits::{signed_value, unsigned_bits};

#[test]
fn every_byte_is_its_number() {
    let mut module = Operand::default();
    module.connect_all();
    for byte in 0..=255u8 {
        for (unsigned, want) in [(false, i64::from(byte as i8)), (true, byte.into())] {
            module.byte_in.next = unsigned_bits(byte.into());
            module.unsigned_in.next = unsigned;
            assert!(simulate(&mut module, 10));
            assert_eq!(signed_value(module.operand_out.val()), want, "{byte:#x}");
        }
    }
}
