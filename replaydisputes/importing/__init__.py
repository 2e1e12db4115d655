"""Other tools' recordings made publishable: vcrpy, pytest-recording, cassetter, Ruby's VCR, HAR."""

from replaydisputes.importing.importer import FileReport as FileReport
from replaydisputes.importing.importer import Importer as Importer
from replaydisputes.importing.sources import Plan as Plan
from replaydisputes.importing.sources import PlanError as PlanError
from replaydisputes.importing.sources import plan as plan

__all__ = ["FileReport", "Importer", "Plan", "PlanError", "plan"]
