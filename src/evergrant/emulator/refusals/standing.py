"""What an org answers that is suspended, closed, inactive, or whose trial is over.

The wire text was seen once (t-cal11508); what Login History shows is documented (o-loginstatus).
"""

from collections.abc import Iterator
from typing import Final

from evergrant.emulator.refusals.refusal import Refusal, by_array, by_fault, by_page, by_token

_INACTIVE: Final = "inactive organization"
_NO_LOGIN: Final = "Invalid username, password, security token; or user locked out."
_STATUSES: Final = {
    "suspended": "Organization suspended",
    "closed": "Organization closed",
    "inactive": "Organization is inactive",
    "trial_expired": "Trial Expired",
}
"""Login History by how the org stands."""
_FAULTS: Final = {"trial_expired": ("TRIAL_EXPIRED", "Your trial has expired.")}


def _rows() -> Iterator[Refusal]:
    for standing, status in _STATUSES.items():
        id_, source = f"org_{standing}", "t-cal11508 o-loginstatus"
        yield by_token(id_, "invalid_grant", _INACTIVE, "recorded", source, log=status,
                       log_mark="official")  # fmt: skip
        yield by_page(id_, "inactive_org", _INACTIVE, "inferred", source, log=status,
                      log_mark="official")  # fmt: skip
        code, text = _FAULTS.get(standing, ("INVALID_LOGIN", _NO_LOGIN))
        yield by_fault(id_, code, text, "inferred", "o-exc", log=status)
    yield by_array("trial_over", "API_CURRENTLY_DISABLED", "Your trial has expired.", "inferred",
                   "o-exc t-crmarena21", 403)  # fmt: skip


STANDING_ROWS: Final = tuple(_rows())
"""Text and code of the API's answer are recorded; its status is inferred, and so the row."""
