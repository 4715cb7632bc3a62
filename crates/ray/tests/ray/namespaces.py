"""A cluster whose nodes are in network namespaces of this machine, until standard input ends. It takes root, and `ip`.

The namespaces are `coldpress-0` with the head, which has no CPUs, and `coldpress-1` and `coldpress-2` with a node each. Prints the
address. A line `cut NAMESPACE` takes the network away from one, and is answered with a line.
"""

import os
import subprocess
import sys
import tempfile
import time

NAMES = ["coldpress-0", "coldpress-1", "coldpress-2"]
BRIDGE = "coldpress-br"
PORT = 6391

# Every namespace has a folder of its own for what Ray keeps, or a driver would take the first node that it finds there for its own.
folder = tempfile.mkdtemp(prefix="cp")


def ip(*words, check=True):
    subprocess.run(["ip", *words], check=check, stderr=None if check else subprocess.DEVNULL)


def address(number):
    return f"10.91.0.{number + 1}"


def remove():
    for number, name in enumerate(NAMES):
        ip("netns", "del", name, check=False)
        ip("link", "del", f"coldpress-v{number}", check=False)
    ip("link", "del", BRIDGE, check=False)


def connect():
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("link", "set", BRIDGE, "up")
    for number, name in enumerate(NAMES):
        outer, inner = f"coldpress-v{number}", f"coldpress-w{number}"
        ip("netns", "add", name)
        ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        ip("link", "set", inner, "netns", name)
        ip("link", "set", outer, "master", BRIDGE, "up")
        ip("-n", name, "addr", "add", f"{address(number)}/24", "dev", inner)
        ip("-n", name, "link", "set", inner, "up")
        ip("-n", name, "link", "set", "lo", "up")


def start(number, *options):
    own = os.path.join(folder, str(number))
    os.makedirs(own)
    os.makedirs("/tmp/ray", exist_ok=True)
    ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *options]
    ray += ["--node-ip-address", address(number), "--disable-usage-stats"]
    script = f'mount --bind {own} /tmp/ray && exec "$@"'
    command = ["ip", "netns", "exec", NAMES[number], "sh", "-c", script, "sh", *ray]
    env = {**os.environ, "RAY_AUTH_MODE": "disabled"}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=env, start_new_session=True)


def wait_for(number):
    """Waits until a node has joined: it has a raylet then that answers to `ray.nodes()` of the head."""
    code = f"import ray; ray.init('{address(0)}:{PORT}', log_to_driver=False); print(sum(n['Alive'] for n in ray.nodes()))"
    script = f'mount --bind {os.path.join(folder, "0")} /tmp/ray && exec "$@"'
    command = ["ip", "netns", "exec", NAMES[0], "sh", "-c", script, "sh", sys.executable, "-c", code]
    env = {**os.environ, "RAY_AUTH_MODE": "disabled"}
    for _ in range(60):
        found = subprocess.run(command, capture_output=True, text=True, env=env)
        if found.returncode == 0 and int(found.stdout.split()[-1]) >= number:
            return
        time.sleep(1)
    raise TimeoutError("the nodes did not join")


remove()
nodes = []
try:
    connect()
    nodes.append(start(0, "--head", "--port", str(PORT), "--num-cpus", "0", "--include-dashboard", "false"))
    time.sleep(5)
    for number in (1, 2):
        nodes.append(start(number, "--address", f"{address(0)}:{PORT}", "--num-cpus", "1"))
    wait_for(3)
    print(f"{address(0)}:{PORT} {os.path.join(folder, '0')}", flush=True)
    for line in sys.stdin:
        _, name = line.split()
        ip("link", "set", f"coldpress-v{NAMES.index(name)}", "down")
        print("done", flush=True)
finally:
    for node in nodes:
        try:
            os.killpg(node.pid, 9)
        except OSError:
            pass
    for name in NAMES:
        listed = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
        for pid in listed.stdout.split():
            try:
                os.kill(int(pid), 9)
            except OSError:
                pass
    remove()
