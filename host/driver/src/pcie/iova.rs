//! Addresses that a device sees host memory at.

/// The first one: above what is reserved for old devices, and so low that every device can say it.
const FIRST: u64 = 1 << 24;
/// None is above: devices with addresses of 28 bits reach all.
const END: u64 = 1 << 28;
/// Between two pieces, so that an access beyond the end of one is a fault and hits no other.
const GUARD: u64 = 1 << 16;

/// Hands out addresses, each once.
#[derive(Debug)]
pub struct Addresses {
    next: u64,
}

impl Addresses {
    /// All are free.
    pub fn new() -> Self {
        Self { next: FIRST }
    }

    /// The address of so many bytes; `None` if there are no more.
    pub fn take(&mut self, bytes: usize) -> Option<u64> {
        let address = self.next;
        let end = address.checked_add(bytes as u64)?;
        self.next = end.checked_add(GUARD)?.next_multiple_of(GUARD);
        (end <= END).then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_apart_and_come_to_an_end() {
        let mut addresses = Addresses::new();
        assert_eq!(addresses.take(4096), Some(1 << 24));
        assert_eq!(addresses.take(1 << 16), Some((1 << 24) + (1 << 17)));
        assert_eq!(addresses.take(4096), Some((1 << 24) + (1 << 18)));
        assert_eq!(addresses.take(1 << 28), None);
    }
}
