"""A process of its own for work that may crash, hang or swell: decoding what strangers send."""

import contextlib
import contextvars
import gc
import importlib
import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any, ParamSpec, TypeVar

from inyourarea.core.reasons import told
from inyourarea.runtime.memory import give_back_memory, keep_freed_memory, limit_memory
from inyourarea.runtime.meter import spend
from inyourarea.runtime.orders import ASK_S, CalledOff, Order, order_in_hand
from inyourarea.runtime.settings import PREFIX

log = logging.getLogger(__name__)

Params = ParamSpec("Params")
Result = TypeVar("Result")

#: MiB of private memory. Decoding 8192 x 4320 with 16 reference frames takes about 1,800.
MEMORY_MIB = 3072
#: Seconds for a child to import what it will need, on a very busy machine.
WARM_UP_S = 120.0
#: Seconds after which a thread that computes in Python lets another go on that waits. As it comes
#: it is .005, and whoever comes back from drawing or a look leaves a core idle for that long.
TURN_S = 0.0005


class ChildDied(Exception):
    """The work took its process with it: it crashed, took too long or too much memory."""


class ChildTookTooLong(ChildDied):
    """The work was ended because its time was up."""


class ChildOutOfMemory(ChildDied):
    """The work wanted more memory than it may have."""


class Child:
    """One process at a time that does one thing after another; a dead one is replaced.

    Functions and arguments travel pickled, so functions are those of importable modules. The
    process starts at the first call and is used again for the next; it ends with its parent,
    whatever way the parent ends. Threads may share a child, their calls wait for each other.
    """

    def __init__(self, memory_mib: int = MEMORY_MIB) -> None:
        self._memory_mib = memory_mib
        self._process: subprocess.Popen[bytes] | None = None
        self._about = contextvars.copy_context()
        self._lock = threading.Lock()
        self._is_closed = False

    def call(
        self,
        function: Callable[Params, Result],
        *args: Any,
        timeout_s: float,
    ) -> Result:
        """What ``function(*args)`` returned or raised there.

        Raises:
            ChildDied: the process died of it or was ended at ``timeout_s``; the next call finds
                a fresh one.
            CalledOff: nobody wants it any more; it was ended, or not begun.
        """
        with self._lock:
            outcome, value, cost_s = self._ask((function, args), timeout_s)
            spend(cost_s)
            if outcome == "memory":
                self._bury()
                raise ChildOutOfMemory(told("took-memory", mebibytes=self._memory_mib))
        if outcome == "raised":
            raise value
        return value

    def _ask(self, work: Any, timeout_s: float) -> tuple[str, Any, float]:
        self._check_open()
        order = order_in_hand()
        if order:
            order.check()
        process = self._at_hand()
        is_over, ends = threading.Event(), list[Exception]()

        def end_it(why: Exception) -> None:
            ends.append(why)  # first: either it sees that all is over, or is seen to have ended it
            if not is_over.is_set():
                process.kill()

        late = ChildTookTooLong(told("took-long", seconds=f"{timeout_s:g}"))
        timer = threading.Timer(timeout_s, end_it, (late,))
        timer.start()
        if order:
            threading.Thread(target=_heed, args=(order, is_over, end_it), daemon=True).start()
        try:
            return _exchange(process, work)
        except (EOFError, OSError, pickle.UnpicklingError) as trouble:
            self._bury()
            raise (ends or [ChildDied(_cause_of_death(process.returncode))])[0] from trouble
        except BaseException:
            self._bury()
            raise
        finally:
            timer.cancel()
            is_over.set()
            if ends:  # just as it was done
                self._bury()

    def _at_hand(self) -> "subprocess.Popen[bytes]":
        """The process, or a fresh one."""
        self._about = contextvars.copy_context()
        if self._process is None or self._process.poll() is not None:
            self._bury()
            self._process = _start(self._memory_mib)
            listener = threading.Thread(target=self._listen_to, args=(self._process,), daemon=True)
            listener.start()
            self._check_open()  # whoever closed it meanwhile has not seen this process
        return self._process

    def _check_open(self) -> None:
        if self._is_closed:
            self._bury()
            raise ChildDied("its process was told to end")

    def _listen_to(self, process: "subprocess.Popen[bytes]") -> None:
        """Whatever it says beside its answers is logged, as about the work that it was given."""
        if process.stderr is None:
            return
        with process.stderr as said:
            for line in said:
                if text := line.decode(errors="replace").rstrip():
                    self._about.copy().run(log.warning, "its process says: %s", text)

    def warm_up(self, module: str) -> None:
        """The process is started, imports what it will need next, and keeps nothing of before.

        Others work meanwhile.
        """
        work = threading.Thread(target=self._warm_up, args=(module,), daemon=True)
        work.start()

    def _warm_up(self, module: str) -> None:
        with contextlib.suppress(ChildDied, ImportError):  # whoever calls it next will see
            self.call(prepare, module, timeout_s=WARM_UP_S)

    def rest(self) -> None:
        """An idle process is gone, and its memory with it; the next call starts another."""
        if self._lock.acquire(blocking=False):
            try:
                self._bury()
            finally:
                self._lock.release()

    def close(self) -> None:
        """The process is gone, whatever it was doing, and no other will be started."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._bury()

    def _bury(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def _heed(order: Order, is_over: threading.Event, end_it: Callable[[Exception], None]) -> None:
    """The work is ended if its order is called off before it is over."""
    while not is_over.wait(ASK_S):
        if order.is_called_off():
            return end_it(CalledOff())
    return None


def _start(memory_mib: int) -> "subprocess.Popen[bytes]":
    words = f"from inyourarea.runtime.child import serve; serve({memory_mib})"
    command = [sys.executable, "-P", "-c", words]
    path = os.pathsep.join(part for part in sys.path if part)
    # Settings stay here, keys to stores and collectors among them: it is told what it needs.
    plain = {name: of for name, of in os.environ.items() if not name.startswith((PREFIX, "OTEL_"))}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**plain, "PYTHONPATH": path},
    )


def _exchange(process: "subprocess.Popen[bytes]", work: Any) -> tuple[str, Any, float]:
    """How it came out, what came of it, and the processor seconds that it took."""
    _send(process.stdin, work)
    if process.stdout is None:
        raise EOFError
    outcome, value = pickle.load(process.stdout)
    return outcome, value, float(pickle.load(process.stdout))


def _send(pipe: IO[bytes] | None, what: Any) -> None:
    if pipe is None:
        raise EOFError
    pipe.write(pickle.dumps(what))
    pipe.flush()


def _cause_of_death(code: int | None) -> str:
    if code is not None and code < 0:
        return told("signal", signal=-code)
    return told("exit", code=code)


def prepare(module: str) -> None:
    """The module is imported, and what earlier work left free is the system's again."""
    importlib.import_module(module)
    give_back_memory()


