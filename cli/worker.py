"""``python -m cli.worker``: runs jobs until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from cli.database import database_urls
from cli.job_queue import Worker
from cli.masking import install_masking
from cli.settings import load_settings
from layers.engine import connect


async def _main() -> None:
    settings = load_settings()
    urls = await asyncio.to_thread(database_urls, settings)
    engines = connect(str(urls.app), loader_url=str(urls.loader), pool_size=6)
    uploads = settings.uploads or settings.home / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    worker = Worker(engines, uploads=uploads)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    try:
        await worker.run()
    finally:
        engines.dispose()


def main() -> int:
    """Run the worker until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    install_masking()
    asyncio.run(_main())
    return 0


if __name__ == "__main__":
    sys.exit(main())
