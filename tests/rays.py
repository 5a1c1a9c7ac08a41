"""A cluster of Ray on this machine, for tests and the soak, in a process of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager
from tempfile import TemporaryDirectory

# Ray forks to start a cluster, which a process in which JAX has threads must not do; to connect, it does not.
CLUSTER = """
import sys, ray
options = {"num_cpus": 2, "include_dashboard": False, "log_to_driver": False, "object_store_memory": 100_000_000}
print(ray.init(**options, _temp_dir=sys.argv[1]).address_info["gcs_address"], flush=True)
sys.stdin.read()
"""


@contextmanager
def ray_cluster():
    """A cluster of two workers, to which `ray.init()` of this process and of its children connects."""
    before = dict(os.environ)
    os.environ["RAY_AUTH_MODE"] = "disabled"
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # its path is short, since sockets are in it
        command, pipe = [sys.executable, "-c", CLUSTER, folder], subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
            os.environ["RAY_ADDRESS"] = process.stdout.readline().strip()
            try:
                yield
            finally:
                process.communicate()  # which closes the input, so that the process ends
                os.environ.clear()
                os.environ.update(before)
