"""Everything in one process on the embedded log."""

import itertools
import json
import statistics
import subprocess

import harness
from harness import CountedServer, Echo, Server
from support import programs

LARGE, SMALL, TINY = 1_000_000, 10_000, 500
FLIGHT = 64
SETTLE = 900
# No two loads say the same.
_RUNS = itertools.count(1)
# What services that follow each other record: the rows a rebuild is measured over.
REBUILT = ("intake", "routing", "sla")


def measure(bench):
    young(bench)
    rebuild(bench)
    grown(bench)
    if bench.settings.instructions:
        instructions(bench)


def answers(server, folder):
    """Files of what Redress answers, for the echo to say."""
    files = {}
    for name, options in (("submit", {"run": "answer"}), ("get", {}), ("list", {})):
        files[name] = folder / f"{name}.answer"
        server.load(name, calls=1, in_flight=1, save=files[name], **options)
    return files


def young(bench):
    """Rates of a store with ten thousand complaints in it."""
    names = ("submit_burst", "submit_sustained", "submit_one", "push_burst", "import", "subscribe")
    if not bench.wants(*names):
        return
    settings = bench.settings
    data = harness.store(TINY if settings.smoke else SMALL)
    with harness.scratch() as folder, Server(harness.copy(data, folder / "data")) as server, \
            Echo(**answers(server, folder)) as echo:
        burst = settings.seconds(10)

        def rest():
            server.load("wait", settle=SETTLE)

        def submit(turn, **options):
            return server.load("submit", run=f"s{next(_RUNS)}", **options)

        if bench.wants("submit_burst", "submit_sustained"):
            for side in (submit, lambda turn, **options: echo.load("submit", run="e", **options)):
                side(0, seconds=min(1, burst), in_flight=FLIGHT)
            ours, others = bench.turns(lambda turn: submit(turn, seconds=burst, in_flight=FLIGHT, settle=SETTLE),
                                       lambda turn: echo.load("submit", run="e", seconds=burst, in_flight=FLIGHT))
            for one in ours:
                one["sustained_rate"] = one["count"] / one["settled_seconds"]
            for other in others:
                other["sustained_rate"] = other["rate"]
            bench.ratio("submit_burst", 0.5, ours, others, "rate")
            bench.ratio("submit_sustained", 0.15, ours, others, "sustained_rate")
        if bench.wants("submit_one"):
            ours, others = bench.turns(lambda turn: submit(turn, seconds=burst / 4, in_flight=1),
                                       lambda turn: echo.load("submit", run="e", seconds=burst / 4, in_flight=1), before=rest)
            bench.ratio("submit_one_p50", 2.5, ours, others, "p50_us", at_least=False)
        if bench.wants("push_burst"):
            ours, others = bench.turns(lambda turn: server.load("push", run=f"p{next(_RUNS)}", seconds=burst),
                                       lambda turn: submit(turn, seconds=burst, in_flight=FLIGHT), before=rest)
            bench.ratio("push_burst", 1.5, ours, others, "rate")
        if bench.wants("import"):
            # Rows are facts, nine a complaint, as event logs of ticket systems have them; all of them ended.
            [found] = bench.turns(lambda turn: server.load("import", run=f"i{next(_RUNS)}", calls=settings.calls(20_000),
                                                           facts=9, settle=SETTLE), before=rest)
            bench.figure("import_rows", 30_000, [one["count"] / one["settled_seconds"] for one in found], "/s", at_least=True,
                         server_cpu_us=statistics.median(one["server_cpu_us"] for one in found))
        if bench.wants("subscribe"):
            [found] = bench.turns(lambda turn: server.load("follow"), before=rest)
            bench.figure("subscribe_events", 200_000, [one["rate"] for one in found], "/s", at_least=True,
                         events=found[0]["count"], server_cpu_us=statistics.median(one["server_cpu_us"] for one in found))


