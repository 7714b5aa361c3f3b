"""How each row of proto/PERMISSIONS.md is called: with what, on what, and how its answer shows what was asked for."""

import itertools
from dataclasses import dataclass
from types import SimpleNamespace

from . import landlord, protos
from .checks import eventually

AGENCY, RESIDENCE = landlord.AGENCY, landlord.RESIDENCE
PHONE = "0612345678"
# Longer than any slot, and than the day they begin on is wide.
_SLOTS = (landlord.ago(days=-1 - hours / 24) for hours in itertools.count(0, 2))
_NUMBERS = itertools.count(1)


def nowhere():
    """What is asked for where there is nothing: well-formed names that nobody gave out."""
    zeros = "0" * 26
    return SimpleNamespace(complaint=f"complaints/{zeros}", visit=f"interventions/{zeros}", person=f"people/{zeros}", agency="AG-NONE",
                           technician="technicians/none", clock=f"clocks/{zeros}")


class Landlord:
    """Makes what is called for, as somebody who may everything (`keeper`, a client)."""

    def __init__(self, keeper):
        self.keeper = keeper
        self.tracking_codes = {}
        kinds = {"organisation": "ORGANISATION", "rule_set": "RULE_SET", "pack_rules": "PACK_RULES"}
        self.reference = {field: getattr(self._version(kind), field) for field, kind in kinds.items()}
        self.reference["pack"] = self._version("OBLIGATION_PACK", "own-promises").pack
        self.reference["calendar"] = self._version("CALENDAR", "agency").calendar
        self.tzdata = self._version("TZDATA").version.tzdata
        # Has a person, an assignment, a visit that is asked for and lines that were due; all calls that are refused are about it.
        self.shared = self.received("", category="heating", description="Pas de chauffage.", dwelling="Porte 7",
                                    received_time=landlord.ago(days=200), backdating_reason="letter",
                                    external_reference={"system": "crm", "reference": "shared"})
        self.shared.visit = landlord.wait_for_visit(keeper, self.shared.complaint).name
        self.shared.technician = "technicians/tech-1"

    def _version(self, kind, id=""):
        return self.keeper.register.GetVersion(kind=f"REFERENCE_KIND_{kind}", id=id)

    def received(self, caller, **fields):
        made = landlord.submit(self.keeper, **{"category": "noise", "new_person": {"full_name": "Jeanne Martin", "phone": PHONE}, **fields})
        name = made.complaint.name
        self.tracking_codes[name] = made.tracking_code
        return SimpleNamespace(caller=caller, complaint=name, clock=name.replace("complaints", "clocks"), person=made.complaint.person,
                               agency=AGENCY, technician="technicians/tech-2", visit=None)

    def received_long_ago(self, caller):
        return self.received(caller, received_time=landlord.ago(days=3), backdating_reason="letter")

    def assigned(self, caller):
        made = self.received(caller)
        eventually(lambda: landlord.get(self.keeper, made.complaint).team, "it is assigned")
        return made

    def resolved(self, caller):
        made = self.received(caller)
        self.keeper.intake.ResolveComplaint(name=made.complaint, outcome="OUTCOME_FIXED")
        return made

    def ended(self, caller):
        made = self.received(caller)
        self.keeper.intake.WithdrawComplaint(name=made.complaint)
        return made

    def held_complaint(self, caller):
        made = self.received(caller)
        self.keeper.intake.SetLegalHold(name=made.complaint, matter="case", reason="dispute")
        return made

    def held_person(self, caller):
        made = self.received(caller)
        self.keeper.intake.SetLegalHold(name=made.person, matter="case", reason="dispute")
        return made

    def requested(self, caller):
        made = self.received(caller)
        made.visit = self.keeper.scheduling.RequestVisit(complaint=made.complaint, agency=AGENCY, duration_minutes=60).intervention.name
        return made

    def held(self, caller):
        made = self.requested(caller)
        self.keeper.scheduling.HoldSlot(name=made.visit, slot=slot("technicians/tech-1"))
        return made

    def booked(self, caller):
        """With tech-1, or with the caller who is a technician."""
        return self._booked(caller, f"technicians/{caller}" if caller.startswith("technician-") else "technicians/tech-1")

    def booked_with_another(self, caller):
        return self._booked(caller, "technicians/tech-1")

    def _booked(self, caller, technician):
        made = self.requested(caller)
        self.keeper.scheduling.BookVisit(name=made.visit, slot=slot(technician))
        return made


