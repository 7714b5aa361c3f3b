#!/usr/bin/env python3
"""Real data imported with their original dates: counts add up, figures are those of an independent program, kills change nothing."""

import csv
import json
import subprocess
import sys
from pathlib import Path

from support import landlord
from support.checks import check, eventually, expect, expect_equal, main
from support.programs import Server, ctl, data_dir, start_ctl
from support.protos import ROOT

# file, mapping, {dimension of the report: column of the file}
NEW_YORK_CSV = ("nyc311/nyc311_mixed_2014-2019_first1000.csv", "new_york_311_csv", {"agency": "Agency", "category": "Complaint Type"})
NEW_YORK_JSON = ("nyc311/nyc311_socrata_fhrw-4uyv_1000.json", "new_york_311_socrata", {"agency": "agency", "category": "complaint_type"})
VOLVO_INCIDENTS = ("bpic2013/bpi_challenge_2013_incidents.converted.csv.gz", "volvo_incidents", {"team": "team", "category": "product"})
VOLVO_PROBLEMS = ("bpic2013/BPI_Challenge_2013_closed_problems.converted.csv.gz", "volvo_problems", {"team": "team"})

# In the years of New York's data, and in the busy month of Volvo's, so that there are open cases; and long after all.
NEW_YORK_INSTANTS = ["2012-10-01T00:00:00Z", "2016-07-01T00:00:00Z", "2020-01-01T00:00:00Z"]
VOLVO_INSTANTS = ["2011-06-15T12:00:00Z", "2012-05-07T00:00:00Z", "2012-05-14T08:30:00Z", "2020-01-01T00:00:00Z"]


def files_of(case):
    return data_dir(*case[0].split("/")), ROOT / "deploy" / "mappings" / f"{case[1]}.textproto"


def import_file(server, case, *flags, code=0):
    data, mapping = files_of(case)
    ran = server.ctl("-o", "json", "import", "--mapping", mapping, *flags, data, code=code)
    counts = ran.json()
    expect_equal(counts["accepted"] + counts["known"] + counts["refused"], counts["rows"], "counts add up")
    return counts


