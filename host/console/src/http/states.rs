//! States by the names that JSON has for them.

use crate::status::{DeviceState, SourceState};

/// Every state of a device.
pub(super) const DEVICE_STATES: [DeviceState; 7] = [
    DeviceState::Starting,
    DeviceState::Working,
    DeviceState::Idle,
    DeviceState::BackOff,
    DeviceState::Quarantined,
    DeviceState::Gone,
    DeviceState::Off,
];

/// Every state of a source.
pub(super) const SOURCE_STATES: [SourceState; 6] = [
    SourceState::Standby,
    SourceState::Connecting,
    SourceState::Up,
    SourceState::BackOff,
    SourceState::Paused,
    SourceState::Off,
];

pub(super) const fn device_state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Starting => "starting",
        DeviceState::Working => "working",
        DeviceState::Idle => "idle",
        DeviceState::BackOff => "back_off",
        DeviceState::Quarantined => "quarantined",
        DeviceState::Gone => "gone",
        DeviceState::Off => "off",
    }
}

pub(super) const fn source_state(state: SourceState) -> &'static str {
    match state {
        SourceState::Standby => "standby",
        SourceState::Connecting => "connecting",
        SourceState::Up => "up",
        SourceState::BackOff => "back_off",
        SourceState::Paused => "paused",
        SourceState::Off => "off",
    }
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, schema_for};
    use serde_json::Value;

    use super::{DEVICE_STATES, SOURCE_STATES, device_state, source_state};
    use crate::status::{DeviceState, SourceState};

    /// As JSON names them, in the order of the type.
    fn states<T: JsonSchema>() -> Vec<String> {
        let schema = schema_for!(T);
        let states = schema.get("oneOf").and_then(Value::as_array).unwrap();
        states.iter().map(|state| state["const"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_state_has_the_name_that_json_has() {
        assert_eq!(DEVICE_STATES.map(device_state).to_vec(), states::<DeviceState>());
        assert_eq!(SOURCE_STATES.map(source_state).to_vec(), states::<SourceState>());
    }
}