def slot(technician):
    """One that nobody has."""
    return {"technician": technician, "start_time": next(_SLOTS)}


def _is_about_it(reply, s):
    """The answer names the complaint: all that changes or reads one does."""
    return s.complaint.encode() in reply.SerializeToString()


def _ok(reply, s):
    return True


@dataclass
class Call:
    make: callable  # (client, subject, landlord) -> reply, or replies
    # What it is called on when it is to succeed: made for each call by this method of Landlord; None: what all share.
    fresh: str = None
    # Whether the reply shows what was asked for.
    shows: callable = _ok
    # What it ends with though it was let through, where a small landlord has nothing to do it to.
    through: str = None
    # The request names something of the scope: what is not seen is answered as what is not there.
    named: bool = True


def _verb(method, fresh="received", **fields):
    return Call(lambda client, s, _: getattr(client.intake, method)(name=s.complaint, **fields), fresh, _is_about_it)


def _visit(method, fresh, through=None, **fields):
    def make(client, s, _):
        given = {name: value() if callable(value) else value for name, value in fields.items()}
        return getattr(client.scheduling, method)(name=s.visit, **given)
    return Call(make, fresh, lambda reply, s: not hasattr(reply, "intervention") or reply.intervention.name == s.visit, through)


def _set(method, field):
    return Call(lambda client, s, landlord: getattr(client.register, method)(**{field: landlord.reference[field]}),
                shows=lambda reply, s: reply.result.unchanged, named=False)


def _free():
    return slot("technicians/tech-1")


def _push(client, s, _):
    ticket = protos.message_type("redress.intake.v1.PushTicketsRequest")()
    protos.fill(ticket, {"reference": f"ticket-{next(_NUMBERS)}", "complaint": {
        "category": "noise", "channel": "CHANNEL_PHONE", "residence": RESIDENCE}})
    return client.intake.PushTickets(iter([ticket]))


def _import(client, s, _):
    request = protos.message_type("redress.intake.v1.ImportComplaintsRequest")()
    row = {"system": "old", "reference": f"row-{next(_NUMBERS)}", "kind": "COMPLAINT_KIND_COMPLAINT", "category": "noise",
           "zone": "Europe/Paris", "agency": s.agency, "facts": [{"kind": "FACT_KIND_RECEIVED", "occurred_at": 1_600_000_000_000}]}
    return client.intake.ImportComplaints(iter([protos.fill(request, {"complaints": [row]})]))


def _upload(client, s, _):
    return client.register.UploadTerritory(iter([landlord.territory_of((AGENCY, "AG-2"))]))


def _register_technician(client, s, _):
    return client.scheduling.RegisterTechnician(technician={"name": "technicians/tech-new", "agency": s.agency, "zone": "UTC"})


def _set_absence(client, s, _):
    return client.scheduling.SetAbsence(technician=s.technician, absence={
        "start_time": landlord.ago(days=-80), "end_time": landlord.ago(days=-81 - next(_NUMBERS)), "reason": "leave"})


def _unpark(method, **fields):
    return Call(lambda client, s, _: getattr(client.admin, method)(service="intake", shard=0, input_service="routing", aggregate=s.complaint,
                                                                   version=1, **fields), through="NOT_FOUND NOT_PARKED", named=False)


def _report(method, seen):
    return Call(lambda client, s, _: getattr(client.sla, method)(), shows=lambda reply, s: seen(reply), named=False)


def _personal(**fields):
    return {"personal_data": True, "purpose": "test", **fields}


