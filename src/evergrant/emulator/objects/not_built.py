"""Objects that Salesforce has and this org does not: asked for, they answer 501 with the reason."""

from typing import Final

_NO_FIELDS: Final = "its fields are not in our sources"

NOT_BUILT: Final[dict[str, str]] = {
    "IPAddressRange": "it holds another feature's ranges; Network Access is in SecuritySettings",
    "InstalledSubscriberPackage": _NO_FIELDS,
    "Network": "the org has no Experience Cloud sites",
    "TenantSecurityConnectedApp": "the org has no Security Center",
    "TenantUsageEntitlement": "entitlements are not modelled",
    "TransactionSecurityPolicy": "transaction security is not modelled",
    "UserSetupEntityAccess": "its rows are internal to Salesforce",
}
"""Name and reason."""
