//! Serves a miner that mines nothing, for whoever works on the web page: `demo [PORT] [DEVICES]`.
//!
//! What changes it takes the token `demo-token-0123456789`.

#[path = "../tests/it/fake.rs"]
mod fake;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use gemmine_console::http::{Options, Server, Token};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let devices: usize = arguments.next().map_or(Ok(4), |devices| devices.parse())?;
    let miner = fake::Fake::new(devices);
    let token = Some(Token::new("demo-token-0123456789")?);
    let options = Options { token, ..Default::default() };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = Server::bind(address, options, miner.clone())?;
    println!("http://{}/", server.address());
    let mut told = 0;
    loop {
        std::thread::sleep(Duration::from_secs(1));
        miner.advance();
        let asked = miner.asked();
        asked[told..].iter().for_each(|control| println!("asked for {control:?}"));
        told = asked.len();
    }
}
