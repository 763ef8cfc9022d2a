"""Device flow: a program without a browser shows a code, and a person enters it elsewhere."""

import os
import sys
import time

import requests

URL = os.environ["SF_URL"]
TOKEN = f"{URL}/services/oauth2/token"
CLIENT = {"client_id": os.environ["SF_CLIENT_ID"], "client_secret": os.environ["SF_CLIENT_SECRET"]}

begun = requests.post(TOKEN, data={"response_type": "device_code", **CLIENT}, timeout=20)
code = begun.json()
if not begun.ok:
    sys.exit(f"{code['error']}: {code.get('error_description')}")
print(f"Enter {code['user_code']} at {code['verification_uri']}", flush=True)

while True:
    answer = requests.post(
        TOKEN, data={"grant_type": "device", "code": code["device_code"], **CLIENT}, timeout=20
    )
    grant = answer.json()
    if answer.ok:
        break
    if grant["error"] not in ("authorization_pending", "slow_down"):
        sys.exit(f"{grant['error']}: {grant.get('error_description')}")
    time.sleep(int(code["interval"]))
me = requests.get(
    grant["id"], headers={"Authorization": f"Bearer {grant['access_token']}"}, timeout=20
)
print(f"connected as {me.json()['username']}")
