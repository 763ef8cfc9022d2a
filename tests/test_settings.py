"""Settings: every field from its variable, errors that name it, and sensible values in force."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from evergrant.errors import BadInput
from evergrant.settings import Settings, load

SAMPLES: dict[str, tuple[str, object]] = {
    "audit_interval_s": ("0", 0),
    "data_dir": ("/srv/evergrant", Path("/srv/evergrant")),
    "database_url": ("sqlite:////srv/e.db", "sqlite:////srv/e.db"),
    "master_key_file": ("/run/secrets/key", Path("/run/secrets/key")),
    "master_key_command": ("pass show evergrant", "pass show evergrant"),
    "login_host_production": ("https://a.example", "https://a.example"),
    "login_host_sandbox": ("https://b.example", "https://b.example"),
    "allowed_hosts": (" a:1, b ,,", ("a:1", "b")),
    "public_url": ("https://ever.example", "https://ever.example"),
    "tenant": ("north", "north"),
    "evidence_integration": ("evidence", "evidence"),
    "status_url": ("none", ""),
    "webhook_url": ("https://hooks.example/x", "https://hooks.example/x"),
    "embed_origins": (
        "https://a.example, https://b.example",
        ("https://a.example", "https://b.example"),
    ),
    "log_level": ("DEBUG", "DEBUG"),
    "check_interval_s": ("60", 60),
    "catalog": ("/srv/causes", Path("/srv/causes")),
    "key_beside_data": ("yes", True),
    "secret_age_days": ("90", 90),
    "lease_s": ("2.5", 2.5),
    "watch_hands": ("3", 3),
    "log_format": ("json", "json"),
    "traces_endpoint": ("http://collector:4318/v1/traces", "http://collector:4318/v1/traces"),
    "metrics_key_file": ("/run/secrets/metrics", Path("/run/secrets/metrics")),
}


@pytest.mark.parametrize("name", [each.name for each in fields(Settings)])
def test_every_setting_is_read_from_the_variable_of_its_name(name: str) -> None:
    text, expected = SAMPLES[name]
    assert getattr(load({f"EVERGRANT_{name.upper()}": text}), name) == expected


def test_an_empty_environment_and_empty_variables_mean_the_defaults() -> None:
    assert load({}) == Settings()
    assert load({f"EVERGRANT_{each.name.upper()}": "" for each in fields(Settings)}) == Settings()


def test_other_variables_are_left_alone() -> None:
    environ = {"EVERGRANT_MASTER_KEY": "k", "EVERGRANT_SHARED": "x", "DATA_DIR": "/x"}
    assert load(environ) == Settings()


def test_a_value_that_cannot_be_read_names_its_variable() -> None:
    with pytest.raises(BadInput, match=r"EVERGRANT_CHECK_INTERVAL_S cannot be read: 'soon'") as met:
        load({"EVERGRANT_CHECK_INTERVAL_S": "soon"})
    assert met.value.next_step.startswith("correct the variable")


def test_the_database_and_the_key_lie_in_the_data_folder_unless_told_otherwise() -> None:
    default = Settings(data_dir=Path("/d"))
    assert default.database == "sqlite:////d/evergrant.db"
    assert default.key_file == Path("/d/master.key")
    told = default.but(database_url="sqlite:////x.db", master_key_file=Path("/k"))
    assert (told.database, told.key_file) == ("sqlite:////x.db", Path("/k"))


@pytest.mark.parametrize("url", ["https://ever.example", "https://ever.example/"])
def test_the_callback_is_below_the_public_url(url: str) -> None:
    assert Settings(public_url=url).callback_url == "https://ever.example/oauth/callback"


def test_none_leaves_a_setting_as_it_is() -> None:
    assert Settings(log_level="INFO").but(log_level=None, public_url="x").log_level == "INFO"
