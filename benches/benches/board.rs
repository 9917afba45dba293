//! A whole virtual board: what one core can carry of its serial line, and of its tiles.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use gemmine_benches::random_bytes;
use gemmine_hdl::Geometry;
use gemmine_hdl::frame::{Opcode, PAYLOAD_WORDS_MAX, Request, Response};
use gemmine_hdl::registers as map;
use gemmine_sim::board::model::ModelBoard;
use gemmine_sim::board::{Board, BoardConfig, Stop};
use gemmine_sim::verilator::{Tools, VerilatedBoard};

/// Frames of one go: the device acknowledges them all with a few responses.
const FRAMES: usize = 64;
/// Tiles of one go.
const TILES: usize = 16;
/// Steps of a tile, and of a chunk.
const STEPS: u32 = 2048;
const CHUNK: u32 = 128;

/// Frames that write words, numbered on from `sequence`.
fn frames(sequence: &mut u8, address: u32, words: &[u32]) -> Vec<u8> {
    let mut line = Vec::new();
    for (n, data) in words.chunks(PAYLOAD_WORDS_MAX).enumerate() {
        let address = address + (n * PAYLOAD_WORDS_MAX) as u32;
        let (count, data) = (data.len() as u16, data.to_vec());
        let request = Request { sequence: *sequence, opcode: Opcode::Write, count, address, data };
        line.extend(request.encode());
        *sequence = sequence.wrapping_add(1);
    }
    line
}

/// Sends bytes and lets the board rest.
fn send(board: &mut dyn Board, line: &[u8]) {
    match board.send(line).and_then(|()| board.run(1 << 40, Stop::AtRest)) {
        Ok(progress) if progress.resting && !progress.bytes.is_empty() => {}
        other => panic!("failed to bench: {other:?}"),
    }
}

fn words(seed: u64, count: usize) -> Vec<u32> {
    let bytes: Vec<u8> = random_bytes(seed).take(4 * count).collect();
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// Full frames of panels, at the fastest rate of a usual USB bridge.
fn line(criterion: &mut Criterion, name: &str, board: &mut dyn Board, samples: usize) {
    let mut group = criterion.benchmark_group("panels over the line of a 16x16 board, bytes");
    let data = words(1, FRAMES * PAYLOAD_WORDS_MAX);
    // Numbers come round with the fourth go.
    let mut sequence = 0;
    let goes: Vec<Vec<u8>> =
        (0..256 / FRAMES).map(|_| frames(&mut sequence, map::PANELS_A, &data)).collect();
    let mut next = (0..goes.len()).cycle();
    group.throughput(Throughput::Bytes(goes[0].len() as u64));
    group.sample_size(samples).sampling_mode(SamplingMode::Flat);
    group.bench_function(name, |bencher| {
        bencher.iter(|| send(board, &goes[next.next().unwrap_or_default()]));
    });
    let mut expected = 0;
    let sync = Request { sequence: 0, opcode: Opcode::Sync, count: 0, address: 0, data: vec![] };
    match board.send(&sync.encode()).and_then(|()| board.run(1 << 40, Stop::AtRest)) {
        Ok(progress) => {
            let bytes: Vec<u8> = progress.bytes.iter().map(|line| line.byte).collect();
            if let Some(Ok(response)) = bytes.split_last().map(|(_, b)| Response::decode(b)) {
                expected = response.expected;
            }
        }
        Err(error) => panic!("failed to bench: {error}"),
    }
    group.finish();
    tiles(criterion, name, board, samples, expected);
}

/// Descriptors of panels that are there already.
fn tiles(
    criterion: &mut Criterion,
    name: &str,
    board: &mut dyn Board,
    samples: usize,
    mut sequence: u8,
) {
    let mut group = criterion.benchmark_group("tiles of k=2048, r=128 on a 16x16 board, tiles");
    let shape = CHUNK - 1;
    let tile = |n: u32| [n, n << 16 | n, shape, STEPS / CHUNK - 1];
    let descriptors: Vec<u32> = (0..TILES as u32).flat_map(tile).collect();
    group.throughput(Throughput::Elements(TILES as u64));
    group.sample_size(samples).sampling_mode(SamplingMode::Flat);
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let push = frames(&mut sequence, map::DESCRIPTORS, &descriptors);
            send(board, &push);
            let pop = frames(&mut sequence, map::POP, &[TILES as u32]);
            send(board, &pop);
        });
    });
    group.finish();
}

fn boards(criterion: &mut Criterion) {
    let geometry = Geometry::new(16, 16);
    let config = BoardConfig { first_baud: 12_000_000, ..BoardConfig::new(geometry) };
    match ModelBoard::new(config) {
        Ok(mut board) => line(criterion, "model", &mut board, 100),
        Err(error) => panic!("failed to bench the model: {error}"),
    }
    match Tools::find().and_then(|tools| VerilatedBoard::new(&tools, config)) {
        Ok(mut board) => line(criterion, "verilator", &mut board, 10),
        Err(error) => panic!("failed to bench Verilator: {error}"),
    }
}

criterion_group!(benches, boards);
criterion_main!(benches);
