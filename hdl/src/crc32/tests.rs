//! Against the crate's CRC.

use super::*;
use crate::testbench::Random;

#[test]
fn it_is_the_usual_crc() {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut random = Random(1);
    let mut module = Crc32::default();
    module.connect_all();
    for length in 0..40 {
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        let mut register: Bits<32> = 0xffff_ffff_u64.into();
        for &byte in &bytes {
            module.crc_in.next = register;
            module.byte_in.next = u64::from(byte).into();
            assert!(simulate(&mut module, 100));
            register = module.crc_out.val();
        }
        assert_eq!(!register.to_u32(), crc.checksum(&bytes));
    }
}
