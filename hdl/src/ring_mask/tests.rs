//! Every size.

use super::*;

#[test]
fn sizes_outside_count_as_the_nearest() {
    let mut mask = RingMask::default();
    mask.connect_all();
    for size in 0..16_u64 {
        mask.size_in.next = size.into();
        assert!(simulate(&mut mask, 100));
        assert_eq!(mask.mask_out.val().to_u64(), (1 << size.clamp(4, 12)) - 1, "{size}");
    }
}
