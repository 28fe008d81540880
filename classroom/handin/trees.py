"""What the syntax tree of an answer tells without running it: what could deceive its check, and which are copies.

Names come in their plain form (NFKC) from Python's parser, so full-width letters hide nothing. A remark is a hint for
who reads the answer, no proof: answer and check share a process, and Python knows ways that are in no list.
"""

import ast
import re
import warnings
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LONG = 40  # nodes, four lines or so: two honest answers that are shorter may well be the same
KNOWN = _words(  # what answers import; an import that is not used does nothing
    """__future__ abc bisect cmath collections contextlib copy dataclasses decimal enum fractions functools heapq
    helpers itertools math matplotlib numbers numpy operator pandas random re scipy seaborn sklearn statistics string
    time torch tqdm typing warnings"""
)
MODULES = _words("np torch pd F math nn plt exercises")  # as chapters call them
INSIDE = _words(  # what leads out of an answer, whoever imported it: modules, files, frames, and the checks
    """os posix sys ctypes inspect gc builtins importlib subprocess threading multiprocessing pickle ctypeslib f2py
    memmap cpp_extension load_library from_file tofile exercises judge exit abort fork fdopen settrace setprofile
    getframe current_frames f_back f_globals f_locals f_builtins f_code tb_frame tb_next gi_frame gi_code cr_frame
    ag_frame attrgetter methodcaller"""
)
STRANGE = INSIDE - {"exercises", "exit"}  # as names of their own
BARE = _words("eval exec compile open globals locals setattr delattr breakpoint vars getattr get_ipython")
ORDINARY = _words(  # of the names with two underscores
    """init call len getitem setitem iter next repr str post_init enter exit contains add radd sub rsub mul rmul truediv
    neg pow matmul name main class doc future version"""
)
SHELL = _words("run_cell_magic run_line_magic system getoutput")  # what IPython writes for magics and commands
DUNDER = re.compile(r"__([^\W_]\w{0,40}?)__")
DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
SMALL = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)


def remark(cells: tuple[str, ...], above: tuple[str, ...] = ()) -> str:
    """What in these cells, and in what they use of the definitions in those above, could deceive a check, as a
    sentence; "" if nothing."""
    try:
        rest = [node for cell in above for node in _statements(cell) if isinstance(node, DEFINES + IMPORTS)]
        statements, more = [], [node for cell in cells for node in _statements(cell)]
        used = set()
        while more:
            statements += more
            used |= {node.id for statement in more for node in ast.walk(statement) if isinstance(node, ast.Name)}
            more = [node for node in rest if _runs(node) or node.name in used]
            rest = [node for node in rest if not (_runs(node) or node.name in used)]
        seen = dict.fromkeys(_odd([node for statement in statements for node in ast.walk(statement)]))
    except (RecursionError, MemoryError):
        return "read its code, which is nested too deeply for a program to read"
    few = [re.sub(r"[^\w.=* /]", "\ufffd", name)[:60] for name in seen][:8]
    return f"read its code, which mentions {', '.join(few)}" if seen else ""


def form(cells: tuple[str, ...]) -> str:
    """The code without layout, imports, types, docstrings, and lines that only try or rename something, its own names
    counted in order of appearance: equal for copies with other names. "" for what is shorter than LONG, or cannot be
    read."""
    try:
        tree = ast.Module([node for cell in cells for node in _statements(cell) if not _passed_over(node)], [])
        own, parts = set(), set()
        for node in ast.walk(tree):
            if isinstance(node, DEFINES):
                own.add(node.name)
                parts.add(node.name)
                node.returns = None
                if ast.get_docstring(node) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
            elif isinstance(node, ast.arg):
                own.add(node.arg)
                node.annotation = None
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                parts.add(node.attr)
        if sum(not isinstance(node, SMALL) for node in ast.walk(tree)) < LONG:
            return ""
        text = ast.unparse(tree)
    except (RecursionError, MemoryError):
        return ""
    counted: dict[str, int] = {}

    def plain(match: re.Match) -> str:
        dot, name = match.groups()
        if name not in (parts if dot else own):
            return match[0]
        return f"{dot}name{counted.setdefault(match[0], len(counted))}"

    return re.sub(r"(\.?)\b([^\W\d]\w*)", plain, text)