def rebuild(bench):
    """Folding a projection again, of complaints that lived here: the same records, and the same rows put without a fold."""
    if not bench.wants(*(f"rebuild_{service}" for service in REBUILT)):
        return
    settings = bench.settings
    with harness.scratch() as folder:
        with Server(harness.copy(harness.store(0), folder / "data")) as server:
            server.load("submit", run="rebuild", calls=settings.calls(50_000), in_flight=FLIGHT, settle=SETTLE)
            server.stop()
        words = [programs.bin_dir() / "redress-bench-rebuild", "--data", folder / "data", "--scratch", folder, "--rounds", settings.turns]
        for service in REBUILT:
            words += ["--service", service]
        ran = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=harness.LIMIT)
        assert ran.returncode == 0, ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    for service in REBUILT:
        own = [one for one in found if one["service"] == service]
        ours = [{"puts_a_second": one["puts"] / one["fold_seconds"]} for one in own]
        others = [{"puts_a_second": one["puts"] / one["put_seconds"]} for one in own]
        bench.ratio(f"rebuild_{service}", 0.5, ours, others, "puts_a_second", puts=own[0]["puts"], records=own[0]["records"])


def grown(bench):
    """What a million complaints in the store do."""
    if not bench.wants("large_get", "large_list", "large_ttr", "large_submit", "large_memory"):
        return
    settings = bench.settings
    small = harness.store(TINY if settings.smoke else SMALL)
    large = small if settings.small else harness.store(LARGE)
    with harness.scratch() as folder, Server(harness.copy(large, folder / "large")) as server:
        with Echo(**answers(server, folder)) as echo:
            for name, bound in (("get", 2), ("list", 5)):
                if bench.wants(f"large_{name}"):
                    server.load(name, seconds=settings.seconds(1), in_flight=1)
                    ours, others = bench.turns(lambda turn, name=name: server.load(name, seconds=settings.seconds(4), in_flight=1),
                                               lambda turn, name=name: echo.load(name, seconds=settings.seconds(4), in_flight=1))
                    bench.ratio(f"large_{name}_p99", bound, ours, others, "p99_us", at_least=False,
                                p50={"ours": statistics.median(one["p50_us"] for one in ours),
                                     "others": statistics.median(one["p50_us"] for one in others)})
        if bench.wants("large_ttr"):
            [found] = bench.turns(lambda turn: server.load("ttr", calls=settings.calls(100), seconds=settings.seconds(10), in_flight=1))
            bench.figure("large_ttr_p99", 20, [one["p99_us"] / 1000 for one in found], "ms", at_least=False,
                         p50_ms=statistics.median(one["p50_us"] for one in found) / 1000)
        if bench.wants("large_submit"):
            with Server(harness.copy(small, folder / "small")) as other:
                def submit(one):
                    return one.load("submit", run=f"g{next(_RUNS)}", seconds=settings.seconds(10), in_flight=FLIGHT, settle=SETTLE)
                submit(server)
                ours, others = bench.turns(lambda turn: submit(server), lambda turn: submit(other))
            bench.ratio("large_submit", 0.8, ours, others, "rate")
        if bench.wants("large_memory"):
            server.load("follow")
            bench.figure("large_memory", 1024, [server.memory_bytes() / 2**20], "MiB", at_least=False)


def instructions(bench):
    """What an operation costs, counted on reduced runs."""
    if not harness.can_count():
        return bench.note("instructions are not counted: valgrind is not installed")
    loads = (("submit", 200, {"in_flight": FLIGHT, "settle": SETTLE}), ("push", 200, {"settle": SETTLE}),
             ("import", 200, {"facts": 9, "settle": SETTLE}), ("get", 500, {"in_flight": 1}), ("list", 200, {"in_flight": 1}),
             ("follow", 0, {}))
    with harness.scratch() as folder, CountedServer(harness.copy(harness.store(SMALL), folder / "data")) as server:
        for name, calls, options in loads:
            if bench.wants(name):
                options["run"] = f"c{next(_RUNS)}"
                bench.cost(name, *counted(server, name, calls, options))


def counted(server, name, calls, options):
    """(instructions, operations): of the calls that a longer run has more than a shorter one, so that what goes on besides counts for nothing."""
    runs, first = [], 0
    for size in (calls, calls, 3 * calls) if calls else (0, 0):
        found = []
        cost = server.instructions(lambda: found.append(server.load(name, calls=size, first=first, **options)))
        runs.append((cost, found[0]["count"]))
        first += size
    # The first run warms up: tables are compacted, caches filled.
    return runs[1] if not calls else tuple(more - less for less, more in zip(*runs[1:]))
