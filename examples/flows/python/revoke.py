"""Revoke a token: Salesforce answers 200 and an empty body, and 400 for one it does not know."""

import os
import sys

import requests

URL = os.environ["SF_URL"]

answer = requests.post(
    f"{URL}/services/oauth2/revoke", data={"token": os.environ["SF_REFRESH_TOKEN"]}, timeout=20
)
if not answer.ok:
    said = answer.json()
    sys.exit(f"{said['error']}: {said.get('error_description')}")
print("revoked")
