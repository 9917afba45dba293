//! A device's counters, for people and as JSON.

use gemmine_driver::{Counters, DmaCounters, Identity, LinkCounters, Stalls};
use serde_json::{Map, Value, json};

use crate::device::cycle_kind;
use crate::display::grouped;

/// The JSON key of a device's cycles: those of a simulation are no device's.
fn cycles_key(identity: &Identity) -> &'static str {
    if identity.is_external() { "device_cycles" } else { "simulated_cycles" }
}

/// What kind [`to_json`]'s figures are, with their boundary where one is given.
pub fn kinds(identity: &Identity, boundary: Option<&str>) -> Map<String, Value> {
    if !identity.counts_cycles() {
        return Map::new();
    }
    let kind = match boundary {
        Some(boundary) => json!({ "kind": cycle_kind(identity), "boundary": boundary }),
        None => cycle_kind(identity).into(),
    };
    let names =
        [cycles_key(identity), "mac_cycles", "full_mac_cycles", "utilisation", "full_utilisation"];
    names.map(|name| (name.to_owned(), kind.clone())).into_iter().collect()
}

/// Cycles, what share of them was used, and where the others went; nothing of a processor or a graphics processor, which count none.
pub fn to_json(identity: &Identity, counters: &Counters) -> Map<String, Value> {
    if !identity.counts_cycles() {
        return Map::new();
    }
    let share = |cycles: u64| cycles as f64 / counters.cycles.max(1) as f64;
    let mut object = Map::from_iter([
        (cycles_key(identity).to_owned(), counters.cycles.into()),
        ("mac_cycles".to_owned(), counters.mac_cycles.into()),
        ("full_mac_cycles".to_owned(), counters.full_mac_cycles.into()),
        ("utilisation".to_owned(), share(counters.mac_cycles).into()),
        ("full_utilisation".to_owned(), share(counters.full_mac_cycles).into()),
    ]);
    if let Some(Stalls { link, panel, drain, hash }) = counters.stalls {
        let stalls = json!({ "link": link, "panel": panel, "drain": drain, "hash": hash });
        object.insert("stall_cycles".to_owned(), stalls);
    }
    if let Some(LinkCounters { baud, device, host }) = counters.link {
        let link = json!({
            "baud": baud,
            "device": {
                "frames_good": device.frames_good, "frames_bad": device.frames_bad,
                "frames_refused": device.frames_refused, "line_errors": device.line_errors,
                "bytes_in": device.bytes_in, "bytes_out": device.bytes_out,
            },
            "host": {
                "frames_sent": host.frames_sent, "frames_resent": host.frames_resent,
                "responses_good": host.responses_good,
                "responses_damaged": host.responses_damaged, "timeouts": host.timeouts,
                "reconnects": host.reconnects,
                "bytes_out": host.bytes_out, "bytes_in": host.bytes_in,
            },
        });
        object.insert("link".to_owned(), link);
    }
    if let Some(dma) = counters.dma {
        object.insert("dma".to_owned(), dma_json(dma));
    }
    object
}

/// What a memory link carried.
fn dma_json(dma: DmaCounters) -> Value {
    json!({
        "read_bytes": dma.read_bytes, "write_bytes": dma.write_bytes,
        "commands": dma.commands, "interrupts": dma.interrupts,
        "read_stalls": dma.read_stalls, "bus_stalls": dma.bus_stalls,
        "doorbells": dma.doorbells, "polled": dma.polled,
    })
}

/// Where the cycles without a step went and what the link carried, a line each with its name.
pub fn to_lines(counters: &Counters) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(Stalls { link, panel, drain, hash }) = counters.stalls {
        let [link, panel, drain, hash] = [link, panel, drain, hash].map(grouped);
        lines.push((
            "stalls",
            format!(
                "since power-up, cycles without a step: {link} for the link, {panel} for a panel, {drain} \
                 for the drain, {hash} for the hash"
            ),
        ));
    }
    if let Some(LinkCounters { baud, host, .. }) = counters.link {
        let [baud, sent, again, damaged] =
            [baud.into(), host.frames_sent, host.frames_resent, host.responses_damaged]
                .map(grouped);
        lines.push((
            "link",
            format!(
                "{baud} baud; {sent} frames sent, of them {again} again; {damaged} responses damaged, {} \
                 timeouts, {} reconnects",
                grouped(host.timeouts),
                grouped(host.reconnects)
            ),
        ));
    }
    if let Some(dma) = counters.dma {
        let [read, written, commands, doorbells, interrupts, polled] = [
            dma.read_bytes,
            dma.write_bytes,
            dma.commands,
            dma.doorbells,
            dma.interrupts,
            dma.polled,
        ]
        .map(grouped);
        lines.push((
            "link",
            format!(
                "{read} bytes read from host memory, {written} written to it; {commands} commands by {doorbells} \
                 doorbells; {interrupts} interrupts, {polled} answers found without one"
            ),
        ));
    }
    lines
}
