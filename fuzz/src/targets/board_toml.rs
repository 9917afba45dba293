//! A board's definition with its constraints, a zero byte between them.
//!
//! A board that is taken has a PLL setting that keeps the data sheet's ranges and comes within a tenth of the clock that
//! it asks for, and pins that its constraints have. Every other one is refused with a reason.

use gemmine_flow::board::{Board, Definition};

use crate::plain;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (definition, constraints) = text.split_once('\0').unwrap_or((text, ""));
    let board = match Board::parse("bench", "bench/board.toml", definition, constraints) {
        Ok(board) => board,
        Err(error) => return plain::lines(&error),
    };
    let Definition { clock, device, serial, led, .. } = &board.definition;
    assert!((300..=12_000_000).contains(&serial.baud));
    assert!(device.dsp_products.is_none_or(|products| products <= device.geometry.pes()));
    if board.definition.reason.is_some() {
        return;
    }
    for pin in [&clock.pin, &serial.from_host, &serial.to_host, &led.pin] {
        assert!(constraints.contains(pin.as_str()), "{pin} is no pin of the constraints");
    }
    let plan = board.plan().expect("a board that is taken has a clock");
    assert_eq!(plan.oscillator_hz, clock.oscillator_hz);
    let off = plan.output_hz().abs_diff(clock.target_hz);
    assert!(off <= clock.target_hz / 10, "{plan:?} for {} Hz", clock.target_hz);
}
