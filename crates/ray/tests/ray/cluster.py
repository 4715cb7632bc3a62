"""A cluster on this machine: a head without CPUs and two nodes with one each, until standard input ends.

Prints its address, and that for drivers from outside. What it reads is done, and answered with a line: `add` starts another node,
`head` kills the head.
"""

import os
import socket
import sys

os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# On a busy machine the process that serves a driver from outside takes longer to start than Ray waits by default.
os.environ.setdefault("RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S", "150")

from ray.cluster_utils import Cluster


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def kill(node):
    for processes in node.all_processes.values():
        for started in processes:
            started.process.kill()
            started.process.wait()


client_port = free_port()
head = {"num_cpus": 0, "include_dashboard": False, "ray_client_server_port": client_port}
cluster = Cluster(initialize_head=True, head_node_args=head)
for _ in range(2):
    cluster.add_node(num_cpus=1)
print(cluster.address, flush=True)
print(f"ray://127.0.0.1:{client_port}", flush=True)
for line in sys.stdin:
    match line.strip():
        case "add":
            cluster.add_node(num_cpus=1)
        case "head":
            kill(cluster.head_node)
    print("done", flush=True)
cluster.shutdown()
