// The XOR of a tile's 256 sums, into its fold register: a block a tile, a thread a sum.
//
// `sums` is m x n, column by column. `registers` has 16 words a tile, tiles row by row. Launches of one stream come one
// behind the other, so a register's words do, too.
extern "C" __global__ void fold(const int *sums, unsigned *registers, unsigned m, unsigned chunk)
{
    unsigned row = blockIdx.y * 16 + threadIdx.x % 16;
    unsigned long long column = blockIdx.x * 16 + threadIdx.x / 16;
    unsigned word = (unsigned)sums[column * m + row];
    for (unsigned reach = 16; reach > 0; reach /= 2)
        word ^= __shfl_xor_sync(0xffffffffu, word, reach);
    __shared__ unsigned warps[8];
    if (threadIdx.x % 32 == 0)
        warps[threadIdx.x / 32] = word;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (unsigned warp = 1; warp < 8; warp++)
            word ^= warps[warp];
        unsigned long long tile = (unsigned long long)blockIdx.y * gridDim.x + blockIdx.x;
        unsigned *slot = registers + tile * 16 + chunk % 16;
        *slot = (*slot << 13 | *slot >> 19) ^ word;
    }
}
