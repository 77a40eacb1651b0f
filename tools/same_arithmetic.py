"""The same rounding on every x86 processor with AVX2, for whoever imports this before numpy.

Training is a long chain of sums: a last digit that differs becomes other weights of the same worth. OpenBLAS and numpy
choose their kernels by the processor; both are asked for those that all of them have.
"""

import os

os.environ["OPENBLAS_CORETYPE"] = "Haswell"
os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V4 AVX512_ICL AVX512_SPR"
