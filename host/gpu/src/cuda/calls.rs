//! Calls into CUDA's libraries that their bindings can't check: what is loaded, a product, a kernel.
#![expect(unsafe_code, reason = "foreign functions with pointers into a card's memory")]

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use cudarc::cublaslt::result as lt;
use cudarc::cublaslt::{CudaBlasLT, MatmulShared, sys};
use cudarc::driver::{
    CudaFunction, CudaSlice, CudaStream, DevicePtr, DevicePtrMut, LaunchConfig, PushKernelArg,
};

use crate::error::GpuError;

/// Bytes that a product may use besides: what NVIDIA recommends for its newest cards.
const WORKSPACE: usize = 32 << 20;

/// The first library that can't be loaded, and what has it.
pub fn missing() -> Option<(&'static str, &'static str)> {
    // SAFETY: loading a library runs its initialisation; these are NVIDIA's own, found by the system's loader.
    let present = unsafe {
        [
            cudarc::driver::sys::is_culib_present(),
            sys::is_culib_present(),
            cudarc::nvrtc::sys::is_culib_present(),
        ]
    };
    let names = [
        ("libcuda", "NVIDIA's driver"),
        ("libcublasLt", "the CUDA toolkit 12"),
        ("libnvrtc", "the CUDA toolkit 12"),
    ];
    present.into_iter().zip(names).find(|(present, _)| !present).map(|(_, name)| name)
}

/// Sizes of a product: A is m x k by rows, B is k x n by columns, sums are m x n by columns.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub m: usize,
    pub n: usize,
    /// Steps between the begins of two rows of A, or columns of B.
    pub k: usize,
}

/// Multiplies int8 to int32.
#[derive(Debug)]
pub struct Multiply {
    library: CudaBlasLT,
    workspace: CudaSlice<u8>,
    stream: Arc<CudaStream>,
}

impl Multiply {
    pub fn new(stream: &Arc<CudaStream>) -> Result<Self, GpuError> {
        let library = CudaBlasLT::new(Arc::clone(stream)).map_err(|error| failed(&error))?;
        let workspace = stream.alloc_zeros(WORKSPACE).map_err(|error| failed(&error))?;
        Ok(Self { library, workspace, stream: Arc::clone(stream) })
    }

    /// Adds the products of `steps` steps from `first` on to the sums; the sums begin with them if `first` is 0. Only
    /// queued when this returns.
    pub fn accumulate(
        &mut self,
        shape: Shape,
        (first, steps): (usize, usize),
        (a, b): (&CudaSlice<i8>, &CudaSlice<i8>),
        sums: &mut CudaSlice<i32>,
    ) -> Result<(), GpuError> {
        let Shape { m, n, k } = shape;
        let fits =
            first + steps <= k && m * k <= a.len() && n * k <= b.len() && m * n <= sums.len();
        if !fits {
            return Err(GpuError::Failed(format!(
                "a product of {shape:?}, steps {first} and {steps} on, is outside of its buffers"
            )));
        }
        // int8 wants A by rows and B by columns: "transposed" and not, in words of a library that counts by columns.
        let lay = |kind, rows: usize, columns: usize, lead: usize| {
            Layout::new(kind, rows as u64, columns as u64, lead as i64)
        };
        let a_layout = lay(sys::cudaDataType_t::CUDA_R_8I, steps, m, k)?;
        let b_layout = lay(sys::cudaDataType_t::CUDA_R_8I, steps, n, k)?;
        let c_layout = lay(sys::cudaDataType_t::CUDA_R_32I, m, n, m)?;
        let operation = Operation::new()?;
        let preference = Preference::new()?;
        let (alpha, beta) = (1_i32, i32::from(first > 0));
        let stream = &self.stream;
        let (a, _a) = a.device_ptr(stream);
        let (b, _b) = b.device_ptr(stream);
        let (c, _c) = sums.device_ptr_mut(stream);
        let (workspace, _workspace) = self.workspace.device_ptr_mut(stream);
        let at = |base: u64| (base + first as u64) as *const c_void;
        // SAFETY: every handle lives until behind the call; the layouts say what the buffers hold, as checked above:
        // `first + steps` is at most the `k` between two rows, so the last row ends inside of its buffer. The buffers
        // stay borrowed, and belong to this stream, on which their release is queued as well.
        unsafe {
            let found = lt::get_matmul_algo_heuristic(
                *self.library.handle(),
                operation.0,
                a_layout.0,
                b_layout.0,
                c_layout.0,
                c_layout.0,
                preference.0,
            )
            .map_err(|error| failed(&error))?;
            lt::matmul(
                *self.library.handle(),
                operation.0,
                ptr::from_ref(&alpha).cast(),
                ptr::from_ref(&beta).cast(),
                at(a),
                a_layout.0,
                at(b),
                b_layout.0,
                c as *const c_void,
                c_layout.0,
                c as *mut c_void,
                c_layout.0,
                ptr::from_ref(&found.algo),
                workspace as *mut c_void,
                WORKSPACE,
                stream.cu_stream().cast(),
            )
            .map_err(|error| failed(&error))
        }
    }
}

