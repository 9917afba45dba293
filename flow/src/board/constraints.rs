//! Pins in a constraints file, which must be those of `board.toml`.

use super::{Board, Family};
use crate::error::FlowError;

impl Board {
    /// Refuses pins that `board.toml` and the constraints file don't agree on.
    pub(super) fn check_pins(&self) -> Result<(), FlowError> {
        let definition = &self.definition;
        let ports = [
            ("clock.pin", "oscillator", &definition.clock.pin),
            ("serial.from_host", "line_in", &definition.serial.from_host),
            ("serial.to_host", "line_out", &definition.serial.to_host),
            ("led.pin", "led", &definition.led.pin),
        ];
        for (key, port, pin) in ports {
            let found = pins(definition.family, &self.constraints, port);
            if found != [pin.as_str()] {
                let found = if found.is_empty() { "no pin".into() } else { found.join(" and ") };
                let remedy = format!(
                    "{} gives {found} to port {port}; make them agree",
                    definition.constraints
                );
                return Err(self.value(key, pin, remedy));
            }
        }
        Ok(())
    }
}

/// The pins that a constraints file gives to a port.
fn pins<'a>(family: Family, text: &'a str, port: &str) -> Vec<&'a str> {
    let comment = match family {
        Family::Ice40 | Family::Ecp5 => "#",
        Family::Gowin => "//",
    };
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split(comment).next().unwrap_or_default();
        let words: Vec<&str> =
            line.split([' ', '\t', ';', '"']).filter(|word| !word.is_empty()).collect();
        match (family, words.as_slice()) {
            (Family::Ice40, ["set_io", rest @ ..]) => {
                let rest: Vec<&&str> = rest.iter().filter(|word| !word.starts_with('-')).collect();
                if let [name, pin] = rest.as_slice()
                    && **name == port
                {
                    found.push(**pin);
                }
            }
            (Family::Ecp5, ["LOCATE", "COMP", name, "SITE", pin])
            | (Family::Gowin, ["IO_LOC", name, pin])
                if *name == port =>
            {
                found.push(*pin);
            }
            _ => {}
        }
    }
    found
}
