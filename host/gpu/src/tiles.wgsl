// Pearl's tiles on a graphics processor: product, fold and ticket.
//
// A workgroup of 64 threads makes 16 tiles of 16 x 16, four threads a tile, 8 x 8 accumulators a thread. A panel is
// 16 lanes by k steps, `[step / 4][lane][step % 4]`: one word holds four steps of a lane, one vec4 four lanes.
//
// The fold register is `J[c mod 16] = rotl(J[c mod 16], 13) ^ word`, and word the XOR of all 256 accumulators. Rotation
// goes through XOR, so each thread keeps the register of its own accumulators, and the four are joined at the end: no
// thread waits for another before that.

struct Params {
    // Groups of four steps in a panel.
    groups: u32,
    // Groups of a chunk.
    chunk_groups: u32,
    // Whole chunks.
    chunks: u32,
    tiles: u32,
    want_product: u32,
    pad_0: u32,
    pad_1: u32,
    pad_2: u32,
}

// Words of little-endian numbers.
struct Job {
    // Key of the ticket hash.
    key: array<vec4<u32>, 2>,
    // What a hit's ticket does not exceed.
    bound: array<vec4<u32>, 2>,
}

// A's bytes are unsigned. B's never are.
override UNSIGNED_A: bool = false;

const TILES: u32 = 16u;
const FOLD_WORDS: u32 = 16u;
// Words of one tile's answer: the ticket, and whether it is a hit.
const ANSWER_WORDS: u32 = 9u;

@group(0) @binding(0) var<storage, read> a_panels: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> b_panels: array<vec4<u32>>;
// Of each tile, where its panels begin, in vec4s, and its job.
@group(0) @binding(2) var<storage, read> tiles: array<vec4<u32>>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> answers: array<u32>;
// Row-major, four columns a vec4.
@group(0) @binding(5) var<storage, read_write> products: array<vec4<i32>>;
@group(0) @binding(6) var<storage, read> jobs: array<Job>;

// Each thread's own fold register. Zero at the start, as WGSL has it.
var<workgroup> registers: array<u32, 1024>;

// Four steps of one lane of A with those of four lanes of B.
fn dots(a: u32, b: vec4<u32>) -> vec4<i32> {
    if UNSIGNED_A {
        // u = s + 128, where s is u with its top bit turned.
        let s = a ^ 0x80808080u;
        let ones = 0x01010101u;
        let sums = vec4<i32>(
            dot4I8Packed(ones, b.x), dot4I8Packed(ones, b.y), dot4I8Packed(ones, b.z), dot4I8Packed(ones, b.w));
        return 128 * sums + vec4<i32>(
            dot4I8Packed(s, b.x), dot4I8Packed(s, b.y), dot4I8Packed(s, b.z), dot4I8Packed(s, b.w));
    }
    return vec4<i32>(
        dot4I8Packed(a, b.x), dot4I8Packed(a, b.y), dot4I8Packed(a, b.z), dot4I8Packed(a, b.w));
}

fn rotate_right(x: u32, n: u32) -> u32 {
    return (x >> n) | (x << (32u - n));
}

fn stir(v: ptr<function, array<u32, 16>>, a: u32, b: u32, c: u32, d: u32, x: u32, y: u32) {
    (*v)[a] = (*v)[a] + (*v)[b] + x;
    (*v)[d] = rotate_right((*v)[d] ^ (*v)[a], 16u);
    (*v)[c] = (*v)[c] + (*v)[d];
    (*v)[b] = rotate_right((*v)[b] ^ (*v)[c], 12u);
    (*v)[a] = (*v)[a] + (*v)[b] + y;
    (*v)[d] = rotate_right((*v)[d] ^ (*v)[a], 8u);
    (*v)[c] = (*v)[c] + (*v)[d];
    (*v)[b] = rotate_right((*v)[b] ^ (*v)[c], 7u);
}

// BLAKE3, keyed, of the one block that a fold register is; the ticket is the first eight words.
fn ticket(folded: array<u32, 16>, job: u32) -> array<u32, 8> {
    let low = jobs[job].key[0];
    let high = jobs[job].key[1];
    var m = folded;
    var v = array<u32, 16>(
        low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w,
        0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
        // Counter 0, 64 bytes, KEYED_HASH | ROOT | CHUNK_END | CHUNK_START.
        0u, 0u, 64u, 27u);
    for (var turn = 0u; turn < 7u; turn++) {
        stir(&v, 0u, 4u, 8u, 12u, m[0], m[1]);
        stir(&v, 1u, 5u, 9u, 13u, m[2], m[3]);
        stir(&v, 2u, 6u, 10u, 14u, m[4], m[5]);
        stir(&v, 3u, 7u, 11u, 15u, m[6], m[7]);
        stir(&v, 0u, 5u, 10u, 15u, m[8], m[9]);
        stir(&v, 1u, 6u, 11u, 12u, m[10], m[11]);
        stir(&v, 2u, 7u, 8u, 13u, m[12], m[13]);
        stir(&v, 3u, 4u, 9u, 14u, m[14], m[15]);
        m = array<u32, 16>(
            m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13],
            m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8]);
    }
    return array<u32, 8>(
        v[0] ^ v[8], v[1] ^ v[9], v[2] ^ v[10], v[3] ^ v[11],
        v[4] ^ v[12], v[5] ^ v[13], v[6] ^ v[14], v[7] ^ v[15]);
}

