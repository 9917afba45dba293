//! The product that is worked on: small, and without a signal.

use std::sync::Arc;

use gemmine_fleet::production::Product;
use gemmine_pouw::matrix::Matrix;

/// Steps of a tile: the fewest that are legal.
pub const STEPS: usize = 2048;
/// Tickets to a share, as a power of two.
pub const SHARE_BITS: usize = 2;
/// Multiply-accumulates of a ticket, 16 x 16 x 2048.
pub const MACS_PER_TICKET: f64 = (256 * STEPS) as f64;

/// 3 x 20 panels; the last row's are the nonce's.
pub fn product() -> Arc<Product> {
    let zero =
        |panels: usize| Matrix::new(16 * panels, STEPS, vec![0; 16 * panels * STEPS]).unwrap();
    Arc::new(Product {
        a: zero(3),
        bt: zero(20),
        nonce: (32, STEPS - 16..STEPS),
        rank: 128,
        zero_signal: true,
        description: "zeros".into(),
    })
}
