//! The table against BLAKE3's rule, and the width of the program.

use super::*;

#[test]
fn every_round_permutes_the_message() {
    let rounds = schedule();
    assert_eq!(rounds[1], PERMUTATION);
    assert_eq!(rounds[6], [11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13]);
    for round in rounds {
        let mut sorted = round;
        sorted.sort_unstable();
        assert_eq!(sorted, std::array::from_fn(|place| place));
    }
}
