//! The arbiter, by its rule: every output of every cycle.

use gemmine_hdl::bus_arbiter::{ANSWER_LATENCY, BusArbiter};
use gemmine_hdl::registers::RESET;

use crate::modules::both::check;
use crate::modules::memory_link::inputs;
use crate::modules::port::Values;

/// What was granted in a cycle.
#[derive(Clone, Copy, Default)]
struct Grant {
    client: usize,
    write: bool,
    address: u64,
    word: u64,
}

/// Order of ports: request_in[3], write_in[3], address_in[3], data_in[3], bus_data_in.
fn plain(inputs: &[Values]) -> Vec<Values> {
    let mut grants: Vec<Option<Grant>> = Vec::new();
    let mut outputs = Vec::new();
    for (cycle, now) in inputs.iter().enumerate() {
        let ago = |delay: usize| cycle.checked_sub(delay).and_then(|then| grants[then]);
        // What stands on the bus is what was granted last, its word a cycle later.
        let last = |delay: usize| {
            let known = &grants[..(cycle + 1).saturating_sub(delay)];
            known.iter().rev().find_map(|&grant| grant).unwrap_or_default()
        };
        let writes = ago(1).is_some_and(|grant| grant.write);
        let resets = writes && last(1).address == u64::from(RESET);
        let holds = ago(1).is_some_and(|grant| !grant.write);
        // Who asks first goes first; the completion engine not while completions are dropped, and then nobody.
        let first = (0..3).find(|&client| now[client] == 1);
        let client = first.filter(|&client| !(holds || client == 1 && resets));
        let answered = ago(ANSWER_LATENCY).filter(|grant| !grant.write).map(|grant| grant.client);
        let is = |client: Option<usize>, n: usize| u64::from(client == Some(n));
        let mut values: Values = (0..3).map(|n| is(client, n)).collect();
        values.extend((0..3).map(|n| is(answered, n)));
        let bus = [now[12], writes.into(), last(1).address, last(2).word, resets.into()];
        values.extend(bus);
        outputs.push(values);
        grants.push(client.map(|client| Grant {
            client,
            write: now[3 + client] == 1,
            address: now[6 + client],
            word: now[9 + client],
        }));
    }
    outputs
}

#[test]
fn arbiter() {
    let mut ask = 1;
    let stimulus = inputs::<BusArbiter>(61, 6000, &mut |random, name| match name {
        "address_in$0" | "address_in$1" | "address_in$2" => Some(38 + random.below(4)),
        "request_in$0" => {
            // Crowded and empty times.
            ask = if random.one_in(200) { 1 + random.below(5) } else { ask };
            Some(u64::from(random.one_in(2 * ask)))
        }
        "request_in$1" | "request_in$2" => Some(u64::from(random.one_in(ask))),
        _ => None,
    });
    let trace = check::<BusArbiter>("bus_arbiter", &stimulus, Some(plain));
    for client in 0..3 {
        let answered = trace.count(&[&format!("answered_out${client}")]);
        assert!(answered > 200, "{answered} reads of client {client}");
    }
    let resets = trace.count(&["reset_out"]);
    let denied = trace.values(["reset_out", "grant_out$1"]);
    assert!(resets > 200 && denied.filter(|&[reset, grant]| reset == 1 && grant == 1).count() == 0);
}
