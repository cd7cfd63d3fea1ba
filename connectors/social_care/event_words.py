"""The names under which case systems write each part of a case event, as data."""

from connectors.fields.vocabulary import MESSAGE, terms

#: Who did it, most specific first. `to` receives a case, `from` gave it; the rest did what the event tells.
_WORKERS = {
    "to": "allocatedto assignedto allocatedworker assignedworker assignee allocateto assignto allocatedsocialworker newworker "
    "reallocatedto allocatee namedworker leadworker to",
    "by": "assessedby assessor riskassessor riskassessedby by decidedby decisionmaker decisionby decisionmadeby authorisedby "
    "authorizedby approvedby closedby acknowledgedby startedby heldby chairedby worker socialworker practitioner caseworker "
    "recordedby completedby takenby performedby doneby undertakenby staff staffmember user username actor professional "
    "operator manager loggedby enteredby createdby author chair conductedby reviewedby explainedby",
    "from": "allocatedby assignedby allocator previousworker transferredby allocatingmanager",
}

#: Of `by`, the names of whoever has the case rather than of whoever wrote the event down.
HOLDERS = ("worker", "socialworker", "practitioner", "caseworker")

_NAME = "- name fullname displayname namevalue nametext workername fullnamename label"
_FIRST = "firstname forename given givenname first"
_LAST = "surname lastname family familyname last"
_ID = "id workerid staffid code number identifier payrollnumber"


def _workers() -> dict[str, str]:
    made: dict[str, str] = {}
    for concept, names in _WORKERS.items():
        for part, endings in (("", _NAME), ("_first", _FIRST), ("_last", _LAST), ("_id", _ID)):
            made[concept + part] = " ".join(
                f"{name}{'' if ending == '-' else ending}" for name in names.split() for ending in endings.split()
            )
    return made


_RISK = " ".join(name for name, (concept, _) in sorted(MESSAGE.items(), key=lambda item: item[1][1]) if concept == "risk")

#: `event` strong names say that an object is an event; `weak_event` names may as well be something else.
EVENT = terms(
    {
        "event": "event eventtype eventname caseevent caseeventtype eventcode whathappenedtype eventkind eventeventtype "
        "caseeventname activitytype milestone milestonetype eventtypecode headereventtype eventtypename",
        "weak_event": "type kind action activity status step stage messagetype headertype recordtype entrytype updatetype what "
        "datatype casestatus transition name",
        "contact": "frontdoorcontactid frontdoorid frontdoorcontact frontdoorref frontdoorreference frontdoorcontactref "
        "frontdoorcontactreference frontdoorcaseid hubcontactid hubid hubref hubreference hubcontact hubcontactref contactid "
        "contactids contactcontactid contactidentifier contactref contactreference contact contactuuid contactnumber "
        "contactidvalue contactfrontdoorid contactfrontdoorcontactid contacthubid "
        "yourreference yourref inreplyto inresponseto referralid referralref referralcontactid ourreference ourref "
        "reference ref references caseid caseref casereference casenumber concernid correlationid subjectref "
        "caseidentifier referral subject",
        "receipt": "receiptid receipt receiptref receiptreference frontdoorreceipt frontdoorreceiptid receiptnumber",
        "ordinal": "childnumber childindex childordinal childno childsequence contactordinal ordinal childposition whichchild child",
        "message_id": "messageid eventid eventuuid msgid headermessageid headerid metaid transactionid eventidentifier ceid",
        "id": "id uuid guid",
        **_workers(),
        "team": "team teamname allocatedteam workerteam assignedteam toteam allocatedtoteam allocatedteamname workerteamname",
        "decision": "decision decisionoutcome outcomedecision decisiontype decisioncode nextstep nextsteps decisiontext "
        "decisionmade outcome outcomecode outcometype disposal result",
        "level": _RISK + " newlevel assessedlevel risklevelassessed riskoutcome outcomelevel levelassessed newrisk newrisklevel "
        "category assessedas resultlevel",
        "reason": "reason rationale reasontext reasonfordecision decisionreason decisionrationale reasoning justification "
        "riskrationale riskreason narrative comment comments note notes explanation summary description details detail text "
        "analysis evidence reasons assessmentsummary why remarks body message",
        "reason_code": "reasoncode closurereasoncode reasonforclosure closurereason reasonforclosurecode nfareason closereason "
        "transferreason",
        "happened": "assessedat assesseddate assessedon dateassessed assessmentdate dateofassessment riskassessedat "
        "occurredat occurredon happenedat happenedon eventtime eventat eventdate eventdatetime eventtimestamp eventoccurredat "
        "dateofevent allocatedat allocatedon allocateddate allocationdate dateallocated assignedat decidedat decisiondate "
        "decisionat decisiontime dateofdecision closedat closedon closuredate dateclosed closeddate transferredat "
        "transferdate startedat startdate datestarted authorisedat authorisationdate dateauthorised acknowledgedat heldat "
        "heldon dateheld conferencedate meetingdate strategydiscussiondate s47startdate s47enddate reviewdate completedat "
        "completedon datecompleted completiondate started held ended closed authorised completed transferred calledat calldate callat calltime contactdate contactat dateofcontact "
        "at when date datetime dateandtime on happened occurred",
        "recorded": "timestamp recordedat recordedon daterecorded createdat created sentat senton modifiedat updatedat "
        "loggedat enteredat receivedat headertimestamp metatimestamp",
        "clock": "time timeofday eventclock timeofassessment assessedtime assessmenttime timeassessed timeofevent",
        "method": "method channel via medium contactmethod howreceived communicationmethod contactchannel modeofcontact mode "
        "contacttype methodofcontact receivedby",
        "how": "how allocationmethod",
    }
)

#: Details that may be words rather than codes: none of them says anything about a child.
CODED = frozenset(
    "outcome category conference_type plan_type assessment_type transferred_to transfer_to destination recipient authority "
    "new_authority service step threshold abuse_category case_id case_reference episode_id workflow urgency office "
    "agency organisation receiving_authority method channel status".split()
)
