//! Who has called how often: the limit that a node sets each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// What calls are counted over, from an address' first one on.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered. Beyond it, those whose minute is over are forgotten, and while none
/// is, new addresses wait.
const ADDRESSES: usize = 4096;

/// The addresses of the last minute.
#[derive(Debug)]
pub struct Callers {
    calls: u32,
    seen: HashMap<IpAddr, (Instant, u32)>,
}

impl Callers {
    /// At most so many calls a minute and address.
    pub fn new(calls_a_minute: u32) -> Self {
        Self { calls: calls_a_minute, seen: HashMap::new() }
    }

    /// Counts a call, or says how long the address must wait. A call that must wait does not count.
    pub fn call(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let over = |began: Instant| now.saturating_duration_since(began) >= WINDOW;
        if self.seen.len() >= ADDRESSES && !self.seen.contains_key(&address) {
            self.seen.retain(|_, (began, _)| !over(*began));
            if self.seen.len() >= ADDRESSES {
                return Err(WINDOW);
            }
        }
        let (began, count) = self.seen.entry(address).or_insert((now, 0));
        if over(*began) {
            (*began, *count) = (now, 0);
        }
        if *count >= self.calls {
            return Err(WINDOW.saturating_sub(now.saturating_duration_since(*began)));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn an_address_has_its_calls_each_minute() {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut callers = Callers::new(2);
        callers.call(address(1), at(0)).unwrap();
        callers.call(address(1), at(10)).unwrap();
        assert_eq!(callers.call(address(1), at(20)), Err(Duration::from_secs(40)));
        callers.call(address(2), at(20)).unwrap();
        assert_eq!(callers.call(address(1), at(59)), Err(Duration::from_secs(1)));
        callers.call(address(1), at(60)).unwrap();
    }

    #[test]
    fn many_addresses_take_no_more_room() {
        let began = Instant::now();
        let mut callers = Callers::new(1);
        for number in 0..ADDRESSES as u32 {
            callers.call(address(number), began).unwrap();
        }
        assert_eq!(callers.call(address(u32::MAX), began), Err(WINDOW));
        assert_eq!(callers.call(address(0), began), Err(WINDOW));
        callers.call(address(u32::MAX), began + WINDOW).unwrap();
        assert_eq!(callers.seen.len(), 1);
    }
}
