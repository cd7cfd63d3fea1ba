"""The same files through the plain libraries: parsed into their own objects, or written from these, and no more."""

import csv
import io
import json
from collections.abc import Callable

import hl7  # type: ignore[import-untyped]
from fhir.resources.R4B import get_fhir_model_class
from lxml import etree  # type: ignore[import-untyped]
from openpyxl import load_workbook  # type: ignore[import-untyped]

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def plain_parse(name: str, body: bytes) -> object:
    """A message of a kind of `samples.KINDS`, parsed by the library that is usual for its format."""
    match name:
        case "health FHIR JSON":
            return _fhir(body).model_validate_json(body)
        case "health FHIR XML":
            return _fhir(body).model_validate_xml(body)
        case "health HL7 v2":
            return hl7.parse(body.decode().replace("\r\n", "\r").replace("\n", "\r"))
        case "education CSV":
            return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
        case "education xlsx" | "social care Annex A":
            book = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
            return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
        case "education JSON" | "police JSON" | "social care events":
            return json.loads(body)
        case _:
            return etree.fromstring(body, _PARSER)


def _fhir(body: bytes) -> type:
    kind = json.loads(body)["resourceType"] if body.lstrip()[:1] == b"{" else etree.fromstring(body).tag.partition("}")[2]
    model: type = get_fhir_model_class(kind)
    return model


def plain_write(format: str, body: bytes) -> Callable[[], object]:
    """What writes a message again from the library's own objects. `format` is a writer's."""
    if format in ("fhir-json", "fhir-xml"):
        kind = "Bundle"
        model = get_fhir_model_class(kind)
        bundle = model.model_validate_json(body) if format == "fhir-json" else model.model_validate_xml(body)
        return bundle.model_dump_json if format == "fhir-json" else bundle.model_dump_xml
    if format == "hl7v2":
        message = hl7.parse(body.decode())
        return lambda: str(message).encode()
    if format.endswith("xml"):
        tree = etree.fromstring(body)
        return lambda: etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    if format.endswith("csv"):
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
        return lambda: csv.writer(io.StringIO()).writerows(rows)
    if format == "text":
        text = body.decode()
        return text.encode
    value = json.loads(body)
    return lambda: json.dumps(value, ensure_ascii=False, indent=1).encode()
