use gemmine_hdl::core::Core; use rust_hdl_core::prelude::*;
fn main(){ let mut u=Core::<16,16,4>::default(); u.connect_all(); let t=std::time::Instant::now(); let v=gemmine_hdl::emit::verilog(&u,"gemmine_core_16x16"); eprintln!("{:?}",t.elapsed()); std::fs::write("/tmp/core16.v",v).unwrap();
let mut u=Core::<2,2,7>::default(); u.connect_all();std::fs::write("/tmp/core2.v",gemmine_hdl::emit::verilog(&u,"gemmine_core_2x2")).unwrap(); }