def reference(case, *flags):
    """The figures of the other program."""
    script = Path(__file__).with_name("reference_ttr.py")
    ran = subprocess.run([sys.executable, script, files_of(case)[0], *flags], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def report(server, *flags):
    """Its figures: where they were read is another place in another log."""
    found = server.ctl("-o", "json", "report", "ttr", *flags).json()
    found.pop("positions", None)
    return found


def duration(text):
    """Milliseconds of "12.345s"; exact, half milliseconds included."""
    if text is None:
        return None
    seconds, _, fraction = text.removesuffix("s").partition(".")
    value = int(seconds) * 1000 + int(fraction.ljust(9, "0")) / 1_000_000
    return int(value) if value == int(value) else value


def percentile(row, name, share):
    """A figure is rounded down to the millisecond; None when it is not reached."""
    found = next((one for one in row.get(name, []) if one["share"] == share), {})
    return duration(found.get("time"))


def expect_same(found, wanted, place):
    """`wanted` may lie in the middle of two milliseconds, where a duration of the API cannot."""
    close = found == wanted if found is None or wanted is None else abs(found - wanted) <= 0.5
    expect(close, f"{place}: found {found}, the reference says {wanted}")


def compare(row, wanted, view, place):
    """A row of a report with the reference's figures of the same cases."""
    curve = wanted[view]
    for name in ("cases", "events", "censored"):
        expect_equal(int(row.get(name, 0)), curve[name], f"{place}: {name}")
    for name, share in (("p50", 0.5), ("p80", 0.8), ("p90", 0.9), ("p95", 0.95)):
        expect_same(percentile(row, "percentiles", share), curve[name], f"{place}: {name}")
    if view == "provisional":
        expect_equal(int(row.get("reopenedCases", 0)), wanted["reopened_cases"], f"{place}: re-opened cases")
        expect_equal(int(row.get("reopenings", 0)), wanted["reopenings"], f"{place}: re-openings")
        expect_same(percentile(row, "closedOnlyBiased", 0.5), wanted["closed_only_p50"], f"{place}: closed only")
        for name, share in (("p50", 0.5), ("p80", 0.8), ("p90", 0.9), ("p95", 0.95)):
            expect_same(percentile(row, "firstResolution", share), wanted["first_resolution"][name], f"{place}: first resolution {name}")


def compare_reports(server, case, instants):
    """Both views, overall and by each dimension, as of each instant; how many rows were compared."""
    rows = 0
    for as_of in instants:
        for view in ("provisional", "settled"):
            for dimension, column in case[2].items():
                wanted = reference(case, "--as-of", as_of, "--by", column)
                found = report(server, "--as-of", as_of, "--view", view, "--by", dimension)
                place = f"{case[1]} {as_of} {view}"
                compare(found.get("total", {}), wanted["overall"], view, place)
                groups = {row["group"][0].get("value", ""): row for row in found.get("rows", [])}
                named = {value: figures for value, figures in wanted["by"].items() if figures[view]["cases"] > 0}
                expect_equal(set(groups), set(named), f"{place} by {dimension}: groups")
                for value, figures in named.items():
                    compare(groups[value], figures, view, f"{place} {dimension} {value}")
                    rows += 1
    return rows


def import_and_compare(scratch, case, instants):
    """Returns the reference's overall figures."""
    files_of(case)
    with Server(scratch / "data") as server:
        wanted = reference(case)
        listed = scratch / "listed.csv"
        counts = import_file(server, case, "--report", listed)
        expect_equal(counts["rows"], wanted["rows"])
        expect_equal((counts["accepted"], counts["known"], counts["refused"]), (wanted["rows"], 0, 0))
        expect_equal(len(landlord.all_complaints(server.client)), wanted["cases"], "complaints")
        server.digests()
        print(f"  {counts['rows']} rows, {counts['flagged']} flagged: {counts['flaggedFor']}; {wanted['cases']} cases")
        expect_equal({name: count for name, count in counts["flaggedFor"].items() if name in wanted["flagged"]}, wanted["flagged"], "flagged")
        with open(listed, newline="", encoding="utf-8") as rows:
            lines = {row["line"] for row in csv.DictReader(rows) if row["outcome"] == "flagged"}
        expect_equal(len(lines), counts["flagged"], "flagged rows are listed with their line")
        print(f"  {compare_reports(server, case, instants)} rows of reports equal the reference's")

        before = server.digests()
        again = import_file(server, case)
        expect_equal((again["accepted"], again["known"], again["refused"]), (0, wanted["rows"], 0), "the same file again")
        expect_equal(server.digests(), before, "rows after the same file again")
        return wanted["overall"]


@check
def new_york_csv_has_the_figures_of_the_reference(scratch):
    import_and_compare(scratch, NEW_YORK_CSV, NEW_YORK_INSTANTS)


@check
def new_york_json_has_the_figures_of_the_reference(scratch):
    import_and_compare(scratch, NEW_YORK_JSON, NEW_YORK_INSTANTS)


@check
def volvo_incidents_have_the_figures_of_the_reference(scratch):
    overall = import_and_compare(scratch, VOLVO_INCIDENTS, VOLVO_INSTANTS)
    expect_equal((overall["reopened_cases"], overall["reopenings"]), (514, 580), "the log's re-opened cases")


@check
def volvo_problems_have_the_figures_of_the_reference(scratch):
    import_and_compare(scratch, VOLVO_PROBLEMS, VOLVO_INSTANTS)


@check
def a_kill_half_way_and_a_second_run_give_the_same(scratch):
    data, mapping = files_of(VOLVO_INCIDENTS)
    with Server(scratch / "whole") as whole:
        import_file(whole, VOLVO_INCIDENTS)
        whole.digests()
        wanted = report(whole, "--as-of", "2012-05-14T08:30:00Z", "--by", "team")
        cases = len(landlord.all_complaints(whole.client))
    with Server(scratch / "killed") as server:
        running = start_ctl("-o", "json", "import", "--retry", "0s", "--mapping", mapping, data, server=server.address)
        try:
            received = 0
            for message in server.client.events.Subscribe(follow=True, services=["intake"], types=["redress.complaint.received.v1"]):
                received += len(message.events)
                if received >= cases // 2:
                    break
            server.kill()
            out, errors = running.communicate(timeout=60)
        finally:
            running.kill()
        expect_equal(running.returncode, 3, errors)
        first = json.loads(out)
        expect(0 < first["rows"] < 65533, f"it was not cut: {first}")
        server.start()
        second = import_file(server, VOLVO_INCIDENTS)
        expect(second["known"] > 0 and second["accepted"] > 0 and second["refused"] == 0, f"second run: {second}")
        expect_equal(len(landlord.all_complaints(server.client)), cases)
        server.digests()
        expect_equal(report(server, "--as-of", "2012-05-14T08:30:00Z", "--by", "team"), wanted)


@check
def an_import_goes_on_by_itself_over_a_kill(scratch):
    data, mapping = files_of(VOLVO_INCIDENTS)
    with Server(scratch / "data") as server:
        running = start_ctl("-o", "json", "import", "--mapping", mapping, data, server=server.address)
        try:
            # Some messages of 500 are answered by then.
            received = 0
            for message in server.client.events.Subscribe(follow=True, services=["intake"], types=["redress.complaint.received.v1"]):
                received += len(message.events)
                if received > 1600:
                    break
            server.kill()
            server.start()
            out, errors = running.communicate(timeout=300)
        finally:
            running.kill()
        expect_equal(running.returncode, 0, errors)
        counts = json.loads(out)
        expect_equal((counts["rows"], counts["accepted"] + counts["known"], counts["refused"]), (65533, 65533, 0))
        expect_equal(len(landlord.all_complaints(server.client)), 7554)


@check
def a_dry_run_sends_nothing(scratch):
    data, mapping = files_of(NEW_YORK_CSV)
    ran = ctl("-o", "json", "import", "--dry-run", "--mapping", mapping, data, server="127.0.0.1:1")
    expect_equal(ran.json()["accepted"], 1000)


@check
def imported_cases_explain_clock_and_route(scratch):
    files_of(VOLVO_INCIDENTS)
    with Server(scratch / "data") as server:
        import_file(server, VOLVO_INCIDENTS)
        client = server.client
        eventually(lambda: client.sla.GetTimeToResolution().total.cases == 7554, "every clock is there")
        reopened = [complaint for complaint in landlord.all_complaints(client) if complaint.reopenings > 1][:20]
        for complaint in reopened:
            ran = server.ctl("clock", "explain", complaint.name)
            expect("= time to resolution" in ran.out, ran.out)
        still_open = landlord.all_complaints(client, states=["COMPLAINT_STATE_IN_PROGRESS", "COMPLAINT_STATE_RECEIVED", "COMPLAINT_STATE_ACKNOWLEDGED"])
        expect(still_open, "the log has cases that never ended")
        expect("fallback" in server.ctl("route", "explain", still_open[0].name).out.lower(), "an unknown place goes to the fallback")


@check
def bad_files_are_refused_with_their_place(scratch):
    data, mapping = files_of(NEW_YORK_CSV)
    with Server(scratch / "data") as server:
        text = data.read_text(encoding="utf-8-sig")
        cut = scratch / "cut.csv"
        lines = text.splitlines(keepends=True)
        cut.write_text("".join(lines[:5]) + '"no end of the quote\n' + "".join(lines[5:8]), encoding="utf-8")
        ran = server.ctl("import", "--mapping", mapping, cut, code=None)
        expect(ran.code != 0 and "line 6" in ran.errors + ran.out, f"where? {ran.errors} {ran.out}")
        wrong = scratch / "wrong.textproto"
        wrong.write_text(mapping.read_text().replace('"Unique Key"', '"No Such Column"'))
        ran = server.ctl("import", "--mapping", wrong, data, code=2)
        expect("No Such Column" in ran.errors, ran.errors)
        wrong.write_text(mapping.read_text().replace("received {", "reccived {"))
        ran = server.ctl("import", "--mapping", wrong, data, code=2)
        expect("reccived" in ran.errors, ran.errors)
        expect_equal(len(landlord.all_complaints(server.client)), 0, "a file is read through before a row of it is sent")


ODD_MAPPING = """system: "odd" zone: "UTC" time_formats: "%Y-%m-%d" earliest_year: 1900
reference { columns: "id" } category { columns: "type" } residence { columns: "place" } handler { columns: "who" }
row { received { column: "in" } resolved { column: "out" } }
"""


@check
def a_dry_run_promises_what_the_import_does(scratch):
    mapping, data = scratch / "odd.textproto", scratch / "odd.csv"
    mapping.write_text(ODD_MAPPING)
    rows = [["SR 2019/12", "Chauffage été", "L 1", "Zoé", "2019-01-01", ""], ["n° 7", "a", "b", "", "1900-01-01", "1900-01-02"],
            ["x" * 128, "c" * 128, "", "h" * 1024, "2019-01-01", ""], ["x" * 129, "", "", "", "2019-01-01", ""],
            ["long category", "c" * 200, "", "", "2019-01-01", ""], ["long place", "", "p" * 129, "", "2019-01-01", ""],
            ["long name", "", "", "h" * 1025, "2019-01-01", ""], ["two\nlines", "", "", "", "2019-01-01", ""],
            ["tab", "a\tb", "", "", "2019-01-01", ""], ["too old", "", "", "", "1899-12-31", ""]]
    with open(data, "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["id", "type", "place", "who", "in", "out"], *rows])
    with Server(scratch / "data") as server:
        def run(*flags):
            return server.ctl("-o", "json", "import", "--mapping", mapping, *flags, data, code=7).json()
        promised = run("--dry-run")
        expect_equal((promised["accepted"], promised["refused"]), (3, 7), str(promised["refusedFor"]))
        expect_equal(run(), promised)
        expect_equal(sorted(complaint.external_reference.reference for complaint in landlord.all_complaints(server.client)),
                     sorted(row[0] for row in rows[:3]))


if __name__ == "__main__":
    main()
