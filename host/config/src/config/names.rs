//! The words that stand for values in a file, and back.

use std::fmt;

use super::{DeviceName, Geometry, LogFormat, LogLevel, Operands, Protocol, SourceKind};

/// A type of which every value has a word.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// Words and values.
    const WORDS: &'static [(&'static str, Self)];

    /// The word of a value.
    fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, value)| *value == self);
        found.map_or("", |(word, _)| word)
    }
}

macro_rules! choice {
    ($type:ident: $($word:literal => $value:ident),+) => {
        impl Choice for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$value)),+];
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.word())
            }
        }
    };
}

choice!(Protocol: "pearl" => Pearl, "amadeus" => Amadeus);
choice!(SourceKind: "gateway" => Gateway, "pool" => Pool, "amadeus" => Amadeus, "local" => Local);
choice!(LogLevel: "info" => Info, "warning" => Warning, "error" => Error);
choice!(LogFormat: "text" => Text, "json" => Json);

impl fmt::Display for Operands {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => formatter.write_str("the built-in data set"),
            Self::Files { a, b } => write!(formatter, "{} x {}", a.display(), b.display()),
            Self::ZeroSignal { rows, columns } => write!(formatter, "{rows}x{columns} zeros"),
        }
    }
}

impl DeviceName {
    /// A device by its name.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        for (prefix, name) in [
            ("gpu:", Self::Gpu as fn(String) -> Self),
            ("pcie:", Self::Pcie),
            ("vfio-user:", Self::VfioUser),
        ] {
            if let Some(place) = text.strip_prefix(prefix).filter(|place| is_path(place)) {
                return Ok(name(place.to_owned()));
            }
        }
        match (text, text.strip_prefix("serial:")) {
            ("model", _) => Ok(Self::Model),
            ("verilator", _) => Ok(Self::Verilator),
            ("rtl", _) => Ok(Self::Rtl),
            ("cpu", _) => Ok(Self::Cpu),
            ("gpu", _) => Ok(Self::Gpu(String::new())),
            (_, Some("auto")) => Ok(Self::SerialAuto),
            (_, Some(path)) if is_path(path) => Ok(Self::Serial(path.to_owned())),
            _ => Err(
                "give model, verilator, rtl, cpu, gpu, gpu:N or gpu:NAME, serial:auto, serial:PATH such as \
                      serial:/dev/ttyUSB1, pcie:ADDRESS such as pcie:0000:01:00.0, or vfio-user:SOCKET",
            ),
        }
    }

    /// Whether it is in this process.
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Model | Self::Verilator | Self::Rtl)
    }

    /// Whether it is behind a port.
    pub fn is_serial(&self) -> bool {
        matches!(self, Self::Serial(_) | Self::SerialAuto)
    }
}

fn is_path(text: &str) -> bool {
    (1..=1024).contains(&text.len()) && !text.contains(char::is_control)
}

impl fmt::Display for DeviceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model => formatter.write_str("model"),
            Self::Verilator => formatter.write_str("verilator"),
            Self::Rtl => formatter.write_str("rtl"),
            Self::Cpu => formatter.write_str("cpu"),
            Self::Gpu(choice) if choice.is_empty() => formatter.write_str("gpu"),
            Self::Gpu(choice) => write!(formatter, "gpu:{choice}"),
            Self::Serial(path) => write!(formatter, "serial:{path}"),
            Self::SerialAuto => formatter.write_str("serial:auto"),
            Self::Pcie(address) => write!(formatter, "pcie:{address}"),
            Self::VfioUser(socket) => write!(formatter, "vfio-user:{socket}"),
        }
    }
}

impl Geometry {
    /// `PxQ`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let sides = |(rows, columns)| Some((side(rows)?, side(columns)?));
        let (rows, columns) = text
            .split_once('x')
            .and_then(sides)
            .ok_or("give rows x columns, each 2, 4, 8 or 16, such as 16x16")?;
        Ok(Self { rows, columns })
    }
}

fn side(text: &str) -> Option<usize> {
    [2, 4, 8, 16].into_iter().find(|side| side.to_string() == text)
}

impl fmt::Display for Geometry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.rows, self.columns)
    }
}
