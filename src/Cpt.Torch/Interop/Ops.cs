namespace Cpt.Torch;

/// <summary>The operators the tensor methods call, each with its handle kept.</summary>
internal static class Ops
{
    // Arithmetic
    public static readonly Op Add = Aten("add", "Tensor"), AddScalar = Aten("add", "Scalar"), Subtract = Aten("sub", "Tensor"), SubtractScalar = Aten("sub", "Scalar");
    public static readonly Op ReverseSubtract = Aten("rsub", "Scalar"), Multiply = Aten("mul", "Tensor"), MultiplyScalar = Aten("mul", "Scalar");
    public static readonly Op Divide = Aten("div", "Tensor"), DivideScalar = Aten("div", "Scalar"), Negate = Aten("neg"), Reciprocal = Aten("reciprocal");
    public static readonly Op DivideRounding = Aten("div", "Tensor_mode"), Remainder = Aten("remainder", "Scalar");
    public static readonly Op Power = Aten("pow", "Tensor_Scalar"), PowerTensor = Aten("pow", "Tensor_Tensor"), AddCMul = Aten("addcmul"), Lerp = Aten("lerp", "Scalar");
    public static readonly Op Matmul = Aten("matmul"), Mm = Aten("mm"), Bmm = Aten("bmm"), Addmm = Aten("addmm"), AddmmInPlace = Aten("addmm_"), Baddbmm = Aten("baddbmm"), Dot = Aten("dot"), Outer = Aten("outer");

    // Element by element
    public static readonly Op Exp = Aten("exp"), Log = Aten("log"), Log1p = Aten("log1p"), Sqrt = Aten("sqrt"), Rsqrt = Aten("rsqrt"), Abs = Aten("abs"), Sign = Aten("sign");
    public static readonly Op Floor = Aten("floor"), Ceil = Aten("ceil"), Round = Aten("round"), Sin = Aten("sin"), Cos = Aten("cos"), Tanh = Aten("tanh"), Square = Aten("square");
    public static readonly Op Sigmoid = Aten("sigmoid"), Silu = Aten("silu"), Relu = Aten("relu"), Gelu = Aten("gelu"), Clamp = Aten("clamp");
    public static readonly Op Minimum = Aten("minimum"), Maximum = Aten("maximum"), Expm1 = Aten("expm1");

    // Comparisons
    public static readonly Op Eq = Aten("eq", "Tensor"), Ne = Aten("ne", "Tensor"), Lt = Aten("lt", "Tensor"), Le = Aten("le", "Tensor"), Gt = Aten("gt", "Tensor"), Ge = Aten("ge", "Tensor");
    public static readonly Op EqScalar = Aten("eq", "Scalar"), NeScalar = Aten("ne", "Scalar"), LtScalar = Aten("lt", "Scalar"), LeScalar = Aten("le", "Scalar"), GtScalar = Aten("gt", "Scalar"), GeScalar = Aten("ge", "Scalar");
    public static readonly Op And = Aten("logical_and"), Or = Aten("logical_or"), Not = Aten("logical_not"), Xor = Aten("logical_xor");
    public static readonly Op IsFinite = Aten("isfinite"), IsNan = Aten("isnan"), Equal = Aten("equal"), AllClose = Aten("allclose");

    // Reductions
    public static readonly Op Sum = Aten("sum"), SumDim = Aten("sum", "dim_IntList"), Mean = Aten("mean"), MeanDim = Aten("mean", "dim"), Max = Aten("max"), MaxDim = Aten("max", "dim");
    public static readonly Op Min = Aten("min"), MinDim = Aten("min", "dim"), ArgMax = Aten("argmax"), ArgMin = Aten("argmin"), AMax = Aten("amax"), AMin = Aten("amin");
    public static readonly Op Any = Aten("any"), AnyDim = Aten("any", "dim"), All = Aten("all"), AllDim = Aten("all", "dim"), Prod = Aten("prod"), ProdDim = Aten("prod", "dim_int");
    public static readonly Op Variance = Aten("var", "correction"), Deviation = Aten("std", "correction"), Norm = Aten("linalg_vector_norm"), CumSum = Aten("cumsum");
    public static readonly Op Softmax = Aten("softmax", "int"), LogSoftmax = Aten("log_softmax", "int"), LogSumExp = Aten("logsumexp");
    public static readonly Op TopK = Aten("topk"), Sort = Aten("sort"), ArgSort = Aten("argsort"), Multinomial = Aten("multinomial"), NonZero = Aten("nonzero"), BinCount = Aten("bincount");

