//! A doorbell, a command, its entry and an interrupt.

use expect_test::expect_file;

use super::bench::{Bench, QUICK};
use super::immediate;
use crate::testbench::{Picture, bit, hex, space};

impl Bench {
    /// Draws a cycle as it is before its clock edge.
    pub fn draw(&self, picture: &mut Picture) {
        let link = &self.link;
        let shown = |valid: bool, value: u64| hex(if valid { value } else { 0 });
        let reads = link.host_arvalid_out.val();
        let writes = link.host_awvalid_out.val();
        picture.cycle([
            ("awvalid_in", bit(link.awvalid_in.val())),
            ("wvalid_in", bit(link.wvalid_in.val())),
            ("bvalid_out", bit(link.bvalid_out.val())),
            space(),
            ("host_arvalid_out", bit(reads)),
            ("host_araddr_out", shown(reads, link.host_araddr_out.val().to_u64() & 0xffff)),
            ("host_rvalid_in", bit(link.host_rvalid_in.val())),
            space(),
            ("bus_write_out", bit(link.bus_write_out.val())),
            ("bus_address_out", hex(link.bus_address_out.val().to_u64())),
            ("bus_data_out", hex(link.bus_data_out.val().to_u64())),
            space(),
            ("host_awvalid_out", bit(writes)),
            ("host_awaddr_out", shown(writes, link.host_awaddr_out.val().to_u64() & 0xffff)),
            ("host_wvalid_out", bit(link.host_wvalid_out.val())),
            ("host_wlast_out", bit(link.host_wlast_out.val())),
            ("host_bvalid_in", bit(link.host_bvalid_in.val())),
            ("interrupt_out", bit(link.interrupt_out.val())),
            ("active_out", bit(link.active_out.val())),
        ]);
    }
}

#[test]
fn picture() {
    let mut bench = Bench::new(9, QUICK);
    bench.rest();
    bench.put(immediate(Some(1), 0x20, &[0xa0, 0xa1]));
    let zero = bench.cycle;
    let parts = [
        (
            "The host writes COMMAND_TAIL, and the link reads the command (low 16 bits of addresses).",
            0,
            14,
        ),
        ("It is an IMMEDIATE of two words to 20 that wants its end told.", 19, 9),
        ("Its entry goes to host memory, and an interrupt comes.", 44, 16),
    ];
    let part = |(caption, first, cycles): (_, usize, usize)| {
        (Picture::new(caption, first), zero + first..zero + first + cycles)
    };
    bench.drawn = parts.into_iter().map(part).collect();
    bench.ring();
    while bench.cycle < zero + 70 {
        bench.step();
    }
    let texts: Vec<String> = bench.drawn.iter().map(|(picture, _)| picture.draw()).collect();
    expect_file!["../../../timing/memory_link.txt"].assert_eq(&texts.join("\n"));
}
