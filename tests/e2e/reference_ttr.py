#!/usr/bin/env python3
"""Time to resolution, computed a second time: from the raw files, by another program, in another language.

Shares no code with Redress. Written from the definitions of the figures, so that `redressctl report ttr` has something to be
compared with, to the millisecond.

    reference_ttr.py FILE [--dataset NAME] [--as-of ISO] [--imported-at ISO] [--window-days N] [--by COLUMN]

FILE is one of these, plain or gzipped; --dataset is found from its columns unless given:
    new_york_csv       New York 311, CSV                  local times of America/New_York
    new_york_json      New York 311, Socrata JSON         the same
    volvo_incidents    BPI Challenge 2013 incidents       one row an event, times with offset
    volvo_problems     BPI Challenge 2013 closed problems the same

--as-of        N: only what had happened by then counts (default 2020-01-01T00:00:00Z; an ISO time with offset or Z)
--imported-at  ends after this instant lay in the future when the file was imported (default: now)
--window-days  W, the re-open window (default 14)
--by           also by this column, as the first row of a case has it; `team` in the Volvo files is who is in charge at N (the
               group of the last row up to N that puts somebody in charge)

How oddities are treated (the same as the shipped mappings do):
    New York   the state must be Closed for an end to count, or Cancel (withdrawn); otherwise, or if the end is missing, unreadable,
               before 1970 or the receipt, or in the future, the case is open. A description that says "is a duplicate of" makes the
               outcome a duplicate. A local midnight is a day: received 00:00, ended 23:59:59. Local times that the clocks skip are
               the first instant after the gap, those that happen twice the earlier.
    Volvo      rows of a case in order of time, then of line; the first is the receipt. The first completion while open is the
               resolution, further ones are notes; Cancelled withdraws. Any other activity while ended re-opens.

Printed: one JSON object, all times in whole or half milliseconds, null where a curve does not come down far enough.
    rows, cases, events (rows that are events of cases; 0 in New York), flagged {reason: rows}, as_of, window_days
    overall, and by {value: the same}, each:
        cases            received at N or before (settled: before N - W)
        reopened_cases, reopenings       up to N
        provisional      {cases, events, censored, p50, p80, p90, p95}, Kaplan-Meier: ended by N and not re-opened, else censored at N
        settled          the same with the cut N - W, among cases received before it; ended by the cut and not re-opened by N
        first_resolution the same as provisional, for the first resolution whatever came after
        closed_only_p50, first_resolution_closed_only_p50    the plain median of those ended: biased, for comparison
    Withdrawn cases and duplicates are censored at their instant (or at the cut). Events go before censorings of the same time. Where
    a curve lies exactly at the share asked for, the answer is the middle of that step; a step the curve ends on reaches to the last
    observation.
"""

import argparse
import collections
import csv
import datetime
import gzip
import io
import json
import sys
import zoneinfo

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
DAY_MS = 24 * 3600 * 1000


def millis(instant):
    return (instant - EPOCH) // datetime.timedelta(milliseconds=1)