def _runs(node: ast.stmt) -> bool:
    """Whether a definition runs something where it stands: all but a plain function may."""
    plain = isinstance(node, ast.FunctionDef) and not node.decorator_list and not node.returns
    return not plain or not all(isinstance(part, ast.arguments | ast.arg) for part in ast.walk(node.args))


def _passed_over(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Expr, *IMPORTS)) or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Name))


def _statements(cell: str) -> Iterator[ast.stmt]:
    """Of a cell, and of what magics run in it. A cell that is no Python cannot run, and has none."""
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(TransformerManager().transform_cell(cell)).body
    except (SyntaxError, ValueError):
        return
    for statement in body:
        yield statement
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SHELL:
                for given in node.args[1:]:
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        yield from _statements(given.value)


def _odd(nodes: list[ast.AST]) -> Iterator[str]:
    """What answers do not need, in the words of the code."""
    names = [node for node in nodes if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)} | {"*"}
    imports = [
        (node, [*(getattr(node, "module", None) or "").split("."), *alias.name.split(".")], alias.asname)
        for node in nodes
        if isinstance(node, IMPORTS)
        for alias in node.names
    ]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.name for node in nodes if isinstance(node, DEFINES)}
    modules = set(MODULES)
    for node, parts, called in imports:
        path = [part for part in parts if part]
        name = called or (path[0] if isinstance(node, ast.Import) else path[-1])
        own.discard(name)
        if isinstance(node, ast.Import):
            modules.add(name)
        inner = {part.strip("_") for part in path} if path[-1] != "Folded" else set()  # that one chapters import
        if name in used and (path[0] not in KNOWN or INSIDE & inner):
            yield ".".join(path)
    for node in nodes:  # `T = torch.Tensor` is torch's
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and _root(node.value) not in own:
            own -= {target.id for target in node.targets if isinstance(target, ast.Name)}
    usual = set(_usual(nodes))
    for node in nodes:
        for _, field in ast.iter_fields(node):
            for text in field if isinstance(field, list) else [field]:
                if isinstance(text, str):
                    yield from (f"__{name}__" for name in DUNDER.findall(text) if name not in ORDINARY)
                    yield from (place for place in ("/proc", "/dev/") if place in text)
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                if name in STRANGE - own or (id(node) not in usual and name in (BARE | modules) - own):
                    yield name
            case ast.Attribute(attr=name, ctx=context):
                if name.strip("_") in INSIDE:
                    yield name
                if not isinstance(context, ast.Load) and (root := _root(node.value)) not in own:
                    yield f"{root}.{name} ="
            case ast.Call(func=ast.Name("getattr"), args=[_, ast.Constant(str(name)), *_]) if name.strip("_") in INSIDE:
                yield name
            case ast.Call(func=ast.Attribute(attr="eval"), args=[_, *_]):  # pandas' own; a model's takes nothing
                yield "eval"
            case ast.Call(func=ast.Attribute(attr="query"), keywords=[_, *_]):  # `level` reads what callers hold
                yield "query"
            case ast.MatchClass(kwd_attrs=[*names]):
                yield from INSIDE.intersection(names)


def _usual(nodes: list[ast.AST]) -> Iterator[int]:
    """The ids of the nodes of names that are used as all do: a module before a dot, a check that is called."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("exercises") as name)):
                yield id(name)
            case ast.Call(func=ast.Name("getattr") as name, args=[of, ast.Constant(str()), *_]):
                yield from (id(name), id(of))
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name("get_ipython") as name), attr=called)):
                if called in SHELL and all(isinstance(given, ast.Constant) for given in node.args):
                    yield id(name)
            case ast.Attribute(value=ast.Name(called) as name) if called != "exercises":
                yield id(name)


def _root(node: ast.expr) -> str:
    """The name at the root of `a.b[0].c`, or of `list(a.b)[0].c`; `type` for what may be anything."""
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute(attr="__class__"):
                return "type"
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Call(func=ast.Name("list" | "next" | "iter" | "reversed" | "dict" | "zip"), args=[inner, *_]):
                node = inner
            case ast.Call(func=inner):
                node = inner
            case _:
                return "type"
    return node.id