// Whether a ticket is at most the bound; the last word weighs most.
fn meets(words: array<u32, 8>, job: u32) -> bool {
    let low = jobs[job].bound[0];
    let high = jobs[job].bound[1];
    let bound = array<u32, 8>(low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w);
    var above = false;
    // From the word that weighs least on, the last that differs decides.
    if words[0] != bound[0] { above = words[0] > bound[0]; }
    if words[1] != bound[1] { above = words[1] > bound[1]; }
    if words[2] != bound[2] { above = words[2] > bound[2]; }
    if words[3] != bound[3] { above = words[3] > bound[3]; }
    if words[4] != bound[4] { above = words[4] > bound[4]; }
    if words[5] != bound[5] { above = words[5] > bound[5]; }
    if words[6] != bound[6] { above = words[6] > bound[6]; }
    if words[7] != bound[7] { above = words[7] > bound[7]; }
    return !above;
}

@compute @workgroup_size(64)
fn make_tiles(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let tile = group.x * TILES + local / 4u;
    let half_a = (local >> 1u) & 1u;
    let half_b = local & 1u;
    let there = tile < params.tiles;
    if there {
        let places = tiles[tile];
        var a_at = places.x + 2u * half_a;
        var b_at = places.y + 2u * half_b;
        // Row i of this thread's block, its first and its last four columns.
        var c0l = vec4<i32>(); var c0h = vec4<i32>();
        var c1l = vec4<i32>(); var c1h = vec4<i32>();
        var c2l = vec4<i32>(); var c2h = vec4<i32>();
        var c3l = vec4<i32>(); var c3h = vec4<i32>();
        var c4l = vec4<i32>(); var c4h = vec4<i32>();
        var c5l = vec4<i32>(); var c5h = vec4<i32>();
        var c6l = vec4<i32>(); var c6h = vec4<i32>();
        var c7l = vec4<i32>(); var c7h = vec4<i32>();
        var left = params.chunk_groups;
        var chunk = 0u;
        for (var at = 0u; at < params.groups; at++) {
            let al = a_panels[a_at];
            let ah = a_panels[a_at + 1u];
            let bl = b_panels[b_at];
            let bh = b_panels[b_at + 1u];
            a_at += 4u;
            b_at += 4u;
            c0l += dots(al.x, bl); c0h += dots(al.x, bh);
            c1l += dots(al.y, bl); c1h += dots(al.y, bh);
            c2l += dots(al.z, bl); c2h += dots(al.z, bh);
            c3l += dots(al.w, bl); c3h += dots(al.w, bh);
            c4l += dots(ah.x, bl); c4h += dots(ah.x, bh);
            c5l += dots(ah.y, bl); c5h += dots(ah.y, bh);
            c6l += dots(ah.z, bl); c6h += dots(ah.z, bh);
            c7l += dots(ah.w, bl); c7h += dots(ah.w, bh);
            left -= 1u;
            if left == 0u {
                left = params.chunk_groups;
                // Padding behind the last step can end no chunk.
                if chunk < params.chunks {
                    let sums = c0l ^ c0h ^ c1l ^ c1h ^ c2l ^ c2h ^ c3l ^ c3h
                        ^ c4l ^ c4h ^ c5l ^ c5h ^ c6l ^ c6h ^ c7l ^ c7h;
                    let word = bitcast<u32>(sums.x ^ sums.y ^ sums.z ^ sums.w);
                    let slot = local * FOLD_WORDS + (chunk % FOLD_WORDS);
                    registers[slot] = rotate_right(registers[slot], 19u) ^ word;
                }
                chunk += 1u;
            }
        }
        if params.want_product != 0u {
            let first = tile * 64u + half_a * 32u + 2u * half_b;
            products[first] = c0l; products[first + 1u] = c0h;
            products[first + 4u] = c1l; products[first + 5u] = c1h;
            products[first + 8u] = c2l; products[first + 9u] = c2h;
            products[first + 12u] = c3l; products[first + 13u] = c3h;
            products[first + 16u] = c4l; products[first + 17u] = c4h;
            products[first + 20u] = c5l; products[first + 21u] = c5h;
            products[first + 24u] = c6l; products[first + 25u] = c6h;
            products[first + 28u] = c7l; products[first + 29u] = c7h;
        }
    }
    workgroupBarrier();
    if there && (local & 3u) == 0u {
        var folded = array<u32, 16>();
        for (var word = 0u; word < FOLD_WORDS; word++) {
            let first = local * FOLD_WORDS + word;
            folded[word] = registers[first] ^ registers[first + FOLD_WORDS]
                ^ registers[first + 2u * FOLD_WORDS] ^ registers[first + 3u * FOLD_WORDS];
        }
        let job = tiles[tile].z;
        let words = ticket(folded, job);
        let answer = tile * ANSWER_WORDS;
        answers[answer] = words[0];
        answers[answer + 1u] = words[1];
        answers[answer + 2u] = words[2];
        answers[answer + 3u] = words[3];
        answers[answer + 4u] = words[4];
        answers[answer + 5u] = words[5];
        answers[answer + 6u] = words[6];
        answers[answer + 7u] = words[7];
        answers[answer + 8u] = select(0u, 1u, meets(words, job));
    }
}