def iso(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def local_millis(naive, zone):
    """The earlier of two instants; in a gap the first instant after it."""
    early, late = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive:
        return millis(early.astimezone(UTC))
    # In a gap: the change lies between the two readings. Halve until it is found, to the second.
    low, high = sorted([early.astimezone(UTC), late.astimezone(UTC)])
    before = low.astimezone(zone).utcoffset()
    while high - low > datetime.timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return millis(high)


class Case:
    def __init__(self, row, received):
        self.row = row
        self.received = received
        # (instant, "resolved" | "duplicate" | "withdrawn" | "reopened"), in order.
        self.changes = []
        # (instant, team), in order.
        self.teams = []


def read_text(path):
    with open(path, "rb") as file:
        data = file.read()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")


def read_rows(path):
    text = read_text(path)
    if text.lstrip()[:1] in ("[", "{"):
        return json.loads(text)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def dataset_of(row):
    for column, name in (("Unique Key", "new_york_csv"), ("unique_key", "new_york_json"),
                         ("lifecycle:transition", "volvo_incidents")):
        if column in row and not (name == "volvo_incidents" and "Activity" in row):
            return name
    return "volvo_problems"


def new_york_cases(rows, columns, pattern, imported_at, flagged):
    created, closed, status, description = columns

    def parse(text, day_ends):
        naive = datetime.datetime.strptime(text, pattern)
        if day_ends and naive.time() == datetime.time():
            naive = naive.replace(hour=23, minute=59, second=59)
        return local_millis(naive, NEW_YORK)

    cases = []
    for row in rows:
        case = Case(row, parse(row[created], False))
        cases.append(case)
        end = (row.get(closed) or "").strip()
        if row[status] not in ("Closed", "Cancel"):
            if end:
                flagged["end_on_open_row"] += 1
            continue
        if not end:
            flagged["end_missing"] += 1
            continue
        try:
            at = parse(end, True)
        except ValueError:
            flagged["unreadable_time"] += 1
            continue
        if at < 0:
            flagged["end_impossible"] += 1
        elif at > imported_at:
            flagged["end_in_future"] += 1
        elif at < case.received:
            flagged["closed_before_received"] += 1
        elif row[status] == "Cancel":
            case.changes.append((at, "withdrawn"))
        elif "is a duplicate of" in (row.get(description) or "").lower():
            case.changes.append((at, "duplicate"))
        else:
            case.changes.append((at, "resolved"))
    return cases


RESOLUTIONS = {"Completed/Resolved", "Completed/In Call", "Completed/Closed", "Completed-Closed"}
WITHDRAWALS = {"Completed/Cancelled", "Completed-Cancelled"}
ASSIGN_NOBODY = WITHDRAWALS | {"Completed/Closed", "Completed-Closed", "Unmatched/Unmatched", "Unmatched-Unmatched"}


def volvo_cases(rows, activity_of):
    by_case = collections.OrderedDict()
    for line, row in enumerate(rows):
        by_case.setdefault(row["case:concept:name"], []).append((millis(iso(row["time:timestamp"])), line, row))
    cases = []
    for events in by_case.values():
        events.sort(key=lambda event: event[:2])
        case = Case(events[0][2], events[0][0])
        cases.append(case)
        ended = False
        for at, _, row in events:
            activity = activity_of(row)
            ends = activity in RESOLUTIONS or activity in WITHDRAWALS
            if ends and ended:
                continue
            if ended:
                case.changes.append((at, "reopened"))
            ended = ends
            if activity not in ASSIGN_NOBODY and row["org:group"]:
                case.teams.append((at, row["org:group"]))
            if ends:
                case.changes.append((at, "resolved" if activity in RESOLUTIONS else "withdrawn"))
    return cases


def load(rows, dataset, imported_at, flagged):
    if dataset == "new_york_csv":
        return new_york_cases(rows, ("Created Date", "Closed Date", "Status", "Resolution Description"),
                              "%m/%d/%Y %I:%M:%S %p", imported_at, flagged)
    if dataset == "new_york_json":
        return new_york_cases(rows, ("created_date", "closed_date", "status", "resolution_description"),
                              "%Y-%m-%dT%H:%M:%S.%f", imported_at, flagged)
    if dataset == "volvo_incidents":
        return volvo_cases(rows, lambda row: row["concept:name"] + "/" + row["lifecycle:transition"])
    return volvo_cases(rows, lambda row: row["Activity"])


def quantiles(observations):
    """Kaplan-Meier over (duration, is event)."""
    observations = sorted(observations)
    left = len(observations)
    at = collections.OrderedDict()
    for duration, event in observations:
        counts = at.setdefault(duration, [0, 0])
        counts[0 if event else 1] += 1
    steps, survival = [], 1.0  # (time, survival from there on), falls alone
    for duration, (events, censored) in at.items():
        if events:
            survival *= (left - events) / left
            steps.append((duration, survival))
        left -= events + censored
    result = {}
    for name, share in (("p50", 0.5), ("p80", 0.8), ("p90", 0.9), ("p95", 0.95)):
        result[name] = None
        for i, (duration, survival) in enumerate(steps):
            if survival > 1 - share + 1.5e-8:
                continue
            flat = survival > 1 - share - 1.5e-8
            end = steps[i + 1][0] if flat and i + 1 < len(steps) else observations[-1][0] if flat else duration
            middle = (duration + end) / 2
            result[name] = int(middle) if middle == int(middle) else middle
            break
    return result


def curve(observations):
    events = sum(event for _, event in observations)
    return {"cases": len(observations), "events": events, "censored": len(observations) - events, **quantiles(observations)}


def observe(case, known, cut):
    """(duration, is event) of the end that holds, as known of at `known`, looked at up to `cut`."""
    changes = [change for change in case.changes if change[0] <= known]
    if changes and changes[-1][1] != "reopened" and changes[-1][0] <= cut:
        return changes[-1][0] - case.received, changes[-1][1] == "resolved"
    return cut - case.received, False


def observe_first(case, known):
    changes = [change for change in case.changes if change[0] <= known]
    for at, kind in changes:
        if kind == "resolved":
            return at - case.received, True
    return observe(case, known, known)


def figures(cases, known, window):
    cases = [case for case in cases if case.received <= known]
    cut = known - window
    reopenings = [sum(kind == "reopened" and at <= known for at, kind in case.changes) for case in cases]
    provisional = [observe(case, known, known) for case in cases]
    first = [observe_first(case, known) for case in cases]
    return {
        "cases": len(cases),
        "reopened_cases": sum(count > 0 for count in reopenings),
        "reopenings": sum(reopenings),
        "provisional": curve(provisional),
        "settled": curve([observe(case, known, cut) for case in cases if case.received < cut]),
        "first_resolution": curve(first),
        "closed_only_p50": quantiles([one for one in provisional if one[1]])["p50"],
        "first_resolution_closed_only_p50": quantiles([one for one in first if one[1]])["p50"],
    }


def value_of(case, column, known):
    if column == "team" and column not in case.row:
        return next((team for at, team in reversed(case.teams) if at <= known), "")
    return str(case.row.get(column) or "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--dataset", choices=["new_york_csv", "new_york_json", "volvo_incidents", "volvo_problems"])
    parser.add_argument("--as-of", default="2020-01-01T00:00:00Z", type=iso)
    parser.add_argument("--imported-at", default=None, type=iso)
    parser.add_argument("--window-days", default=14.0, type=float)
    parser.add_argument("--by", metavar="COLUMN")
    options = parser.parse_args()

    rows = read_rows(options.file)
    dataset = options.dataset or dataset_of(rows[0])
    known = millis(options.as_of)
    window = int(options.window_days * DAY_MS)
    flagged = collections.Counter()
    imported_at = options.imported_at or datetime.datetime.now(UTC)
    cases = load(rows, dataset, millis(imported_at), flagged)
    output = {
        "dataset": dataset,
        "rows": len(rows),
        "cases": len(cases),
        "events": len(rows) if dataset.startswith("volvo") else 0,
        "flagged": dict(sorted(flagged.items())),
        "as_of": options.as_of.isoformat(),
        "window_days": options.window_days,
        "overall": figures(cases, known, window),
    }
    if options.by:
        groups = collections.defaultdict(list)
        for case in cases:
            groups[value_of(case, options.by, known)].append(case)
        by = {value: figures(groups[value], known, window) for value in sorted(groups)}
        output["by"] = {value: found for value, found in by.items() if found["cases"] > 0}
    json.dump(output, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