_INTAKE = {
    "SubmitComplaint": Call(lambda client, s, _: landlord.submit(client, category="noise"), named=False),
    "SubmitComplaint (for a known person)": Call(lambda client, s, _: landlord.submit(client, category="noise", person=s.person), "received"),
    "SubmitComplaint (with a known reference)": Call(lambda client, s, _: landlord.submit(
        client, category="noise", external_reference={"system": "crm", "reference": "shared"}), named=False),
    "AcknowledgeComplaint": _verb("AcknowledgeComplaint"),
    "AcknowledgeComplaint (more than 24 h back)": _verb("AcknowledgeComplaint", "received_long_ago", occurred_time=landlord.ago(days=2), reason="letter"),
    "StartComplaint": _verb("StartComplaint"),
    "AnswerComplaint": _verb("AnswerComplaint", text="Bonjour"),
    "ResolveComplaint": _verb("ResolveComplaint", outcome="OUTCOME_FIXED"),
    "ConfirmComplaint": _verb("ConfirmComplaint", "resolved"),
    "ContestComplaint": _verb("ContestComplaint", "resolved", text="Encore"),
    "ReopenComplaint": _verb("ReopenComplaint", "resolved"),
    "WithdrawComplaint": _verb("WithdrawComplaint"),
    "AmendComplaint": _verb("AmendComplaint", care_level=1),
    "AddMessage (the resident's words)": _verb("AddMessage", from_resident=True, channel="CHANNEL_EMAIL", text="Bonjour"),
    "AddMessage (the landlord's words)": _verb("AddMessage", channel="CHANNEL_EMAIL", text="Bonjour"),
    "AddNote": _verb("AddNote", text="vu"),
    "AddAttachment": _verb("AddAttachment", attachment={"uri": "store:1", "sha256": "AA" * 21 + "A=", "size_bytes": 1, "media_type": "image/png"}),
    "GetAttachmentKey": Call(lambda client, s, _: client.intake.GetAttachmentKey(name=s.complaint, uri="store:1", purpose="test"),
                             shows=lambda reply, s: len(reply.key) == 32),
    "RecordFact": _verb("RecordFact", kind="FACT_KIND_MADE_SAFE"),
    "GetComplaint": _verb("GetComplaint", None),
    "GetComplaint (with personal data)": _verb("GetComplaint", None, **_personal()),
    "ListComplaints": Call(lambda client, s, _: client.intake.ListComplaints(page_size=1000), shows=_is_about_it, named=False),
    "ListComplaintHistory": Call(lambda client, s, _: client.intake.ListComplaintHistory(name=s.complaint), shows=lambda reply, s: reply.entries),
    "ListComplaintHistory (with personal data)": Call(lambda client, s, _: client.intake.ListComplaintHistory(name=s.complaint, **_personal()),
                                                      shows=lambda reply, s: reply.entries),
    "LookUpTrackingCode": Call(lambda client, s, landlord: client.intake.LookUpTrackingCode(tracking_code=landlord.tracking_codes[s.complaint]),
                               shows=lambda reply, s: reply.state, named=False),
    "GetPerson": Call(lambda client, s, _: client.intake.GetPerson(name=s.person, purpose="test"), shows=_is_about_it),
    "FindPeople": Call(lambda client, s, _: client.intake.FindPeople(phone=PHONE, purpose="test"), shows=lambda reply, s: reply.people, named=False),
    "ExportPerson": Call(lambda client, s, _: client.intake.ExportPerson(name=s.person, purpose="test"), shows=_is_about_it),
    "ErasePerson": Call(lambda client, s, _: client.intake.ErasePerson(name=s.person, reason="asked"), "ended", lambda reply, s: reply.erased),
    "RedactText": _verb("RedactText", reason="neighbour", redactions=[{"version": 1, "field": "FIELD_DESCRIPTION", "kept_text": "rien"}]),
    "SetLegalHold": Call(lambda client, s, _: client.intake.SetLegalHold(name=s.complaint, matter=f"case-{next(_NUMBERS)}", reason="dispute"),
                         "received", lambda reply, s: len(reply.legal_holds) == 1),
    "SetLegalHold (on a person)": Call(lambda client, s, _: client.intake.SetLegalHold(
        name=s.person, matter=f"case-{next(_NUMBERS)}", reason="dispute"), "received", lambda reply, s: len(reply.legal_holds) == 1),
    "LiftLegalHold": Call(lambda client, s, _: client.intake.LiftLegalHold(name=s.complaint, matter="case", reason="settled"),
                          "held_complaint", lambda reply, s: not reply.legal_holds),
    "LiftLegalHold (on a person)": Call(lambda client, s, _: client.intake.LiftLegalHold(name=s.person, matter="case", reason="settled"),
                                        "held_person", lambda reply, s: not reply.legal_holds),
    "ListLegalHolds": Call(lambda client, s, _: client.intake.ListLegalHolds(page_size=1000), "held_complaint",
                           lambda reply, s: s.complaint in [hold.name for hold in reply.legal_holds], named=False),
    "ListLegalHolds (on people)": Call(lambda client, s, _: client.intake.ListLegalHolds(page_size=1000), "held_person",
                                       lambda reply, s: s.person in [hold.name for hold in reply.legal_holds], named=False),
    "PushTickets": Call(_push, shows=lambda reply, s: reply.answer == 1, named=False),
    "ImportComplaints": Call(_import, shows=lambda reply, s: reply.rows[0].answer == 1),
}
_ROUTING = {
    "AssignComplaint": Call(lambda client, s, _: client.routing.AssignComplaint(name=s.complaint, team="front-desk", priority=2, reason="asked"),
                            "assigned", _is_about_it),
    "GetAssignment": Call(lambda client, s, _: client.routing.GetAssignment(name=s.complaint), shows=_is_about_it),
    "ListQueue": Call(lambda client, s, _: client.routing.ListQueue(team="front-desk", page_size=1000), shows=_is_about_it, named=False),
    "ExplainRoute": Call(lambda client, s, _: client.routing.ExplainRoute(name=s.complaint), shows=_is_about_it),
}
_REGISTER = {
    "UploadTerritory": Call(_upload, shows=lambda reply, s: reply.result.unchanged, named=False),
    "SetOrganisation": _set("SetOrganisation", "organisation"),
    "SetRuleSet": _set("SetRuleSet", "rule_set"),
    "SetObligationPack": _set("SetObligationPack", "pack"),
    "SetPackRules": _set("SetPackRules", "pack_rules"),
    "SetCalendar": _set("SetCalendar", "calendar"),
    "AdoptTzdata": Call(lambda client, s, landlord: client.register.AdoptTzdata(version=landlord.tzdata),
                        shows=lambda reply, s: reply.result.unchanged, named=False),
    "GetVersion": Call(lambda client, s, _: client.register.GetVersion(kind="REFERENCE_KIND_TERRITORY"),
                       shows=lambda reply, s: reply.version.territory_counts.agencies == 2, named=False),
    "ListVersions": Call(lambda client, s, _: client.register.ListVersions(), shows=lambda reply, s: reply.versions, named=False),
    "DownloadTerritory": Call(lambda client, s, _: client.register.DownloadTerritory(),
                              shows=lambda reply, s: any(node.code == s.agency for node in reply.territory.agencies), named=False),
    "ListPlaces": Call(lambda client, s, _: client.register.ListPlaces(),
                       shows=lambda reply, s: any(place.agency == s.agency for place in reply.places), named=False),
}
_SCHEDULING = {
    "RegisterTechnician": Call(_register_technician, shows=lambda reply, s: reply.technician.agency == s.agency),
    "SetAbsence": Call(_set_absence, "received", lambda reply, s: reply.technician.name == s.technician),
    "ListTechnicians": Call(lambda client, s, _: client.scheduling.ListTechnicians(),
                            shows=lambda reply, s: any(one.name == s.technician for one in reply.technicians), named=False),
    "RequestVisit": Call(lambda client, s, _: client.scheduling.RequestVisit(complaint=s.complaint, agency=s.agency), "received", _is_about_it),
    "FindSlots": Call(lambda client, s, _: client.scheduling.FindSlots(name=s.visit), shows=lambda reply, s: reply.slots),
    "ExplainSlots": Call(lambda client, s, _: client.scheduling.ExplainSlots(name=s.visit), shows=lambda reply, s: reply.technicians),
    "HoldSlot": _visit("HoldSlot", "requested", slot=_free),
    "ReleaseHold": _visit("ReleaseHold", "held"),
    "BookVisit": _visit("BookVisit", "requested", slot=_free),
    "MoveVisit": _visit("MoveVisit", "booked", slot=_free, reason="landlord"),
    "StartVisit": _visit("StartVisit", "booked"),
    "StartVisit (another technician's)": _visit("StartVisit", "booked_with_another"),
    # No visit of a new server was asked for that long ago.
    "StartVisit (more than 24 h back)": _visit("StartVisit", "booked", through="INVALID_ARGUMENT INVALID_FIELDS", occurred_time=landlord.ago(days=2),
                                               backdating_reason="letter"),
    "CompleteVisit": _visit("CompleteVisit", "booked", result="VISIT_RESULT_FIXED"),
    "CompleteVisit (another technician's)": _visit("CompleteVisit", "booked_with_another", result="VISIT_RESULT_FIXED"),
    "ReportNoAccess": _visit("ReportNoAccess", "booked", evidence="card-1"),
    "ReportNoAccess (another technician's)": _visit("ReportNoAccess", "booked_with_another", evidence="card-1"),
    "CancelVisit": _visit("CancelVisit", "requested", reason="resident"),
    "GetIntervention": _visit("GetIntervention", None),
    "GetIntervention (with personal data)": _visit("GetIntervention", "booked", include_personal_data=True),
    "GetIntervention (with personal data of another technician's)": _visit("GetIntervention", "booked_with_another", include_personal_data=True),
    "ListInterventions": Call(lambda client, s, _: client.scheduling.ListInterventions(complaint=s.complaint),
                              shows=lambda reply, s: reply.interventions, named=False),
}
_SLA = {
    "GetClock": Call(lambda client, s, _: client.sla.GetClock(name=s.clock), shows=lambda reply, s: reply.clock.name == s.clock),
    "ExplainClock": Call(lambda client, s, _: client.sla.ExplainClock(name=s.clock), shows=lambda reply, s: reply.explanation.clock.name == s.clock),
    "ListCasesAtRisk": Call(lambda client, s, _: client.sla.ListCasesAtRisk(page_size=1000), shows=lambda reply, s: reply.cases, named=False),
    "GetTimeToResolution": _report("GetTimeToResolution", lambda reply: reply.total.cases),
    "GetOnTimeRates": _report("GetOnTimeRates", lambda reply: sum(row.met + row.late + row.overdue for row in reply.totals)),
    "GetWaitingShares": _report("GetWaitingShares", lambda reply: reply.total.cases),
    "GetBackdating": _report("GetBackdating", lambda reply: reply.total.cases),
}
_ADMIN = {
    "GetStatus": Call(lambda client, s, _: client.admin.GetStatus(), shows=lambda reply, s: reply.shards, named=False),
    "ListDigests": Call(lambda client, s, _: client.admin.ListDigests(), shows=lambda reply, s: reply.digests, named=False),
    "RebuildProjection": Call(lambda client, s, _: client.admin.RebuildProjection(service="scheduling"), shows=lambda reply, s: reply.equal, named=False),
    "CreateCheckpoint": Call(lambda client, s, _: client.admin.CreateCheckpoint(service="sla", checkpoint_id=f"c{next(_NUMBERS)}"),
                             shows=lambda reply, s: reply.directory, named=False),
    "ListParkedInputs": Call(lambda client, s, _: client.admin.ListParkedInputs(), named=False),
    "ReplayParkedInput": _unpark("ReplayParkedInput"),
    "SkipParkedInput": _unpark("SkipParkedInput", reason="test"),
    # The server of the test has no master key.
    "CreateBackup": Call(lambda client, s, _: client.admin.CreateBackup(backup_id="b"), through="FAILED_PRECONDITION KEYS_LIE_OPEN", named=False),
    "RotateMasterKey": Call(lambda client, s, _: client.admin.RotateMasterKey(), through="FAILED_PRECONDITION NO_MASTER_KEY", named=False),
}
_EVENTS = {
    "Subscribe": Call(lambda client, s, _: client.events.Subscribe(complaints=[s.complaint]), shows=_is_about_it, named=False),
}

# By service and name of the row.
CALLS = {f"redress.{service}/{name}": call for service, calls in {
    "intake.v1.IntakeService": _INTAKE, "routing.v1.RoutingService": _ROUTING, "register.v1.RegisterService": _REGISTER,
    "scheduling.v1.SchedulingService": _SCHEDULING, "sla.v1.SlaService": _SLA, "admin.v1.AdminService": _ADMIN,
    "public.v1.EventStreamService": _EVENTS}.items() for name, call in calls.items()}
