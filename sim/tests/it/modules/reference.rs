//! Plain Rust functions of whole stimuli: what the outputs of every cycle must be.

use gemmine_hdl::{head, pe};

use super::port::Values;

/// Signed value of the low `bits` of a word.
fn signed(word: u64, bits: usize) -> i64 {
    (word << (64 - bits)) as i64 >> (64 - bits)
}

/// Low `bits` of a value.
fn raw(value: i64, bits: usize) -> u64 {
    value as u64 & (u64::MAX >> (64 - bits))
}

/// Inputs of `delay` cycles ago; zeros before the first cycle.
fn ago<'a>(inputs: &'a [Values], cycle: usize, delay: usize, zeros: &'a Values) -> &'a Values {
    cycle.checked_sub(delay).map_or(zeros, |then| &inputs[then])
}

/// The same number in more bits.
pub fn sign_extend<const N: usize, const M: usize>(inputs: &[Values]) -> Vec<Values> {
    inputs.iter().map(|values| vec![raw(signed(values[0], N), M)]).collect()
}

/// Lane i is what went in i cycles ago.
pub fn skew<const N: usize>(inputs: &[Values]) -> Vec<Values> {
    let zeros = vec![0; N];
    let lanes = |cycle| (0..N).map(|i| ago(inputs, cycle, i, &zeros)[i]).collect();
    (0..inputs.len()).map(lanes).collect()
}

/// What a PE sees in a cycle.
#[derive(Clone, Copy, Default)]
struct PeInputs {
    start: bool,
    a: i64,
    b: i64,
    product: i64,
    sum: i64,
}

/// A PE by its rule: remembers all that came in.
#[derive(Clone, Default)]
struct PePast {
    inputs: Vec<PeInputs>,
}

impl PePast {
    /// Inputs of `delay` cycles ago, from 1 on.
    fn ago(&self, delay: usize) -> PeInputs {
        self.inputs.len().checked_sub(delay).map_or(PeInputs::default(), |then| self.inputs[then])
    }

    /// The chain: what came from below, or the chunk that a start two cycles ago ended.
    fn sum_out(&self) -> i64 {
        if !self.ago(pe::SUM_LATENCY).start {
            return self.ago(1).sum;
        }
        let start = self.inputs.len() - pe::SUM_LATENCY;
        let earlier = self.inputs[..start].iter().rposition(|inputs| inputs.start);
        // The first product of a chunk comes a cycle behind its start.
        let first = |start: usize| start + pe::PRODUCT_OFFSET - pe::START_OFFSET;
        let chunk = earlier.map_or(0, first)..first(start);
        self.inputs[chunk].iter().map(|inputs| inputs.product).sum()
    }

    /// What the multiplier beside the PE gives in the cycle that comes next.
    fn product(&self) -> i64 {
        let pair = self.ago(pe::PRODUCT_OFFSET);
        pair.a * pair.b
    }
}

/// One PE.
pub fn pe(inputs: &[Values]) -> Vec<Values> {
    let mut pe = PePast::default();
    let mut outputs = Vec::new();
    for values in inputs {
        let last = pe.ago(1);
        let sum = raw(pe.sum_out(), 26);
        outputs.push(vec![last.start.into(), raw(last.a, 9), raw(last.b, 9), sum]);
        let (a, b) = (signed(values[1], 9), signed(values[2], 9));
        let (product, sum) = (signed(values[3], 26), signed(values[4], 26));
        pe.inputs.push(PeInputs { start: values[0] == 1, a, b, product, sum });
    }
    outputs
}

/// P x Q such PEs: operands and starts hop to the right and down, sums hop up.
pub fn grid<const P: usize, const Q: usize>(inputs: &[Values]) -> Vec<Values> {
    let mut pes = vec![PePast::default(); P * Q];
    let mut outputs = Vec::new();
    for values in inputs {
        let sums: Vec<i64> = pes.iter().map(PePast::sum_out).collect();
        outputs.push(sums[..Q].iter().map(|&sum| raw(sum, 26)).collect());
        let last: Vec<PeInputs> = pes.iter().map(|pe| pe.ago(1)).collect();
        for (n, pe) in pes.iter_mut().enumerate() {
            let (i, j) = (n / Q, n % Q);
            let start = if j == 0 { values[i] == 1 } else { last[n - 1].start };
            let a = if j == 0 { signed(values[P + i], 9) } else { last[n - 1].a };
            let b = if i == 0 { signed(values[2 * P + j], 9) } else { last[n - Q].b };
            let sum = sums.get(n + Q).copied().unwrap_or(0);
            let product = pe.product();
            pe.inputs.push(PeInputs { start, a, b, product, sum });
        }
    }
    outputs
}

