"""Local authorities, and which one is responsible at a postcode.

`data/authorities.csv` lists the authorities of England by DfE three-digit code, with the GSS code where it is known.
`data/postcodes.csv` maps outward codes to an authority and holds only districts that lie mainly in one: a partnership
replaces it with an extract of the ONS postcode directory for its area. A postcode that is not in it gives no answer.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.contact import Authority

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Authorities:
    """The authority of a contact: named in the message, else by postcode, else the front door's own."""

    names: Mapping[str, str]
    from_gss: Mapping[str, str]
    by_outward: Mapping[str, str]
    own: str

    def responsible(self, stated: str, postcode: str) -> Authority:
        """`how` says where the answer comes from; `default` asks a person to look."""
        code = stated.strip().upper()
        code = self.from_gss.get(code, code)
        if code in self.names:
            return Authority(code=code, name=self.names[code], how="message")
        by_postcode = self.by_outward.get(outward(postcode), "")
        if by_postcode:
            return Authority(code=by_postcode, name=self.names[by_postcode], how="postcode")
        return Authority(code=self.own, name=self.names.get(self.own, ""), how="default")


def outward(postcode: str) -> str:
    """The outward part of a UK postcode, or empty when it does not look like one."""
    packed = "".join(postcode.upper().split())
    return packed[:-3] if 5 <= len(packed) <= 7 and packed[-3:-2].isdigit() and packed[-2:].isalpha() else ""


@cache
def authorities(own: str) -> Authorities:
    """The shipped tables, for the front door of one authority. Raises `ValueError` for an own code that is unknown."""
    with (_DATA / "authorities.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    names = {row["dfe_code"]: row["name"] for row in listed}
    if own not in names:
        raise ValueError(f"own_authority {own!r} is not a DfE authority code; see schemas/data/authorities.csv")
    with (_DATA / "postcodes.csv").open(newline="") as file:
        by_outward = {row["outward"]: row["dfe_code"] for row in csv.DictReader(file)}
    return Authorities(names, {row["gss_code"]: row["dfe_code"] for row in listed if row["gss_code"]}, by_outward, own)
