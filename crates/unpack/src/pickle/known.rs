//! Which functions and classes a pickle may name.
//!
//! A pickle is a program: it imports what it names and calls it. Data needs few functions, and they are listed here by
//! module and name together: a name that is reached through a listed module (`torch`, `serialization.os.system`) is
//! not listed. What is on no list is *unknown*, and unknown is told, not trusted.

/// What is known of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It builds data and does nothing else.
    Data,
    /// Nothing is known of it. Loading the object runs whatever it does.
    Unknown,
    /// It runs commands or code, reaches files or the network, or leads to what does.
    Dangerous,
}

impl Standing {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Unknown => "unknown",
            Self::Dangerous => "dangerous",
        }
    }
}

/// Judges `module` and `name`.
pub(super) fn standing(module: &str, name: &str) -> Standing {
    // Protocols 0 to 2 use the names of Python 2.
    let module = match module {
        "__builtin__" => "builtins",
        "copy_reg" => "copyreg",
        module => module,
    };
    let root = module.split('.').next().unwrap_or(module);
    let named = |list: &[(&str, &str)]| {
        list.iter().any(|(listed, names)| *listed == module && (*names == ALL || is_in(names, name)))
    };
    if !name.contains('.') && (named(DATA) || is_library_class(module, name)) {
        return Standing::Data;
    }
    // `numpy`, `core.os.system`: the last words say what is reached.
    let mut steps = module.split('.').chain(name.split('.'));
    let leads_astray = name.contains('.') && steps.any(|step| is_in(DANGEROUS_MODULES, step));
    if is_in(DANGEROUS_MODULES, root) || leads_astray || named(DANGEROUS) {
        return Standing::Dangerous;
    }
    Standing::Unknown
}

/// Whether `word` is in a list of words between blanks.
fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}