/// The heads of two columns, on tokens that stand for two cycles: a column reads in the cycle of its token
/// and writes back [`head::RESULT_LATENCY`] cycles later. Where no total is due, the last cycles' words
/// stand in for it.
pub fn heads<const A: usize>(inputs: &[Values]) -> Vec<Values> {
    let zeros = vec![0; 7];
    let mut memory = [vec![0_u32; 1 << A], vec![0; 1 << A]];
    // The accumulator read in every cycle, and the total and the fold of those two and one cycles later.
    let (mut reads, mut totals, mut fold) = (vec![0_u32], Vec::new(), 0);
    let mut stands = [0, 0];
    let mut outputs = Vec::new();
    for (cycle, now) in inputs.iter().enumerate() {
        let [one, two, three, four] = [1, 2, 3, 4].map(|delay| ago(inputs, cycle, delay, &zeros));
        // The words beside a token come one and two cycles later.
        let sum = if two[0] == 1 { now[5] } else { now[4] };
        let old = if one[2] == 1 { 0 } else { reads[cycle] };
        totals.push(old.wrapping_add(signed(sum, 26) as u32));
        let total = (cycle + 1).checked_sub(head::RESULT_LATENCY).map_or(0, |n| totals[n]);
        // An address is passed on while its token and the one before are two and three cycles old.
        stands = [
            if two[0] == 1 { one[1] } else { stands[0] },
            if three[0] == 1 { two[1] } else { stands[1] },
        ];
        outputs.push(vec![
            two[0],
            stands[0],
            two[2],
            two[3],
            fold,
            three[0] & three[3],
            four[0] & three[3],
            stands[1],
            total.into(),
        ]);
        fold = u64::from(total) ^ if four[0] == 1 { fold } else { now[6] };
        // The read of this cycle comes before its write.
        reads.push(memory[one[0] as usize][now[1] as usize]);
        if three[0] | four[0] == 1 {
            memory[four[0] as usize][stands[1] as usize] = total;
        }
    }
    outputs
}

/// A lane: what is left of the last word, byte by byte.
pub fn panel_lane(inputs: &[Values]) -> Vec<Values> {
    let mut word = 0;
    let mut operand = 0;
    let mut outputs = Vec::new();
    for now in inputs {
        outputs.push(vec![operand]);
        operand = 0;
        if now[1] == 1 {
            word = if now[2] == 1 { now[0] } else { word };
            let sign = if now[3] == 1 { 0 } else { word >> 7 & 1 };
            operand = word & 0xff | sign << 8;
            // Behind a word's last byte it comes again.
            let fourth = if now[2] == 1 { 0 } else { word & 0xff_0000 };
            word = word >> 8 | fourth;
        }
    }
    outputs
}

/// The XOR of the rows since address 0; valid behind the last address of a chunk that is no tail.
pub fn fold<const A: usize>(inputs: &[Values]) -> Vec<Values> {
    let zeros = vec![0; 4];
    let mut word = 0;
    let mut valid = 0;
    let mut outputs = Vec::new();
    for (cycle, now) in inputs.iter().enumerate() {
        outputs.push(vec![valid, word]);
        let token = ago(inputs, cycle, gemmine_hdl::fold::ROW_OFFSET, &zeros);
        let (take, address, tail) = (token[0], token[1], token[2]);
        if take == 1 {
            word = if address == 0 { now[3] } else { word ^ now[3] };
        }
        valid = u64::from(take == 1 && address == (1 << A) - 1 && tail == 0);
    }
    outputs
}

/// Events so far, from `start` on; the high half is a cycle late.
pub fn counter(inputs: &[Values], start: u64) -> Vec<Values> {
    let half = 1 << 24;
    let (mut count, mut count_before) = (start, start);
    let mut outputs = Vec::new();
    for now in inputs {
        outputs.push(vec![count % half, count_before / half % half]);
        count_before = count;
        count += now[0];
    }
    outputs
}
