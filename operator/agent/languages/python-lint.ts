/**
 * A small linter, run in the sandbox by its own Python: what a reviewer would stop at and no compiler sees. It prints
 * `path:line: fault`, one a line, and ends with 1 when there is any.
 */
export const PYTHON_LINT = `
import ast, sys

def used_names(tree):
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    exported = {e.value for n in ast.walk(tree) if isinstance(n, ast.Assign)
                for t in n.targets if isinstance(t, ast.Name) and t.id == "__all__"
                for e in getattr(n.value, "elts", []) if isinstance(e, ast.Constant)}
    texts = " ".join(n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return names | exported, texts

def faults(tree):
    names, texts = used_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
            for alias in node.names:
                name = (alias.asname or alias.name).split(".")[0]
                if name != "*" and name not in names and name not in texts:
                    yield node.lineno, "unused import " + name
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "bare except hides every fault"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for default in node.args.defaults + node.args.kw_defaults:
                if isinstance(default, (ast.List, ast.Dict, ast.Set)):
                    yield node.lineno, node.name + ": a mutable default is shared by all calls"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
            yield node.lineno, node.func.id + " runs whatever it is given"
        elif isinstance(node, ast.Compare) and any(
                isinstance(o, (ast.Eq, ast.NotEq)) and isinstance(c, ast.Constant) and c.value is None
                for o, c in zip(node.ops, node.comparators)):
            yield node.lineno, "compare with None by is"

found = 0
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    for line, fault in sorted(set(faults(tree))):
        print(f"{path}:{line}: {fault}")
        found = 1
sys.exit(found)
`;
