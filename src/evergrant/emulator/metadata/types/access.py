"""Profile and PermissionSet (metadata WSDL 47.0, and what the metadata guide has since).

What is inside loginFlows, and customSettingAccesses, is inferred.
"""

from typing import Final

from evergrant.emulator.metadata.shape import (
    MetadataType,
    Root,
    flag,
    group,
    groups,
    text,
    texts,
)

WEEKDAYS: Final = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
_BOTH: Final = """
classAccesses: apexClass! enabled!
customMetadataTypeAccesses: enabled! name!
customPermissions: enabled! name!
externalDataSourceAccesses: enabled! externalDataSource!
fieldPermissions: editable! field! readable
flowAccesses: enabled! flow!
objectPermissions: allowCreate allowDelete allowEdit allowRead modifyAllRecords object! viewAllFields viewAllRecords
pageAccesses: apexPage! enabled!
"""  # noqa: E501  # one group a line
_BOTH_TOO: Final = groups("customSettingAccesses: enabled! name!", "inferred")
_LOGIN_FLOWS: Final = groups(
    "loginFlows: flow flowType friendlyName uiLoginFlowType useLightningRuntime vfFlowPage"
    " vfFlowPageTitle",
    "inferred",
)
_PERMISSIONS: Final = group(
    "userPermissions", flag("enabled", required=True), text("name", required=True), many=True
)
_HOURS: Final = group(
    "loginHours",
    *(text(f"{day}{end}") for day in WEEKDAYS for end in ("Start", "End")),
    type_name="ProfileLoginHours",
)

PROFILE: Final = MetadataType(
    "Profile", "profile", "profiles",
    Root("Profile", (
        *groups(f"""{_BOTH}
            applicationVisibilities: application! default! visible!
            layoutAssignments: layout! recordType
            profileActionOverrides: actionName! content formFactor! pageOrSobjectType! recordType type!
            recordTypeVisibilities: default! personAccountDefault recordType! visible!
            tabVisibilities: tab! visibility!
            """),  # noqa: E501  # one group a line
        group("categoryGroupVisibilities", text("dataCategories", many=True),
              *texts("dataCategoryGroup! visibility!"), many=True),
        *_BOTH_TOO, *_LOGIN_FLOWS,
        flag("custom"),
        *texts("description userLicense"),
        _HOURS,
        group("loginIpRanges", *texts("startAddress! endAddress! description"), many=True),
        _PERMISSIONS,
    ), "MD-profile"),
)  # fmt: skip

PERMISSION_SET: Final = MetadataType(
    "PermissionSet", "permissionset", "permissionsets",
    Root("PermissionSet", (
        *groups(f"""{_BOTH}
            applicationVisibilities: application! default visible!
            externalCredentialPrincipalAccesses: enabled! externalCredentialPrincipal!
            recordTypeVisibilities: default recordType! visible!
            tabSettings: tab! visibility!
            """),
        *_BOTH_TOO,
        *texts("label! description license"),
        flag("hasActivationRequired", default="false"),
        _PERMISSIONS,
    ), "SFS-MD PermissionSet"),
)  # fmt: skip