/// Folds the sums of rows x columns tiles behind a chunk. Only queued when this returns.
pub fn fold(
    (stream, kernel): (&Arc<CudaStream>, &CudaFunction),
    sums: &CudaSlice<i32>,
    registers: &mut CudaSlice<u32>,
    (rows, columns): (usize, usize),
    chunk: usize,
) -> Result<(), GpuError> {
    let tiles = rows * columns;
    if 256 * tiles > sums.len() || 16 * tiles > registers.len() {
        return Err(GpuError::Failed(format!("a fold of {tiles} tiles is outside of its buffers")));
    }
    let config = LaunchConfig {
        grid_dim: (columns as u32, rows as u32, 1),
        block_dim: (256, 1, 1),
        shared_mem_bytes: 0,
    };
    let (m, chunk) = (16 * rows as u32, chunk as u32);
    let mut launch = stream.launch_builder(kernel);
    launch.arg(sums).arg(registers).arg(&m).arg(&chunk);
    // SAFETY: these are the kernel's parameters in their order; it reads 256 sums and writes a word a block, all of which
    // the buffers have.
    unsafe { launch.launch(config) }.map_err(|error| failed(&error))?;
    Ok(())
}

pub fn failed(error: &dyn std::fmt::Display) -> GpuError {
    GpuError::Failed(format!("CUDA: {error}"))
}

/// How a matrix lies in memory.
struct Layout(sys::cublasLtMatrixLayout_t);

impl Layout {
    fn new(
        kind: sys::cudaDataType_t,
        rows: u64,
        columns: u64,
        lead: i64,
    ) -> Result<Self, GpuError> {
        lt::create_matrix_layout(kind, rows, columns, lead)
            .map(Self)
            .map_err(|error| failed(&error))
    }
}

impl Drop for Layout {
    fn drop(&mut self) {
        // SAFETY: made above, and given back nowhere else.
        let _ = unsafe { lt::destroy_matrix_layout(self.0) };
    }
}

/// int8 by int8 to int32, A transposed.
struct Operation(sys::cublasLtMatmulDesc_t);

impl Operation {
    fn new() -> Result<Self, GpuError> {
        let compute = sys::cublasComputeType_t::CUBLAS_COMPUTE_32I;
        let made = lt::create_matmul_desc(compute, sys::cudaDataType_t::CUDA_R_32I);
        let made = Self(made.map_err(|error| failed(&error))?);
        // CUBLAS_OP_T.
        let transposed = 1_i32;
        let attribute = sys::cublasLtMatmulDescAttributes_t::CUBLASLT_MATMUL_DESC_TRANSA;
        // SAFETY: the attribute is a 32-bit number, copied before this returns.
        let set = unsafe {
            lt::set_matmul_desc_attribute(
                made.0,
                attribute,
                ptr::from_ref(&transposed).cast(),
                size_of::<i32>(),
            )
        };
        set.map_err(|error| failed(&error))?;
        Ok(made)
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        // SAFETY: made above, and given back nowhere else.
        let _ = unsafe { lt::destroy_matmul_desc(self.0) };
    }
}

/// What a way to multiply may use.
struct Preference(sys::cublasLtMatmulPreference_t);

impl Preference {
    fn new() -> Result<Self, GpuError> {
        let made = Self(lt::create_matmul_pref().map_err(|error| failed(&error))?);
        let bytes = WORKSPACE;
        let attribute =
            sys::cublasLtMatmulPreferenceAttributes_t::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
        // SAFETY: the attribute is a number of a pointer's size, copied before this returns.
        let set = unsafe {
            lt::set_matmul_pref_attribute(
                made.0,
                attribute,
                ptr::from_ref(&bytes).cast(),
                size_of::<usize>(),
            )
        };
        set.map_err(|error| failed(&error))?;
        Ok(made)
    }
}

impl Drop for Preference {
    fn drop(&mut self) {
        // SAFETY: made above, and given back nowhere else.
        let _ = unsafe { lt::destroy_matmul_pref(self.0) };
    }
}
