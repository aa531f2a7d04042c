"""Run something without root's power to write everywhere."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from apps.socle.launch.errors import LaunchError

NOBODY = 65534


def refusal_as_nobody(function: Callable[[], object]) -> str:
    """Call `function` in a child process, as an account without rights where we are root; return its LaunchError."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = "no refusal"
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            function()
        except LaunchError as error:
            said = str(error)
        except BaseException:
            said = traceback.format_exc()
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read().decode()
    os.waitpid(child, 0)
    return said
