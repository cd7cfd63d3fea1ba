"""The names under which partners write each thing a contact is made of, as data.

Every entry is a folded name (`naming.fold`). A name nobody listed is tried again without the words that senders put
around it (`concern_risk_level`, `riskLevelText`). What is in no list ends up in `unmapped`, so nothing is lost.
"""

from collections.abc import Mapping
from functools import lru_cache

from schemas.care_status import CARE_FIELDS

GUESSED = 500
"""The rank from which on a name was recognised only without the words around it."""


class Table(dict[str, tuple[str, int]]):
    """Folded name to (concept, rank); compared by identity, so that look-ups can be remembered."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


def terms(concepts: Mapping[str, str]) -> Table:
    """A table from lists of names: those listed first are believed first when several are present."""
    table = Table()
    for concept, names in concepts.items():
        for rank, name in enumerate(names.split()):
            table.setdefault(name, (concept, rank))
    return table


def _around(prefixes: str, cores: str, suffixes: str) -> str:
    """Every core with every prefix and suffix, the bare cores first; `-` stands for no affix."""
    made = [
        f"{before}{core}{after}".replace("-", "")
        for core in cores.split()
        for before in prefixes.split()
        for after in suffixes.split()
    ]
    return " ".join(sorted(made, key=len))


#: A person: the child, a parent, the referrer. Concepts are the fields of `schemas.person`, and what they are made of.
PERSON = terms(
    {
        "given": "forename forenames firstname firstnames first given givenname givennames legalforename legalfirstname "
        "christianname fname forename1 namefirst nameforename nameforenames namegiven namegivenname namefirstname "
        "namegivennames firstgivenname",
        "middle": "middlename middlenames othernames othername othergivennames middle forename2 middleinitial namemiddle "
        "namemiddlename namemiddlenames nameother",
        "family": "surname lastname familyname family last legalsurname legallastname lname namelast namesurname namefamily "
        "namelastname namefamilyname secondname personfamilyname currentsurname",
        "full": "fullname name legalname childname personname displayname namefull namefullname nametext namevalue "
        "namedisplay completename nameinfull fullnamelegal namelegal childsname label who",
        "known_as": "knownas knownasname preferredname preferredforename preferredfirstname nickname alias aliases aka "
        "likestobecalled nameknownas namepreferred namenickname prefername chosenname usualname usualforename",
        "former_family": "maidenname formersurname previoussurname formerfamilyname birthsurname",
        "dob": "dob dateofbirth birthdate birthday dateborn born birth personbirthdate birthdatetime bday dobdate "
        "childdob dobvalue datebirth birthdob dobirth bornon birthdatevalue birthdateofbirth",
        "dob_day": "dobday dateofbirthday birthdateday birthday_day",
        "dob_month": "dobmonth dateofbirthmonth birthdatemonth",
        "dob_year": "dobyear dateofbirthyear birthdateyear yearofbirth birthyear",
        "expected_dob": "edd expecteddob duedate expecteddateofbirth expecteddateofdelivery expecteddeliverydate "
        "estimatedduedate estimateddateofdelivery estimateddeliverydate expectedpersonbirthdate expectedbirthdate "
        "babyduedate due expecteddate expecteddelivery",
        "unborn": "unborn isunborn unbornchild unbornbaby prebirth isprebirth unbornflag unbornindicator notyetborn",
        "age": "age ageyears ageinyears approximateage approxage estimatedage ageatincident currentage agevalue",
        "sex": "sex gender gendercurrent legalsex birthsex sexatbirth administrativegender sexcode gendercode",
        "ethnicity": "ethnicity ethnicorigin ethniccode ethnicitycode ethnicgroup ethnicbackground ethniccategory "
        "selfdefinedethnicity",
        "disability": "disability disabilities disabilitycode disabilitycodes disabilitydisability disabilitiesdisability",
        "looked_after": CARE_FIELDS,
        "nhs_number": "nhsnumber nhsno nhs nhsnum nhsid nhsnumbervalue identifiersnhs identifiersnhsnumber",
        "upn": "upn uniquepupilnumber uniquepupilno upnnumber upncode identifiersupn",
        "former_upn": "formerupn previousupn oldupn",
        "la_child_id": "lachildid lachildidentifier localauthoritychildid lachildreference childlaid socialcareid "
        "socialcarenumber socialcareref ladsid",
        "local": "personid childid pupilid studentid localid nominalid nominalnumber nominalref nominal personref "
        "personreference personnumber personurn childref childreference pupilref nicheid pncid pncidentifier misid "
        "admissionnumber admissionno lcsid mosaicid liquidlogicid cpomsid externalid identifier identifiers id uid uuid "
        "guid subjectid victimid rollnumber",
        "own_reference": "ref reference number",
        "address": "address homeaddress currentaddress addresses addressfull fulladdress residence residentialaddress "
        "postaladdress addresstext addresshome homeaddresstext addresslines addressvalue usualaddress livesat "
        "addresscurrent",
        "line0": "flat addressflat flatnumber subbuilding unit apartment roomnumber",
        "line1": "addressline1 line1 address1 house housename housenumber housenameornumber buildingname buildingnumber "
        "building premises addressbuilding propertynumber propertyname addresshousenumber addresshouse addressnumber "
        "paon homeaddressline1 addressstreetnumber streetnumber",
        "line2": "addressline2 line2 address2 street streetname road addressstreet addressstreetname addressroad saon "
        "homeaddressline2 addressline line lines streetaddress addressstreetaddress thoroughfare",
        "line3": "addressline3 line3 address3 locality village district area suburb addresslocality addressvillage addressarea",
        "line4": "addressline4 line4 address4 town city posttown addresstown addresscity addressposttown towncity",
        "line5": "addressline5 line5 address5 county addresscounty region",
        "postcode": "postcode postalcode postcodehome homepostcode addresspostcode addresspostalcode zip zipcode pcode "
        "homeaddresspostcode currentpostcode addresszip",
        "phone": "phone telephone mobile tel phonenumber telephonenumber mobilenumber mobilephone contactnumber "
        "contactphone contacttelephone contactno phoneno telno mobileno telephoneno directdial hometelephone homephone "
        "workphone worktelephone daytimephone landline cell contacttel contactmobile phonemobile phonehome phonework",
        "email": "email emailaddress mail contactemail workemail emailid",
        "job": "jobtitle job occupation post profession designation rank jobrole position roletitle staffrole",
        "organisation": "organisation organization agency employer force service team organisationname workplace practice "
        "surgery company department station",
        "relation": "relationship relation relationshiptype relationtype linktype relationshiptochild relationtochild relationshiptosubject relationshipto "
        "relationshiptopupil relationshiptoyoungperson relationshipwithchild role roleinincident involvement "
        "involvementtype roletype roletext persontype type capacity partytype roles classification persontypecode "
        "rolecode subjecttype category status involvedas kind",
        "school": "schoolattended educationsetting nursery college schoolname schoolcollege",
        "language": "language firstlanguage homelanguage preferredlanguage spokenlanguage languagespoken mothertongue",
        "title": "title salutation honorific prefix nametitle nameprefix",
    }
)

#: An organisation: the school or force that sent it, the school a child attends.
ORGANISATION = terms(
    {
        "name": "name schoolname organisationname orgname forcename fullname displayname title settingname agencyname text "
        "value label",
        "urn": "urn schoolurn uniquereferencenumber urnnumber edubaseurn giasurn",
        "laestab": "laestab laestabnumber dfenumber dfeno dfecode laestabcode schoolcode dfe lanumberestab leaestab",
        "lea": "lea la lacode lanumber leanumber localauthoritycode",
        "estab": "estab establishmentnumber estabnumber establishmentno",
        "ods": "ods odscode",
        "force": "force forcecode forceid policeforcecode forcenumber",
        "code": "code id identifier organisationcode orgcode organisationid ukprn agencycode reference",
        "setting_type": "type schooltype settingtype phase organisationtype sector agencytype",
        "phone": "phone telephone tel phonenumber telephonenumber",
    }
)

_RISK_SUFFIXES = "- level rating grade grading category band indicator status classification code flag assessment score value"

#: What a message says about the concern itself.
MESSAGE = terms(
    {
        "transport_id": "messageid messageidentifier msgid headermessageid headerid metaid metamessageid envelopeid "
        "messageheaderid messageuuid transmissionid headermessageidentifier messagecontrolid metadatamessageid metadataid "
        "transactionid messageheadermessageid ceid",
        "notice_number": "ppnnumber ppnno ppnref ppnreference ppnid ppnreferencenumber ppnrefno noticenumber noticeref "
        "noticereference noticeid noticeno noticereferencenumber publicprotectionnoticenumber publicprotectionnoticeid "
        "publicprotectionnoticereference publicprotectionnoticeref publicprotectionnoticeno ppnurn ppnuniquereference "
        "merlinref merlinreference merlinnumber merlinid merlinreferencenumber merlinno pacnumber pacreference pacref "
        "pacid prereference preassessmentreference vistref vistreference vistnumber vulnerabilityreportnumber "
        "reportnumber reportref reportreference reportid reportno notificationnumber notificationref "
        "notificationreference notificationid",
        "concern_number": "concernid concernref concernreference concernnumber concernno concernreferencenumber referralid "
        "referralref referralreference referralnumber referralno referralreferencenumber safeguardingref "
        "safeguardingreference safeguardingid safeguardingconcernid safeguardingconcernref safeguardingconcernreference "
        "cpomsref cpomsreference myconcernid myconcernref submissionid submissionref submissionreference contactref "
        "contactreference contactrecordid contactrecordref",
        "reference": "reference ref referenceno referencenumber refno refnumber uniquereference uniquereferencenumber "
        "uniqueref policeref policereference policereferencenumber ourref ourreference senderref senderreference "
        "sendersreference forceref forcereference forcereferencenumber sourcereference sourceref externalreference "
        "externalref schoolref schoolreference schoolsreference agencyreference agencyref businessreference "
        "yourreference referenceid referencevalue references headerreference businessref localreference documentreference "
        "sourcesystemid systemreference messagereference messageref",
        "urn": "urn",
        "incident_number": "incidentnumber incidentref incidentreference incidentreferencenumber incidentno incidentid "
        "incidenturn occurrencenumber occurrenceref occurrencereference occurrenceno occurrenceid crimenumber "
        "crimeref crimereference crimereferencenumber crimeno crimeid cadnumber cadref cadreference stormnumber "
        "lognumber logref logno eventnumber investigationnumber investigationref incidentlognumber nicheoccurrencenumber "
        "occurrencereferencenumber nicheoccurrence nichereference nicheref athenareference athenainvestigation",
        "record_id": "id number no identifier uid guid uuid recordid recordnumber documentid formid entryid caseid "
        "casenumber caseref casereference caseno identifiervalue",
        "amends": "amends amendsreference amendsref amendmentof amendmentto replaces replacesreference replacesref "
        "supersedes updateof originalreference originalref originalppn originalppnnumber originalppnreference "
        "originalnotice originalnoticenumber originalconcernid previousreference previousref previousversionreference "
        "correctionof corrects correctsreference amendsppn amendsnotice amendednotice amendedppn cancels "
        "cancelsreference updates supersedesreference replacesppn replacesnotice amendsconcern originalid",
        "written": "writtenat datewritten submittedat submissiondate submissiontime submitteddatetime submissiondatetime "
        "submittedon datesubmitted submitted reportedat datereported reporteddate reportedon reporteddatetime reportdate "
        "reportdatetime dateofreport raisedat raisedon dateraised sentat datesent senton sent sentdate sentdatetime "
        "authoredon authored authoredat dateauthored createdat createdon created datecreated createddate createddatetime "
        "creationdate creationdatetime creationtime issuedat issuedon issued dateissued issuedate issuedatetime "
        "referredat referredon datereferred referraldate dateofreferral referraldatetime noticedate noticedatetime "
        "dateofnotice ppndate ppndatetime dateofppn loggedat datelogged recordedat recordedon daterecorded recordeddate "
        "recordeddatetime completedat datecompleted completedon signedat signedon datesigned messagedatetime "
        "messagetimestamp messagedate headertimestamp headerdatetime headerdate headersentat headercreated metatimestamp "
        "timestamp datetimesent datetimereported datetimesubmitted reporttimestamp contactdate contactdatetime "
        "dateofcontact contactat calldate callat calltime receivedat datereceived receiveddate metasubmittedat "
        "concernraisedat concernraisedon writtenon written dateofcompletion formdate concernreportedat dateandtimesubmitted "
        "dateandtimeofreport dateandtimereported reporteddateandtime datetimecreated metacreated metacreatedat metasentat "
        "noticeissued noticeissuedat noticecreated noticecreatedat",
        "written_late": "updatedat updatedon lastupdated lastmodified modifiedat modified amendedat amendedon dateamended "
        "amendmentdate dateupdated updated",
        "written_time": "timereported reportedtime timesubmitted submittedtime timeofreport timeraised senttime timesent "
        "reporttime timewritten writtentime noticetime timeofreferral timelogged timerecorded createdtime timecreated",
        "incident": "incidentat incidentdatetime incidentdate incidenttimestamp dateofincident datetimeofincident "
        "dateandtimeofincident incidentdateandtime incidentdateofincident incidentoccurredat incidentoccurredon "
        "incidentoccurred incidentstart incidentstartdate incidentstarted incidentwhen incidentfrom incidentdatestart "
        "occurredat occurredon occurred dateoccurred occurreddate occurreddatetime occurrencedate occurrencedatetime "
        "occurrenceat dateofoccurrence datetimeofoccurrence happenedat happenedon happened whenhappened whendidithappen "
        "whenithappened eventdate eventdatetime dateofevent offencedate dateofoffence observedat observedon dateobserved "
        "disclosuredate dateofdisclosure disclosedat disclosedon attendedat attendedon dateattended attendancedate when "
        "whenoccurred incidentdatetimestart datetimeoccurred datetimefrom firstnoticed incidentdateoccurred",
        "incident_time": "incidenttime timeofincident occurredtime timeoccurred occurrencetime timeofoccurrence eventtime "
        "incidenttimeofincident timehappened",
        "bare_date": "date datetime dateandtime concerndate dateofconcern concerndatetime concernat day noticedateandtime",
        "bare_time": "time concerntime timeofconcern",
        "risk": _around(
            "- overall current initial assessed police officer ppn notice child concern dash",
            "risk rag severity levelofrisk grading grade levelofconcern threat",
            _RISK_SUFFIXES,
        )
        + " level risklevelofrisk urgency priority urgencylevel prioritylevel concernlevel dangerlevel riskgraded brag "
        "bragrating braglevel bragstatus ragrisk riskrag riskragrating riskdashlevel risktochild risktochildlevel colour "
        "riskcolour rating riskassessmentlevel riskassessmentrating riskassessmentgrade riskassessmentoutcome "
        "riskassessmentresult assessedrisk gradeofrisk gradingofrisk ratinglevel vulnerabilitygrade vulnerabilitylevel "
        "graded hml trafficlight concernrating concerngrade levelofneed needlevel threshold thresholdlevel riskgradedas",
        "danger": "immediatedanger inimmediatedanger isimmediatedanger immediaterisk immediateriskofharm "
        "childinimmediatedanger childatimmediaterisk atimmediaterisk urgent isurgent emergency isemergency "
        "immediateconcern riskimmediate riskimmediatedanger immediateprotectionneeded",
        "narrative": "concern narrative whathappened circumstances circumstance circs description concerndescription concerndetails "
        "concernnarrative concerntext concernsummary descriptionofconcern detailsofconcern natureofconcern details detail "
        "incidentcircumstances circumstancesofincident incidentdescription incidentsummary incidentdetails "
        "incidentnarrative detailsofincident descriptionofincident referralreason reasonforreferral reasonforconcern "
        "reasonfornotice reasonforcontact reasonforcall reasonforreport concerns concernsraised whatareyouworriedabout "
        "worries account accountofincident disclosure disclosuredetails whatwassaid whatchildsaid concernreason "
        "referraldetails referralnarrative reportnarrative noticenarrative ppnnarrative narrativetext freetext story "
        "officerreport officernarrative officeraccount officersaccount summaryofconcern summaryofconcerns "
        "summaryofincident summaryofcircumstances facts allegation allegations synopsis comingtonotice modusoperandi mo gist "
        "reasonforppn reasonfornotification incidentreport officersreport summaryoffacts issue problem events whathappenedtext "
        "whathaveyouseenorheard whathaveyouseen whathaveyouheard whatdidyousee whatwasseen whathashappened whatdidchildsay "
        "whatdidthechildsay whatdidpupilsay whatdidtheysay whatareyourconcerns whatareyourworries whatareyoureporting whatisyourconcern whatistheconcern reasonforyourconcern whyareyouconcerned presentingconcern "
        "presentingconcerns safeguardingconcern safeguardingconcerns concernraised reason",
        "weak_narrative": "summary text body message content comments comment note notes information observations "
        "observation evidence remarks explanation noticetext messagetext reporttext messagebody statement",
        "more": "background history familyhistory contextinformation voiceofthechild voiceofchild childvoice childsvoice "
        "voice childswishes wishesandfeelings childsaid childsview childsviews actiontaken actionstaken "
        "immediateaction immediateactions immediateactionstaken actions furtherdetails furtherinformation "
        "additionalinformation otherinformation additionaldetails additionalcomments analysis riskrationale riskreason "
        "riskassessmentrationale rationale riskreasons riskdescription riskdetails officernotes officerobservations "
        "officercomments officersobservations policeobservations homeconditions signsandindicators parentsview "
        "parentsviews protectivefactors strengths impact impactonchild concernimpact injuries injury demeanour "
        "professionalopinion childsdemeanour childpresentation presentation context",
        "heading": "title subject headline heading topic concerntitle shortdescription",
        "need": "need needcode primaryneed primaryneedcode categoryofneed concerncategory concerncategories category "
        "categories concerntype concerntypes typeofconcern abusetype typeofabuse abusecategory categoryofabuse "
        "categoriesofabuse presentingissue presentingissues presentingneed primaryconcern incidenttype typeofincident "
        "incidentcategory harmtype typeofharm risktype offence offencetype concernarea vulnerabilityfactors "
        "riskfactors concernnature nature safeguardingcategory abuse primarycategory maincategory concernprimary "
        "maincategoryofabuse categoryofconcern concernscategory",
        "kind": "noticetype referraltype notificationtype notificationpurpose contacttype reporttype requesttype "
        "submissiontype ppntype sharingtype sharetype sharingpurpose purpose purposeofsharing purposeofnotice "
        "reasonforsharing disposition actionrequired actionrequested requestedaction outcomerequested "
        "requestedoutcome recommendation pathway messagekind formname formtitle kind type documenttype recordtype formtype subtype "
        "concernkind intent requiredaction noticepurpose responserequired noticekind decision policedecision",
        "information_only": "informationonly forinformationonly infoonly isinformationonly forinformation foryourinformation",
        "referral_flag": "isreferral referral referralrequired formalreferral isformalreferral referralmade",
        "action": "action messageaction messagetype messagestatus noticestatus status operation versionstatus "
        "recordstatus eventtype event transactiontype headeraction headertype headermessagetype documentstatus "
        "reportstatus ppnstatus concernstatus referralstatus metatype amendmenttype updatetype changetype",
        "amended": "amendment isamendment amended isamended update isupdate isupdated isanupdate iscorrection correction "
        "isrevision revised isrevised amendmentindicator isanamendment",
        "cancelled": "cancelled canceled iscancelled iscanceled cancel cancellation iscancellation withdrawn iswithdrawn "
        "retracted isretracted voided deleted cancelnotice enteredinerror",
        "version": "version versionnumber revision revisionnumber amendmentnumber versionno noticeversion ppnversion "
        "concernversion issuenumber",
        "ignored": "schemaversion formatversion specversion headerversion metaversion schema xmlns xsischemalocation "
        "schemalocation format nonamespaceschemalocation metaschema dataschema headerschema contenttype datacontenttype",
        "source": "source sourcecode referralsource referralsourcecode referralsourcetype sourceofreferral contactsource "
        "sourceofcontact referrertype referrercategory referreragency callertype reportertype sourcetype sourceagency "
        "contactsourcecode",
        "authority": "localauthority localauthoritycode localauthorityname la lacode laname authority authoritycode "
        "responsibleauthority responsibleauthoritycode homeauthority homela homelocalauthority residentauthority council "
        "councilcode lea leacode dfelacode gss gsscode responsiblela authorityname homeauthoritycode",
        "place": "location incidentlocation incidentaddress incidentpostcode locationofincident placeofincident "
        "addressofincident incidentplace incidentlocationaddress incidentlocationpostcode venue scene where "
        "locationaddress locationpostcode incidentaddresspostcode locationname locationdescription",
        "laestab": "laestab laestabnumber dfenumber dfeno",
        "force": "forcecode forceid policeforcecode",
        "anonymous": "anonymous isanonymous anonymousreferrer anonymousreferral callerisanonymous remainanonymous",
    }
)

#: A plain value under such a name is the number of the thing; an object under it is the thing.
NUMBER_OF = {
    "ppn": "ppnnumber", "pac": "pacnumber", "merlin": "merlinref", "vist": "vistref", "cad": "cadref", "crime": "crimenumber",
    "occurrence": "occurrencenumber", "notice": "noticenumber",
}  # fmt: skip

_BEFORE = (
    "safeguarding", "concern", "referral", "report", "notice", "notification", "ppn", "form", "main", "full", "current",
    "primary", "police", "senders", "sender", "external", "internal", "details", "dtl", "txt", "str", "fld", "the", "my",
)  # fmt: skip
_AFTER = ("description", "details", "detail", "text", "value", "field", "string", "code", "desc", "info", "s")


@lru_cache(maxsize=16384)
def _bare(folded: str) -> tuple[str, ...]:
    """The name without one word before it, one after it, or both; most of it first."""
    made = [folded]
    if folded.startswith(_BEFORE):
        made += [folded[len(word) :] for word in _BEFORE if folded.startswith(word)]
    if folded.endswith(_AFTER):
        made += [front[: -len(word)] for front in tuple(made) for word in _AFTER if front.endswith(word)]
    return tuple(sorted({name for name in made if len(name) >= 3 and name != folded}, key=len, reverse=True))


@lru_cache(maxsize=32768)
def concept_of(names: tuple[str, ...], table: Table) -> tuple[str, int]:
    """The concept a field stands for, and its rank; ("", 0) when none. `names`: most specific first.

    From rank `GUESSED` on the name was only recognised without the words around it.
    """
    for name in names:
        if name in table:
            return table[name]
    for name in names:
        for shorter in _bare(name):
            if shorter in table:
                concept, rank = table[shorter]
                return concept, rank + GUESSED
    return "", 0
