"""Every DfE source code is understood as itself, alone and in the way Annex A writes it, and stays beside what was sent."""

import pytest

from schemas.codes import REFERRAL_SOURCES
from tests.connectors.fields.messages import read_as, reports_of


@pytest.mark.parametrize("code", REFERRAL_SOURCES)
def test_a_source_code_is_read_as_itself_and_the_sender_s_words_stay(code: str) -> None:
    for sent in (code, f"q) {code}: {REFERRAL_SOURCES[code]}"):
        call = {"event": "contact_recorded", "by": "Joe Marsh", "child": {"given_name": "Mia"}, "concern": "Hit", "source": sent}
        [report] = reports_of(read_as("social_care", call))
        assert (report.source_code, report.source_original) == (code, sent)
