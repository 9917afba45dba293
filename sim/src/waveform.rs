//! Waveforms: VCD, as the Verilated board writes it, to the much smaller FST.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use fst_writer::{
    FstFileType, FstHeaderWriter, FstInfo, FstScopeType, FstSignalId, FstSignalType,
    FstVarDirection, FstVarType, open_fst,
};
use vcd::{Command, IdCode, Value};

use crate::engine::EngineError;

/// Writes the waveform of a VCD file as FST.
///
/// # Errors
/// If the one can't be read, is no VCD, or the other can't be written.
pub fn vcd_to_fst(vcd: &Path, fst: &Path) -> Result<(), EngineError> {
    let failed = |why: String| EngineError::Tool {
        doing: format!("convert {} to {}", vcd.display(), fst.display()),
        why,
    };
    convert(vcd, fst).map_err(|error| failed(error.to_string()))
}

/// A signal, and its bits.
type Signals = HashMap<IdCode, (FstSignalId, usize)>;

fn convert(vcd: &Path, fst: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut parser = vcd::Parser::new(BufReader::with_capacity(1 << 18, File::open(vcd)?));
    let info = FstInfo {
        start_time: 0,
        timescale_exponent: -12,
        version: "gemmine".into(),
        date: String::new(),
        file_type: FstFileType::Verilog,
    };
    let mut header = open_fst(fst, &info)?;
    let signals = hierarchy(&mut parser, &mut header)?;
    let mut body = header.finish()?;
    let mut text = Vec::new();
    for command in parser {
        text.clear();
        let code = match command? {
            Command::Timestamp(time) => {
                body.time_change(time)?;
                continue;
            }
            Command::ChangeScalar(code, value) => {
                text.push(character(value));
                code
            }
            Command::ChangeVector(code, values) => {
                text.extend(values.iter().map(character));
                code
            }
            _ => continue,
        };
        if let Some(&(signal, bits)) = signals.get(&code) {
            // A VCD leaves zeros in front away.
            text.splice(0..0, std::iter::repeat_n(b'0', bits.saturating_sub(text.len())));
            body.signal_change(signal, &text)?;
        }
    }
    body.finish()?;
    Ok(())
}

/// Copies scopes and variables; a code that stands twice is one signal with two names.
fn hierarchy<W: io::Write + io::Seek>(
    parser: &mut vcd::Parser<BufReader<File>>,
    header: &mut FstHeaderWriter<W>,
) -> Result<Signals, Box<dyn std::error::Error>> {
    let mut signals = Signals::new();
    for command in parser.by_ref() {
        match command? {
            Command::ScopeDef(_, name) => header.scope(name, "", FstScopeType::Module)?,
            Command::Upscope => header.up_scope()?,
            Command::VarDef(_, bits, code, name, _) => {
                let known = signals.get(&code).map(|(signal, _)| *signal);
                let kind = FstSignalType::bit_vec(bits);
                let (variable, direction) = (FstVarType::Wire, FstVarDirection::Implicit);
                let signal = header.var(name, kind, variable, direction, known)?;
                signals.entry(code).or_insert((signal, bits as usize));
            }
            Command::Enddefinitions => return Ok(signals),
            _ => {}
        }
    }
    Err("it ends before its definitions do".into())
}

fn character(value: Value) -> u8 {
    match value {
        Value::V0 => b'0',
        Value::V1 => b'1',
        Value::X => b'x',
        Value::Z => b'z',
    }
}
