"""The catalogue's examples, under the name that tests know."""

from schemas.examples import EXAMPLES

__all__ = ["EXAMPLES"]
