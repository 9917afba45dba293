//! The pipeline against G as the specification of BLAKE3 has it.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl Clocked for Mixer {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// G on four words, with both message words.
fn mix([mut a, mut b, mut c, mut d]: [u32; 4], x: u32, y: u32) -> [u32; 4] {
    for (word, turn_d, turn_b) in [(x, 16, 12), (y, 8, 7)] {
        a = a.wrapping_add(b).wrapping_add(word);
        d = (d ^ a).rotate_right(turn_d);
        c = c.wrapping_add(d);
        b = (b ^ c).rotate_right(turn_b);
    }
    [a, b, c, d]
}

#[test]
fn a_new_column_every_cycle() {
    let mut random = Random(1);
    let mut word = |n: usize| if n.is_multiple_of(7) { u32::MAX } else { random.next() as u32 };
    let work: Vec<([u32; 4], [u32; 3])> = (0..400)
        .map(|n| (std::array::from_fn(|i| word(n + i)), std::array::from_fn(|i| word(n + 3 * i))))
        .collect();
    let mut mixer = Mixer::connected();
    for cycle in 0..work.len() + LATENCY {
        let at = |behind: usize| cycle.checked_sub(behind).and_then(|n| work.get(n));
        if let Some(&([a, b, c, d], [x, _, _])) = at(0) {
            mixer.a_in.next = unsigned_bits(a.wrapping_add(x).into());
            mixer.b_in.next = unsigned_bits(b.into());
            mixer.c_in.next = unsigned_bits(c.into());
            mixer.d_in.next = unsigned_bits(d.into());
        }
        let message = |behind, n: usize| at(behind).map_or(0, |(_, message)| message[n]).into();
        mixer.y_in.next = unsigned_bits(message(Y_LATENCY, 1));
        mixer.x_in.next = unsigned_bits(message(X_LATENCY, 2));
        mixer.settle();
        if let Some(&(words, [x, y, next])) = at(LATENCY) {
            let [a, b, c, d] = mix(words, x, y);
            let outputs = [&mixer.a_out, &mixer.b_out, &mixer.c_out, &mixer.d_out];
            let found = outputs.map(|port| port.val().to_u32());
            assert_eq!(found, [a.wrapping_add(next), b, c, d], "cycle {cycle}");
        }
        mixer.edge();
    }
}
