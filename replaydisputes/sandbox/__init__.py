"""The embedded stand-in for Stripe test mode: a pure, seeded model of disputes behind `answer(request)`."""

from replaydisputes.sandbox.assumptions import ASSUMPTIONS as ASSUMPTIONS
from replaydisputes.sandbox.assumptions import Assumption as Assumption
from replaydisputes.sandbox.refusals import LiveKeyError as LiveKeyError
from replaydisputes.sandbox.refusals import SandboxLimitError as SandboxLimitError
from replaydisputes.sandbox.sandbox import Sandbox as Sandbox