    // Shape
    public static readonly Op View = Aten("view"), Reshape = Aten("reshape"), Transpose = Aten("transpose", "int"), Permute = Aten("permute"), T = Aten("t"), Flatten = Aten("flatten", "using_ints");
    public static readonly Op Unsqueeze = Aten("unsqueeze"), Squeeze = Aten("squeeze"), SqueezeDim = Aten("squeeze", "dim"), Expand = Aten("expand"), Contiguous = Aten("contiguous"), Repeat = Aten("repeat");
    public static readonly Op RepeatInterleave = Aten("repeat_interleave", "self_int"), Slice = Aten("slice", "Tensor"), Narrow = Aten("narrow"), Select = Aten("select", "int");
    public static readonly Op Split = Aten("split", "Tensor"), SplitSizes = Aten("split_with_sizes"), Chunk = Aten("chunk"), Unbind = Aten("unbind", "int"), Cat = Aten("cat"), Stack = Aten("stack"), Flip = Aten("flip"), Roll = Aten("roll");

    // Indexing
    public static readonly Op IndexSelect = Aten("index_select"), Gather = Aten("gather"), Index = Aten("index", "Tensor"), IndexPut = Aten("index_put_"), IndexAdd = Aten("index_add_"), IndexCopy = Aten("index_copy_");
    public static readonly Op Scatter = Aten("scatter_", "src"), ScatterValue = Aten("scatter_", "value"), ScatterAdd = Aten("scatter_add_");
    public static readonly Op MaskedFill = Aten("masked_fill", "Scalar"), MaskedFillInPlace = Aten("masked_fill_", "Scalar"), MaskedSelect = Aten("masked_select");
    public static readonly Op Where = Aten("where", "self"), Tril = Aten("tril"), Triu = Aten("triu");

    // Copies and conversions
    public static readonly Op ToType = Aten("to", "dtype"), ToDevice = Aten("to", "device"), PinMemory = Aten("pin_memory"), Detach = Aten("detach"), Clone = Aten("clone"), Copy = Aten("copy_");

    // In place
    public static readonly Op Zero = Aten("zero_"), Fill = Aten("fill_", "Scalar"), AddInPlace = Aten("add_", "Tensor"), AddScalarInPlace = Aten("add_", "Scalar"), SubtractInPlace = Aten("sub_", "Tensor");
    public static readonly Op MultiplyInPlace = Aten("mul_", "Tensor"), MultiplyScalarInPlace = Aten("mul_", "Scalar"), DivideInPlace = Aten("div_", "Tensor"), DivideScalarInPlace = Aten("div_", "Scalar");
    public static readonly Op ClampInPlace = Aten("clamp_"), Normal = Aten("normal_"), Uniform = Aten("uniform_"), AddCMulInPlace = Aten("addcmul_"), AddCDivInPlace = Aten("addcdiv_"), LerpInPlace = Aten("lerp_", "Scalar");
    public static readonly Op ExpInPlace = Aten("exp_"), SqrtInPlace = Aten("sqrt_"), NegateInPlace = Aten("neg_");

    // Factories
    public static readonly Op Empty = Aten("empty", "memory_format"), Full = Aten("full"), Zeros = Aten("zeros"), Ones = Aten("ones"), Arange = Aten("arange", "start_step"), RandN = Aten("randn", "generator");
    public static readonly Op Rand = Aten("rand", "generator"), RandInt = Aten("randint", "low_generator"), RandPerm = Aten("randperm", "generator"), Eye = Aten("eye");
    public static readonly Op ZerosLike = Aten("zeros_like"), OnesLike = Aten("ones_like"), EmptyLike = Aten("empty_like"), FullLike = Aten("full_like");

    // Networks
    public static readonly Op Linear = Aten("linear"), Embedding = Aten("embedding"), CrossEntropy = Aten("cross_entropy_loss"), NllLoss = Aten("nll_loss_nd"), LayerNorm = Aten("layer_norm"), Dropout = Aten("dropout");

    private static Op Aten(string name, string overload = "") => new("aten::" + name, overload);
}
