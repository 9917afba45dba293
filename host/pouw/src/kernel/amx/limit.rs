//! What the unit does at most: products of tile registers and nothing else.
#![expect(unsafe_code, reason = "the compiler has no stable functions for tile registers")]

use core::arch::asm;

use super::Configured;

/// Four times `turns` products, a sum after the other, of registers that hold zeros: nothing is read or written.
///
/// # Safety
///
/// [`super::is_available`] must have said so.
pub(in super::super) unsafe fn products_alone(turns: u64) {
    if turns == 0 {
        return;
    }
    // SAFETY: by the caller's word.
    let _configured = unsafe { Configured::new() };
    // SAFETY: the registers are configured, no memory is touched, and the loop ends, as there are turns. Every register
    // that is written is named; those that are read are zero since they were configured.
    unsafe {
        asm!(
            "2:",
            "tdpbssd tmm0, tmm4, tmm6",
            "tdpbssd tmm1, tmm4, tmm7",
            "tdpbssd tmm2, tmm5, tmm6",
            "tdpbssd tmm3, tmm5, tmm7",
            "dec {turns}",
            "jnz 2b",
            turns = inout(reg) turns => _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            options(nomem, nostack),
        );
    }
}
