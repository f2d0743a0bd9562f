"""Whether the server answers as Amazon S3 answers, asked by boto3 and by requests written by hand.

    python tests/python/conformance SERVER [AREA ...]

SERVER is the throw-away server's program, which is started, or a file of what a running one printed. Every file beside
this one is an area; every function in it whose name begins with `check_` is a check, which states what is asked and what
must come back, and raises when something else does. Each makes buckets of its own, so they depend on no order. Where the
product refuses on purpose, the check is for the refusal that clients understand.

Prints a line an area and what failed, and ends with `N passed, N failed`. Exit codes: 0 all passed, 1 some failed,
2 misuse.
"""

import contextlib
import importlib
import json
import pathlib
import subprocess
import sys
import time
import traceback

from ground import Ground

HERE = pathlib.Path(__file__).parent
NOT_AREAS = {"__main__", "ground"}


def areas() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_AREAS)


def checks(area: str) -> list:
    module = importlib.import_module(area)
    return [value for name, value in vars(module).items() if name.startswith("check_")]


def where(area: str, error: BaseException) -> str:
    """The line of the check that failed, and why."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = next(frame for frame in reversed(frames) if pathlib.Path(frame.filename).stem == area)
    reason = str(error) or type(error).__name__
    return f"{area}.py:{frame.lineno}: {reason}\n           {frame.line}"


def main(arguments: list[str]) -> int:
    if not arguments or (unknown := set(arguments[1:]) - set(areas())):
        print(__doc__ if not arguments else f"no such area: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    with server(pathlib.Path(arguments[0])) as printed:
        return run(Ground(json.loads(printed)), arguments[1:] or areas())


@contextlib.contextmanager
def server(path: pathlib.Path):
    """What the server at `path` printed. One that is started ends with its standard input."""
    if path.suffix == ".json":
        yield path.read_text()
        return
    with subprocess.Popen([path.resolve()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        try:
            yield program.stdout.readline()
        finally:
            program.stdin.close()


def run(ground: Ground, chosen: list[str]) -> int:
    passed = failed = 0
    for area in chosen:
        began, good, bad = time.monotonic(), 0, []
        for check in checks(area):
            try:
                check(ground)
                good += 1
            except Exception as error:  # whatever went wrong, the other checks still run
                bad.append(f"    FAILED {check.__name__}\n           {where(area, error)}")
        print(f"{area:20} {good:3} passed {len(bad):3} failed {time.monotonic() - began:6.1f} s")
        print("\n".join(bad), end="\n" if bad else "")
        sys.stdout.flush()
        passed, failed = passed + good, failed + len(bad)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
