"""The resources of one FHIR document, wherever they stand, and what refers to what."""

from collections.abc import Iterable
from typing import Any

from connectors.health.fhir_values import Node, element, first, items, nodes, text
from schemas.reading import Note

MOST_RESOURCES = 2_000
"""Resources of one message; above it nothing is read. The largest referral message seen has 24."""

_UNWRAPPED = Note(code="entry_unwrapped", field="Bundle.entry", text="A resource stood in its entry without 'resource'.")


class FhirDocument:
    """All resources of a document with their references. `root` is what was sent.

    Entries that hold their resource without the `resource` wrapper are read too, with a note. References may be
    `urn:uuid:…`, relative, absolute, versioned, or `#id` of a contained resource. `entries` counts what stood in a
    Bundle; `too_large` says that there are more resources than are read; `unwrapped` are those without the wrapper.
    """

    def __init__(self, root: Node, notes: list[Note]) -> None:
        self.root = root
        self.resources: list[Node] = []
        self.entries = 0
        self.too_large = False
        self.unwrapped: list[Node] = []
        self._by_reference: dict[str, Node] = {}
        self._notes = notes
        self._collect(root, depth=0)
        self.by_type: dict[str, list[Node]] = {}
        for resource in self.resources:
            self.by_type.setdefault(kind_of(resource), []).append(resource)

    def _collect(self, node: Node, depth: int) -> None:
        kind = kind_of(node)
        if kind == "Parameters":
            self._each(first_nodes(nodes(node, "parameter"), "resource"), depth)
        elif kind == "Bundle":
            found: list[tuple[Node, str]] = []
            for entry in nodes_of(element(node, "entry")):
                self.entries += 1
                inner = element(entry, "resource")
                if isinstance(inner, dict):
                    found.append((inner, text(entry, "fullUrl")))
                elif kind_of(entry):
                    found.append((entry, text(entry, "fullUrl")))
                    self.unwrapped.append(entry)
                    self._notes.append(_UNWRAPPED)
            for inner, url in found:
                self._add(inner, url, depth)
        else:
            self._add(node, "", depth)

    def _each(self, found: Iterable[Node], depth: int) -> None:
        for resource in found:
            self._add(resource, "", depth)

    def _add(self, resource: Node, url: str, depth: int) -> None:
        if len(self.resources) >= MOST_RESOURCES:
            self.too_large = True
            return
        if kind_of(resource) in ("Bundle", "Parameters"):
            if depth < 3:
                self._collect(resource, depth + 1)
            return
        self.resources.append(resource)
        identity = text(resource, "id")
        by_id = (f"{kind_of(resource)}/{identity}", f"urn:uuid:{identity}", identity) if identity else ()
        for key in (url, *by_id):
            if key:
                self._by_reference.setdefault(_folded(key), resource)
        for inner in nodes(resource, "contained"):
            if kind_of(inner) and kind_of(inner) != "Bundle":
                self.resources.append(inner)
                self._by_reference.setdefault(f"#{text(inner, 'id')} in {id(resource)}", inner)
                self._by_reference.setdefault(f"#{text(inner, 'id')}", inner)

    def find(self, reference: Any, holder: Node) -> Node:
        """What a Reference (or its text) in `holder` points to; an empty object when it is not in the document."""
        target = reference if isinstance(reference, str) else text(reference, "reference")
        if not target:
            return self._by_identifier(first(reference, "identifier"))
        if target.startswith("#"):
            return self._by_reference.get(f"{target} in {id(holder)}") or self._by_reference.get(target) or {}
        plain = target.split("/_history/")[0]
        tail = "/".join(plain.rsplit("/", 2)[-2:])
        for key in (plain, tail, f"urn:uuid:{plain}", plain.rpartition("/")[2]):
            found = self._by_reference.get(_folded(key))
            if found is not None:
                return found
        return self._by_identifier(first(reference, "identifier"))

    def find_all(self, holder: Node, name: str) -> list[Node]:
        """The resources that a repeating reference element points to; what is not there is left out."""
        found = [self.find(reference, holder) for reference in items(holder, name)]
        return [resource for resource in found if resource]

    def _by_identifier(self, identifier: Node) -> Node:
        wanted = (text(identifier, "system").casefold(), text(identifier, "value").casefold())
        if not wanted[1]:
            return {}
        for resource in self.resources[:200]:
            for other in nodes(resource, "identifier"):
                if (text(other, "system").casefold(), text(other, "value").casefold()) == wanted:
                    return resource
        return {}

    def about(self, resource: Node) -> Node:
        """The Patient that a resource is about, or an empty object when it does not say or it is not here."""
        for name in ("subject", "patient", "for"):
            found = self.find(element(resource, name), resource) if element(resource, name) is not None else {}
            if kind_of(found) == "Patient":
                return found
        return {}


def kind_of(node: Any) -> str:
    """The resource type, in its right spelling where only the capitals are wrong."""
    name = text(node, "resourceType")
    return _SPELLINGS.get(name.casefold(), name)


_SPELLINGS = {
    name.casefold(): name
    for name in (
        "Bundle", "MessageHeader", "ServiceRequest", "ReferralRequest", "Patient", "Practitioner", "PractitionerRole",
        "Organization", "RelatedPerson", "HealthcareService", "Group", "Flag", "RiskAssessment", "Parameters",
    )
}  # fmt: skip


def nodes_of(value: Any) -> list[Node]:
    """The objects of a list, or the one object, without a limit on how many."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]


def first_nodes(found: list[Node], name: str) -> list[Node]:
    """The first object under `name` of each object that has one."""
    return [inner for inner in (first(node, name) for node in found) if inner]


def _folded(reference: str) -> str:
    return reference.strip().casefold().replace("urn:uuid:urn:uuid:", "urn:uuid:")
