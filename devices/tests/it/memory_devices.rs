//! The wrapper: every port of the device once, and the names that AXI tools look for.

use std::collections::BTreeSet;

use gemmine_devices::memory::{PORTS, Wire, verilog};
use gemmine_hdl::Geometry;
use gemmine_hdl::identity::Build;
use gemmine_hdl::registers::BUILD;

/// Names of the ports that a module declares, the clock included.
fn declared(verilog: &str, module: &str) -> BTreeSet<String> {
    let header = format!("module {module}(");
    let body = verilog.lines().skip_while(|line| !line.starts_with(&header));
    let body = body.take_while(|line| !line.starts_with("endmodule"));
    body.map(str::trim)
        .filter(|line| line.starts_with("input ") || line.starts_with("output "))
        .filter_map(|line| line.trim_end_matches([';', ',']).rsplit(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_wrapper_connects_every_port_of_the_device_once() {
    let geometry = Geometry::new(2, 2);
    let emitted = verilog(geometry, Build::default()).unwrap();
    assert_eq!(emitted.top, "gemmine_memory_2x2");
    let inner = declared(&emitted.verilog, "gemmine_memory_core_2x2");
    let connected: Vec<&str> = PORTS
        .iter()
        .filter_map(|port| match port.wire {
            Wire::In(of) | Wire::Out(of) => Some(of),
            Wire::Unused | Wire::Constant(_) => None,
        })
        .collect();
    assert_eq!(connected.len(), inner.len(), "{inner:?}");
    assert!(connected.iter().all(|&port| inner.contains(port)), "{inner:?}");
    let outer = declared(&emitted.verilog, &emitted.top);
    assert_eq!(outer, PORTS.iter().map(|port| port.name.to_owned()).collect());
}

#[test]
fn the_build_is_the_hash_of_the_text_without_it() {
    let geometry = Geometry::new(2, 2);
    let emitted = verilog(geometry, Build::default()).unwrap();
    let with = format!("mem[6'b{BUILD:b}] = 32'h{:x};", emitted.build);
    assert_eq!(emitted.verilog.matches(&with).count(), 1);
    let without = emitted.verilog.replace(&with, &format!("mem[6'b{BUILD:b}] = 32'h0;"));
    assert_eq!(blake3::hash(without.as_bytes()).as_bytes()[..4], emitted.build.to_le_bytes());
    let serial = gemmine_devices::verilog(geometry, Build::default()).unwrap();
    assert_ne!(serial.build, emitted.build);
}