def serve(memory_mib: int) -> None:
    """The child's side: do what comes in on standard input until nobody is there any more."""
    import signal  # noqa: PLC0415 - only the child needs it

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints goes to standard error, not between the replies.
    os.dup2(2, 1)
    requests = sys.stdin.buffer
    limit_memory(memory_mib)
    keep_freed_memory()
    sys.setswitchinterval(TURN_S)
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    while True:
        work, begun = inbox.get(), time.process_time()
        replies.write(_do(work))
        replies.write(pickle.dumps(time.process_time() - begun))
        replies.flush()


def _listen(requests: IO[bytes], inbox: "queue.SimpleQueue[Any]") -> None:
    """Requests go to the inbox; when the parent is gone, so is this process, busy or not."""
    while True:
        try:
            inbox.put(_receive(requests))
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)


def _receive(requests: IO[bytes]) -> Any:
    try:
        return pickle.load(requests)
    except (ImportError, AttributeError) as trouble:
        return trouble


def _do(work: Any) -> bytes:
    try:
        return _done(work)
    finally:
        # A container and its decoder hold each other: each of a film's segments left 6 MiB behind.
        gc.collect()


def _done(work: Any) -> bytes:
    if isinstance(work, Exception):
        return _as_reply(work)
    function, args = work
    try:
        return pickle.dumps(("returned", function(*args)))
    except MemoryError:
        return pickle.dumps(("memory", None))
    except Exception as trouble:  # whatever it is, it is the caller's to see
        return _as_reply(trouble)


def _as_reply(trouble: Exception) -> bytes:
    try:
        reply = pickle.dumps(("raised", trouble))
        pickle.loads(reply)
    except Exception:  # some exceptions of libraries can not be rebuilt
        reply = pickle.dumps(("raised", ChildDied(f"{type(trouble).__name__}: {trouble}")))
    return reply
