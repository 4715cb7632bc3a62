"""The bridge between a Coldpress driver and Ray.

It is embedded in the program, which sends it to a Python interpreter. Messages are JSON objects, one a line: the driver's come
on standard input, those to the driver go to what was standard output. Every line has the version `v`, and those about an
attempt have `task` and `attempt`. When standard input ends, the driver is gone, and so is everything that was submitted.

No row passes through here: attempts read and write shared storage, and what an attempt comes to is a small JSON text that is
handed on unread.
"""

import asyncio
import hashlib
import json
import os
import platform
import queue
import socket
import sys
import threading
import time

VERSION = 1
WORKER_ARGUMENT = "--coldpress-worker"

# What Ray prints must not get into the protocol.
protocol = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
os.dup2(2, 1)
protocol_lock = threading.Lock()


def emit(event, **fields):
    line = json.dumps({"v": VERSION, "event": event, **fields})
    with protocol_lock:
        try:
            protocol.write(line + "\n")
            protocol.flush()
        except (OSError, ValueError):
            # Without a driver nobody wants to know.
            os._exit(1)


class Refused(Exception):
    """Something that is wrong before any work starts."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


# ---- In the workers of Ray. What is used there is sent to them by value, so it refers to as little as possible. ----


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def find_program(program, shipped):
    """Gives the path of the driver's executable on this node; none where it is not here and was not shipped either."""
    import tempfile

    import ray

    wanted = program["sha256"]
    known = sys.__dict__.setdefault("_coldpress_programs", {})
    if wanted in known:
        return known[wanted]

    def is_it(path):
        try:
            return os.path.getsize(path) == program["size"] and digest_of(path) == wanted
        except OSError:
            return False

    folder = os.path.join(tempfile.gettempdir(), f"coldpress-programs-{os.getuid()}")
    copy = os.path.join(folder, wanted)
    if is_it(program["path"]):
        copy = program["path"]
    else:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.stat(folder).st_uid != os.getuid():
            raise PermissionError(f"`{folder}` belongs to another user")
        if not is_it(copy):
            if not shipped:
                return None
            # Others may write the same file at this moment, so each writes its own and puts it in place.
            own = f"{copy}.{os.getpid()}"
            with open(own, "wb") as file:
                file.write(ray.get(shipped[0]))
            os.chmod(own, 0o700)
            os.replace(own, copy)
    known[wanted] = copy
    return copy


def oom_kills():
    try:
        with open("/proc/vmstat") as counts:
            return next((int(line.split()[1]) for line in counts if line.startswith("oom_kill ")), 0)
    except OSError:
        return 0


