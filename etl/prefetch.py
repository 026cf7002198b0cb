"""Reading ahead: the next chunk is read and checked while this one goes to the database."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(source: Iterable[T], *, chunks: int = 2) -> Generator[T, None, None]:
    """The items of ``source``, taken from it in a thread at most ``chunks`` ahead; its errors are raised here.

    A consumer that stops early closes this generator (``contextlib.closing``) and so ends the thread at the next item.
    """
    waiting: queue.Queue[object] = queue.Queue(maxsize=chunks)
    stopped = threading.Event()
    fault: list[BaseException] = []

    def put(item: object) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in source:
                if not put(item):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again by the consumer
            fault.append(error)
        put(_END)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            yield item  # type: ignore[misc]
        if fault:
            raise fault[0]
    finally:
        stopped.set()
        thread.join()
