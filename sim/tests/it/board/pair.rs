//! Two boards in lockstep: what the model says, the Verilated device must say in the same cycle.

use gemmine_sim::EngineError;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{Board, BoardConfig, BoardDescription, LineByte, Progress, Stop};
use gemmine_sim::verilator::{Tools, VerilatedBoard};

/// The model and the RTL, or what became of that, which must agree.
pub struct Pair {
    model: ModelBoard,
    rtl: Box<dyn Board>,
    /// Bytes that both have said.
    agreed: usize,
}

impl Pair {
    pub fn new(config: BoardConfig) -> Self {
        Self::of(VerilatedBoard::new(&Tools::find().unwrap(), config).unwrap())
    }

    /// The model beside a board.
    pub fn of(rtl: impl Board + 'static) -> Self {
        let model = ModelBoard::new(rtl.description().config).unwrap();
        Self { model, rtl: Box::new(rtl), agreed: 0 }
    }
}

impl Board for Pair {
    fn description(&self) -> &BoardDescription {
        self.model.description()
    }

    fn set_host_baud(&mut self, baud: u32) -> Result<(), EngineError> {
        self.model.set_host_baud(baud)?;
        self.rtl.set_host_baud(baud)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.model.send(bytes)?;
        self.rtl.send(bytes)
    }

    fn run(&mut self, cycles: u64, stop: Stop) -> Result<Progress, EngineError> {
        let model = self.model.run(cycles, stop)?;
        let rtl = self.rtl.run(cycles, stop)?;
        let count = model.bytes.len().max(rtl.bytes.len());
        let differs = (0..count).find(|&n| model.bytes.get(n) != rtl.bytes.get(n));
        if let Some(n) = differs {
            let all = |p: &Progress| p.bytes.iter().map(|b| b.byte).collect::<Vec<_>>();
            println!("model {:x?}\nRTL   {:x?}", all(&model), all(&rtl));
            let said = |p: &Progress| match p.bytes.get(n) {
                Some(LineByte { cycle, byte }) => format!("{byte:02x} in cycle {cycle}"),
                None => format!("nothing until cycle {}", p.now),
            };
            let place = self.agreed + n;
            panic!("byte {place}: model {}, RTL {}", said(&model), said(&rtl));
        }
        self.agreed += count;
        assert_eq!(
            (model.now, model.resting),
            (rtl.now, rtl.resting),
            "when the model and the RTL stop"
        );
        Ok(model)
    }
}