class Child:
    """A worker process of the driver's executable: frames of JSON texts over its pipes."""

    def __init__(self, path, cwd):
        import subprocess

        self.oom_kills = oom_kills()
        self.said = queue.Queue()
        self.last_words = b""
        self.lacks_memory = False
        self.has_begun = False
        self.process = subprocess.Popen(
            [path, WORKER_ARGUMENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
        )
        threading.Thread(target=self.listen, daemon=True).start()
        self.errors = threading.Thread(target=self.keep_last_words, daemon=True)
        self.errors.start()

    def listen(self):
        out = self.process.stdout
        while len(head := out.read(4)) == 4:
            length = int.from_bytes(head, "little")
            text = out.read(length)
            if length > 1 << 30 or len(text) < length:
                break
            self.said.put(text)
        self.said.put(None)

    def keep_last_words(self):
        while block := os.read(self.process.stderr.fileno(), 4096):
            self.last_words += block
            words = (b"memory allocation of ", b"std::bad_alloc")
            self.lacks_memory |= any(word in self.last_words for word in words)
            self.last_words = self.last_words[-1000:]

    def tell(self, text):
        try:
            self.process.stdin.write(len(text).to_bytes(4, "little") + text)
            self.process.stdin.flush()
        except OSError:
            # That it is dead shows when it is listened to.
            pass

    def hear(self, seconds):
        """Gives the next message, none once there are no more. Waits in short steps: only between them it can be cancelled."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self.said.get(timeout=0.1)
            except queue.Empty:
                if time.monotonic() > until:
                    raise TimeoutError from None

    def begin(self, begin):
        try:
            if self.hear(60) != b'{"type":"hello"}':
                return False
            self.tell(begin)
            return self.hear(600) == b'{"type":"ready"}'
        except TimeoutError:
            return False

    def kill(self):
        self.process.kill()
        return self.end()

    def end_soon(self):
        """Waits for the end of one that should be at it: its output may have ended before itself."""
        import subprocess

        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        return self.end()

    def end(self):
        status = self.process.wait()
        self.errors.join(5)
        return {
            "status": -status if status < 0 else status << 8,
            "last_words": self.last_words.decode("utf-8", "replace"),
            "lacks_memory": self.lacks_memory,
            "kernel_killed": oom_kills() > self.oom_kills,
        }


def run_attempt(begin, shipped, key, run, program, cwd):
    """Runs one attempt; yields what happens, and last what became of it."""
    import ray

    context = ray.get_runtime_context()
    place = {"node": context.get_node_id(), "ip": ray.util.get_node_ip_address(), "pid": os.getpid()}
    yield ("started", place)
    # Ray gives tasks of a job to the same processes: what operators have loaded is loaded once.
    idle = sys.__dict__.setdefault("_coldpress_idle", {})
    child = idle.pop(key, None)
    if child is not None and child.process.poll() is not None:
        child = None
    if child is None:
        try:
            path = find_program(program, shipped)
            if path is None:
                yield ("needs_program", {})
                return
            child = Child(path, cwd)
        except OSError as error:
            message = f"cannot start the worker on node {place['ip']}: {error}"
            yield ("failed", {"class": "launch", "message": message})
            return
    ended = False
    try:
        if not child.has_begun and not child.begin(ray.get(begin[0])):
            ended = True
            how = child.end_soon()
            yield ("failed", {"class": "worker_start", "message": "", **how})
            return
        child.has_begun = True
        child.tell(run)
        in_hand, done, told = None, {}, time.monotonic()
        while (said := child.hear(float("inf"))) is not None:
            if said.startswith(b'{"type":"in_hand"'):
                if in_hand is not None:
                    operation = json.loads(in_hand)["record"]["operation"]
                    done[operation] = done.get(operation, 0) + 1
                in_hand = said
            elif said.startswith(b'{"type":"at_work"'):
                if time.monotonic() - told > 1:
                    told = time.monotonic()
                    yield ("at_work", {"message": said.decode()})
            elif said.startswith(b'{"type":"alive"'):
                yield ("alive", {})
            elif said.startswith(b'{"type":"finished"'):
                idle[key] = child
                ended = True
                yield ("finished", {"result": said.decode()})
                return
        ended = True
        how = child.end_soon()
        record = json.loads(in_hand)["record"] if in_hand is not None else None
        yield ("failed", {"class": "worker", "message": "", "in_hand": record, "done": done, **how})
    finally:
        if not ended:
            child.kill()


def run_whole_attempt(mailbox, name, *arguments):
    """The same for clients of Ray, which have no streams: gives what became of it, and puts the rest into a mailbox."""
    for event, fields in run_attempt(*arguments):
        if event in ("started", "alive", "at_work"):
            mailbox[0].put.remote((name, event, fields))
        else:
            last = (event, fields)
    return last


class Mailbox:
    """An actor that keeps what attempts say until the bridge of a client fetches it."""

    def __init__(self):
        self.events = []

    def put(self, event):
        self.events.append(event)

    def take(self):
        events, self.events = self.events, []
        return events


def probe_node(folders, files, program, shipped, cwd):
    """Says what of the driver's storage is not on this node, and leaves a sign in every folder."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    faults = []
    if not os.path.isdir(cwd):
        faults.append(f"the folder `{cwd}`, in which the driver was started, is not there")
    for folder, sign, nonce in folders:
        try:
            with open(os.path.join(folder, sign)) as file:
                if file.read() != nonce:
                    faults.append(f"the folder `{folder}` is another one there")
                    continue
            with open(os.path.join(folder, f"{sign}.{node}"), "w") as file:
                file.write(nonce)
        except FileNotFoundError:
            faults.append(f"what the driver writes into the folder `{folder}` is not seen there")
        except OSError as error:
            faults.append(f"the folder `{folder}` cannot be used there: {error}")
    for path in files:
        if not os.path.exists(path):
            faults.append(f"the input `{path}` is not there")
    return {
        "node": node,
        "ip": ray.util.get_node_ip_address(),
        "machine": platform.machine(),
        "faults": faults,
        "has_program": find_program(program, shipped) is not None,
    }


# ---- In the bridge. ----


class Flight:
    def __init__(self, message):
        self.task, self.attempt, self.run = message["task"], message["attempt"], message["run"].encode()
        self.avoid = message.get("avoid")
        self.stream = None
        self.node = None
        # An attempt is answered once; what comes later is dropped.
        self.is_answered = False

    def key(self):
        return (self.task, self.attempt)


class Bridge:
    def __init__(self, ray):
        self.ray = ray
        self.flights = {}
        self.lock = threading.Lock()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.is_ready = False
        self.has_requested = False

    # -- before work starts --

    def init(self, message):
        ray = self.ray
        address = message["address"]
        self.is_client = address.startswith("ray://")
        address = self.resolve(address)
        if address == "local":
            # A cluster that nobody asked to see reports to nobody.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        local = {"include_dashboard": False, "num_cpus": message["workers"]} if address == "local" else {}
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", namespace="coldpress", **local)
        except Exception as error:
            raise Refused(*self.why_not_connected(address, error)) from error
        self.prepare(message)
        nodes = self.nodes()
        if not any(node["cpus"] >= 1 for node in nodes):
            raise Refused("unschedulable", "no node of the cluster has a CPU for tasks, and an attempt takes one")
        self.probe(nodes, message["folders"], message["files"])
        if message["workers"] and address != "local":
            self.request(message["workers"])
        self.is_ready = True
        threading.Thread(target=self.watch_nodes, daemon=True).start()
        slots = int(sum(node["cpus"] for node in nodes))
        emit("ready", address=address, slots=slots, nodes=nodes)

    def resolve(self, address):
        """Gives the address that `auto` means, and sees that somebody listens at an address."""
        if address == "local":
            return address
        if address == "auto":
            found = os.environ.get("RAY_ADDRESS")
            if found in (None, "", "auto", "local"):
                from ray._private import services

                running = services.find_gcs_addresses()
                if len(running) > 1:
                    several = ", ".join(f"`{address}`" for address in sorted(running))
                    raise Refused("several", f"several clusters run on this machine, at {several}: `ray_address` must name one")
                found = next(iter(running), None)
            if found is None:
                raise Refused("no_cluster", "no Ray cluster runs on this machine, and RAY_ADDRESS names none")
            address = found
            self.is_client = address.startswith("ray://")
        host, _, port = address.removeprefix("ray://").rpartition(":")
        try:
            port = int(port.split("?")[0].split("/")[0])
            socket.create_connection((host.strip("[]"), port), timeout=3).close()
        except (OSError, ValueError) as error:
            raise Refused("unreachable", f"nothing answers at `{address}`: {error}") from error
        return address

    def why_not_connected(self, address, error):
        text = f"{type(error).__name__}: {error}"
        lower = text.lower()
        if "version mismatch" in lower:
            return "version", f"the cluster at `{address}` has another version: {error}"
        if "ray[client]" in lower:
            return "no_client", f"`{sys.executable}` cannot reach `{address}`: install `ray[client]` there"
        if "token" in lower or "unauthenticated" in lower or "auth" in lower:
            return "auth", f"the cluster at `{address}` does not accept this user: {error}"
        return "unreachable", f"cannot connect to `{address}`: {text[:900]}"

    def prepare(self, message):
        ray = self.ray
        self.begin = ray.put(message["begin"].encode())
        self.key = hashlib.sha256(message["begin"].encode()).hexdigest()
        content = message["program_content"]
        self.content, self.shipped = content, []
        self.program = {"path": message["program"], "sha256": digest_of(content), "size": os.path.getsize(content)}
        self.cwd = message["cwd"]
        # A retry is the driver's to decide on.
        self.options = {"num_cpus": 1, "max_retries": 0}
        if self.is_client:
            self.remote = ray.remote(run_whole_attempt)
            # What it held is lost with its node, and the next that it is sent is not.
            self.mailbox = ray.remote(Mailbox).options(num_cpus=0, max_restarts=-1).remote()
            threading.Thread(target=self.fetch_mail, daemon=True).start()
        else:
            self.remote = ray.remote(run_attempt)
            self.options["num_returns"] = "streaming"

    def nodes(self):
        return [
            {"id": node["NodeID"], "ip": node["NodeManagerAddress"], "cpus": node["Resources"].get("CPU", 0)}
            for node in self.ray.nodes()
            if node["Alive"]
        ]

    def ship(self):
        if not self.shipped:
            with open(self.content, "rb") as file:
                self.shipped = [self.ray.put(file.read())]

    def probe(self, nodes, folders, files):
        """Proves that every node has the driver's storage: it reads what the driver wrote, and the other way round."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        ray = self.ray
        remote = ray.remote(probe_node)
        nonce = os.urandom(16).hex()
        sign = f".coldpress-probe-{nonce}"
        folders = sorted({existing(folder) for folder in folders})
        written = []
        try:
            for folder in folders:
                path = os.path.join(folder, sign)
                with open(path, "w") as file:
                    file.write(nonce)
                written.append(path)
            signs = [(folder, sign, nonce) for folder in folders]
            working = [node for node in nodes if node["cpus"] >= 1]
            refs = []
            for node in working:
                affinity = NodeAffinitySchedulingStrategy(node_id=node["id"], soft=False)
                options = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": affinity}
                refs.append(remote.options(**options).remote(signs, files, self.program, [], self.cwd))
            _, late = ray.wait(refs, num_returns=len(refs), timeout=60)
            for node, ref in zip(working, refs):
                found = None if ref in late else self.said(ref)
                if isinstance(found, dict):
                    self.judge(found, folders, sign, nonce)
                elif self.is_alive(node):
                    why = found or "no answer within 60 s"
                    raise Refused("probe", f"the node {node['ip']} does not run tasks: {why}")
        finally:
            for path in written:
                remove(path)
                for node in nodes:
                    remove(f"{path}.{node['id']}")

    def said(self, ref):
        """What a node said of itself, or why it said nothing."""
        try:
            return self.ray.get(ref)
        except Exception as error:
            return (str(error).strip() or type(error).__name__).split("\n")[0]

    def is_alive(self, node):
        """Whether a node that gave no answer is still in the cluster, which may take a moment to notice that it died."""
        until = time.monotonic() + 15
        while any(known["id"] == node["id"] for known in self.nodes()):
            if time.monotonic() > until:
                return True
            time.sleep(0.5)
        return False

    def judge(self, found, folders, sign, nonce):
        faults = list(found["faults"])
        for folder in folders if not faults else []:
            try:
                with open(os.path.join(folder, f"{sign}.{found['node']}")) as file:
                    if file.read() == nonce:
                        continue
            except OSError:
                pass
            faults.append(f"what it writes into the folder `{folder}` is not seen here")
        if faults:
            message = f"node {found['ip']} does not share the storage of this machine: {'; '.join(faults)}"
            raise Refused("storage", message)
        if found["machine"] != platform.machine():
            message = f"node {found['ip']} is {found['machine']}, and this program is for {platform.machine()}"
            raise Refused("architecture", message)
        if not found["has_program"]:
            self.ship()

    def request(self, cpus):
        """Asks an autoscaler for so many CPUs; a cluster of a fixed size does not mind."""
        try:
            from ray.autoscaler.sdk import request_resources

            request_resources(num_cpus=cpus)
            self.has_requested = cpus > 0
        except Exception as error:
            print(f"cannot ask for {cpus} CPUs: {error}", file=sys.stderr)

    # -- attempts --

    def submit(self, message):
        flight = Flight(message)
        with self.lock:
            self.flights[flight.key()] = flight
        self.launch(flight)

    def launch(self, flight):
        try:
            options = dict(self.options)
            if (elsewhere := self.another_node(flight.avoid)) is not None:
                options["scheduling_strategy"] = elsewhere
            arguments = [[self.begin], self.shipped, self.key, flight.run, self.program, self.cwd]
            if self.is_client:
                arguments = [[self.mailbox], flight.key(), *arguments]
            flight.stream = self.remote.options(**options).remote(*arguments)
        except Exception as error:
            self.answer(flight, "failed", **self.failure(error))
            return
        asyncio.run_coroutine_threadsafe(self.follow(flight), self.loop)

    def another_node(self, avoid):
        """Names a node with room for an attempt other than this one; none if there is none, or it does not matter."""
        if avoid is None:
            return None
        from ray._private import state
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        try:
            free = state.available_resources_per_node()
        except Exception:
            # Clients are not told.
            return None
        for node, resources in free.items():
            if node != avoid and resources.get("CPU", 0) >= 1:
                return NodeAffinitySchedulingStrategy(node_id=node, soft=True)
        return None

    async def follow(self, flight):
        try:
            if self.is_client:
                self.take(flight, *await asyncio.wrap_future(flight.stream.future()))
                return
            async for ref in flight.stream:
                self.take(flight, *await ref)
            if not flight.is_answered and flight.stream is not None:
                message = "the task ended and did not say what became of the attempt"
                self.answer(flight, "failed", **{"class": "worker_died", "message": message})
        except BaseException as error:
            self.answer(flight, "failed", **self.failure(error))

    def fetch_mail(self):
        while True:
            time.sleep(0.5)
            try:
                mail = self.ray.get(self.mailbox.take.remote())
            except Exception:
                # It is being started elsewhere, or the cluster is gone, which shows otherwise.
                continue
            for name, event, fields in mail:
                with self.lock:
                    flight = self.flights.get(tuple(name))
                if flight is not None:
                    self.take(flight, event, fields)

    def take(self, flight, event, fields):
        if event == "needs_program":
            # A node that came later.
            flight.stream = None
            self.ship()
            self.launch(flight)
        elif event in ("finished", "failed"):
            self.answer(flight, event, **fields)
        elif not flight.is_answered:
            if event == "started":
                flight.node = fields["node"]
            emit(event, task=flight.task, attempt=flight.attempt, **fields)

    def answer(self, flight, event, **fields):
        with self.lock:
            if flight.is_answered:
                return
            flight.is_answered = True
            self.flights.pop(flight.key(), None)
        emit(event, task=flight.task, attempt=flight.attempt, **fields)

    def failure(self, error):
        from ray import exceptions as known

        # The subclasses before their parents: an error of a task is also of the type of what it was raised for.
        for kind, name in [
            ("cancelled", "TaskCancelledError"),
            ("oom", "OutOfMemoryError"),
            ("launch", "RuntimeEnvSetupError"),
            ("node_died", "NodeDiedError"),
            ("unschedulable", "TaskUnschedulableError"),
            ("worker_died", "WorkerCrashedError"),
            ("node_died", "LocalRayletDiedError"),
            ("object_lost", "ObjectLostError"),
            ("task", "RayTaskError"),
        ]:
            type_ = getattr(known, name, None)
            if type_ is not None and isinstance(error, type_):
                break
        else:
            kind = "ray"
        return {"class": kind, "message": f"{type(error).__name__}: {error}"[:1000]}

    def cancel(self, message):
        with self.lock:
            flight = self.flights.get((message["task"], message["attempt"]))
        if flight is not None:
            self.drop(flight, "cancelled", "cancelled")

    def drop(self, flight, kind, message):
        """Answers an attempt, and ends its task: the Python process goes, and with it the worker."""
        self.answer(flight, "failed", **{"class": kind, "message": message})
        try:
            if flight.stream is not None:
                self.ray.cancel(flight.stream, force=True)
        except Exception as error:
            print(f"cannot cancel {flight.key()}: {error}", file=sys.stderr)

    def watch_nodes(self):
        """Gives attempts up whose node the cluster says is dead: Ray itself may not say so for minutes."""
        while True:
            time.sleep(2)
            try:
                alive = {node["id"] for node in self.nodes()}
            except Exception:
                # Then Ray ends this process before long.
                continue
            with self.lock:
                flights = list(self.flights.values())
            for flight in flights:
                if flight.node is not None and flight.node not in alive:
                    self.drop(flight, "node_lost", f"the cluster has lost the node {flight.node[:8]}")

    def shutdown(self):
        with self.lock:
            flights = list(self.flights.values())
        for flight in flights:
            self.drop(flight, "cancelled", "cancelled")
        if self.has_requested:
            self.request(0)
        self.ray.shutdown()


def existing(folder):
    """Gives the folder itself, or the nearest one above it that exists."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def remove(path):
    try:
        os.remove(path)
    except OSError:
        pass


def die_with_driver(bridge, messages):
    for line in sys.stdin.buffer:
        messages.put(json.loads(line))
    if not bridge.is_ready:
        # It may hang in the midst of connecting.
        os._exit(1)
    messages.put({"op": "shutdown"})
    time.sleep(10)
    os._exit(1)


def main():
    try:
        import ray
    except Exception as error:
        kind = "no_ray" if isinstance(error, ImportError) else "broken_ray"
        emit("error", **{"class": kind, "message": f"{type(error).__name__}: {error}"})
        return 3
    emit("hello", python=platform.python_version(), ray=ray.__version__)
    bridge, messages = Bridge(ray), queue.Queue()
    threading.Thread(target=die_with_driver, args=(bridge, messages), daemon=True).start()
    while (message := messages.get())["op"] != "shutdown":
        try:
            {"init": bridge.init, "submit": bridge.submit, "cancel": bridge.cancel}[message["op"]](message)
        except Refused as error:
            emit("error", **{"class": error.kind, "message": str(error)})
            bridge.ray.shutdown()
            return 3
        except Exception as error:
            emit("error", **{"class": "bridge", "message": f"{type(error).__name__}: {error}"[:1000]})
            return 4
    bridge.shutdown()
    emit("bye")
    return 0


if __name__ == "__main__":
    code = main()
    # Threads that wait for Ray must not keep the process.
    os._exit(code)
