"""An outcome as a notice for a police force: XML or JSON. Pure.

Our own format, since none is public: `connectors/formats/outcome-notice.xsd` and `outcome-notice.schema.json`.
"""

import json
from xml.etree.ElementTree import Element, SubElement, tostring

from connectors.outcomes import FORMAT, told
from connectors.writing import Written, file_name
from schemas.outbound import OutboundItem


def write_xml(item: OutboundItem) -> Written:
    """The notice as UTF-8 XML. Raises `CannotWrite`."""
    root = Element("OutcomeNotice", {"format": FORMAT})
    for name, text in told(item).rows().items():
        SubElement(root, "".join(part.capitalize() for part in name.split("_"))).text = text
    body: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return Written(body, "application/xml", file_name(item, "xml"))


def write_json(item: OutboundItem) -> Written:
    """The notice as UTF-8 JSON. Raises `CannotWrite`."""
    body = json.dumps({"format": FORMAT, **told(item).rows()}, ensure_ascii=False, indent=1).encode()
    return Written(body, "application/json", file_name(item, "json"))
