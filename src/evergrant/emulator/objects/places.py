"""The queryable objects about addresses, licenses and groups.

Sources: Object Reference (LoginGeo, LoginIp: fields and Manage Users). The fields of the license
objects and of PermissionSetGroup are inferred.
"""

from typing import Final

from evergrant.emulator.objects.apps import VIEW_SETUP
from evergrant.emulator.objects.users import MANAGE_USERS, address
from evergrant.emulator.schema import (
    Everyone,
    Needs,
    SObject,
    View,
    audited,
    boolean,
    double,
    moment,
    picklist,
    record_id,
    reference,
    string,
    textarea,
)

LOGIN_GEO: Final = SObject(
    "LoginGeo", "Login Geo Data", "04F", "official", Needs(MANAGE_USERS, "official"),
    (
        record_id(),
        moment("LoginTime", "Login Time"),
        string("Country", 128, "Country"),
        string("CountryIso", 3, "Country Code"),
        string("Subdivision", 128, "Subdivision"),
        string("City", 128, "City"),
        string("PostalCode", 128, "Postal Code"),
        double("Latitude", "Latitude"),
        double("Longitude", "Longitude"),
    ),
    rows="one a login; an address lies nowhere until `set_ip` names its country",
    view=View('"LoginHistory" h WHERE h."LoginGeoId" IS NOT NULL', {
        "Id": 'h."LoginGeoId"', "LoginTime": 'h."LoginTime"', "CountryIso": 'h."CountryIso"',
    }),
)  # fmt: skip

LOGIN_IP: Final = SObject(
    "LoginIp", "Login IP", "710", "inferred", Needs(MANAGE_USERS, "official"),
    (
        record_id(),
        reference("UsersId", "User", "User ID", "Users"),
        address("SourceIp", "Source IP"),
        moment("CreatedDate", "Created Date"),
        boolean("IsAuthenticated", "Authenticated"),
        picklist("ChallengeMethod", "Challenge Method"),
        moment("ChallengeSentDate", "Challenge Sent Date"),
    ),
    rows="one for each user and address of Login History (inferred)",
    view=View(
        '(SELECT "UserId" AS who, "SourceIp" AS ip, MIN("LoginTime") AS first,'
        " MAX(\"Status\" = 'Success') AS good FROM \"LoginHistory\""
        ' WHERE "UserId" IS NOT NULL AND "SourceIp" IS NOT NULL GROUP BY 1, 2)',
        {
            "Id": "sf_named('710', who || ' ' || ip)", "UsersId": "who", "SourceIp": "ip",
            "CreatedDate": "first", "IsAuthenticated": "good",
        },
    ),
)  # fmt: skip

USER_LICENSE: Final = SObject(
    "UserLicense", "User License", "100", "inferred", Everyone("inferred"),
    (
        record_id(),
        string("LicenseDefinitionKey", 40, "License Def. ID"),
        string("Name", 40, "Name"),
        string("MasterLabel", 40, "Label"),
        picklist("Status", "Status", "Active", "Disabled"),
    ),
    fields_mark="inferred",
    rows="the org's licenses; every profile of the beginning has Salesforce",
)  # fmt: skip

PERMISSION_SET_LICENSE: Final = SObject(
    "PermissionSetLicense", "Permission Set License", "0PL", "inferred",
    Needs(VIEW_SETUP, "inferred"),
    (
        record_id(),
        string("DeveloperName", 80, "Permission Set License Name"),
        string("MasterLabel", 80, "Permission Set License Label"),
        picklist("Status", "Status", "Active", "Disabled"),
    ),
    fields_mark="inferred",
    rows="the org's licenses; none is assigned",
)  # fmt: skip

PERMISSION_SET_GROUP: Final = SObject(
    "PermissionSetGroup", "Permission Set Group", "0PG", "inferred", Needs(VIEW_SETUP, "inferred"),
    (
        record_id(),
        boolean("IsDeleted", "Deleted"),
        string("DeveloperName", 80, "API Name"),
        string("MasterLabel", 80, "Label"),
        picklist("Language", "Master Language"),
        textarea("Description", 255, "Description"),
        picklist("Status", "Status", "Updated", "Outdated", "Updating", "Failed"),
        *audited(),
    ),
    fields_mark="inferred",
    rows="none: this org has no groups, and none can be made",
)  # fmt: skip

PLACES: Final = (
    LOGIN_GEO, LOGIN_IP, USER_LICENSE, PERMISSION_SET_LICENSE, PERMISSION_SET_GROUP,
)  # fmt: skip
