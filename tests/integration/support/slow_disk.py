"""Makes the disk flushes (fsync) of couponhook as slow as a test requires, with a preloaded
library."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path


class SlowDisk:
    """Slows down the disk flushes of each couponhook that is started with the variables in
    `environment`. The class is a context manager."""

    def __enter__(self):
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise unittest.SkipTest("no C compiler to build the slow disk with")
        self._folder = tempfile.TemporaryDirectory(prefix="couponhook-slow-disk-")
        folder = Path(self._folder.name)
        library = folder / "slow_disk.so"
        source = Path(__file__).with_suffix(".c")
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"],
                       check=True)
        self._control = folder / "milliseconds"
        self.flush_ms = 0
        # The runtime library of the address sanitizer must usually be loaded before all other
        # libraries. This option allows a preloaded library before it.
        options = os.environ.get("ASAN_OPTIONS", "")
        self.environment = {"LD_PRELOAD": str(library), "COUPONHOOK_SLOW_DISK": str(self._control),
                            "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0".strip(":")}
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @property
    def flush_ms(self) -> int:
        return int(self._control.read_text())

    @flush_ms.setter
    def flush_ms(self, milliseconds: int):
        """Sets the additional time, in milliseconds, that every disk flush takes from now on."""
        new = self._control.with_suffix(".new")
        new.write_text(str(milliseconds))
        new.replace(self._control)
