"""An operator who is bound to a site sees the findings about its devices, and no others."""

from dataclasses import replace

import pytest

from service.kit.ids import new_uuid
from service.oversight.domain.findings import Finding, Kind, Pattern
from service.oversight.errors import NoSuchFinding
from service.oversight.ports import FindingQuery
from service.oversight.usecases.findings import close_finding, list_findings
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER

HERE = replace(TESTER, site="here")


def finding(kind: Kind, name: str, site: str) -> Finding:
    return Finding(
        id=new_uuid(),
        pattern=Pattern.POOR_PRINTS_BURST,
        kind=kind,
        name=name,
        site=site,
        scope="",
        count=9,
        of=10,
        expected=1.0,
        since=NOW,
        until=NOW,
        measured=None,
        usual=None,
        enrolments=(),
        found_at=NOW,
    )


def test_findings_are_of_the_site(storage: SqlStorage) -> None:
    own = finding(Kind.DEVICE, "counter-1", "here")
    others = [finding(Kind.DEVICE, "counter-1", "elsewhere"), finding(Kind.SENDER, "token:a counter", "")]
    with storage.write() as uow:
        for one in (own, *others):
            uow.findings.add(one)
        uow.commit()
    assert len(list_findings(FindingQuery(), actor=TESTER, storage=storage)) == 3
    assert [one.id for one in list_findings(FindingQuery(), actor=HERE, storage=storage)] == [own.id]
    for one in others:
        with pytest.raises(NoSuchFinding):
            list_findings(FindingQuery(after=one.id), actor=HERE, storage=storage)
        with pytest.raises(NoSuchFinding):
            close_finding(one.id, "looked into", actor=HERE, storage=storage, clock=Noon())
    closed = close_finding(own.id, "looked into", actor=HERE, storage=storage, clock=Noon())
    assert closed.closed_by == HERE.id
