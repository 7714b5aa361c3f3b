"""A small landlord: one agency, one residence, technicians who work round the clock."""

import datetime

from .checks import eventually, expect
from .client import Failure
from . import protos

AGENCY, OFFICE, RESIDENCE = "AG-1", "OF-1", "RES-1"


def iso(instant):
    return instant.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def ago(**how_long):
    """Then, in whole seconds."""
    return iso((datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**how_long)).replace(microsecond=0))


def territory_of(agencies):
    """An upload of all: each agency with one office and one residence."""
    territory = {"agencies": [], "offices": [], "residences": [], "units": []}
    for number, agency in enumerate(agencies, 1):
        territory["agencies"].append({"code": agency, "name": agency, "zone": "Europe/Paris", "calendar": "agency"})
        territory["offices"].append({"code": f"OF-{number}", "name": f"Office {number}", "agency": agency})
        territory["residences"].append({"code": f"RES-{number}", "name": f"Residence {number}", "office": f"OF-{number}"})
        territory["units"].append({"code": f"U-{number}", "residence": f"RES-{number}", "kind": "KIND_DWELLING"})
    request = protos.message_type("redress.register.v1.UploadTerritoryRequest")()
    return protos.fill(request, {"request_id": "territory", "territory": territory, "complete": True})


def upload_territory(client, agencies=(AGENCY,)):
    """OFFICE and RESIDENCE are those of the first. Returns the last position."""
    [answer] = client.register.UploadTerritory(iter([territory_of(agencies)]))
    return answer.result.position


def register_technicians(client, names=("tech-1",), agency=AGENCY, skills=("heating", "plumbing")):
    for name in names:
        client.scheduling.RegisterTechnician(technician={
            "name": f"technicians/{name}", "agency": agency, "skills": list(skills), "zone": "UTC",
            "hours": [{"start_minute": 0, "end_minute": 7 * 24 * 60}]})


def set_up(client):
    upload_territory(client)
    register_technicians(client, ("tech-1", "tech-2"))
    # Territory reaches intake by its own view of the register.
    eventually(lambda: client.register.ListPlaces().places, "the residence is there")


def submit(client, **fields):
    return client.intake.SubmitComplaint(**{"category": "heating", "channel": "CHANNEL_PHONE", "residence": RESIDENCE,
                                            "description": "Pas de chauffage.", **fields})


def visits_of(client, complaint, state=None):
    """Its visits, by request time."""
    found = client.scheduling.ListInterventions(complaint=complaint).interventions
    return [visit for visit in found if state is None or visit.state == state]


def wait_for_visit(client, complaint, round=0):
    """The open request for a visit that routing's assignment makes."""
    def requested():
        return next((visit for visit in visits_of(client, complaint, 1) if visit.round == round), None)
    return eventually(requested, f"a visit is asked for in round {round}")


def first_slot(client, visit):
    slots = client.scheduling.FindSlots(name=visit.name).slots
    expect(slots, "no slot is free")
    return slots[0]


def make_visit(client, visit, **done):
    """Books the first slot, starts and ends the visit; as it is then."""
    client.scheduling.BookVisit(name=visit.name, slot=first_slot(client, visit))
    client.scheduling.StartVisit(name=visit.name)
    return client.scheduling.CompleteVisit(name=visit.name, **{"result": "VISIT_RESULT_FIXED", **done}).intervention


def get(client, complaint, **fields):
    return client.intake.GetComplaint(name=complaint, **fields).complaint


def all_complaints(client, **fields):
    return client.pages(client.intake.ListComplaints, "complaints", page_size=1000, **fields)


def again_until_answered(work, seconds=60):
    """The reply of `work()`, tried again while the server is away."""
    def answered():
        try:
            return work()
        except Failure as failure:
            if not failure.may_be_tried_again:
                raise
    return eventually(answered, "an answer", seconds)


def events(client, **fields):
    """All public events so far, and the cursor after them."""
    found, cursor = [], b""
    for message in client.events.Subscribe(**fields):
        found += message.events
        cursor = message.cursor
    return found, cursor
