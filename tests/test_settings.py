"""Settings: defaults, the environment, misspellings, secrets, and the page that documents them."""

from __future__ import annotations

from pathlib import Path

import pytest

from addenda.errors import InvalidInput, UnreadableFile
from addenda.settings import Settings, environment_name, settings_markdown

SECRET = "addenda_very-secret-token"


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert settings.kb == Path("addenda-kb")
    assert settings.model == "bundled"
    assert settings.batch_size == 64
    assert settings.read_token() is None


def test_every_field_is_read_from_its_environment_name() -> None:
    given = {
        "ADDENDA_KB": "/data/kb",
        "ADDENDA_URL": "https://addenda.example.com#hr",
        "ADDENDA_PLAIN_HTTP": "true",
        "ADDENDA_DATABASE": "postgresql://user:pw@host/db",
        "ADDENDA_MODEL": "./model",
        "ADDENDA_TOKEN": SECRET,
        "ADDENDA_THREADS": "3",
        "ADDENDA_API_KEY": "hunter2",
        "ADDENDA_READ_ADAPTER": "adapters/read",
        "ADDENDA_WRITE_ADAPTER": "adapters/write",
        "ADDENDA_EXECUTIVE": "scripted",
        "ADDENDA_MEMORY_MODEL": "http://127.0.0.1:8000/v1#memory",
        "ADDENDA_BATCH_SIZE": "8",
        "ADDENDA_LOG_LEVEL": "DEBUG",
        "ADDENDA_HOST": "0.0.0.0",
        "ADDENDA_PORT": "0",
        "ADDENDA_ALLOWED_HOSTS": "addenda.example.com, kb.example.com",
        "ADDENDA_PUBLIC": "true",
        "ADDENDA_MAX_REQUEST_MB": "4",
        "ADDENDA_REQUESTS_PER_SECOND": "2.5",
        "ADDENDA_OIDC_ISSUER": "https://login.example.org",
        "ADDENDA_OIDC_CLIENT_ID": "addenda",
        "ADDENDA_OIDC_CLIENT_SECRET": "hunter3",
        "ADDENDA_OIDC_ADDRESS": "https://addenda.example.com",
    }
    settings = Settings.from_environment(given)
    assert settings.kb == Path("/data/kb")
    assert (settings.url, settings.plain_http) == ("https://addenda.example.com#hr", True)
    assert settings.database is not None
    assert settings.database.get_secret_value() == "postgresql://user:pw@host/db"
    assert (settings.model, settings.threads, settings.batch_size) == ("./model", 3, 8)
    assert settings.log_level == "debug"
    assert (settings.host, settings.port, settings.public, settings.max_request_mb) == ("0.0.0.0", 0, True, 4)
    assert settings.requests_per_second == 2.5
    assert settings.allowed_hosts == "addenda.example.com, kb.example.com"
    assert (settings.executive, settings.memory_model) == ("scripted", "http://127.0.0.1:8000/v1#memory")
    assert (settings.oidc_issuer, settings.oidc_client_id) == ("https://login.example.org", "addenda")
    assert settings.oidc_client_secret is not None
    assert settings.oidc_client_secret.get_secret_value() == "hunter3"
    assert settings.oidc_address == "https://addenda.example.com"
    assert settings.read_token() == SECRET
    missing = {environment_name(field) for field in Settings.model_fields} - set(given)
    assert missing == {"ADDENDA_TOKEN_FILE"}


def test_an_empty_value_counts_as_not_set() -> None:
    assert Settings.from_environment({"ADDENDA_MODEL": "", "ADDENDA_THREADS": ""}) == Settings()


def test_a_misspelled_name_is_refused_with_the_closest_one() -> None:
    with pytest.raises(InvalidInput, match=r"'ADDENDA_MODLE' .* did you mean ADDENDA_MODEL\?"):
        Settings.from_environment({"ADDENDA_MODLE": "x"})
    with pytest.raises(InvalidInput, match="the settings are ADDENDA_ALLOWED_HOSTS, ADDENDA_API_KEY, "):
        Settings.from_environment({"ADDENDA_QQQQQQQQQQ": "x"})


def test_names_of_the_test_suite_are_left_alone() -> None:
    assert Settings.from_environment({"ADDENDA_TEST_POSTGRES": "postgresql://"}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADDENDA_THREADS", "0"),
        ("ADDENDA_BATCH_SIZE", "many"),
        ("ADDENDA_LOG_LEVEL", "loud"),
        ("ADDENDA_THREADS", "2.5"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} is '{value}'"):
        Settings.from_environment({name: value})


def test_secrets_are_shown_nowhere() -> None:
    settings = Settings.from_environment(
        {
            "ADDENDA_TOKEN": SECRET,
            "ADDENDA_DATABASE": "postgresql://me:hunter2@h/db",
            "ADDENDA_OIDC_CLIENT_SECRET": "hunter2",
        }
    )
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in shown
        assert "hunter2" not in shown


def test_an_error_about_another_setting_does_not_show_the_token() -> None:
    with pytest.raises(InvalidInput) as caught:
        Settings.from_environment({"ADDENDA_TOKEN": SECRET, "ADDENDA_THREADS": "none"})
    assert SECRET not in str(caught.value)


def test_the_token_comes_from_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"  {SECRET}  \nanything else\n")
    assert Settings.from_environment({"ADDENDA_TOKEN_FILE": str(file)}).read_token() == SECRET


def test_a_token_file_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        Settings(token_file=tmp_path / "absent").read_token()
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(UnreadableFile, match="is empty"):
        Settings(token_file=tmp_path / "empty").read_token()


def test_two_tokens_are_one_too_many() -> None:
    with pytest.raises(InvalidInput, match="unset one of them"):
        Settings.from_environment({"ADDENDA_TOKEN": SECRET, "ADDENDA_TOKEN_FILE": "/x"})


def test_the_documentation_is_what_the_code_says() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == settings_markdown(), "run: make docs"


def test_every_setting_has_one_sentence() -> None:
    for field in Settings.model_fields.values():
        assert field.description is not None
        assert field.description.endswith(".")
