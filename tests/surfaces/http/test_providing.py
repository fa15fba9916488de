"""The provider that the settings name: all of it or none, and nothing about it that is a secret in what is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from addenda.errors import InvalidInput, MissingDependency
from addenda.settings import Settings
from addenda.surfaces.http import provided_in
from tests.surfaces.cli.desk import in_process

SECRET = "s3cret-of-the-client"
GIVEN = {
    "ADDENDA_OIDC_ISSUER": "https://login.example.org/tenant",
    "ADDENDA_OIDC_CLIENT_ID": "addenda",
    "ADDENDA_OIDC_CLIENT_SECRET": SECRET,
    "ADDENDA_OIDC_ADDRESS": "https://addenda.example.com",
    "ADDENDA_ALLOWED_HOSTS": "addenda.example.com",
}


def settings(**fields: str) -> Settings:
    """Settings with a provider, some of it otherwise."""
    return Settings.from_environment(GIVEN).model_copy(update=dict(fields))


def test_a_provider_is_known_by_its_host_and_asked_nothing() -> None:
    pytest.importorskip("joserfc")
    provided = provided_in(settings(oidc_address="https://addenda.example.com/"))
    assert provided is not None
    assert (provided.host, provided.address) == ("login.example.org", GIVEN["ADDENDA_OIDC_ADDRESS"])
    assert provided.is_secure
    local = provided_in(settings(oidc_address="http://127.0.0.1:8331", oidc_issuer="http://localhost:9"))
    assert local is not None
    assert (local.host, local.is_secure) == ("localhost:9", False)
    assert SECRET not in repr(provided)
    assert provided_in(Settings()) is None


@pytest.mark.parametrize("missing", [name for name in GIVEN if "OIDC" in name])
def test_half_a_provider_is_refused_naming_what_is_missing(tmp_path: Path, missing: str) -> None:
    env = {**GIVEN, missing: ""}
    done = in_process("serve", "--port", "0", env={**env, "ADDENDA_KB": str(tmp_path / "kb")})
    assert done.code == 2
    wanted, given = done.err.split("unset")
    assert missing in wanted
    assert not [name for name in GIVEN if "OIDC" in name and (name in given) == (name == missing)]
    assert SECRET not in done.out + done.err
    assert not (tmp_path / "kb").exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("oidc_address", "https://addenda.example.com/kb", "without a path"),
        ("oidc_address", "https://addenda.example.com?x=1", "without a path"),
        ("oidc_address", "https://me@addenda.example.com", "without a path"),
        ("oidc_address", "addenda.example.com", "without a path"),
        ("oidc_address", "https://[addenda", "without a path"),
        ("oidc_address", "https://addenda.example.com:port", "without a path"),
        ("oidc_address", "https://other.example.com", "'other.example.com'.* add it to ADDENDA_ALLOWED_HOSTS"),
        ("oidc_address", "http://addenda.example.com", "must begin with https://"),
        ("oidc_issuer", "http://login.example.org", "must begin with https://"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(field: str, value: str, said: str) -> None:
    pytest.importorskip("joserfc")
    with pytest.raises(InvalidInput, match=said) as caught:
        provided_in(settings(**{field: value}))
    assert SECRET not in str(caught.value)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "addenda.surfaces.oidc", raising=False)
    monkeypatch.setitem(sys.modules, "joserfc", None)
    with pytest.raises(MissingDependency, match=r"pip install 'addenda\[oidc\]'") as caught:
        provided_in(settings())
    assert SECRET not in str(caught.value)
    assert provided_in(Settings(oidc_client_secret=None)) is None, "who names no provider needs no extra"
