"""What the tests of the mirror begin with: an org, the vendor's app in it, and a customer."""

import pytest
from user_mirror import App, UserMirror


@pytest.fixture
def app(salesforce_org):
    return salesforce_org.app("User Mirror", scopes=["api", "refresh_token"])


@pytest.fixture
def ann(salesforce_org):
    """The customer's admin, for other users see no user but themselves."""
    return salesforce_org.user("ann", profile="System Administrator")


@pytest.fixture
def waits():
    """How long the mirror waited, without any waiting."""
    return []


@pytest.fixture
def mirror(salesforce_org, app, tmp_path, waits):
    ours = App(app.consumer_key, app.consumer_secret, app.callback, salesforce_org.url)
    return UserMirror(ours, tmp_path / "credential.json", sleep=waits.append)


@pytest.fixture
def connected(mirror, ann):
    """The mirror, authorized by Ann."""
    mirror.finish(ann.allow(mirror.authorize_url()))
    return mirror
