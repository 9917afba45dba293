//! Every combination.

use super::*;

#[test]
fn every_flag_has_its_bit() {
    let mut module = Flags::default();
    module.connect_all();
    for flags in 0..8 {
        module.zero_in.next = flags & 1 != 0;
        module.one_in.next = flags & 2 != 0;
        module.two_in.next = flags & 4 != 0;
        assert!(simulate(&mut module, 10));
        assert_eq!(module.flags_out.val().to_u64(), flags);
    }
}
