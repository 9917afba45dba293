//! A control that somebody posts to the miner's page.
//!
//! What is taken says the same when it is written again, and asks for nothing that was not asked for: every field of
//! the text is one of the control's.

use gemmine_console::status::Control;

use crate::plain;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let control = match Control::from_json(bytes) {
        Ok(control) => control,
        Err(error) => return plain::lines(&error),
    };
    let written = serde_json::to_vec(&control).expect("a control is JSON");
    assert_eq!(Control::from_json(&written).expect("what was written is read"), control);
    let value: serde_json::Value = serde_json::from_slice(bytes).expect("it is JSON");
    let fields = value.as_object().expect("a control is an object").len();
    let named = match &control {
        Control::DeviceOff { device: name } | Control::DeviceOn { device: name } => Some(name),
        Control::SourceOff { source: name } | Control::SourceOn { source: name } => Some(name),
        Control::Stop => None,
    };
    assert_eq!(fields, 1 + usize::from(named.is_some()), "{value}");
}
