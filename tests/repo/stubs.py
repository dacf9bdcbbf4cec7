"""Makes the Python stubs of proto/, or with --check says whether the committed ones are those."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
STUBS = (Path("inyourarea/contracts/v1"), Path("inyourarea/gateway/v1"))


def generate(target: Path) -> None:
    """Write all stubs below ``target``."""
    protos = sorted(str(path) for path in (ROOT / "proto").rglob("*.proto"))
    tool = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    plain = [*tool, f"--python_out={target}", f"--mypy_out=quiet:{target}", *protos]
    subprocess.run(plain, check=True, env=environment)
    services = [name for name in protos if "service " in Path(name).read_text()]
    grpc = [f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}"]
    subprocess.run([*tool, *grpc, *services], check=True, env=environment)


def drift() -> list[str]:
    """Names of stubs that differ from what proto/ gives."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        made = _found(Path(folder))
    kept = _found(ROOT / "services")
    return sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))


def _found(root: Path) -> dict[str, bytes]:
    """What the stubs below a folder hold, by their names."""
    return {path.name: path.read_bytes() for room in STUBS for path in (root / room).glob("*_pb2*")}


if __name__ == "__main__":
    if "--check" not in sys.argv:
        generate(ROOT / "services")
    elif stale := drift():
        sys.exit(f"stubs differ from proto/: {', '.join(stale)}; run `make proto`")