/// Classes of libraries whose objects are data: an estimator, a layer, a sparse matrix. A function is none of them.
fn is_library_class(module: &str, name: &str) -> bool {
    let inside = LIBRARIES
        .split_ascii_whitespace()
        .any(|library| module.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    let is_class = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    inside && is_class
}

const LIBRARIES: &str = "\
    lightgbm.basic lightgbm.sklearn pandas.core.arrays pandas.core.frame pandas.core.indexes \
    pandas.core.internals pandas.core.series scipy.sparse sklearn torch.nn.modules torch.optim \
    transformers.models transformers.tokenization_utils_base xgboost.core xgboost.sklearn";

/// Modules all of whose functions are out of place in data.
const DANGEROUS_MODULES: &str = "\
    _posixsubprocess asyncio bdb cffi cloudpickle code codeop commands cProfile ctypes dill distutils doctest \
    ensurepip fileinput ftplib glob http httplib httpx idlelib imaplib imp importlib inspect ipykernel IPython \
    lib2to3 linecache marshal mmap multiprocessing nt os paramiko pdb pip pkgutil platform popen2 poplib posix \
    profile pty pydoc pyximport requests runpy select setuptools shelve shlex shutil signal site smtplib socket \
    socketserver sqlite3 ssl subprocess sys telnetlib tempfile test threading _thread timeit trace urllib \
    urllib2 urllib3 venv webbrowser winreg xmlrpc zipimport";

/// Stands for every name of a module.
const ALL: &str = "*";

/// Single functions, by module.
const DANGEROUS: &[(&str, &str)] = &[
    (
        "builtins",
        "\
        __import__ apply breakpoint compile delattr eval exec execfile file getattr globals help input locals map \
        open print raw_input reduce reload setattr staticmethod type vars",
    ),
    ("_io", ALL),
    ("io", "FileIO open open_code"),
    ("_pickle", ALL),
    ("pickle", ALL),
    ("joblib", "load"),
    ("joblib.numpy_pickle", "load"),
    ("functools", "partial partialmethod reduce"),
    ("itertools", "starmap"),
    ("logging.config", ALL),
    ("numpy", "fromfile load loadtxt save"),
    ("numpy.f2py.crackfortran", ALL),
    ("numpy.testing._private.utils", ALL),
    ("operator", "attrgetter itemgetter methodcaller"),
    ("_operator", "attrgetter itemgetter methodcaller"),
    ("pandas", "eval read_pickle"),
    ("pandas.io.pickle", ALL),
    ("torch", "compile load save"),
    ("torch._dynamo.guards", ALL),
    ("torch._inductor.codecache", ALL),
    ("torch.hub", ALL),
    ("torch.jit", ALL),
    ("torch.serialization", "load"),
    ("torch.storage", "_load_from_bytes"),
    ("torch.utils.cpp_extension", ALL),
    ("types", "CodeType FunctionType MethodType"),
    ("keras.models", "load_model"),
    ("tensorflow", "load_library load_op_library"),
];

/// What builds data.
const DATA: &[(&str, &str)] = &[
    (
        "builtins",
        "\
        bool bytearray bytes complex dict float frozenset int list long object range set slice str tuple unicode \
        xrange NotImplemented Ellipsis Exception ValueError KeyError TypeError RuntimeError",
    ),
    ("_codecs", "encode"),
    ("array", "_array_reconstructor array"),
    ("collections", "Counter OrderedDict defaultdict deque"),
    ("copyreg", "_reconstructor __newobj__ __newobj_ex__"),
    ("datetime", "date datetime time timedelta timezone"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper"),
    ("numpy", "dtype ndarray matrix bool_ float32 float64 int32 int64 str_ bytes_"),
    ("numpy.core.multiarray", "_reconstruct scalar"),
    ("numpy._core.multiarray", "_reconstruct scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.dtypes", ALL),
    ("numpy.ma.core", "_mareconstruct MaskedArray"),
    ("numpy.random", "Generator RandomState"),
    ("numpy.random._pickle", "__bit_generator_ctor __generator_ctor __randomstate_ctor"),
    ("numpy.random._mt19937", "MT19937 __bit_generator_ctor"),
    ("numpy.random._pcg64", "PCG64"),
    ("pandas", "DataFrame Index RangeIndex Series Timestamp Timedelta"),
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
    ("pandas._libs.internals", "_unpickle_block"),
    ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"),
    ("pandas.core.indexes.base", "_new_Index"),
    ("pandas.core.internals.blocks", "new_block"),
    ("pathlib", "Path PosixPath PurePosixPath PureWindowsPath WindowsPath"),
    ("sklearn.tree._tree", "Tree"),
    (
        "torch",
        "\
        BFloat16Storage BoolStorage ByteStorage CharStorage DoubleStorage FloatStorage HalfStorage IntStorage \
        LongStorage ShortStorage Size Tensor device dtype bfloat16 bool float16 float32 float64 int16 int32 int64 \
        int8 uint8",
    ),
    ("torch._tensor", "Tensor _rebuild_from_type_v2"),
    (
        "torch._utils",
        "\
        _rebuild_device_tensor_from_numpy _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor \
        _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2",
    ),
    ("torch.nn.parameter", "Parameter"),
    ("torch.serialization", "_get_layout"),
    ("torch.storage", "TypedStorage UntypedStorage"),
    ("uuid", "UUID"),
    ("zoneinfo", "ZoneInfo"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_code_are_dangerous_and_data_is_not() {
        for (module, name) in [
            ("os", "system"),
            ("posix", "system"),
            ("__builtin__", "eval"),
            ("builtins", "getattr"),
            ("subprocess", "Popen"),
            ("torch", "serialization.os.system"),
            ("collections", "abc.sys.modules"),
            ("numpy.testing._private.utils", "runstring"),
            ("asyncio.unix_events", "_UnixSubprocessTransport._start"),
        ] {
            assert_eq!(standing(module, name), Standing::Dangerous, "{module}.{name}");
        }
        for (module, name) in [
            ("copy_reg", "_reconstructor"),
            ("torch._utils", "_rebuild_tensor_v2"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("sklearn.linear_model._logistic", "LogisticRegression"),
        ] {
            assert_eq!(standing(module, name), Standing::Data, "{module}.{name}");
        }
        for (module, name) in [
            ("company.models", "Classifier"),
            ("collections", "namedtuple"),
            ("sklearn.utils", "some_function"),
            ("sklearn_evil", "Class"),
            ("torch.nn.modules.linear", "Linear.forward"),
            ("numpy.dtypes", "core.some"),
        ] {
            assert_eq!(standing(module, name), Standing::Unknown, "{module}.{name}");
        }
    }
}
